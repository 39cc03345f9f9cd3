//! `[sessions]`: when a session ends, whose it is, and when it counts as abandoned (`spec/definitions.md` 3.9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sessions on the site and in the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// Minutes without an event after which a visitor's next event begins a new session.
    pub gap_minutes: u32,
    /// Views of product pages from which a session without a cart says that somebody wanted something.
    pub min_product_views: u32,
    /// Hours after a session within which an order means that it was not abandoned.
    pub order_hours: u32,
    /// Days after an abandoned session within which an order of the same product means that it was recovered late.
    pub late_days: u32,
    /// Minutes before and after a session within which an unanswered question is linked to it; a question whose answer
    /// took longer was not answered.
    pub question_minutes: u32,
    /// Days for which a visitor who named a customer stays that customer without naming them again.
    pub remember_days: u32,
    /// Days before a visitor first names a customer for which the visits are taken for that customer's. 0, the default,
    /// takes none: a session is then never given to somebody whom we did not know before it was over.
    pub look_back_days: u32,
    /// Days for which an abandoned session stays on the list of those to be recovered.
    pub recover_days: u32,
    /// Days of one period of the summary.
    pub period_days: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions {
            gap_minutes: 30,
            min_product_views: 2,
            order_hours: 24,
            late_days: 7,
            question_minutes: 60,
            remember_days: 30,
            look_back_days: 0,
            recover_days: 7,
            period_days: 30,
        }
    }
}
