//! `mautic`: contacts for Mautic's CSV import, of those alone who allow e-mail.
//!
//! What its documentation says ([imports](https://docs.mautic.org/en/contacts/import-contacts), `spec/tables.md` 4.1):
//! - The file is UTF-8; truth values are `true` and anything else; times are `YYYY-MM-DD hh:mm:ss`.
//! - Several tags are separated by `|`: here the campaigns that are to contact the contact.
//! - More than a few thousand contacts are several files: cut at 5,000 rows.
//! - "Do not contact" by a column of an import was not reliable (#9186). So who did not allow e-mail is not in the file at all,
//!   and who takes it back is in `contacts_removed.csv`, for the step that deletes.
//!
//! The unique identifier is `customer_id`, a custom field that is to be marked as unique; with `--include-contact` there is the
//! `email`, too. Ids and addresses are not guarded against formulas: `'=7` would be another contact.

use super::dataset::{Csv, Dataset, Delta, Format, Guard, Limits};
use super::profile::{CLOSED, Days, Profiles, USES};
use super::records::{Field, Records};
use super::{Consumer, Options, Source, guard_for_machines};
use crate::error::Result;

pub(super) const CONSUMER: Consumer = Consumer {
    name: "mautic",
    about: "contacts for Mautic, of those alone who allow e-mail",
    needs: &["customers"],
    uses: USES,
    of_any_table: false,
    may_hold_contact: true,
    build,
};

const LIMITS: Limits = Limits { rows: Some(5_000), split: true, ..Limits::NONE };

fn build(source: &Source, options: &Options) -> Result<Vec<Dataset>> {
    let mut fields = vec![Field::id("customer_id")];
    if options.include_contact {
        fields.push(Field::id("email"));
    }
    fields.extend(Profiles::fields());
    fields.push(Field::text("tags"));
    let mut records = Records::new(fields, 1);
    let mut suppressed = 0;
    let closed = Profiles::read(source, options)?.each(|customer| {
        if !customer.consent("email").is_granted() {
            suppressed += 1;
            return Ok(());
        }
        let mut row = vec![customer.id.into()];
        if options.include_contact {
            row.push(customer.email());
        }
        customer.attributes(Days::Plain, &mut row);
        row.push(customer.campaigns("|"));
        records.push(&row)
    })?;
    let format = Format::Csv(Csv { header: true, guard: guard_for_machines(options, Guard::Text) });
    let contacts = Dataset::new("contacts", records.sorted()?, format).with_delta(Delta::Rows).within(LIMITS);
    Ok(vec![contacts.leaving_out(CLOSED, closed).leaving_out("did not allow marketing by e-mail", suppressed)])
}
