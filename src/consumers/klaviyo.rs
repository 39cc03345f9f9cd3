//! `klaviyo`: profiles for Klaviyo's CSV import.
//!
//! What its documentation says ([files](https://help.klaviyo.com/hc/en-us/articles/115005078967),
//! [dates](https://help.klaviyo.com/hc/en-us/articles/360039859932), `spec/tables.md` 4.1):
//! - A file has at most 50 MB; larger uploads are several files.
//! - A bare date becomes midnight UTC, so that flows fire a day early or late: days are written as their first instant where the
//!   customer is, with its offset.
//! - A row whose consent has no time is skipped in silence: consent and its time are both there or both missing.
//! - Telephone numbers are E.164: who has another in `contact_details` gets none here.
//! - Truth values are `true` and `false`, numbers are bare.
//!
//! Rows of a delta are whole, as consent must not come without its time, and what became empty is in `profiles_clear.ndjson`: a
//! blank cell does not say which of the two it means. Ids and addresses are not guarded against formulas: a number begins with `+`.

use super::dataset::{Csv, Dataset, Delta, Format, Guard, Limits};
use super::profile::{CLOSED, Consent, Days, Profiles, USES};
use super::records::{Field, Records};
use super::value::Value;
use super::{Consumer, Options, Source, guard_for_machines};
use crate::error::Result;

pub(super) const CONSUMER: Consumer = Consumer {
    name: "klaviyo",
    about: "profiles for Klaviyo: CSV with times that have offsets, and consent with its time",
    needs: &["customers"],
    uses: USES,
    of_any_table: false,
    may_hold_contact: true,
    build,
};

const LIMITS: Limits = Limits {
    bytes: Some(50_000_000),
    split: true,
    hint: "shorten what is too long at its source: Klaviyo takes files of 50 MB",
    ..Limits::NONE
};

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    let mut fields = vec![Field::id("external_id")];
    if options.include_contact {
        fields.extend([Field::id("email"), Field::id("phone_number")]);
    }
    fields.extend([Field::boolean("email_consent"), Field::text("email_consent_at")]);
    fields.extend([Field::boolean("sms_consent"), Field::text("sms_consent_at")]);
    fields.extend(Profiles::fields());
    fields.push(Field::text("campaign_ids"));
    let mut records = Records::new(fields, 1);
    let closed = Profiles::read(source, options)?.each(|customer| {
        let mut row = vec![customer.id.into()];
        if options.include_contact {
            row.extend([customer.email(), e164(customer.phone())]);
        }
        row.extend(stated(&customer.consent("email")));
        row.extend(stated(&customer.consent("sms")));
        customer.attributes(Days::WithOffset, &mut row);
        row.push(customer.campaigns(" "));
        records.push(&row)
    })?;
    let format = Format::Csv(Csv { header: true, guard: guard_for_machines(options, Guard::Text) });
    let profiles = Dataset::new("profiles", records.sorted()?, format).with_delta(Delta::RowsAndClear).within(LIMITS);
    Ok(vec![profiles.leaving_out(CLOSED, closed)])
}

/// Consent and its time, or neither. Consent that has expired is no consent.
fn stated(consent: &Consent<'_>) -> [Value<'static>; 2] {
    match (consent.status, consent.at) {
        ("granted", Some(at)) => [Value::Boolean(true), Value::Instant(at)],
        ("denied" | "expired", Some(at)) => [Value::Boolean(false), Value::Instant(at)],
        _ => [Value::Null, Value::Null],
    }
}

/// The number, if it is `+` and up to fifteen digits.
fn e164(phone: Value<'_>) -> Value<'_> {
    let is_e164 = |text: &str| {
        text.strip_prefix('+')
            .is_some_and(|digits| (2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match phone {
        Value::Text(text) if is_e164(&text) => Value::Text(text),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_and_its_time_are_both_there_or_neither() {
        let consent = |status, at| stated(&Consent { status, at });
        assert_eq!(consent("granted", Some(0)), [Value::Boolean(true), Value::Instant(0)]);
        assert_eq!(consent("denied", Some(0)), [Value::Boolean(false), Value::Instant(0)]);
        for nothing in [consent("granted", None), consent("denied", None), consent("unknown", Some(0))] {
            assert_eq!(nothing, [Value::Null, Value::Null]);
        }
    }

    #[test]
    fn numbers_are_e164_or_not_there() {
        assert_eq!(e164("+4930123456".into()), "+4930123456".into());
        for other in ["030123456", "+49 30 123456", "+", "+1234567890123456", "+49x"] {
            assert_eq!(e164(other.into()), Value::Null, "{other}");
        }
    }
}
