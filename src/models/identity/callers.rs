//! Who an unknown caller is, by the number or address that they used: the one person who has it, verified.
//!
//! Whether that person was known to us when they called is a question of time, which SQL answers.

use std::collections::{BTreeMap, HashMap};

use super::super::{Inputs, Model, Rows, Takes, Values};
use super::table::{Export, dialling};
use super::{Key, Rule, normalise};
use crate::error::Result;

/// Whose number each unknown caller used.
pub const MODEL: Model = Model {
    name: "callers",
    reads: &["caller_points", "identity_keys", "identity_links", "run_params"],
    makes: &["caller_matches"],
    takes: Takes::Whole,
    compute,
};

/// What a number or address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// It is this customer's: the first of the person's ids that have it.
    One(usize),
    /// It is of several persons.
    Several,
    /// Nobody was verified to have it.
    Unverified,
}

impl Owner {
    fn status(self) -> &'static str {
        match self {
            Owner::One(_) => "matched",
            Owner::Several => "several",
            Owner::Unverified => "unverified",
        }
    }
}

/// The owner of every number and address; `persons` has each customer's person.
fn owners<'a>(keys: &'a [Key], persons: &[usize]) -> HashMap<(Rule, &'a str), Owner> {
    let mut all: BTreeMap<(Rule, &str), BTreeMap<usize, bool>> = BTreeMap::new();
    for key in keys {
        *all.entry((key.rule, &key.value)).or_default().entry(key.customer).or_default() |= key.verified;
    }
    let owner = |customers: &BTreeMap<usize, bool>| {
        let mut own = customers.keys().map(|&customer| persons[customer]);
        let first = own.next();
        if own.any(|person| Some(person) != first) {
            return Owner::Several;
        }
        customers
            .iter()
            .find(|&(_, &verified)| verified)
            .map_or(Owner::Unverified, |(&customer, _)| Owner::One(customer))
    };
    all.iter().map(|(&key, customers)| (key, owner(customers))).collect()
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let dialling = dialling(inputs)?;
    let Export { customers, keys } = Export::read(inputs, &dialling)?;
    let places: HashMap<&str, usize> = customers.iter().enumerate().map(|(place, &id)| (id, place)).collect();
    let mut persons: Vec<usize> = (0..customers.len()).collect();
    let links = inputs.table("identity_links")?;
    for (customer, person) in links.text("customer_id")?.into_iter().zip(links.text("person_id")?) {
        let place = |id: Option<&str>| id.and_then(|id| places.get(id)).copied();
        if let (Some(customer), Some(person)) = (place(customer), place(person)) {
            persons[customer] = person;
        }
    }
    let owners = owners(&keys, &persons);

    let points = inputs.table("caller_points")?.text("contact_point")?;
    let (mut statuses, mut found, mut rules) = (Vec::new(), Vec::new(), Vec::new());
    for point in &points {
        let written = point.unwrap_or_default();
        let email = normalise::email(written).map(|email| (Rule::SharedEmail, email));
        let read = email.or_else(|| Some((Rule::SharedPhone, normalise::phone(written, &dialling)?)));
        let owner = read.as_ref().and_then(|(rule, value)| owners.get(&(*rule, value.as_str())).copied());
        statuses.push(match (&read, owner) {
            (None, _) => "unreadable",
            (Some(_), None) => "nobody",
            (Some(_), Some(owner)) => owner.status(),
        });
        let one = owner.and_then(|owner| if let Owner::One(customer) = owner { Some(customer) } else { None });
        found.push(one.map(|customer| customers[customer].to_owned()));
        rules.push(one.and(read).map(|(rule, _)| match rule {
            Rule::SharedEmail => "verified_email".to_owned(),
            Rule::SharedPhone => "verified_phone".to_owned(),
        }));
    }
    let statuses = statuses.into_iter().map(|status| Some(status.to_owned())).collect();
    let points = points.into_iter().map(|point| point.map(str::to_owned)).collect();
    Ok(vec![vec![Values::Text(points), Values::Text(statuses), Values::Text(found), Values::Text(rules)]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(customer: usize, value: &str, verified: bool) -> Key {
        Key { customer, rule: Rule::SharedPhone, value: value.into(), verified }
    }

    #[test]
    fn a_number_is_of_the_one_person_who_has_it_verified() {
        // 0 and 1 are one person; 2, 3 and 4 are others.
        let persons = [0, 0, 2, 3, 4];
        let keys = [
            key(1, "ours", true),
            key(0, "ours", false),
            key(2, "mine", true),
            key(3, "shared", true),
            key(4, "shared", false),
            key(4, "claimed", false),
        ];
        let owners = owners(&keys, &persons);
        let of = |value: &str| owners.get(&(Rule::SharedPhone, value)).copied();
        assert_eq!(of("ours"), Some(Owner::One(1)));
        assert_eq!(of("mine"), Some(Owner::One(2)));
        // An unverified claim is enough for doubt.
        assert_eq!(of("shared"), Some(Owner::Several));
        assert_eq!(of("claimed"), Some(Owner::Unverified));
        assert_eq!(of("else"), None);
        assert_eq!(owners.get(&(Rule::SharedEmail, "mine")), None);
    }
}
