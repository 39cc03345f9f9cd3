//! `[identity]`, `[accounts]`: when two customers of the export are one person, and who decides for an account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Links between customers by verified e-mail addresses and telephone numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Calling code of telephone numbers that name no country, such as `49`. Left out, such numbers link nobody.
    pub default_country_code: String,
    /// What numbers within the country begin with and numbers from abroad leave out; empty where there is none.
    pub trunk_prefix: String,
    /// What stands for `+` before a number from abroad; empty for nothing.
    pub international_prefix: String,
    /// Most customers of one identifier that links. One of more (a firm's, a placeholder) is for review.
    pub max_customers_per_identifier: u32,
    /// Most customers that are one person. A larger group is for review as a whole.
    pub max_customers_per_person: u32,
    /// Whether contact rules count what was sent to any id of a person, and a denial said under one id holds for the others
    /// until it is revoked there. With `false`, each id is a person of its own to them.
    pub count_together: bool,
}

impl Default for Identity {
    fn default() -> Self {
        Identity {
            default_country_code: String::new(),
            trunk_prefix: "0".to_owned(),
            international_prefix: "00".to_owned(),
            max_customers_per_identifier: 3,
            max_customers_per_person: 10,
            count_together: true,
        }
    }
}

/// Accounts of companies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// Values of `account_role` in the customers export that mean: decides for the account.
    pub decision_roles: Vec<String>,
}

impl Default for Accounts {
    fn default() -> Self {
        Accounts { decision_roles: vec!["decision_maker".to_owned()] }
    }
}
