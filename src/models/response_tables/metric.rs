//! What is compared, and where it stands in a row of `campaign_cells`.

use super::cells::Cell;
use crate::contract::SCALE;

/// What customers did, as whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Complained.
    Complaint,
    /// Ordered.
    Conversion,
    /// Revenue less the cost of goods and payment.
    Margin,
    /// Said no to further messages.
    OptOut,
    /// Revenue an order.
    OrderValue,
    /// Revenue, refunds taken off.
    Revenue,
    /// Came by.
    Visit,
}

impl Metric {
    /// All of them, in the order of their names.
    pub const ALL: [Metric; 7] = [
        Metric::Complaint,
        Metric::Conversion,
        Metric::Margin,
        Metric::OptOut,
        Metric::OrderValue,
        Metric::Revenue,
        Metric::Visit,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Complaint => "complaint",
            Metric::Conversion => "conversion",
            Metric::Margin => "margin",
            Metric::OptOut => "opt_out",
            Metric::OrderValue => "order_value",
            Metric::Revenue => "revenue",
            Metric::Visit => "visit",
        }
    }

    /// Whether it is a share of customers.
    pub fn is_share(self) -> bool {
        matches!(self, Metric::Complaint | Metric::Conversion | Metric::OptOut | Metric::Visit)
    }

    /// Whether more of it is what a campaign is for.
    pub fn is_wanted(self) -> bool {
        !matches!(self, Metric::Complaint | Metric::OptOut)
    }

    /// Whether it is a sum of money a customer.
    pub fn is_money(self) -> bool {
        matches!(self, Metric::Margin | Metric::Revenue)
    }

    /// Whether the same is known of the window before.
    pub fn has_before(self) -> bool {
        matches!(self, Metric::Conversion | Metric::Margin | Metric::Revenue | Metric::Visit)
    }

    /// What its whole numbers are divided by.
    pub fn unit(self) -> f64 {
        if self.is_share() { 1.0 } else { SCALE as f64 }
    }

    /// The same in the window before (0 where that is not known; of a ratio, what stands below the line), and the outcome.
    pub fn pair(self, cell: &Cell<'_>) -> (i64, i64) {
        match self {
            Metric::Complaint => (0, cell.complained.into()),
            Metric::Conversion => (cell.converted_before.into(), cell.converted.into()),
            Metric::Margin => (cell.margin_before, cell.margin),
            Metric::OptOut => (0, cell.opted_out.into()),
            Metric::OrderValue => (cell.orders, cell.revenue),
            Metric::Revenue => (cell.revenue_before, cell.revenue),
            Metric::Visit => (cell.visited_before.into(), cell.visited.into()),
        }
    }
}
