//! One mapped column of a row: a field, a constant or an expression as a value of its type, or why it is refused.
//!
//! The rules are those of [`cell`](crate::ingest::cell).

use std::collections::BTreeMap;

use super::decimals::{self, Checked, Number};
use super::expressions::{Scope, Value, as_text};
use super::moments;
use super::rows::{Reader, raw};
use super::sql::{first, literal, literals};
use crate::error::{Error, Result};
use crate::ingest::expression::Operand;
use crate::ingest::mapping::{Kind, MappedColumn, Reads};

/// A mapped column's value in a row, and what its reading found.
#[derive(Clone)]
pub(super) struct Cell {
    /// SQL of the staged type.
    pub value: String,
    pub reason: Option<String>,
    /// For instants: whether the zone was assumed, and which of two times.
    pub assumed: Option<(String, String)>,
}

impl Reader<'_> {
    /// SQL for whether text means "no value".
    fn is_null(&self, text: &str) -> String {
        let nulls = match self.mapping.nulls.is_empty() {
            true => String::new(),
            false => format!(" OR {text} IN ({})", literals(self.mapping.nulls.iter().map(String::as_str))),
        };
        format!("(TRIM(BOTH ' \\t' FROM {text}) = ''{nulls})")
    }

    /// Text that means something, or NULL.
    fn given(&mut self, text: &str) -> String {
        let text = self.lets.bind(text);
        self.lets.bind(format!("CASE WHEN NOT {} THEN {text} END", self.is_null(&text)))
    }

    /// Reads the mapped column at `index`.
    pub(super) fn column(&mut self, index: usize) -> Result<Cell> {
        let mapping = self.mapping;
        let column = &mapping.columns[index];
        match &column.reads {
            Reads::Field(position) => self.typed(index, &raw(*position)),
            Reads::Constant(text) => self.typed(index, &literal(text)),
            Reads::Expression(expression) => {
                let mut texts = BTreeMap::new();
                for operand in expression.operands() {
                    if let Operand::Raw(position) = operand {
                        texts.insert(position, self.given(&raw(position)));
                    }
                }
                let cells = &self.cells;
                let operand = |operand| match operand {
                    Operand::Raw(position) => {
                        texts.get(&position).map_or(Value::Null, |text| Value::Text(text.clone()))
                    }
                    Operand::Mapped(other) => of_cell(&mapping.columns[other], cells[other].as_ref()),
                };
                let mut scope = Scope { lets: &mut self.lets, numbers: &mapping.numbers, operand: &operand };
                let compiled = scope.compile(expression).map_err(|why| self.refused(index, &why))?;
                let (value, reason) = (compiled.value, compiled.reason);
                let cell = match (value, &column.kind) {
                    (Value::Boolean(sql), Kind::Boolean) => self.kept(column, Checked { value: sql, reason: None }),
                    (Value::Boolean(sql), _) => {
                        let refused = format!("CASE WHEN {sql} IS NOT NULL THEN 'amount_not_a_number' END");
                        let value = format!("CAST(NULL AS {})", spark_type(column));
                        let missing = format!("{sql} IS NULL");
                        Cell { value, reason: self.required(column, &missing, Some(refused)), assumed: None }
                    }
                    (Value::Number(number) | Value::Mixed(number), Kind::Scaled { places }) => {
                        if !column.map.is_empty() {
                            return Err(self.refused(index, "replaces numbers by `map`"));
                        }
                        let rounded = decimals::rounded(&mut self.lets, &number, *places);
                        let missing = format!("{} IS NULL", number.digits);
                        let reason = self.required(column, &missing, rounded.reason);
                        Cell { value: rounded.value, reason, assumed: None }
                    }
                    (value, _) => {
                        let text = as_text(value).map_err(|why| self.refused(index, &why))?;
                        self.typed(index, &text)?
                    }
                };
                let whole = first([reason.clone(), cell.reason]).map(|reason| self.lets.bind(reason));
                let value = match reason {
                    // A value that came about beside a mistake is none.
                    Some(reason) => self.lets.bind(format!("CASE WHEN {reason} IS NULL THEN {} END", cell.value)),
                    None => cell.value,
                };
                Ok(Cell { value, reason: whole, assumed: cell.assumed })
            }
        }
    }

    fn refused(&self, index: usize, why: &str) -> Error {
        Error::config(format!("`{}.expr` cannot run on Spark: it {why}", self.path(index)))
            .hint("write the expression so that each part is always text, always a number, or always a condition")
    }

    /// The reason of a column of which `missing` says whether it has no value.
    fn required(&self, column: &MappedColumn, missing: &str, reason: Option<String>) -> Option<String> {
        match (column.contract.required, reason) {
            (false, reason) => reason,
            (true, None) => Some(format!("CASE WHEN {missing} THEN 'missing_required' END")),
            (true, Some(reason)) => {
                Some(format!("COALESCE({reason}, CASE WHEN {missing} THEN 'missing_required' END)"))
            }
        }
    }

    fn kept(&mut self, column: &MappedColumn, checked: Checked<String>) -> Cell {
        let value = self.lets.bind(checked.value);
        let reason = self.required(column, &format!("{value} IS NULL"), checked.reason);
        Cell { reason: reason.map(|reason| self.lets.bind(reason)), value, assumed: None }
    }

    /// Text to a value of the column's type.
    fn typed(&mut self, index: usize, text: &str) -> Result<Cell> {
        let mapping = self.mapping;
        let column = &mapping.columns[index];
        let mut given = self.given(text);
        let mut replaced = "FALSE".to_owned();
        if !column.map.is_empty() {
            let mut pairs: Vec<(&String, &String)> = column.map.iter().collect();
            pairs.sort();
            let branches: Vec<String> = pairs
                .iter()
                .map(|(from, to)| format!("WHEN {} THEN NULLIF({}, '')", literal(from), literal(to)))
                .collect();
            replaced = format!("({given} IN ({}))", literals(pairs.iter().map(|(from, _)| from.as_str())));
            given = self.lets.bind(format!("CASE {given} {} ELSE {given} END", branches.join(" ")));
        }
        let path = self.path(index);
        let checked = match &column.kind {
            Kind::Text { id } => self.text(column, &given, *id),
            Kind::Boolean => {
                let word = self.lets.bind(format!("LOWER(TRIM(BOTH ' \\t' FROM {given}))"));
                let value = format!(
                    "CASE WHEN {word} IN ('true', '1', 'yes', 't', 'y') THEN TRUE \
                     WHEN {word} IN ('false', '0', 'no', 'f', 'n') THEN FALSE END"
                );
                let value = self.lets.bind(value);
                let reason = format!("CASE WHEN {given} IS NOT NULL AND {value} IS NULL THEN 'not_a_boolean' END");
                Checked { value, reason: Some(reason) }
            }
            Kind::Scaled { places } => self.scaled(&given, *places),
            Kind::Whole => self.whole(column, &given),
            Kind::Instant(of) => {
                let instant = moments::instant(&mut self.lets, &path, &given, of)?;
                let read = format!("NOT COALESCE({replaced}, FALSE)");
                let assumed = (
                    format!("({} AND {read})", instant.zone_assumed),
                    format!("({} AND {read})", instant.clock_assumed),
                );
                let reason = self.required(column, &format!("{given} IS NULL"), Some(instant.reason));
                let reason = reason.map(|reason| self.lets.bind(reason));
                return Ok(Cell { value: instant.us, reason, assumed: Some(assumed) });
            }
            Kind::Day(of) => {
                let day = moments::day(&mut self.lets, &path, &given, of)?;
                let in_range =
                    day.reason.as_ref().map(|reason| format!("CASE WHEN {reason} IS NULL THEN {} END", day.value));
                Checked { value: in_range.unwrap_or(day.value), reason: day.reason }
            }
        };
        let value = self.lets.bind(checked.value);
        let reason = self.required(column, &format!("{given} IS NULL"), checked.reason);
        Ok(Cell { value, reason: reason.map(|reason| self.lets.bind(reason)), assumed: None })
    }

    fn text(&mut self, column: &MappedColumn, given: &str, id: bool) -> Checked<String> {
        let values = column.contract.values;
        let nul = id.then(|| format!("CASE WHEN INSTR({given}, CHAR(0)) > 0 THEN 'nul_in_id' END"));
        let unknown = (!values.is_empty()).then(|| {
            format!("CASE WHEN {given} NOT IN ({}) THEN 'not_in_vocabulary' END", literals(values.iter().copied()))
        });
        match first([nul, unknown]) {
            None => Checked { value: given.to_owned(), reason: None },
            Some(reason) => {
                let reason = self.lets.bind(reason);
                Checked { value: format!("CASE WHEN {reason} IS NULL THEN {given} END"), reason: Some(reason) }
            }
        }
    }

    fn scaled(&mut self, given: &str, places: u32) -> Checked<String> {
        // Most numbers are plain, and then one cast reads them.
        let plain = match (places, self.mapping.numbers.decimal) {
            (4, '.') => self.lets.bind(format!("{given} RLIKE '^-?[0-9]{{1,14}}([.][0-9]{{0,4}})?$'")),
            _ => "FALSE".to_owned(),
        };
        let other = self.lets.bind(format!("CASE WHEN NOT {plain} THEN {given} END"));
        let number = decimals::parse(&mut self.lets, &other, &self.mapping.numbers);
        let rounded = decimals::rounded(&mut self.lets, &number.value, places);
        let value = match plain.as_str() {
            "FALSE" => rounded.value,
            _ => format!(
                "CASE WHEN {plain} THEN CAST(TRY_CAST({given} AS DECIMAL(18,4)) * 10000 AS BIGINT) ELSE {} END",
                rounded.value
            ),
        };
        Checked { value, reason: first([number.reason, rounded.reason]) }
    }

    fn whole(&mut self, column: &MappedColumn, given: &str) -> Checked<String> {
        let number = decimals::parse(&mut self.lets, given, &self.mapping.numbers);
        let rounded = decimals::rounded(&mut self.lets, &number.value, 0);
        let whole = Number::of_column(&rounded.value, 0);
        let exact = decimals::compare(&mut self.lets, "=", &number.value, &whole);
        let is_whole = self.lets.bind(format!("COALESCE({}, FALSE)", exact.value));
        let small = column
            .contract
            .least
            .map_or_else(String::new, |least| format!(" WHEN {} < {least} THEN 'too_small'", rounded.value));
        let reason =
            format!("CASE WHEN {given} IS NULL THEN NULL WHEN NOT {is_whole} THEN 'not_a_whole_number'{small} END");
        let reason = self.lets.bind(reason);
        Checked { value: format!("CASE WHEN {reason} IS NULL THEN {} END", rounded.value), reason: Some(reason) }
    }
}

/// The type of a column in Spark's words.
pub(super) fn spark_type(column: &MappedColumn) -> &'static str {
    match column.contract.staged.column_type.sql() {
        "VARCHAR" => "STRING",
        other => other,
    }
}

/// What an expression sees of a mapped column.
fn of_cell(column: &MappedColumn, cell: Option<&Cell>) -> Value {
    let Some(cell) = cell else { return Value::Null };
    match &column.kind {
        Kind::Text { .. } => Value::Text(cell.value.clone()),
        Kind::Boolean => Value::Boolean(cell.value.clone()),
        Kind::Scaled { places } => Value::Number(Number::of_column(&cell.value, *places)),
        Kind::Whole | Kind::Instant(_) | Kind::Day(_) => Value::Number(Number::of_column(&cell.value, 0)),
    }
}
