//! The columns of `campaign_response`, in the order of its contract.

use super::super::{Rows, Values};

/// One value of a row.
pub enum Value {
    Text(String),
    Whole(i64),
    Double(Option<f64>),
    Boolean(bool),
}

/// Rows under construction: the first one decides the types.
#[derive(Default)]
pub struct Table {
    columns: Vec<Values>,
}

impl Table {
    /// Adds a row. All rows have the same types.
    pub fn push(&mut self, row: Vec<Value>) {
        if self.columns.is_empty() {
            self.columns = row.iter().map(Value::column).collect();
        }
        for (column, value) in self.columns.iter_mut().zip(row) {
            match (column, value) {
                (Values::Text(column), Value::Text(value)) => column.push(Some(value)),
                (Values::Whole(column), Value::Whole(value)) => column.push(Some(value)),
                (Values::Double(column), Value::Double(value)) => column.push(value.filter(|value| value.is_finite())),
                (Values::Boolean(column), Value::Boolean(value)) => column.push(Some(value)),
                _ => unreachable!("every row is made by one function"),
            }
        }
    }

    /// All rows, or the columns of none with the types of `example`.
    pub fn rows(self, example: impl FnOnce() -> Vec<Value>) -> Rows {
        if self.columns.is_empty() { example().iter().map(Value::column).collect() } else { self.columns }
    }
}

impl Value {
    fn column(&self) -> Values {
        match self {
            Value::Text(_) => Values::Text(Vec::new()),
            Value::Whole(_) => Values::Whole(Vec::new()),
            Value::Double(_) => Values::Double(Vec::new()),
            Value::Boolean(_) => Values::Boolean(Vec::new()),
        }
    }
}
