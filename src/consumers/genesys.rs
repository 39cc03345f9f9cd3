//! `genesys`: Genesys Cloud. The policy of each service level for a data table, and customers for Predictive Routing.
//!
//! - `policy`: the rows of a data table by service level, to be imported with «replace». It holds nobody.
//! - `customers`: attributes by routing key for Predictive Routing. Files there must not say who somebody is, so that it is
//!   empty unless the run has opaque keys (`[routing] opaque_keys = true`); agents are not in it either.

use super::dataset::{Csv, Dataset, Delta, Format, Guard, Limits};
use super::records::{Field, Kind, Records};
use super::routing_policy::{self, Column, POLICY};
use super::{Consumer, Options, Source, guard_for_machines};
use crate::error::Result;

pub(super) const CONSUMER: Consumer = Consumer {
    name: "genesys",
    about: "Genesys Cloud: a data table of the policy, and customers by opaque keys for Predictive Routing",
    needs: &["service_levels", "routing"],
    uses: &[],
    of_any_table: false,
    may_hold_contact: false,
    build,
};

/// What a data table takes: <https://help.mypurecloud.com/articles/work-with-data-tables/>.
pub(super) const DATA_TABLE: Limits = Limits {
    rows: Some(5_000),
    columns: Some(50),
    key_characters: Some(256),
    hint: "name fewer `[[routing.levels]]`, or have Genesys raise the limit",
    ..Limits::NONE
};

/// What a dataset of Predictive Routing takes: <https://all.docs.genesys.com/PE-GPR/9.0.0/Deployment/dataReqs>. It drops rows
/// beyond the last without a word: each file is to become a dataset of its own.
pub(super) const PREDICTIVE: Limits = Limits {
    rows: Some(2_500_000),
    columns: Some(100),
    name_characters: Some(127),
    split: true,
    hint: "load fewer columns",
    ..Limits::NONE
};

/// What the reason is called under which customers are left out.
pub(super) const NOT_OPAQUE: &str = "the keys are customer ids: set `[routing] opaque_keys = true`";

/// What Predictive Routing learns from. Whether somebody complained is among it, who answers them is not.
const CUSTOMERS: [Column; 12] = [
    ("routing_key", Kind::Id),
    ("service_level", Kind::Text),
    ("value_group", Kind::Text),
    ("value_cell", Kind::Text),
    ("strategy", Kind::Text),
    ("queue", Kind::Text),
    ("priority", Kind::Number),
    ("required_skills", Kind::Text),
    ("vru_path", Kind::Text),
    ("language", Kind::Text),
    ("open_complaint", Kind::Boolean),
    ("next_offer_product", Kind::Id),
];

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    let guard = guard_for_machines(options, Guard::Text);
    let format = Format::Csv(Csv { header: true, guard });
    let levels = routing_policy::levels(source)?;
    // Genesys, too, answers the larger number first.
    let last = routing_policy::last_priority(&levels)?;
    let mut policy = vec![("service_level", Kind::Id)];
    policy.extend(POLICY.map(|name| (name, kind(name))));
    policy.extend([("is_default", Kind::Boolean), ("rule_id", Kind::Id)]);
    let policy = renamed(&routing_policy::records(&levels, &policy, 1, Some(last))?)?;

    let names: Vec<&str> = CUSTOMERS.iter().map(|(name, _)| *name).chain(["key_type"]).collect();
    let routing = source.table("routing", &names)?;
    let key_type = routing.column("key_type")?;
    let known = (0..routing.len()).filter(|row| key_type.text(*row) != Some("keyed_hash")).count() as u64;
    let customers = if known == 0 {
        routing_policy::records(&routing, &CUSTOMERS, 1, Some(last))?
    } else {
        Records::new(CUSTOMERS.iter().map(|(name, kind)| Field::new(*name, *kind)).collect(), 1).sorted()?
    };
    let left_out = if known == 0 { 0 } else { routing.len() as u64 };
    Ok(vec![
        Dataset::new("policy", policy, format).within(DATA_TABLE),
        Dataset::new("customers", customers, format)
            .with_delta(Delta::Rows)
            .within(PREDICTIVE)
            .leaving_out(NOT_OPAQUE, left_out),
    ])
}

/// What a column of the policy holds.
fn kind(name: &str) -> Kind {
    match name {
        "cobrowse_allowed" | "fee_applies" => Kind::Boolean,
        "solution_cost_cap" | "priority" => Kind::Number,
        _ if name.ends_with("_seconds") || name.ends_with("_minutes") => Kind::Number,
        _ => Kind::Text,
    }
}

/// The same with the reference key under the name that imports of data tables have for it.
fn renamed(policy: &Records) -> Result<Records> {
    let mut fields = policy.fields().to_vec();
    fields[0].name = "key".into();
    let mut records = Records::new(fields, 1);
    for row in 0..policy.len() {
        records.push_text(policy.row(row))?;
    }
    records.sorted()
}
