//! Fields to values: typed, computed in decimals, and exchanged to reporting money.

use super::super::cell::{Cell, is_null, missing, parse};
use super::super::exchange::exchange;
use super::super::expression::{Operand, Row, Scalar};
use super::super::mapping::{Kind, Reads};
use super::super::moment::Assumed;
use super::super::number::{Decimal, NumberError};
use super::super::record::Fields;
use super::super::reject::RejectReason;
use super::RowReader;

impl RowReader<'_> {
    pub(super) fn convert<F: Fields>(&mut self, index: usize, fields: &F) -> Result<Cell, RejectReason> {
        let mapping = self.mapping;
        let column = &mapping.columns[index];
        if !column.on.is_empty() && !column.on[self.event as usize] {
            return Ok(Cell::Null);
        }
        match &column.reads {
            Reads::Field(raw) => {
                let field = self.layout.fields[*raw];
                let Some(text) = fields.get(field) else { return missing(column) };
                self.typed(index, text, Cell::Field(field))
            }
            Reads::Constant(text) => self.typed(index, text, Cell::Constant(index)),
            Reads::Expression(expression) => {
                let row = RowView { reader: self, fields };
                match expression.evaluate(&row)? {
                    Scalar::Null => missing(column),
                    Scalar::Text(text) => {
                        let text = text.into_owned();
                        let stored = self.store(&text);
                        self.typed(index, &text, stored)
                    }
                    Scalar::Boolean(value) if matches!(column.kind, Kind::Boolean) => Ok(Cell::Boolean(value)),
                    Scalar::Number(number) => self.number(index, number),
                    Scalar::Boolean(_) => Err(RejectReason::AmountNotANumber),
                }
            }
        }
    }

    fn number(&mut self, index: usize, number: Decimal) -> Result<Cell, RejectReason> {
        match self.mapping.columns[index].kind {
            Kind::Scaled { places } => number.rounded(places).map(Cell::Whole).ok_or(RejectReason::AmountOverflow),
            _ => {
                let text = number.to_string();
                let stored = self.store(&text);
                self.typed(index, &text, stored)
            }
        }
    }

    fn store(&mut self, text: &str) -> Cell {
        let start = self.scratch.len();
        self.scratch.push_str(text);
        Cell::Stored(start, self.scratch.len())
    }

    /// Text to a value of the column's type; `same` stands for the text itself.
    fn typed(&mut self, index: usize, text: &str, same: Cell) -> Result<Cell, RejectReason> {
        let mapping = self.mapping;
        let column = &mapping.columns[index];
        if is_null(mapping, text) {
            return missing(column);
        }
        if !column.map.is_empty()
            && let Some(replaced) = column.map.get(text)
        {
            if replaced.is_empty() {
                return missing(column);
            }
            let stored = self.store(replaced);
            return parse(mapping, column, replaced, stored);
        }
        if let Kind::Instant(moments) = &column.kind {
            let (instant, assumed) = moments.format.instant(text, &moments.zone)?;
            if assumed != Assumed::Nothing {
                self.assumed.push((index, assumed));
            }
            return Ok(Cell::Whole(instant));
        }
        parse(mapping, column, text, same)
    }

    /// Converts the row's money from its own currency to the reporting one.
    pub(super) fn exchange<F: Fields>(&mut self, fields: &F) -> Result<(), RejectReason> {
        let mapping = self.mapping;
        let Some(currency) = mapping.currency else { return Ok(()) };
        let Some(code) = self.text(self.cells[currency], fields) else { return Ok(()) };
        if code.eq_ignore_ascii_case(&mapping.reporting) {
            return Ok(());
        }
        let known = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
        let code = code.to_ascii_uppercase();
        let day = match mapping.time.map(|time| self.cells[time]) {
            Some(Cell::Whole(instant)) => Some(mapping.zone.day_of(instant)),
            _ => None,
        };
        let rate = match (&mapping.rates, day) {
            (Some(rates), Some(day)) => rates.rate_e12(&code, day),
            _ => None,
        };
        let mut failure = match (known, rate) {
            (false, _) => Some(RejectReason::UnknownCurrency),
            (true, None) => Some(RejectReason::MissingRate),
            (true, Some(_)) => None,
        };
        if let Some(Cell::Whole(amount)) = mapping.amount.map(|index| self.cells[index]) {
            self.foreign_amount_e4 = Some(amount);
        }
        for (index, _) in mapping.columns.iter().enumerate().filter(|(_, column)| column.contract.exchanged) {
            if let Cell::Whole(amount) = self.cells[index] {
                self.cells[index] = match rate.filter(|_| known).map(|rate| exchange(amount, rate)) {
                    Some(Some(amount)) => Cell::Whole(amount),
                    Some(None) => {
                        failure.get_or_insert(RejectReason::AmountOverflow);
                        Cell::Null
                    }
                    // An amount that cannot be converted is no amount of the reporting currency.
                    None => Cell::Null,
                };
            }
        }
        failure.map_or(Ok(()), Err)
    }

    pub(super) fn text<'t, F: Fields>(&'t self, cell: Cell, fields: &'t F) -> Option<&'t str> {
        match cell {
            Cell::Field(index) => fields.get(index),
            Cell::Constant(index) => match &self.mapping.columns[index].reads {
                Reads::Constant(text) => Some(text),
                _ => None,
            },
            Cell::Stored(start, end) => Some(&self.scratch[start..end]),
            Cell::Null | Cell::Whole(_) | Cell::Boolean(_) => None,
        }
    }
}

/// What an expression sees of a row.
struct RowView<'r, 'm, F> {
    reader: &'r RowReader<'m>,
    fields: &'r F,
}

impl<F: Fields> Row for RowView<'_, '_, F> {
    fn operand(&self, operand: Operand) -> Scalar<'_> {
        let reader = self.reader;
        match operand {
            Operand::Raw(raw) => match self.fields.get(reader.layout.fields[raw]) {
                Some(text) if !is_null(reader.mapping, text) => Scalar::Text(text.into()),
                _ => Scalar::Null,
            },
            Operand::Mapped(index) => match reader.cells[index] {
                Cell::Null => Scalar::Null,
                Cell::Boolean(value) => Scalar::Boolean(value),
                Cell::Whole(value) => {
                    let scale = match reader.mapping.columns[index].kind {
                        Kind::Scaled { places } => places,
                        _ => 0,
                    };
                    Scalar::Number(Decimal { mantissa: i128::from(value), scale })
                }
                cell => reader.text(cell, self.fields).map_or(Scalar::Null, |text| Scalar::Text(text.into())),
            },
        }
    }

    fn number(&self, text: &str) -> Result<Decimal, NumberError> {
        self.reader.mapping.numbers.decimal(text)
    }
}
