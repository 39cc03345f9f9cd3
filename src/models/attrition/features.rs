//! What is known of customers at one instant, as numbers.

/// How a feature may move the probability of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More of it, more attrition: days since the last order, complaints.
    Rising,
    /// More of it, less attrition: orders, two-way contacts.
    Falling,
    /// As the data say.
    Either,
}

/// A column of [`Features`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// The column of the feature table it comes from.
    pub name: String,
    /// What every model has to respect.
    pub direction: Direction,
}

/// Customers x features, column by column. What is not known of a customer is NaN: a state of its own, not a zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    features: Vec<Feature>,
    columns: Vec<Vec<f64>>,
    rows: usize,
}

impl Features {
    /// `columns` has one column a feature, all of `rows` values. `None` when they are not.
    pub fn new(features: Vec<Feature>, columns: Vec<Vec<f64>>, rows: usize) -> Option<Features> {
        let fits = features.len() == columns.len() && columns.iter().all(|column| column.len() == rows);
        fits.then_some(Features { features, columns, rows })
    }

    /// The rows of these numbers, in this order.
    pub fn of_rows(&self, rows: &[usize]) -> Features {
        let columns = self.columns.iter().map(|column| rows.iter().map(|row| column[*row]).collect()).collect();
        Features { features: self.features.clone(), columns, rows: rows.len() }
    }

    /// The same, with which everything may move either way.
    pub fn without_directions(&self) -> Features {
        let either = |feature: &Feature| Feature { name: feature.name.clone(), direction: Direction::Either };
        Features { features: self.features.iter().map(either).collect(), ..self.clone() }
    }

    /// The columns' names and directions.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The values of a feature, one a customer.
    pub fn column(&self, feature: usize) -> &[f64] {
        &self.columns[feature]
    }

    /// How many customers.
    pub fn rows(&self) -> usize {
        self.rows
    }
}
