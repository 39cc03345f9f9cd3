//! The catalogue of what an agent may be shown of a customer (`spec/definitions.md` 3.20).
//!
//! The order decides between facts of equal weight, and which of those that come first in any case comes first. A fact is
//! made in `sql/features/fact_texts.sql` or `sql/features/fact_numbers.sql`; how relevant it is depends on why the customer
//! will most probably be spoken with next.

/// One kind of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Its name, by which a screen finds its template.
    pub id: &'static str,
    /// What its value is.
    pub unit: Unit,
    /// It comes before all others, whatever its weight.
    pub is_first: bool,
    /// It rests on a profile: not for customers who objected to one.
    pub is_profile: bool,
    /// Which part of the pipeline knows it.
    pub source: &'static str,
    /// Relevance in hundredths in each of [`SITUATIONS`].
    pub relevance: [i64; 4],
}

/// What the value of a fact is, and its template variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Words, or an id.
    Text,
    /// A number of things.
    Count,
    /// A number of days.
    Days,
    /// A day.
    Date,
    /// An hour of the customer's clock.
    Hour,
    /// Money in the reporting currency.
    Money,
    /// A mark, on the scale of the export.
    Mark,
}

impl Unit {
    /// The word for it in `fact_catalogue` and in template variables.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Text => "text",
            Unit::Count => "count",
            Unit::Days => "days",
            Unit::Date => "date",
            Unit::Hour => "hour",
            Unit::Money => "money",
            Unit::Mark => "mark",
        }
    }
}

/// Why the customer will most probably be spoken with next; the first that is true.
pub const SITUATIONS: [&str; 4] = ["everyday", "complaint", "promise", "leaving"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    First,
    Profile,
    Plain,
}

const FIRST: Kind = Kind::First;
const PROFILE: Kind = Kind::Profile;
const PLAIN: Kind = Kind::Plain;

const fn fact(id: &'static str, unit: Unit, kind: Kind, source: &'static str, relevance: [i64; 4]) -> Fact {
    Fact {
        id,
        unit,
        is_first: matches!(kind, Kind::First),
        is_profile: matches!(kind, Kind::Profile),
        source,
        relevance,
    }
}

/// All facts.
pub const FACTS: &[Fact] = &[
    fact("name_form", Unit::Text, FIRST, "customers", [100, 100, 100, 100]),
    fact("service_level", Unit::Text, FIRST, "routing", [100, 100, 100, 100]),
    fact("open_complaint", Unit::Count, FIRST, "interactions", [100, 100, 100, 100]),
    fact("promise_due", Unit::Date, FIRST, "interactions", [100, 100, 100, 100]),
    fact("last_contact", Unit::Text, FIRST, "interactions", [100, 100, 100, 100]),
    fact("complaint_age", Unit::Days, PLAIN, "interactions", [100, 200, 150, 150]),
    fact("last_outcome", Unit::Text, PLAIN, "interactions", [90, 150, 150, 100]),
    fact("continue_reason", Unit::Text, PLAIN, "interactions", [90, 150, 150, 100]),
    fact("continue_stage", Unit::Text, PLAIN, "interactions", [90, 100, 150, 100]),
    fact("continue_product", Unit::Text, PLAIN, "interactions", [90, 150, 150, 100]),
    fact("continue_agent", Unit::Text, PLAIN, "interactions", [40, 80, 80, 40]),
    fact("next_question", Unit::Text, PROFILE, "answers", [70, 0, 30, 50]),
    fact("next_product", Unit::Text, PROFILE, "affinity", [80, 10, 30, 60]),
    fact("replenish", Unit::Text, PROFILE, "affinity", [80, 10, 30, 60]),
    fact("win_back_product", Unit::Text, PROFILE, "affinity", [50, 5, 20, 90]),
    fact("life_event", Unit::Text, PROFILE, "interactions", [80, 30, 40, 90]),
    fact("competitor", Unit::Text, PROFILE, "interactions", [60, 50, 40, 120]),
    fact("value_at_risk", Unit::Money, PROFILE, "attrition", [50, 60, 50, 120]),
    fact("attrition_band", Unit::Text, PROFILE, "attrition", [50, 60, 50, 120]),
    fact("lifecycle", Unit::Text, PROFILE, "transactions", [50, 50, 40, 110]),
    fact("tier_moved", Unit::Count, PROFILE, "transactions", [50, 40, 30, 90]),
    fact("value_group", Unit::Text, PROFILE, "value", [60, 60, 50, 80]),
    fact("rfm_segment", Unit::Text, PROFILE, "transactions", [40, 30, 30, 60]),
    fact("tier", Unit::Count, PROFILE, "transactions", [40, 40, 30, 50]),
    fact("expected_value", Unit::Money, PROFILE, "lifetime_value", [40, 40, 30, 60]),
    fact("potential", Unit::Money, PROFILE, "value", [40, 10, 20, 40]),
    fact("revenue_12m", Unit::Money, PLAIN, "transactions", [40, 40, 30, 50]),
    fact("revenue_before", Unit::Money, PLAIN, "transactions", [20, 20, 15, 50]),
    fact("order_value", Unit::Money, PLAIN, "transactions", [30, 20, 15, 30]),
    fact("last_order", Unit::Date, PLAIN, "transactions", [60, 80, 60, 80]),
    fact("orders", Unit::Count, PLAIN, "transactions", [40, 30, 20, 40]),
    fact("categories", Unit::Count, PLAIN, "transactions", [30, 10, 15, 30]),
    fact("tenure", Unit::Days, PLAIN, "transactions", [40, 40, 30, 50]),
    fact("contacts_90d", Unit::Count, PLAIN, "interactions", [40, 80, 60, 40]),
    fact("gave_up_90d", Unit::Count, PLAIN, "interactions", [60, 120, 90, 80]),
    fact("satisfaction", Unit::Mark, PLAIN, "interactions", [50, 80, 60, 80]),
    fact("days_since_two_way", Unit::Days, PLAIN, "interactions", [30, 20, 20, 60]),
    fact("birthday", Unit::Date, PLAIN, "customers", [90, 20, 30, 60]),
    fact("anniversary", Unit::Date, PLAIN, "customers", [60, 10, 20, 60]),
    fact("best_channel", Unit::Text, PROFILE, "preferences", [40, 30, 40, 40]),
    fact("best_hour", Unit::Hour, PROFILE, "preferences", [40, 30, 60, 40]),
    fact("best_daypart", Unit::Text, PROFILE, "preferences", [20, 20, 30, 20]),
    fact("no_call_before", Unit::Date, PLAIN, "contact_rules", [60, 40, 40, 60]),
    fact("messages_30d", Unit::Count, PLAIN, "contact_rules", [20, 20, 15, 30]),
    fact("consent_email", Unit::Text, PLAIN, "consents", [30, 20, 20, 30]),
    fact("consent_phone", Unit::Text, PLAIN, "consents", [30, 20, 20, 30]),
    fact("account_role", Unit::Text, PLAIN, "customers", [60, 50, 50, 60]),
    fact("language", Unit::Text, PLAIN, "customers", [60, 60, 60, 60]),
    fact("region", Unit::Text, PLAIN, "customers", [30, 30, 30, 30]),
    fact("time_zone", Unit::Text, PLAIN, "customers", [30, 20, 30, 30]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_made_by_one_of_the_two_files_and_every_fact_made_is_in_the_catalogue() {
        let texts = include_str!("../../sql/features/fact_texts.sql");
        let numbers = include_str!("../../sql/features/fact_numbers.sql");
        let events = ["life_event", "competitor"];
        for fact in FACTS {
            let made = |sql: &str| sql.contains(&format!("'{}' AS fact_id", fact.id));
            let in_texts = made(texts) || events.contains(&fact.id);
            assert_eq!((in_texts, made(numbers)), (fact.unit == Unit::Text, fact.unit != Unit::Text), "{}", fact.id);
        }
        let made = texts.matches("' AS fact_id").count() + numbers.matches("' AS fact_id").count();
        assert_eq!(made + events.len(), FACTS.len());
    }

    #[test]
    fn what_comes_first_is_at_the_top_and_no_profile() {
        let first = FACTS.iter().take_while(|fact| fact.is_first).count();
        assert_eq!(first, FACTS.iter().filter(|fact| fact.is_first).count());
        assert!(FACTS.iter().all(|fact| !(fact.is_first && fact.is_profile)));
        let ids: std::collections::BTreeSet<&str> = FACTS.iter().map(|fact| fact.id).collect();
        assert_eq!(ids.len(), FACTS.len());
    }
}
