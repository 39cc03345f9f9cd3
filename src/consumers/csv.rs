//! `csv`: any published table, or a segment's customers, as CSV for whoever has no consumer of their own here.
//!
//! A person may open the file, so that formulas are guarded in text and ids alike (`spec/reliability.md` 36). Loaders to whom an
//! id is an id switch that off with `--safe-spreadsheet false`, or take `ndjson`.

use super::dataset::{Csv, Dataset, Delta, Format, Guard};
use super::{Consumer, Options, Source, any_table};
use crate::error::Result;

pub(super) const CONSUMER: Consumer = Consumer {
    name: "csv",
    about: "any published table or segment as CSV",
    needs: &[],
    uses: &[],
    of_any_table: true,
    may_hold_contact: false,
    build,
};

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    let guard = if options.unguarded { Guard::Off } else { Guard::All };
    let format = Format::Csv(Csv { header: true, guard });
    Ok(vec![any_table::dataset(source, options, format)?.with_delta(Delta::Rows)])
}
