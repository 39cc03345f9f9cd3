//! How an input's columns come about: the pipeline file's mapping, resolved once into typed readers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::exchange::Rates;
use super::expression::{self, Expression, Operand};
use super::moment::{MomentFormat, Zone};
use super::number::NumberFormat;
use crate::config::{ColumnSource, Config, Duplicates, Fold, From as Source, InputConfig, Take};
use crate::contract::{COMPLETENESS, ColumnType, Input, InputColumn};
use crate::error::{Error, Result};
use crate::names::nearest;

/// Columns that ingest adds for itself. Their names begin with `_`; no contract knows them.
pub(super) const RECORD: &str = "_record";
pub(super) const HASH: &str = "_hash";
pub(super) const KEY: &str = "_key";
pub(super) const LINE: &str = "_line";
pub(super) const OFFSET: &str = "_offset";
/// The place of a row's event among the events of its stream.
pub(super) const EVENT: &str = "_event";

/// What a mapped column is read from.
#[derive(Debug)]
pub(super) enum Reads {
    /// A column of the file: its position in [`Mapping::raw_names`].
    Field(usize),
    /// The same text in every row.
    Constant(String),
    /// Computed from other columns.
    Expression(Expression),
}

/// Format and zone of a date or time.
#[derive(Debug)]
pub(super) struct Moments {
    pub format: MomentFormat,
    pub zone: Arc<Zone>,
}

/// How text becomes a value.
#[derive(Debug)]
pub(super) enum Kind {
    Text {
        id: bool,
    },
    Boolean,
    Whole,
    /// A decimal as a whole number of `10^-places`.
    Scaled {
        places: u32,
    },
    Instant(Moments),
    Day(Moments),
}

/// One mapped column.
#[derive(Debug)]
pub(super) struct MappedColumn {
    pub contract: &'static InputColumn,
    pub reads: Reads,
    pub kind: Kind,
    /// Values to replace.
    pub map: HashMap<String, String>,
    /// Rejects do not show its values.
    pub masked: bool,
    /// Whether each event of the stream gives it, by its place among them; empty when all do.
    pub on: Vec<bool>,
    /// Which of the events' values a folded row has.
    pub take: Take,
}

/// How the rows of an event stream are folded.
#[derive(Debug)]
pub(super) struct Folding {
    /// The column of the file that names the event: its position in [`Mapping::raw_names`].
    pub event: usize,
    /// The events, each with its place among them.
    pub places: HashMap<String, i32>,
    /// Whether each begins a contact; empty when none is said to.
    pub begins: Vec<bool>,
    /// Whether each ends one; empty when none is said to.
    pub ends: Vec<bool>,
}

/// Where a staged column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Mapped(usize),
    /// The id made from a row's content, when no order id is mapped.
    MadeOrder,
    /// The day of the row's instant in the business time zone.
    Day,
    /// The row's amount as it was paid, where that was not in the reporting currency.
    ForeignAmount,
    /// Whether a folded row has its beginning and its end.
    Completeness,
}

/// The mapping of one input, ready to read rows. Positions are those in `columns`.
#[derive(Debug)]
pub(super) struct Mapping {
    pub input: &'static Input,
    pub numbers: NumberFormat,
    pub nulls: Vec<String>,
    /// Columns of the file (positions in `raw_names`) and the values with which a row is skipped.
    pub skip: Vec<(usize, HashSet<String>)>,
    /// How rows are folded, when they are events.
    pub folding: Option<Folding>,
    /// The mapped columns, in the order of the contract.
    pub columns: Vec<MappedColumn>,
    /// The same, each behind those that it is computed from.
    pub order: Vec<usize>,
    /// Columns of the file that are read, by name.
    pub raw_names: Vec<String>,
    pub customer: Option<usize>,
    pub amount: Option<usize>,
    pub time: Option<usize>,
    pub currency: Option<usize>,
    /// Two days of which the second may not be before the first, when both are mapped.
    pub span: Option<(usize, usize)>,
    /// Durations, which are emptied when they are negative.
    pub never_negative: Vec<usize>,
    /// Instants that follow each other, as far as they are mapped.
    pub in_order: Vec<usize>,
    /// The reporting currency.
    pub reporting: String,
    pub rates: Option<Arc<Rates>>,
    /// The key's columns when all of them are mapped, else none.
    pub key: Vec<usize>,
    pub keep_duplicates: bool,
    /// The business time zone.
    pub zone: Arc<Zone>,
    /// The staged columns, in the order of the contract's table.
    pub slots: Vec<Slot>,
    /// Their schema, with ingest's own columns behind.
    pub schema: SchemaRef,
}

impl Mapping {
    /// Resolves the mapping of `input`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config): unknown columns, expressions that are not understood or
    /// that need themselves, required columns that are not mapped, unknown time zones.
    pub fn new(
        input: &'static Input,
        config: &Config,
        settings: &InputConfig,
        zone: &Arc<Zone>,
        rates: Option<Arc<Rates>>,
    ) -> Result<Mapping> {
        check_names(input, settings)?;
        let mapped: Vec<&'static InputColumn> =
            input.columns.iter().filter(|column| settings.columns.contains_key(column.name)).collect();
        let position = |name: &str| mapped.iter().position(|column| column.name == name);
        let mut raw_names = Vec::new();
        let mut columns = Vec::new();
        for contract in &mapped {
            let source = &settings.columns[contract.name];
            columns.push(MappedColumn {
                contract,
                reads: reads(input, contract, source, &position, &mut raw_names)?,
                kind: kind(input, contract, source, zone)?,
                map: source.map.iter().map(|(from, to)| (from.clone(), to.clone())).collect(),
                masked: source.personal.unwrap_or(contract.personal),
                on: settings.fold.as_ref().map_or_else(Vec::new, |fold| listed(fold, &source.on)),
                take: source.take,
            });
        }
        let skip = skipped(settings, &mut raw_names);
        let folding = settings.fold.as_ref().map(|fold| folding(fold, &mut raw_names));
        let key: Option<Vec<usize>> = input.key.iter().map(|name| position(name)).collect();
        let time = input.time.and_then(|name| columns.iter().position(|column| column.contract.staged.name == name));
        let slots = slots(input, &columns, folding.as_ref());
        let keyed = key.as_ref().is_some_and(|key| !key.is_empty());
        if folding.is_some() && !keyed {
            return Err(Error::config(format!(
                "`inputs.{}.fold` needs the column that tells contacts apart",
                input.name
            ))
            .hint(format!("map `{}`", input.key.join("`, `"))));
        }
        let schema = schema(input, &slots, &columns, keyed, folding.is_some());
        Ok(Mapping {
            order: evaluation_order(input, &columns)?,
            customer: position("customer_id"),
            amount: position("amount"),
            currency: position("currency").filter(|_| columns.iter().any(|column| column.contract.exchanged)),
            span: input.span.and_then(|(first, last)| Some((position(first)?, position(last)?))),
            never_negative: (0..columns.len()).filter(|index| columns[*index].contract.never_negative).collect(),
            in_order: input.in_order.iter().filter_map(|name| position(name)).collect(),
            reporting: config.project.currency.clone(),
            key: key.unwrap_or_default(),
            // A table whose rows are identified by their key cannot hold a row twice.
            keep_duplicates: settings.duplicates == Duplicates::Keep && input.table.key.is_empty(),
            numbers: numbers(input, settings)?,
            nulls: settings.nulls.clone(),
            skip,
            folding,
            zone: Arc::clone(zone),
            input,
            columns,
            raw_names,
            time,
            rates,
            slots,
            schema,
        })
    }

    /// Names of the staged columns, without ingest's own.
    pub fn present(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).take(self.slots.len()).collect()
    }

    /// Names of the contract's columns that nothing maps.
    pub fn absent(&self) -> Vec<String> {
        let mapped: BTreeSet<&str> = self.columns.iter().map(|column| column.contract.name).collect();
        let absent = self.input.columns.iter().map(|column| column.name).filter(|name| !mapped.contains(name));
        absent.map(str::to_owned).collect()
    }

    /// Whether order ids are made from the rows' content.
    pub fn makes_orders(&self) -> bool {
        self.slots.contains(&Slot::MadeOrder)
    }
}

/// Where a raw column stands among those that are read.
fn raw_position(raw_names: &mut Vec<String>, name: &str) -> usize {
    raw_names.iter().position(|known| known == name).unwrap_or_else(|| {
        raw_names.push(name.to_owned());
        raw_names.len() - 1
    })
}

fn skipped(settings: &InputConfig, raw_names: &mut Vec<String>) -> Vec<(usize, HashSet<String>)> {
    let columns = settings.skip.iter();
    columns.map(|(name, values)| (raw_position(raw_names, name), values.iter().cloned().collect())).collect()
}

/// Which events of the stream are among `names`; empty for no names.
fn listed(fold: &Fold, names: &[String]) -> Vec<bool> {
    if names.is_empty() { Vec::new() } else { fold.events.iter().map(|event| names.contains(event)).collect() }
}

fn folding(fold: &Fold, raw_names: &mut Vec<String>) -> Folding {
    Folding {
        event: raw_position(raw_names, &fold.event),
        places: fold.events.iter().cloned().zip(0..).collect(),
        begins: listed(fold, &fold.begins),
        ends: listed(fold, &fold.ends),
    }
}

/// Where in the pipeline file a column stands, for messages.
fn column_path(input: &Input, column: &str) -> String {
    format!("inputs.{}.columns.{column}", input.name)
}

fn check_names(input: &'static Input, settings: &InputConfig) -> Result<()> {
    for name in settings.columns.keys() {
        if input.column(name).is_none() {
            let names = input.columns.iter().map(|column| column.name);
            let error = Error::config(format!("`{name}` is not a column of the input `{}`", input.name));
            return Err(match nearest(name, names) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
    for column in input.columns.iter().filter(|column| column.required) {
        if !settings.columns.contains_key(column.name) {
            return Err(Error::config(format!("`{}` is not mapped", column_path(input, column.name)))
                .hint(format!("say which column of the file holds it: {}", column.staged.doc)));
        }
    }
    Ok(())
}

fn reads(
    input: &Input,
    contract: &InputColumn,
    source: &ColumnSource,
    position: &dyn Fn(&str) -> Option<usize>,
    raw_names: &mut Vec<String>,
) -> Result<Reads> {
    let mut raw = |name: &str| raw_position(raw_names, name);
    Ok(match &source.from {
        Source::Column(name) => Reads::Field(raw(name)),
        Source::Constant(text) => Reads::Constant(text.clone()),
        Source::Expr(sql) => {
            // A column's own name inside its expression can only mean the column of the file.
            let mut resolve = |name: &str| match position(name) {
                Some(column) if name != contract.name => Operand::Mapped(column),
                _ => Operand::Raw(raw(name)),
            };
            let parsed = expression::parse(sql, &mut resolve).map_err(|reason| {
                Error::config(format!("`{}.expr` is not understood: {reason}", column_path(input, contract.name))).hint(
                    "it may use + - * /, comparisons, AND OR NOT, IN, LIKE, BETWEEN, IS NULL, CASE, CAST to DECIMAL and \
                     COALESCE, NULLIF, UPPER, LOWER, TRIM, SUBSTR, CONCAT, ABS, LENGTH; put odd names in double quotes",
                )
            })?;
            Reads::Expression(parsed)
        }
    })
}

fn kind(input: &Input, contract: &InputColumn, source: &ColumnSource, zone: &Arc<Zone>) -> Result<Kind> {
    let moments = || -> Result<Moments> {
        let zone = match &source.time_zone {
            Some(name) => Arc::new(Zone::named(name)?),
            None => Arc::clone(zone),
        };
        Ok(Moments { format: MomentFormat { strftime: source.format.clone() }, zone })
    };
    let staged: &str = &contract.staged.name;
    Ok(match contract.staged.column_type {
        ColumnType::Text => {
            let sorted = input.table.sort.iter().any(|name| name == staged);
            Kind::Text { id: sorted || staged.ends_with("_id") || input.key.contains(&contract.name) }
        }
        ColumnType::Boolean => Kind::Boolean,
        ColumnType::Money => Kind::Scaled { places: 4 },
        ColumnType::BigInt if staged.ends_with("_e12") => Kind::Scaled { places: 12 },
        ColumnType::BigInt | ColumnType::Integer => Kind::Whole,
        ColumnType::Instant => Kind::Instant(moments()?),
        ColumnType::Day => Kind::Day(moments()?),
        ColumnType::Double => return Err(Error::internal(format!("the input column `{staged}` is a double"))),
    })
}

fn numbers(input: &Input, settings: &InputConfig) -> Result<NumberFormat> {
    let one = |key: &str, text: &str| -> Result<Option<char>> {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (None, _) => Ok(None),
            (Some(mark), None) if !mark.is_ascii_digit() && !"+-eE".contains(mark) => Ok(Some(mark)),
            _ => Err(Error::config(format!("`inputs.{}.{key}` must be one character", input.name))),
        }
    };
    let decimal = one("decimal", &settings.decimal)?
        .ok_or_else(|| Error::config(format!("`inputs.{}.decimal` is empty", input.name)).hint("use `.` or `,`"))?;
    let thousands = one("thousands", &settings.thousands)?;
    if thousands == Some(decimal) {
        return Err(Error::config(format!("`inputs.{}` has the same `decimal` and `thousands`", input.name)));
    }
    let signs = settings.currency_signs.iter().filter(|sign| !sign.is_empty()).cloned().collect();
    Ok(NumberFormat { decimal, thousands, signs })
}

/// Each column behind the columns that it is computed from.
fn evaluation_order(input: &Input, columns: &[MappedColumn]) -> Result<Vec<usize>> {
    let needs: Vec<Vec<usize>> = columns
        .iter()
        .map(|column| match &column.reads {
            Reads::Expression(expression) => expression
                .operands()
                .into_iter()
                .filter_map(|operand| match operand {
                    Operand::Mapped(index) => Some(index),
                    Operand::Raw(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    for (index, column) in columns.iter().enumerate() {
        let unreadable =
            needs.iter().any(|needs| needs.contains(&index)) && matches!(column.kind, Kind::Instant(_) | Kind::Day(_));
        if unreadable {
            let name = column.contract.name;
            return Err(Error::config(format!("an expression of the input `{}` uses the time `{name}`", input.name))
                .hint("name the file's own column to use its text"));
        }
    }
    let mut order = Vec::new();
    while order.len() < columns.len() {
        let ready = (0..columns.len())
            .find(|index| !order.contains(index) && needs[*index].iter().all(|needed| order.contains(needed)));
        match ready {
            Some(index) => order.push(index),
            None => {
                let stuck: BTreeMap<usize, &str> = (0..columns.len())
                    .filter(|index| !order.contains(index))
                    .map(|index| (index, columns[index].contract.name))
                    .collect();
                let names: Vec<&str> = stuck.into_values().collect();
                return Err(Error::config(format!(
                    "expressions of the input `{}` need each other: `{}`",
                    input.name,
                    names.join("`, `")
                ))
                .hint("let one of them read the file's own column"));
            }
        }
    }
    Ok(order)
}

/// Staged name of [`Slot::ForeignAmount`].
const FOREIGN_AMOUNT: &str = "foreign_amount_e4";

fn slots(input: &'static Input, columns: &[MappedColumn], folding: Option<&Folding>) -> Vec<Slot> {
    let judged = folding.is_some_and(|folding| !folding.begins.is_empty() || !folding.ends.is_empty());
    let mut slots = Vec::new();
    for staged in &input.table.columns {
        let mapped = columns.iter().position(|column| column.contract.staged.name == staged.name);
        if let Some(index) = mapped {
            slots.push(Slot::Mapped(index));
        } else if input.name == "transactions" && staged.name == "order_id" {
            slots.push(Slot::MadeOrder);
        } else if input.day == Some(&staged.name) {
            slots.push(Slot::Day);
        } else if staged.name == FOREIGN_AMOUNT && columns.iter().any(|column| column.contract.name == "currency") {
            slots.push(Slot::ForeignAmount);
        } else if judged && staged.name == COMPLETENESS {
            slots.push(Slot::Completeness);
        }
    }
    slots
}

fn schema(input: &'static Input, slots: &[Slot], columns: &[MappedColumn], keyed: bool, folded: bool) -> SchemaRef {
    let mut fields = Vec::new();
    for slot in slots {
        let name = match slot {
            Slot::Mapped(index) => &*columns[*index].contract.staged.name,
            Slot::MadeOrder => "order_id",
            Slot::Day => input.day.unwrap_or_default(),
            Slot::ForeignAmount => FOREIGN_AMOUNT,
            Slot::Completeness => COMPLETENESS,
        };
        let (column_type, nullable) =
            input.table.column(name).map_or((ColumnType::Text, true), |column| (column.column_type, column.nullable));
        fields.push(Field::new(name, column_type.arrow(), nullable));
    }
    fields.push(Field::new(RECORD, DataType::Int64, false));
    fields.push(Field::new(HASH, DataType::Int64, false));
    if keyed {
        // Only a conflict of keys needs to find its lines again.
        fields.push(Field::new(KEY, DataType::Int64, true));
        fields.push(Field::new(LINE, DataType::Int64, false));
        fields.push(Field::new(OFFSET, DataType::Int64, true));
    }
    if folded {
        fields.push(Field::new(EVENT, DataType::Int32, false));
    }
    Arc::new(Schema::new(fields))
}
