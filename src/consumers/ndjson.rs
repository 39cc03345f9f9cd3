//! `ndjson`: any published table, or a segment's customers, as one JSON object a line.
//!
//! JSON has types and no formulas: ids are as they were given, numbers have all their digits, no value is `null`.

use super::dataset::{Dataset, Delta, Format};
use super::{Consumer, Options, Source, any_table};
use crate::error::Result;

pub(super) const CONSUMER: Consumer = Consumer {
    name: "ndjson",
    about: "any published table or segment as JSON lines",
    needs: &[],
    uses: &[],
    of_any_table: true,
    may_hold_contact: false,
    build,
};

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    Ok(vec![any_table::dataset(source, options, Format::Ndjson)?.with_delta(Delta::Rows)])
}
