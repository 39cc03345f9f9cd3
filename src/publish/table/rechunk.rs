//! Batches of one size, however the rows arrive: the Parquet writer's pages depend on how rows are handed to it.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

/// Rows in a batch that reaches the writer; a row group is a whole number of them.
pub(super) const CHUNK_ROWS: usize = 8_192;

/// Collects rows until there is a chunk of them.
pub(super) struct Rechunk {
    schema: SchemaRef,
    pending: Vec<RecordBatch>,
    rows: usize,
}

impl Rechunk {
    pub fn new(schema: SchemaRef) -> Rechunk {
        Rechunk { schema, pending: Vec::new(), rows: 0 }
    }

    /// Adds rows, and passes every chunk that is full to `sink`.
    pub fn push<E: From<ArrowError>>(
        &mut self,
        mut batch: RecordBatch,
        mut sink: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        while self.rows + batch.num_rows() >= CHUNK_ROWS {
            let wanted = CHUNK_ROWS - self.rows;
            self.pending.push(batch.slice(0, wanted));
            batch = batch.slice(wanted, batch.num_rows() - wanted);
            sink(self.take()?)?;
        }
        self.rows += batch.num_rows();
        self.pending.push(batch);
        Ok(())
    }

    /// The rows that are left, possibly none.
    pub fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        self.take()
    }

    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let chunk = concat_batches(&self.schema, &self.pending)?;
        self.pending.clear();
        self.rows = 0;
        Ok(chunk)
    }
}
