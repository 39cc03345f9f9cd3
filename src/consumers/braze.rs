//! `braze`: user attributes for Braze's CSV import, and what to clear.
//!
//! What its documentation says ([CSV import](https://www.braze.com/docs/user_guide/data/unification/user_data/import_users/csv),
//! [attributes](https://www.braze.com/docs/developer_guide/platform_integration_guides/web/analytics/setting_custom_attributes),
//! `spec/tables.md` 4.1):
//! - A file has one kind of identifier: here `external_id`, the customer's id as it was given.
//! - Attributes are at most 500 MB a file; several files are several imports, so that larger ones are cut.
//! - Blank values do not overwrite. So a delta has only what changed, which is also what is paid for (data points), and what
//!   became empty is in `users_clear.ndjson`: the objects that `/users/track` takes as `attributes`, with `null` for each.
//! - `email_subscribe` and `push_subscribe` are `opted_in`, `subscribed` or `unsubscribed`, and cost nothing.
//! - Names and texts of custom attributes have at most 255 characters.
//!
//! Ids and addresses are not guarded against formulas: `'=7` would be another user. `users_removed.csv` lists who is to be
//! deleted: an import deletes nobody.

use super::dataset::{Csv, Dataset, Delta, Format, Guard, Limits};
use super::profile::{CLOSED, Consent, Days, Profiles, USES};
use super::records::{Field, Records};
use super::value::Value;
use super::{Consumer, Options, Source, guard_for_machines};
use crate::error::Result;

pub(super) const CONSUMER: Consumer = Consumer {
    name: "braze",
    about: "user attributes for Braze: CSV with changed columns, and what to clear",
    needs: &["customers"],
    uses: USES,
    of_any_table: false,
    may_hold_contact: true,
    build,
};

const LIMITS: Limits = Limits {
    bytes: Some(500_000_000),
    key_characters: Some(255),
    name_characters: Some(255),
    cell_characters: Some(255),
    split: true,
    hint: "shorten what is too long at its source: Braze cuts it or refuses the row without a word",
    ..Limits::NONE
};

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    let mut fields = vec![Field::id("external_id"), Field::text("email_subscribe"), Field::text("push_subscribe")];
    if options.include_contact {
        fields.extend([Field::id("email"), Field::id("phone")]);
    }
    fields.extend(Profiles::fields());
    fields.extend([Field::text("sms_consent"), Field::text("phone_consent"), Field::text("campaign_ids")]);
    let mut records = Records::new(fields, 1);
    let closed = Profiles::read(source, options)?.each(|customer| {
        let subscribed = |channel| subscription(&customer.consent(channel));
        let mut row = vec![customer.id.into(), subscribed("email"), subscribed("push")];
        if options.include_contact {
            row.extend([customer.email(), customer.phone()]);
        }
        customer.attributes(Days::WithOffset, &mut row);
        row.extend([customer.consent("sms").status.into(), customer.consent("phone").status.into()]);
        row.push(customer.campaigns(" "));
        records.push(&row)
    })?;
    let format = Format::Csv(Csv { header: true, guard: guard_for_machines(options, Guard::Text) });
    let users = Dataset::new("users", records.sorted()?, format).with_delta(Delta::Cells).within(LIMITS);
    Ok(vec![users.leaving_out(CLOSED, closed)])
}

/// Of whom we know nothing, Braze is told nothing.
fn subscription(consent: &Consent<'_>) -> Value<'static> {
    match consent.status {
        "granted" => "opted_in".into(),
        "denied" | "expired" => "unsubscribed".into(),
        _ => Value::Null,
    }
}
