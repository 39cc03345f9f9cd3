//! Which customers of the export are one person: links by identifiers that are exactly equal once normalised.
//!
//! Nothing is guessed from names or likeness. Customers who share a verified identifier are one person, and so are those
//! who are linked over others. An identifier of more customers than one person plausibly is (a family's, a firm's, a
//! placeholder) links nobody, nor does a group that grows beyond what one person plausibly has: both go to a review list.

mod callers;
mod households;
pub mod normalise;
mod table;

use std::collections::BTreeMap;

pub use callers::MODEL as CALLERS;
pub use households::MODEL as HOUSEHOLDS;
pub use table::MODEL;

/// What kind of identifier it is, and the rule by which it links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The same e-mail address.
    SharedEmail,
    /// The same telephone number.
    SharedPhone,
}

impl Rule {
    /// The rule's id in the table.
    pub fn id(self) -> &'static str {
        match self {
            Rule::SharedEmail => "shared_email",
            Rule::SharedPhone => "shared_phone",
        }
    }
}

/// One identifier of one customer, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose: an index into the customers.
    pub customer: usize,
    /// Of what kind.
    pub rule: Rule,
    /// The identifier, as [`normalise`] writes it.
    pub value: String,
    /// Whether the export says that it was verified.
    pub verified: bool,
}

/// What is too much for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most customers of one identifier that links.
    pub sharing: usize,
    /// Most customers that are one person.
    pub group: usize,
}

/// Why a shared identifier links or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It links.
    Linked,
    /// The group over all links would be too large: for review.
    LargeGroup,
    /// Too many customers have it: for review.
    SharedByMany,
    /// This customer's, or all others', is not verified: for review.
    Unverified,
}

impl Verdict {
    /// Its word in the table.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Linked => "linked",
            Verdict::LargeGroup => "large_group",
            Verdict::SharedByMany => "shared_by_many",
            Verdict::Unverified => "unverified",
        }
    }
}

/// One customer who shares an identifier with others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The customer.
    pub customer: usize,
    /// By which rule.
    pub rule: Rule,
    /// The first customer who is the same person: this one itself when nothing links.
    pub person: usize,
    /// Whether it links, or why not.
    pub verdict: Verdict,
    /// How many customers have the identifier.
    pub customers: usize,
    /// The first of them, by whom those who share it find each other.
    pub first: usize,
}

/// The links among `customers` customers, by customer and rule; of several identifiers of one kind, the best verdict.
///
/// Neither the order of `keys` nor repetitions matter. Customers who share nothing are not listed.
///
/// # Panics
/// Never, when the indices of the keys are below `customers`.
pub fn links(customers: usize, keys: &[Key], limits: Limits) -> Vec<Link> {
    let mut owners: BTreeMap<(Rule, &str), BTreeMap<usize, bool>> = BTreeMap::new();
    for key in keys {
        *owners.entry((key.rule, &key.value)).or_default().entry(key.customer).or_default() |= key.verified;
    }
    owners.retain(|_, owners| owners.len() > 1);

    let mut people = People::new(customers);
    let trusted = |owners: &BTreeMap<usize, bool>| owners.iter().filter(|&(_, &verified)| verified).count();
    for owners in owners.values().filter(|owners| owners.len() <= limits.sharing) {
        let mut verified = owners.iter().filter(|&(_, &verified)| verified).map(|(&customer, _)| customer);
        if let Some(first) = verified.next() {
            verified.for_each(|other| people.join(first, other));
        }
    }
    let sizes = people.sizes();
    let mut found: BTreeMap<(usize, Rule), (Verdict, usize, usize)> = BTreeMap::new();
    for (&(rule, _), owners) in &owners {
        let first = owners.keys().next().copied().unwrap_or_default();
        for (&customer, &verified) in owners {
            let verdict = if owners.len() > limits.sharing {
                Verdict::SharedByMany
            } else if !verified || trusted(owners) < 2 {
                Verdict::Unverified
            } else if sizes[people.first(customer)] > limits.group {
                Verdict::LargeGroup
            } else {
                Verdict::Linked
            };
            let new = (verdict, owners.len(), first);
            found.entry((customer, rule)).and_modify(|old| *old = new.min(*old)).or_insert(new);
        }
    }
    let link = |((customer, rule), (verdict, customers, first))| {
        let group = people.first(customer);
        let person = if sizes[group] > limits.group { customer } else { group };
        Link { customer, rule, person, verdict, customers, first }
    };
    found.into_iter().map(link).collect()
}

/// Sets of customers (union-find), each known by its first.
struct People(Vec<usize>);

impl People {
    fn new(customers: usize) -> Self {
        People((0..customers).collect())
    }

    fn first(&self, mut customer: usize) -> usize {
        while self.0[customer] != customer {
            customer = self.0[customer];
        }
        customer
    }

    /// The same, with ways halved on the way.
    fn shorten(&mut self, mut customer: usize) -> usize {
        while self.0[customer] != customer {
            self.0[customer] = self.0[self.0[customer]];
            customer = self.0[customer];
        }
        customer
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.shorten(one), self.shorten(other));
        let first = one.min(other);
        self.0[one] = first;
        self.0[other] = first;
    }

    /// How many customers each set has, at its first customer. Shortens all ways to one step.
    fn sizes(&mut self) -> Vec<usize> {
        let mut sizes = vec![0; self.0.len()];
        for customer in 0..self.0.len() {
            // The first of a set comes before all others, so that the step before is short already.
            self.0[customer] = self.0[self.0[customer]];
            sizes[self.0[customer]] += 1;
        }
        sizes
    }
}

#[cfg(test)]
mod tests;
