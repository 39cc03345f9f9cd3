//! Typed columns in and out of a model.

use std::collections::BTreeMap;
use std::fmt;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use crate::error::{Error, Result};
use crate::monitor::{Event, Monitor, Silent};

/// Values that a model needs and that no table may hold, by name. They are never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(pub BTreeMap<&'static str, Vec<u8>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What a model is given.
pub struct Inputs<'a> {
    tables: BTreeMap<&'static str, Frame>,
    secrets: &'a Secrets,
    memory: Option<u64>,
    every: u64,
    monitor: &'a dyn Monitor,
}

impl fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs").field("tables", &self.tables.keys()).field("memory", &self.memory).finish()
    }
}

impl<'a> Inputs<'a> {
    /// Inputs of these tables.
    pub fn new(tables: BTreeMap<&'static str, Frame>, secrets: &'a Secrets) -> Self {
        Inputs { tables, secrets, memory: None, every: 1, monitor: &Silent }
    }

    /// The same, with bytes to stay within and somebody who listens. What a model makes must not depend on either.
    pub fn within(self, memory: Option<u64>, monitor: &'a dyn Monitor) -> Self {
        Inputs { memory, monitor, ..self }
    }

    /// The same, of a part of the units: those whose number `every` divides.
    pub fn of_every(self, every: u64) -> Self {
        Inputs { every, ..self }
    }

    /// One of how many units is there; 1 when all are.
    pub fn every(&self) -> u64 {
        self.every
    }

    /// Bytes to stay within, when the run was given any.
    pub fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// Says something that does not stop the run: a lower-case fragment without a full stop.
    pub fn note(&self, message: String) {
        self.monitor.event(Event::Note { message });
    }

    /// The table `name`, which the model has to name in its `reads`.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when it does not.
    pub fn table(&self, name: &str) -> Result<&Frame> {
        self.tables.get(name).ok_or_else(|| Error::internal(format!("a model does not say that it reads `{name}`")))
    }

    /// The secret `name`, when the caller gave it.
    pub fn secret(&self, name: &str) -> Option<&[u8]> {
        self.secrets.0.get(name).map(Vec::as_slice)
    }
}

/// The rows of one table, column by column.
#[derive(Debug, Clone)]
pub struct Frame {
    name: String,
    rows: RecordBatch,
}

impl Frame {
    /// Rows of the table `name`, in the pipeline's own types.
    pub fn new(name: &str, rows: RecordBatch) -> Self {
        Frame { name: name.to_owned(), rows }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.num_rows()
    }

    /// A column of text.
    ///
    /// # Errors
    /// As the other columns: [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when there is no such column, or it
    /// has another type.
    pub fn text(&self, column: &str) -> Result<Vec<Option<&str>>> {
        Ok(self.typed::<StringArray>(column)?.iter().collect())
    }

    /// A column of whole numbers of either width, money, days or instants.
    ///
    /// # Errors
    /// As [`Frame::text`].
    pub fn whole(&self, column: &str) -> Result<Vec<Option<i64>>> {
        if let Some(narrow) = self.array(column)?.as_any().downcast_ref::<Int32Array>() {
            return Ok(narrow.iter().map(|value| value.map(i64::from)).collect());
        }
        Ok(self.typed::<Int64Array>(column)?.iter().collect())
    }

    /// A column of doubles.
    ///
    /// # Errors
    /// As [`Frame::text`].
    pub fn double(&self, column: &str) -> Result<Vec<Option<f64>>> {
        Ok(self.typed::<Float64Array>(column)?.iter().collect())
    }

    /// A column of truth values.
    ///
    /// # Errors
    /// As [`Frame::text`].
    pub fn boolean(&self, column: &str) -> Result<Vec<Option<bool>>> {
        Ok(self.typed::<BooleanArray>(column)?.iter().collect())
    }

    /// A column of 32-bit whole numbers or days as it lies in memory, none of them missing.
    ///
    /// # Errors
    /// As [`Frame::text`]; also when a value is missing.
    pub fn integers(&self, column: &str) -> Result<&[i32]> {
        let array = self.typed::<Int32Array>(column)?;
        if array.null_count() > 0 {
            return Err(Error::internal(format!("`{}.{column}` has no value in some row", self.name)));
        }
        Ok(array.values())
    }

    /// A column of 64-bit whole numbers that count from 1, in 32 bits: what a process can hold has not more.
    ///
    /// # Errors
    /// As [`Frame::integers`]; also when a number needs more.
    pub fn narrow(&self, column: &str) -> Result<Vec<i32>> {
        let narrow = self.bigints(column)?.iter().map(|number| i32::try_from(*number));
        narrow
            .collect::<std::result::Result<_, _>>()
            .map_err(|_| Error::internal(format!("`{}.{column}` has numbers that a model cannot count to", self.name)))
    }

    /// A column of 64-bit whole numbers, money or instants as it lies in memory, none of them missing.
    ///
    /// # Errors
    /// As [`Frame::integers`].
    pub fn bigints(&self, column: &str) -> Result<&[i64]> {
        let array = self.typed::<Int64Array>(column)?;
        if array.null_count() > 0 {
            return Err(Error::internal(format!("`{}.{column}` has no value in some row", self.name)));
        }
        Ok(array.values())
    }

    fn array(&self, column: &str) -> Result<&ArrayRef> {
        let found = self.rows.column_by_name(column);
        found.ok_or_else(|| Error::internal(format!("`{}` has no column `{column}`", self.name)))
    }

    fn typed<T: 'static>(&self, column: &str) -> Result<&T> {
        let found = self.array(column)?.as_any().downcast_ref::<T>();
        found.ok_or_else(|| Error::internal(format!("`{}.{column}` has another type than its model wants", self.name)))
    }
}

/// The rows of a table that a model makes: a column of values for each column of the contract, in order.
pub type Rows = Vec<Values>;

/// The values of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Text.
    Text(Vec<Option<String>>),
    /// Whole numbers, money, days, instants.
    Whole(Vec<Option<i64>>),
    /// Doubles.
    Double(Vec<Option<f64>>),
    /// True or false.
    Boolean(Vec<Option<bool>>),
    /// A column as Arrow has it, for tables of millions of rows: of the type that the contract has inside the pipeline.
    Array(ArrayRef),
}
