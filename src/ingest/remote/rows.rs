//! The column mapping of one input as one projection: raw text in, typed columns out, and for each row why it is refused.
//!
//! The rules are those of [`rows`](crate::ingest::rows) and [`cell`](crate::ingest::cell), in the same order, so that the
//! first column that fails gives the reason.

use super::cell::{Cell, spark_type};
use super::decimals::{self, Number};
use super::moments;
use super::sql::{Lets, first, literal, literals};
use crate::error::{Error, Result};
use crate::ingest::mapping::{Mapping, Reads, Slot};
use crate::ingest::repair::{CLOCK_SKEW_US, Repair};

/// Columns of a row beside those of the contract.
pub(super) const FILE: &str = "_file";
pub(super) const BAD: &str = "_bad";
pub(super) const HASH: &str = "_hash";
pub(super) const SKIPPED: &str = "_skipped";
pub(super) const REASON: &str = "_reason";
pub(super) const COLUMN: &str = "_column";
pub(super) const VALUE: &str = "_value";
pub(super) const AMOUNT: &str = "_amount";

/// The raw column at `position` of the mapping's raw names.
pub(super) fn raw(position: usize) -> String {
    format!("_r{position}")
}

/// The statement that types an input, and what its further columns mean.
pub(super) struct Projection {
    /// Views that have to be made first, by name, each over those before it.
    pub views: Vec<(String, String)>,
    pub sql: String,
    /// Repairs that a row may have needed: the column that says so, what was done, and to which column.
    pub repairs: Vec<(String, Repair, &'static str)>,
}

/// Makes the projection over `from`, which has the raw columns, [`FILE`], [`BAD`] and [`HASH`]; `view` begins the names of
/// its views, `rates` is the view of exchange rates, if there is one.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) for what Spark cannot read as we do.
pub(super) fn projection(
    mapping: &Mapping,
    from: &str,
    view: &str,
    rates: Option<&str>,
    show_personal: bool,
) -> Result<Projection> {
    let cells = vec![None; mapping.columns.len()];
    let mut reader = Reader { mapping, lets: Lets::new(view), cells, found: Found::default(), show_personal };
    for &index in &mapping.order {
        let cell = reader.column(index)?;
        if let Some(reason) = &cell.reason {
            reader.find(reason, index);
        }
        reader.cells[index] = Some(cell);
    }
    let mut from = format!("({})", reader.lets.over(from));
    let mut foreign = None;
    if let Some(currency) = mapping.currency {
        let (joined, amount, reason) = reader.exchange(currency, &from, rates)?;
        (from, foreign) = (joined, amount);
        reader.find(&reason, currency);
    }
    if let Some((start, end)) = mapping.span {
        let (before, after) = (reader.cell(start)?.value.clone(), reader.cell(end)?.value.clone());
        reader.find(&format!("CASE WHEN {after} < {before} THEN 'end_before_start' END"), end);
    }
    let amount = mapping.amount.map(|index| reader.cell(index).map(|cell| cell.value.clone())).transpose()?;
    let Found { reason, column, value } = reader.found.clone();
    let repairs = reader.repair()?;
    let skipped = reader.skipped();
    let mut columns = vec![
        FILE.to_owned(),
        HASH.to_owned(),
        format!("{skipped} AS {SKIPPED}"),
        format!("CASE WHEN NOT {skipped} THEN {reason} END AS {REASON}"),
        format!("{column} AS {COLUMN}"),
        format!("{value} AS {VALUE}"),
        format!("{} AS {AMOUNT}", amount.unwrap_or_else(|| "CAST(NULL AS BIGINT)".into())),
    ];
    for slot in &mapping.slots {
        columns.push(reader.slot(*slot, foreign.as_deref())?);
    }
    columns.extend(repairs.iter().map(|(name, flag, ..)| format!("{flag} AS {name}")));
    let from = reader.lets.behind(&from);
    Ok(Projection {
        views: reader.lets.into_views(),
        sql: format!("SELECT {}\nFROM {from}", columns.join(",\n  ")),
        repairs: repairs.into_iter().map(|(name, _, repair, column)| (name, repair, column)).collect(),
    })
}

/// A row of which column after column is made.
pub(super) struct Reader<'m> {
    pub mapping: &'m Mapping,
    pub lets: Lets,
    pub cells: Vec<Option<Cell>>,
    found: Found,
    show_personal: bool,
}

/// What is wrong with a row by what was looked at so far: SQL of the first reason, of its column and of what is shown of it.
#[derive(Clone)]
struct Found {
    reason: String,
    column: String,
    value: String,
}

impl Default for Found {
    fn default() -> Self {
        let none = "CAST(NULL AS STRING)".to_owned();
        Found { reason: BAD.to_owned(), column: none.clone(), value: none }
    }
}

impl Reader<'_> {
    fn cell(&self, index: usize) -> Result<&Cell> {
        self.cells[index].as_ref().ok_or_else(|| Error::internal("a column is read before it is made"))
    }

    /// Adds what a column may be refused for. It is added up column by column, so that neither the reason nor the text that
    /// is shown has to be carried along to the end.
    fn find(&mut self, reason: &str, index: usize) {
        let Found { reason: before, column, value } = self.found.clone();
        let name = literal(self.mapping.columns[index].contract.name);
        let or = |known: &str, new: &str| {
            format!("CASE WHEN {before} IS NOT NULL THEN {known} WHEN {reason} IS NOT NULL THEN {new} END")
        };
        let (column, value) = (or(&column, &name), or(&value, &self.shown(index)));
        let reason = self.lets.bind(format!("COALESCE({before}, {reason})"));
        self.found = Found { reason, column: self.lets.bind(column), value: self.lets.bind(value) };
    }

    /// The key of a column in the pipeline file.
    pub(super) fn path(&self, index: usize) -> String {
        format!("inputs.{}.columns.{}", self.mapping.input.name, self.mapping.columns[index].contract.name)
    }

    /// What a reject shows of a column: the text that it was read from.
    fn shown(&self, index: usize) -> String {
        let column = &self.mapping.columns[index];
        let text = match &column.reads {
            Reads::Field(position) => raw(*position),
            Reads::Constant(text) => literal(text),
            Reads::Expression(_) => return "NULL".to_owned(),
        };
        if column.masked && !self.show_personal {
            return format!("CONCAT('<redacted, ', OCTET_LENGTH({text}), ' bytes>')");
        }
        text
    }

    /// Converts the row's money: the rows with their rate, the amount as it was paid, and the reason when there is no rate.
    fn exchange(
        &mut self,
        currency: usize,
        from: &str,
        rates: Option<&str>,
    ) -> Result<(String, Option<String>, String)> {
        let mapping = self.mapping;
        let code = self.cell(currency)?.value.clone();
        // A row without a code, or with the reporting one, has nothing to convert.
        let code = self.lets.bind(format!(
            "CASE WHEN UPPER({code}) <> {} THEN {code} END",
            literal(&mapping.reporting.to_ascii_uppercase())
        ));
        let known = self.lets.bind(format!("{code} RLIKE '^[A-Za-z]{{3}}$'"));
        let day = match mapping.time {
            Some(time) => moments::day_of(&self.cell(time)?.value, &mapping.zone),
            None => "CAST(NULL AS INT)".to_owned(),
        };
        let day = self.lets.bind(day);
        let upper = self.lets.bind(format!("CASE WHEN {known} THEN UPPER({code}) END"));
        let joined = match rates {
            Some(rates) => format!(
                "(SELECT x.*, r.rate_e12 AS _rate FROM ({}) x LEFT JOIN {rates} r ON r.currency = x.{upper} \
                 AND x.{day} >= r.from_day AND x.{day} < r.to_day)",
                self.lets.over(from)
            ),
            None => format!("(SELECT *, CAST(NULL AS BIGINT) AS _rate FROM ({}))", self.lets.over(from)),
        };
        let mut overflows = Vec::new();
        let mut foreign = None;
        for (index, _) in mapping.columns.iter().enumerate().filter(|(_, column)| column.contract.exchanged) {
            let cell = self.cell(index)?.clone();
            if Some(index) == mapping.amount {
                foreign = Some(format!("CASE WHEN {code} IS NOT NULL THEN {} END", cell.value));
            }
            let (amount, rate) = (Number::of_column(&cell.value, 4), Number::of_column("_rate", 12));
            let product = decimals::multiply(&mut self.lets, &amount, &rate);
            let worth = decimals::rounded(&mut self.lets, &product.value, 4);
            let value =
                self.lets.bind(format!("CASE WHEN {code} IS NULL THEN {} ELSE {} END", cell.value, worth.value));
            overflows.push(Some(format!(
                "CASE WHEN {code} IS NOT NULL THEN {} END",
                first([product.reason, worth.reason]).unwrap_or_else(|| "NULL".into())
            )));
            self.cells[index] = Some(Cell { value, ..cell });
        }
        let overflow = first(overflows).unwrap_or_else(|| "NULL".into());
        let reason = self.lets.bind(format!(
            "CASE WHEN {code} IS NULL THEN NULL WHEN NOT {known} THEN 'unknown_currency' WHEN _rate IS NULL THEN \
             'missing_rate' ELSE {overflow} END"
        ));
        Ok((joined, foreign, reason))
    }

    /// Empties negative durations and puts instants in order, as [`repair`](crate::ingest::repair) says.
    fn repair(&mut self) -> Result<Vec<(String, String, Repair, &'static str)>> {
        let mapping = self.mapping;
        let mut found: Vec<(String, Repair, &'static str)> = Vec::new();
        for (index, column) in mapping.columns.iter().enumerate() {
            let Some((zone, clock)) = self.cell(index)?.assumed.clone() else { continue };
            found.push((zone, Repair::Zone, column.contract.name));
            if clock != "FALSE" {
                found.push((clock, Repair::ClockChange, column.contract.name));
            }
        }
        for &index in &mapping.never_negative {
            let value = self.cell(index)?.value.clone();
            found.push((format!("{value} < 0"), Repair::Negative, mapping.columns[index].contract.name));
            self.change(index, format!("CASE WHEN {value} >= 0 THEN {value} END"));
        }
        let mut latest: Option<String> = None;
        for &index in &mapping.in_order {
            let at = self.cell(index)?.value.clone();
            let Some(before) = latest else {
                latest = Some(at);
                continue;
            };
            let name = mapping.columns[index].contract.name;
            let back = format!("{before} - {at}");
            found.push((format!("({back} BETWEEN 1 AND {CLOCK_SKEW_US})"), Repair::Skew, name));
            found.push((format!("({back} > {CLOCK_SKEW_US})"), Repair::Order, name));
            let moved = self.lets.bind(format!(
                "CASE WHEN {before} IS NULL OR {at} >= {before} THEN {at} WHEN {back} <= {CLOCK_SKEW_US} THEN {before} END"
            ));
            self.change(index, moved.clone());
            latest = Some(self.lets.bind(format!("COALESCE({moved}, {before})")));
        }
        let named = found.into_iter().enumerate();
        Ok(named.map(|(at, (flag, repair, column))| (format!("_repair{at}"), flag, repair, column)).collect())
    }

    fn change(&mut self, index: usize, value: String) {
        let value = self.lets.bind(value);
        if let Some(cell) = &mut self.cells[index] {
            cell.value = value;
        }
    }

    fn skipped(&self) -> String {
        let skips = self.mapping.skip.iter().map(|(position, values)| {
            format!("COALESCE({}, '') IN ({})", raw(*position), literals(values.iter().map(String::as_str)))
        });
        let skips: Vec<String> = skips.collect();
        if skips.is_empty() { "FALSE".into() } else { format!("({BAD} IS NULL AND ({}))", skips.join(" OR ")) }
    }

    fn slot(&mut self, slot: Slot, foreign: Option<&str>) -> Result<String> {
        let mapping = self.mapping;
        Ok(match slot {
            Slot::Mapped(index) => {
                let column = &mapping.columns[index];
                format!(
                    "CAST({} AS {}) AS {}",
                    self.cell(index)?.value,
                    spark_type(column),
                    column.contract.staged.name
                )
            }
            Slot::MadeOrder => format!("{HASH} AS order_id"),
            Slot::Day => {
                let day = match mapping.time {
                    Some(time) => moments::day_of(&self.cell(time)?.value, &mapping.zone),
                    None => "CAST(NULL AS INT)".to_owned(),
                };
                format!("{day} AS {}", mapping.input.day.unwrap_or_default())
            }
            Slot::ForeignAmount => format!("{} AS foreign_amount_e4", foreign.unwrap_or("CAST(NULL AS BIGINT)")),
            Slot::Completeness => return Err(Error::internal("a folded input came to Spark")),
        })
    }
}
