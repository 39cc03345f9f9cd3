//! JSON read field by field: what is missing, of another type, or not known is named by its path, and numbers are read to the
//! last bit.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field: `strata[0].parameters.alpha`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}` {}", self.field, self.problem)
    }
}

impl std::error::Error for Fault {}

/// A place in the JSON.
pub struct Field<'a> {
    path: String,
    text: &'a str,
}

/// The fields of an object that nobody has taken yet.
pub struct Object<'a> {
    path: String,
    fields: BTreeMap<String, &'a RawValue>,
}

impl<'a> Object<'a> {
    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The field of this name, which has to be there.
    pub fn take(&mut self, name: &str) -> Result<Field<'a>, Fault> {
        let path = self.place(name);
        match self.fields.remove(name) {
            Some(raw) => Ok(Field { path, text: raw.get() }),
            None => Err(Fault { field: path, problem: "is missing".to_owned() }),
        }
    }

    /// Nothing may be left: a misspelt field must not be ignored.
    pub fn end(self) -> Result<(), Fault> {
        match self.fields.keys().next() {
            Some(name) => Err(Fault { field: self.place(name), problem: "is not a field here".to_owned() }),
            None => Ok(()),
        }
    }
}

impl<'a> Field<'a> {
    /// All of a text, which is called `what` where it is no JSON at all.
    pub fn root(text: &'a str, what: &str) -> Result<Self, Fault> {
        let raw: &RawValue = serde_json::from_str(text)
            .map_err(|error| Fault { field: what.to_owned(), problem: format!("is not JSON: {error}") })?;
        Ok(Field { path: String::new(), text: raw.get() })
    }

    /// The JSON that stands there.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// That this field is wrong.
    pub fn fault(&self, problem: String) -> Fault {
        let field = if self.path.is_empty() { "(root)".to_owned() } else { self.path.clone() };
        Fault { field, problem }
    }

    fn read<T: serde::Deserialize<'a>>(&self, what: &str) -> Result<T, Fault> {
        serde_json::from_str(self.text).map_err(|_| self.fault(format!("is not {what}")))
    }

    /// Its fields.
    pub fn object(&self) -> Result<Object<'a>, Fault> {
        Ok(Object { path: self.path.clone(), fields: self.read("an object")? })
    }

    /// Its elements.
    pub fn list(&self) -> Result<Vec<Field<'a>>, Fault> {
        let rows: Vec<&'a RawValue> = self.read("a list")?;
        let field = |(at, raw): (usize, &&'a RawValue)| Field { path: format!("{}[{at}]", self.path), text: raw.get() };
        Ok(rows.iter().enumerate().map(field).collect())
    }

    /// A text.
    pub fn string(&self) -> Result<String, Fault> {
        self.read("a text")
    }

    /// A number, to the last bit: serde_json may be off by it.
    pub fn number(&self) -> Result<f64, Fault> {
        let is_number = self.text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        let number = if is_number { self.text.parse().ok() } else { None };
        number.filter(|number: &f64| number.is_finite()).ok_or_else(|| self.fault("is not a number".to_owned()))
    }

    /// A number above 0.
    pub fn positive(&self) -> Result<f64, Fault> {
        let number = self.number()?;
        if number > 0.0 { Ok(number) } else { Err(self.fault(format!("is {number}, and has to be above 0"))) }
    }

    /// A whole number.
    pub fn whole(&self) -> Result<i32, Fault> {
        self.read("a whole number")
    }

    /// A list of so many numbers.
    pub fn numbers(&self, length: usize) -> Result<Vec<f64>, Fault> {
        let numbers = self.list()?.iter().map(Field::number).collect::<Result<Vec<_>, _>>()?;
        if numbers.len() == length {
            Ok(numbers)
        } else {
            Err(self.fault(format!("has {} numbers, and needs {length}", numbers.len())))
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.text == "null"
    }
}
