//! What two products have to share.

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A basket.
    Basket,
    /// A customer, with all that they ever bought.
    Customer,
}

impl Level {
    /// As in the column `level`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Basket => "basket",
            Level::Customer => "customer",
        }
    }

    /// What its units are called.
    pub fn units(self) -> &'static str {
        match self {
            Level::Basket => "baskets",
            Level::Customer => "customers",
        }
    }
}
