//! The model of the graph: customers with their addresses and numbers in, links without either out.

use super::super::{Inputs, Model, Rows, Takes, Values};
use super::normalise::{Dialling, email, phone};
use super::{Key, Limits, Link, Rule, Verdict, links};
use crate::error::{Error, Result};

/// Which customers are one person.
pub const MODEL: Model = Model {
    name: "identity",
    reads: &["identity_keys", "run_params"],
    makes: &["identity_links"],
    takes: Takes::WholeOrNothing,
    compute,
};

/// How the pipeline file says that numbers are written.
pub(super) fn dialling(inputs: &Inputs<'_>) -> Result<Dialling> {
    let params = inputs.table("run_params")?;
    let word = |name: &str| -> Result<String> {
        let word = params.text(name)?.first().copied().flatten();
        Ok(word.unwrap_or_default().to_owned())
    };
    Ok(Dialling {
        country: word("identity_country")?,
        trunk: word("identity_trunk")?,
        international: word("identity_international")?,
    })
}

/// The customers who have an address or a number, and these.
pub(super) struct Export<'a> {
    /// Their ids.
    pub customers: Vec<&'a str>,
    /// Their identifiers, by place among `customers`.
    pub keys: Vec<Key>,
}

impl<'a> Export<'a> {
    /// Reads `identity_keys`.
    pub fn read(inputs: &'a Inputs<'_>, dialling: &Dialling) -> Result<Export<'a>> {
        let table = inputs.table("identity_keys")?;
        let customers: Vec<&str> = table.text("customer_id")?.into_iter().map(Option::unwrap_or_default).collect();
        let mut keys = Vec::new();
        for (rule, values, verified) in
            [(Rule::SharedEmail, "email", "email_verified"), (Rule::SharedPhone, "phone", "phone_verified")]
        {
            let verified = table.boolean(verified)?;
            for (customer, written) in table.text(values)?.into_iter().enumerate() {
                let value = written.and_then(|written| match rule {
                    Rule::SharedEmail => email(written),
                    Rule::SharedPhone => phone(written, dialling),
                });
                // An export that does not say whether it verified is taken at its word.
                let verified = verified[customer].unwrap_or(true);
                keys.extend(value.map(|value| Key { customer, rule, value, verified }));
            }
        }
        Ok(Export { customers, keys })
    }
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let params = inputs.table("run_params")?;
    let number = |name: &str| -> Result<usize> {
        let number = params.whole(name)?.first().copied().flatten();
        number.and_then(|number| usize::try_from(number).ok()).ok_or_else(|| Error::internal("a limit of identity"))
    };
    let limits = Limits { sharing: number("identity_sharing")?, group: number("identity_group")? };
    let export = Export::read(inputs, &dialling(inputs)?)?;
    Ok(vec![rows(&links(export.customers.len(), &export.keys, limits), &export.customers)])
}

fn rows(links: &[Link], customers: &[&str]) -> Rows {
    let text = |words: Vec<&str>| Values::Text(words.into_iter().map(|word| Some(word.to_owned())).collect());
    let status = |link: &Link| if link.verdict == Verdict::Linked { "linked" } else { "review" };
    vec![
        text(links.iter().map(|link| customers[link.customer]).collect()),
        text(links.iter().map(|link| link.rule.id()).collect()),
        text(links.iter().map(|link| customers[link.person]).collect()),
        text(links.iter().map(status).collect()),
        text(links.iter().map(|link| link.verdict.name()).collect()),
        Values::Whole(links.iter().map(|link| Some(link.customers as i64)).collect()),
        text(links.iter().map(|link| customers[link.first]).collect()),
    ]
}
