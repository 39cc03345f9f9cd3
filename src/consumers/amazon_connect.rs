//! `amazon-connect`: Amazon Connect Customer Profiles. One profile a customer, as CSV for an upload job or a segment import.
//!
//! The unique key is `customer_id`; the other columns are attributes of the profile. Profiles of an upload job expire after
//! two weeks unless the job says otherwise (`DataExpiry`), so that a full export is due before. A job only adds and updates:
//! `profiles_removed` is for `DeleteProfile`.

use super::dataset::{Csv, Dataset, Delta, Format, Guard, Limits};
use super::profile::OF_A_PROFILE;
use super::records::{Field, Kind, Records};
use super::routing_policy::{self, Column};
use super::{Consumer, Options, Source, Value, guard_for_machines};
use crate::error::{Error, Result};

pub(super) const CONSUMER: Consumer = Consumer {
    name: "amazon-connect",
    about: "Amazon Connect: Customer Profiles as CSV",
    needs: &["customers", "service_levels"],
    uses: &[],
    of_any_table: false,
    may_hold_contact: false,
    build,
};

/// What an upload takes. Files are UTF-8 with a head and under 1 GB
/// (<https://docs.aws.amazon.com/connect/latest/adminguide/customer-segments-imported-files.html>); names of columns have 64
/// characters (<https://docs.aws.amazon.com/customerprofiles/latest/APIReference/API_CreateUploadJob.html>) and no dots
/// (<https://docs.aws.amazon.com/connect/latest/adminguide/customer-profiles-object-type-mappings.html>), attributes of a profile
/// 255 (<https://docs.aws.amazon.com/customerprofiles/latest/APIReference/API_CreateProfile.html>).
pub(super) const UPLOAD: Limits = Limits {
    bytes: Some(999_999_999),
    name_characters: Some(64),
    cell_characters: Some(255),
    split: true,
    hint: "shorten the id, queue or skill in question",
    ..Limits::NONE
};

/// Attributes from `customers`. Days of something and not days since: those would make every delta a full file.
const CUSTOMER: [Column; 21] = [
    ("customer_id", Kind::Id),
    ("service_level", Kind::Text),
    ("value_group", Kind::Text),
    ("value_cell", Kind::Text),
    ("lifecycle_state", Kind::Text),
    ("attrition_band", Kind::Text),
    ("language", Kind::Text),
    ("time_zone", Kind::Text),
    ("first_order_date", Kind::Text),
    ("last_order_date", Kind::Text),
    ("orders", Kind::Number),
    ("contacts_90d", Kind::Number),
    ("abandoned_90d", Kind::Number),
    ("last_contact_at", Kind::Text),
    ("last_contact_channel", Kind::Text),
    ("open_complaints", Kind::Number),
    ("csat_mean", Kind::Number),
    ("promise_due_date", Kind::Text),
    ("pref_channel", Kind::Text),
    ("pref_hour", Kind::Number),
    ("next_question_id", Kind::Id),
];

/// Whether the customer objects to profiling.
const OBJECTS: &str = "profiling_opt_out";

/// Attributes from the policy of the customer's level. In queues of Amazon Connect 1 goes first, as in `routing`.
const LEVEL: [Column; 6] = [
    ("queue", Kind::Text),
    ("priority", Kind::Number),
    ("required_skills", Kind::Text),
    ("vru_path", Kind::Text),
    ("target_wait_seconds", Kind::Number),
    ("rule_id", Kind::Id),
];

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    let names: Vec<&str> = CUSTOMER.iter().map(|(name, _)| *name).chain([OBJECTS]).collect();
    let customers = source.table("customers", &names)?;
    let objects = customers.column(OBJECTS)?;
    let levels = routing_policy::levels(source)?;
    let names = levels.column("service_level")?;
    let of_customers = CUSTOMER.iter().map(|(name, _)| customers.column(name)).collect::<Result<Vec<_>>>()?;
    let of_levels = LEVEL.iter().map(|(name, _)| levels.column(name)).collect::<Result<Vec<_>>>()?;
    let asked = customers.column("service_level")?;
    let fields = CUSTOMER.iter().chain(&LEVEL).map(|(name, kind)| Field::new(*name, *kind));
    let mut profiles = Records::new(fields.collect(), 1);
    for row in 0..customers.len() {
        let level = (0..levels.len()).find(|level| names.text(*level) == asked.text(row));
        let level = level.ok_or_else(|| Error::input("a customer has a service level that `service_levels` lacks"))?;
        let own = CUSTOMER.iter().zip(&of_customers).map(|((name, _), column)| match objects.is_true(row) {
            true if OF_A_PROFILE.contains(name) => Value::Null,
            _ => column.value(row),
        });
        let policy = of_levels.iter().map(|column| column.value(level));
        profiles.push(&own.chain(policy).collect::<Vec<Value<'_>>>())?;
    }
    let guard = guard_for_machines(options, Guard::Text);
    let format = Format::Csv(Csv { header: true, guard });
    let profiles = Dataset::new("profiles", profiles.sorted()?, format);
    Ok(vec![profiles.with_delta(Delta::Rows).within(UPLOAD)])
}
