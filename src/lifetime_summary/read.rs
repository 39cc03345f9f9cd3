//! A summary file: one row a customer, read exactly; what is impossible is rejected with its row and reason.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::str::FromStr;

use csv::{ByteRecord, ReaderBuilder};
use flate2::read::MultiGzDecoder;

use crate::error::{Error, IoContext, Place, Result};
use crate::models::lifetime_value::history::History;

/// Which column of the file is what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The customer.
    pub customer_id: String,
    /// Repeat purchases, `x`.
    pub x: String,
    /// Time from the first purchase to the last, `t_x`.
    pub t_x: String,
    /// Time from the first purchase to the end of observation, `T`.
    pub age: String,
    /// Mean value of a purchase.
    pub value: Option<String>,
    /// Purchases in the horizon after the end of observation.
    pub holdout: Option<String>,
    /// How many purchases the value is the mean of.
    pub spend_purchases: Option<String>,
    /// Sum of the natural logarithms of the times between purchases.
    pub ln_gaps: Option<String>,
}

impl Default for Columns {
    fn default() -> Self {
        let [customer_id, x, t_x, age] = ["customer_id", "x", "t_x", "age"].map(str::to_owned);
        Columns { customer_id, x, t_x, age, value: None, holdout: None, spend_purchases: None, ln_gaps: None }
    }
}

/// What columns may be called on the left of `=`.
const NAMES: &str = "customer_id, x, t_x, age, value, holdout, spend_purchases, ln_gaps";

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut columns = Columns::default();
        let mut given: Vec<&str> = Vec::new();
        for pair in text.split(',') {
            let (name, column) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not `name=column`"))?;
            let (name, column) = (name.trim(), column.trim().to_owned());
            if given.contains(&name) {
                return Err(format!("`{name}` is named twice"));
            }
            given.push(name);
            match name {
                "customer_id" => columns.customer_id = column,
                "x" => columns.x = column,
                "t_x" => columns.t_x = column,
                "age" => columns.age = column,
                "value" => columns.value = Some(column),
                "holdout" => columns.holdout = Some(column),
                "spend_purchases" => columns.spend_purchases = Some(column),
                "ln_gaps" => columns.ln_gaps = Some(column),
                _ => return Err(format!("`{name}` is not one of {NAMES}")),
            }
        }
        Ok(columns)
    }
}

/// How many purchases the mean value of a customer is of, when no column says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpendPurchases {
    /// The `x` repeat purchases, as in most tools.
    #[default]
    Repeats,
    /// All `x + 1`.
    All,
}

/// A customer of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The id.
    pub customer_id: String,
    /// Purchases so far.
    pub history: History,
    /// Purchases in the holdout.
    pub bought: u32,
    /// How many purchases the value is the mean of.
    pub spend_purchases: u32,
    /// The mean value of a purchase; 0 when there are none, not known when the file does not say it.
    pub mean_value: Option<f64>,
    /// The same, cut to ten-thousandths; none without purchases.
    pub mean_value_e4: Option<i64>,
}

/// A row that cannot be used. It holds nothing of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The row, from 1 below the header.
    pub row: u64,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// The rows of a summary file.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Rows that can be used, by customer.
    pub rows: Vec<Row>,
    /// Rows that cannot, in the order of the file.
    pub rejects: Vec<Reject>,
}

/// Places of the columns in a record.
struct Places {
    names: Columns,
    customer_id: usize,
    x: usize,
    t_x: usize,
    age: usize,
    value: Option<usize>,
    holdout: Option<usize>,
    spend_purchases: Option<usize>,
    ln_gaps: Option<usize>,
}

/// Reads a summary file: CSV with a header, compressed when it ends in `.gz`.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when it cannot be read, lacks a column, or no row of it can be used.
pub fn read(path: &Path, columns: &Columns, spend: SpendPurchases) -> Result<Summary> {
    let file = BufReader::new(File::open(path).reading(path)?);
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn std::io::Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut reader = ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(bytes);
    let unreadable = |error: csv::Error| {
        Error::input(format!("could not read `{}`", path.display())).at(Place::file(path)).because(error)
    };
    let places = places(path, columns, reader.byte_headers().map_err(unreadable)?)?;
    let width = reader.byte_headers().map_err(unreadable)?.len();

    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    let mut first_rows: HashMap<String, u64> = HashMap::new();
    let (mut record, mut number) = (ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        number += 1;
        let read = if record.len() == width {
            places.row(&record, spend)
        } else {
            Err(format!("{} fields, where the header has {width}", record.len()))
        };
        let read = read.and_then(|row| match first_rows.get(&row.customer_id) {
            Some(first) => Err(format!("the same customer as in row {first}")),
            None => Ok(row),
        });
        match read {
            Ok(row) => {
                first_rows.insert(row.customer_id.clone(), number);
                rows.push(row);
            }
            Err(reason) => {
                let line = record.position().map_or(0, csv::Position::line);
                rejects.push(Reject { row: number, line, reason });
            }
        }
    }
    if rows.is_empty() {
        let place = Place::file(path);
        return Err(match rejects.first() {
            None => Error::input("the file has no rows").at(place).hint("give a row a customer, below a header"),
            Some(first) => {
                Error::input(format!("none of {number} rows can be used; row {}: {}", first.row, first.reason))
                    .at(place.at_line(first.line))
                    .hint("say with `--columns` which column is what")
            }
        });
    }
    rows.sort_by(|one, other| one.customer_id.cmp(&other.customer_id));
    Ok(Summary { rows, rejects })
}

fn places(path: &Path, columns: &Columns, header: &ByteRecord) -> Result<Places> {
    let names: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    let place = |column: &str| {
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(place, _)| place);
        match (found.next(), found.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(Error::input(format!("two columns are called `{column}`")).at(Place::file(path))),
            (None, _) => Err(Error::input(format!("no column is called `{column}`"))
                .at(Place::file(path))
                .hint(format!("the columns are {}; say with `--columns` which is what", names.join(", ")))),
        }
    };
    let optional = |column: &Option<String>| column.as_deref().map(place).transpose();
    Ok(Places {
        names: columns.clone(),
        customer_id: place(&columns.customer_id)?,
        x: place(&columns.x)?,
        t_x: place(&columns.t_x)?,
        age: place(&columns.age)?,
        value: optional(&columns.value)?,
        holdout: optional(&columns.holdout)?,
        spend_purchases: optional(&columns.spend_purchases)?,
        ln_gaps: optional(&columns.ln_gaps)?,
    })
}

impl Places {
    fn row(&self, record: &ByteRecord, spend: SpendPurchases) -> Result<Row, String> {
        let field =
            |place: usize| std::str::from_utf8(&record[place]).map(str::trim).map_err(|_| "not UTF-8".to_owned());
        let customer_id = field(self.customer_id)?.to_owned();
        if customer_id.is_empty() {
            return Err(format!("no `{}`", self.names.customer_id));
        }
        let x = whole(&self.names.x, field(self.x)?)?;
        let (recency, age) = (number(&self.names.t_x, field(self.t_x)?)?, number(&self.names.age, field(self.age)?)?);
        let named = |name: &Option<String>| name.clone().unwrap_or_default();
        let count = |place: Option<usize>, name: &Option<String>| {
            place.map(|place| whole(&named(name), field(place)?)).transpose()
        };
        let sum_ln_gaps = match self.ln_gaps {
            Some(place) => number(&named(&self.names.ln_gaps), field(place)?)?,
            None => 0.0,
        };
        let history = History { frequency: x, recency, age, sum_ln_gaps };
        if let Some(fault) = history.fault() {
            return Err(fault.to_owned());
        }
        let all = x.checked_add(1).ok_or_else(|| format!("`{}` is too large", self.names.x))?;
        let spend_purchases = match count(self.spend_purchases, &self.names.spend_purchases)? {
            Some(purchases) if purchases > all => return Err("a value of more purchases than there were".to_owned()),
            Some(purchases) => purchases,
            None if spend == SpendPurchases::All => all,
            None => x,
        };
        let (mut mean_value, mut mean_value_e4) = (None, None);
        if let Some(place) = self.value {
            let text = field(place)?;
            if spend_purchases == 0 {
                // Whatever stands there is the mean of nothing.
                mean_value = Some(0.0);
            } else if !text.is_empty() {
                let value = number(&named(&self.names.value), text)?;
                mean_value = Some(value);
                mean_value_e4 =
                    Some(cut_e4(text, value).ok_or_else(|| format!("`{}` is too large", named(&self.names.value)))?);
            }
        }
        let bought = count(self.holdout, &self.names.holdout)?.unwrap_or(0);
        Ok(Row { customer_id, history, bought, spend_purchases, mean_value, mean_value_e4 })
    }
}

/// A finite number: the double that is nearest to the decimal text.
fn number(column: &str, text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(format!("`{column}` is not finite")),
        Err(_) if text.is_empty() => Err(format!("no `{column}`")),
        Err(_) => Err(format!("`{column}` is not a number")),
    }
}

/// A whole number, which other tools also write as `2.0`.
fn whole(column: &str, text: &str) -> Result<u32, String> {
    let value = number(column, text)?;
    if value < 0.0 {
        Err(format!("`{column}` is negative"))
    } else if value.fract() != 0.0 {
        Err(format!("`{column}` is not a whole number"))
    } else if value > f64::from(u32::MAX) {
        Err(format!("`{column}` is too large"))
    } else {
        Ok(value as u32)
    }
}

/// A decimal text cut to ten-thousandths; from the number itself where the text has an exponent.
fn cut_e4(text: &str, value: f64) -> Option<i64> {
    const LARGEST: f64 = 9e13;
    if value.abs() > LARGEST {
        return None;
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Some((value * 1e4).trunc() as i64);
    }
    let fraction: String = fraction.chars().chain("0000".chars()).take(4).collect();
    let e4 = format!("{whole}{fraction}").parse::<i64>().ok()?;
    Some(if text.starts_with('-') { -e4 } else { e4 })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read_text(text: &str, columns: &str) -> Result<Summary> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.csv");
        std::fs::write(&path, text).unwrap();
        read(&path, &columns.parse().unwrap(), SpendPurchases::Repeats)
    }

    #[test]
    fn impossible_rows_are_rejected_with_row_line_and_reason() {
        let text = "\u{feff}who,x,t,T,m\nb,2.0,1.5,3,22.345\na,0,0,3,\n,1,1,2,1\nc,1,4,3,1\nd,-1,1,2,1\ne,1.5,1,2,1\n\
                    f,0,1,2,1\ng,1,0,2,1\nh,1,1,nan,1\ni,1,inf,2,1\nj,one,1,2,1\nb,1,1,2,1\n\"k\nk\",1,-1,2,1\nl,1,1\n\
                    m,1,1,2,1e300\nn,1,1,2,\no,,1,2,1\n";
        let summary = read_text(text, "customer_id=who,t_x=t,age=T,value=m").unwrap();
        let rows: Vec<_> = summary.rows.iter().map(|row| (row.customer_id.as_str(), row.mean_value_e4)).collect();
        assert_eq!(rows, [("a", None), ("b", Some(223_450)), ("n", None)]);
        assert_eq!(summary.rows[0].mean_value, Some(0.0), "the mean of no purchase");
        assert_eq!(summary.rows[1].history, History::new(2, 1.5, 3.0));
        assert_eq!(summary.rows[2].mean_value, None, "not known");
        let rejects: Vec<_> =
            summary.rejects.iter().map(|reject| (reject.row, reject.line, reject.reason.as_str())).collect();
        assert_eq!(
            rejects,
            [
                (3, 4, "no `who`"),
                (4, 5, "the last purchase is after the end of observation"),
                (5, 6, "`x` is negative"),
                (6, 7, "`x` is not a whole number"),
                (7, 8, "time between purchases, but no repeat purchase"),
                (8, 9, "repeat purchases, but no time between them"),
                (9, 10, "`T` is not finite"),
                (10, 11, "`t` is not finite"),
                (11, 12, "`x` is not a number"),
                (12, 13, "the same customer as in row 1"),
                (13, 14, "a negative time"),
                (14, 16, "3 fields, where the header has 5"),
                (15, 17, "`m` is too large"),
                (17, 19, "no `x`"),
            ]
        );
    }

    #[test]
    fn a_file_of_which_nothing_is_left_is_an_error() {
        let error = read_text("customer_id,x,t_x,age\na,1,5,2\n", "x=x").unwrap_err();
        assert_eq!(
            error.message(),
            "none of 1 rows can be used; row 1: the last purchase is after the end of observation"
        );
        assert_eq!(read_text("customer_id,x,t_x,age\n", "x=x").unwrap_err().message(), "the file has no rows");
        let error = read_text("cust,x,t_x,age\na,1,1,2\n", "x=x").unwrap_err();
        assert_eq!(error.message(), "no column is called `customer_id`");
        assert_eq!(read_text("x,x,t_x,age\n", "customer_id=x").unwrap_err().message(), "two columns are called `x`");
    }

    #[test]
    fn columns_are_named_once_and_by_known_names() {
        let columns: Columns = "customer_id=cust, t_x=t.x,value=m.x".parse().unwrap();
        assert_eq!((columns.customer_id.as_str(), columns.x.as_str(), columns.t_x.as_str()), ("cust", "x", "t.x"));
        assert_eq!(columns.value.as_deref(), Some("m.x"));
        for (text, wanted) in [
            ("x", "`x` is not `name=column`"),
            ("x=a,x=b", "`x` is named twice"),
            ("frequency=x", "`frequency` is not one of"),
        ] {
            assert!(text.parse::<Columns>().unwrap_err().starts_with(wanted), "{text}");
        }
    }

    #[test]
    fn values_are_cut_as_they_are_written() {
        for (text, e4) in [
            ("22.345", 223_450),
            ("13.8566666666667", 138_566),
            ("-0.00019", -1),
            ("5", 50_000),
            (".5", 5_000),
            ("1e2", 1_000_000),
        ] {
            assert_eq!(cut_e4(text, text.parse().unwrap()), Some(e4), "{text}");
        }
        assert_eq!(cut_e4("1e15", 1e15), None);
    }
}
