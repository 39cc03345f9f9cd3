//! `salesforce`: data extensions of Salesforce Marketing Cloud, and memberships for Personalization.
//!
//! What its documentation says ([imports](https://help.salesforce.com/s/articleView?id=mktg.mc_es_import_activity.htm),
//! [subscriber key](https://help.salesforce.com/apex/HTViewHelpDoc?id=mktg.mc_es_subscriber_key.htm), `spec/tables.md` 4.1):
//! - An import overwrites a data extension (`*_full.csv`) or adds to and updates it (`*_delta.csv`), the latter by its primary key;
//!   of several rows of one key one is kept, so that there is exactly one.
//! - A subscriber key has at most 254 characters; it is the customer's id as it was given.
//! - An import deletes nothing: `*_removed.csv` is for the step that does, or a `--full` export now and then.
//! - Segment memberships go as operations, `add` and `remove`.
//!
//! `campaign_targets` has those to be contacted alone. Ids are not guarded against formulas: `'=7` would be another subscriber.

use super::dataset::{Csv, Dataset, Delta, Format, Guard, Limits};
use super::profile::{CLOSED, Days, Profiles, TREAT, USES};
use super::records::{Field, Records};
use super::value::Value;
use super::{Consumer, Options, Source, guard_for_machines};
use crate::error::Result;

pub(super) const CONSUMER: Consumer = Consumer {
    name: "salesforce",
    about: "customers, campaign targets and segment memberships for Salesforce Marketing Cloud",
    needs: &["customers"],
    uses: USES_TOO,
    of_any_table: false,
    may_hold_contact: true,
    build,
};

const USES_TOO: &[&str] = &[USES[0], USES[1], USES[2], USES[3], "segment_membership"];

const LIMITS: Limits = Limits {
    key_characters: Some(254),
    name_characters: Some(128),
    cell_characters: Some(4000),
    hint: "shorten what is too long at its source: a subscriber key has 254 characters, a text field 4,000",
    ..Limits::NONE
};

/// The columns of `campaign_targets`, its key first, with whether each is an id.
const TARGETS: [(&str, bool); 11] = [
    ("campaign_id", true),
    ("customer_id", true),
    ("channel", false),
    ("send_date", false),
    ("send_hour_local", false),
    ("time_zone", false),
    ("product_id", true),
    ("offer_id", true),
    ("script_id", true),
    ("reason_code", false),
    ("idempotency_key", true),
];

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    let format = Format::Csv(Csv { header: true, guard: guard_for_machines(options, Guard::Text) });
    let mut fields = vec![Field::id("SubscriberKey")];
    if options.include_contact {
        fields.extend([Field::id("EmailAddress"), Field::id("MobilePhone")]);
    }
    fields.extend(["consent_email", "consent_sms", "consent_phone", "consent_push"].map(Field::text));
    fields.extend(Profiles::fields());
    let mut records = Records::new(fields, 1);
    let closed = Profiles::read(source, options)?.each(|customer| {
        let mut row = vec![customer.id.into()];
        if options.include_contact {
            row.extend([customer.email(), customer.phone()]);
        }
        row.extend(["email", "sms", "phone", "push"].map(|channel| customer.consent(channel).status.into()));
        customer.attributes(Days::Plain, &mut row);
        records.push(&row)
    })?;
    let customers = Dataset::new("customers", records.sorted()?, format).with_delta(Delta::Rows).within(LIMITS);
    Ok(vec![customers.leaving_out(CLOSED, closed), targets(source, format)?, membership(source, format)?])
}

/// Who is to be contacted, by campaign.
fn targets(source: &Source, format: Format) -> Result<Dataset> {
    let fields = TARGETS.map(|(name, is_id)| if is_id { Field::id(name) } else { Field::text(name) });
    let mut records = Records::new(fields.to_vec(), 2);
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).chain(["arm"]).collect();
    let mut kept_out = 0;
    if let Some(rows) = source.table_if_there("campaign_targets", &names)? {
        let columns = TARGETS.iter().map(|(name, _)| rows.column(name)).collect::<Result<Vec<_>>>()?;
        let arms = rows.column("arm")?;
        for row in 0..rows.len() {
            if arms.text(row) == Some(TREAT) {
                let cells: Vec<Value<'_>> = columns.iter().map(|column| column.value(row)).collect();
                records.push(&cells)?;
            } else {
                kept_out += 1;
            }
        }
    }
    let targets = Dataset::new("campaign_targets", records.sorted()?, format).with_delta(Delta::Rows).within(LIMITS);
    Ok(targets.leaving_out("suppressed, or kept out to compare", kept_out))
}

/// Who is in which segment.
fn membership(source: &Source, format: Format) -> Result<Dataset> {
    let mut records = Records::new(vec![Field::id("segment_id"), Field::id("customer_id")], 2);
    if let Some(rows) = source.table_if_there("segment_membership", &["segment_id", "customer_id"])? {
        let (segments, customers) = (rows.column("segment_id")?, rows.column("customer_id")?);
        for row in 0..rows.len() {
            records.push(&[segments.value(row), customers.value(row)])?;
        }
    }
    Ok(Dataset::new("segment_membership", records.sorted()?, format).with_delta(Delta::Operations).within(LIMITS))
}
