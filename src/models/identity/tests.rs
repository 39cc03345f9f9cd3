//! Links by hand, and what holds for any identifiers.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { sharing: 3, group: 10 };

fn key(customer: usize, rule: Rule, value: &str) -> Key {
    Key { customer, rule, value: value.into(), verified: true }
}

fn told(links: &[Link]) -> Vec<(usize, &'static str, usize, &'static str, usize)> {
    links.iter().map(|link| (link.customer, link.rule.id(), link.person, link.verdict.name(), link.customers)).collect()
}

#[test]
fn links_go_on_over_others_and_name_their_rule() {
    use Rule::{SharedEmail as Email, SharedPhone as Phone};
    let keys = [key(4, Email, "a"), key(2, Email, "a"), key(2, Phone, "1"), key(0, Phone, "1"), key(1, Phone, "2")];
    assert_eq!(
        told(&links(5, &keys, LIMITS)),
        [
            (0, "shared_phone", 0, "linked", 2),
            (2, "shared_email", 0, "linked", 2),
            (2, "shared_phone", 0, "linked", 2),
            (4, "shared_email", 0, "linked", 2),
        ]
    );
}

#[test]
fn what_many_share_or_nobody_verified_is_for_review() {
    let desk: Vec<Key> = (0..4).map(|customer| key(customer, Rule::SharedPhone, "desk")).collect();
    let found = links(4, &desk, LIMITS);
    assert!(
        found.iter().all(|link| link.verdict == Verdict::SharedByMany && link.person == link.customer),
        "{found:?}"
    );
    assert_eq!(links(3, &desk[..3], LIMITS).iter().filter(|link| link.person == 0).count(), 3);

    let mut keys = [key(0, Rule::SharedEmail, "a"), key(1, Rule::SharedEmail, "a"), key(2, Rule::SharedEmail, "a")];
    keys[1].verified = false;
    let found = told(&links(3, &keys, LIMITS));
    assert_eq!(found[0], (0, "shared_email", 0, "linked", 3));
    assert_eq!(found[1], (1, "shared_email", 1, "unverified", 3));
    assert_eq!(found[2], (2, "shared_email", 0, "linked", 3));
    keys[2].verified = false;
    assert_eq!(told(&links(3, &keys, LIMITS))[0], (0, "shared_email", 0, "unverified", 3));
}

#[test]
fn a_chain_beyond_one_person_is_for_review_as_a_whole() {
    let chain = |length: usize| -> Vec<Key> {
        let pair = |at: usize| [at, at + 1].map(|customer| key(customer, Rule::SharedEmail, &format!("e{at}")));
        (0..length - 1).flat_map(pair).collect()
    };
    assert!(links(10, &chain(10), LIMITS).iter().all(|link| link.person == 0 && link.verdict == Verdict::Linked));
    let found = links(11, &chain(11), LIMITS);
    assert!(found.iter().all(|link| link.person == link.customer && link.verdict == Verdict::LargeGroup), "{found:?}");
}

const CUSTOMERS: usize = 24;

fn any_keys() -> impl Strategy<Value = Vec<Key>> {
    let rule = prop_oneof![Just(Rule::SharedEmail), Just(Rule::SharedPhone)];
    let key = (0..CUSTOMERS, rule, 0..14_u8, prop::bool::weighted(0.8))
        .prop_map(|(customer, rule, value, verified)| Key { customer, rule, value: value.to_string(), verified });
    prop::collection::vec(key, 0..60)
}

proptest! {
    #[test]
    fn the_order_of_rows_and_their_repetition_change_nothing(keys in any_keys(), turn in 0..60_usize) {
        let found = links(CUSTOMERS, &keys, LIMITS);
        let mut other = keys.clone();
        other.rotate_left(turn % keys.len().max(1));
        other.reverse();
        other.extend(keys.iter().take(turn).cloned());
        prop_assert_eq!(found, links(CUSTOMERS, &other, LIMITS));
    }

    #[test]
    fn people_are_the_reachable_over_links_that_the_guard_lets_through(keys in any_keys()) {
        let found = links(CUSTOMERS, &keys, LIMITS);
        // Another way to the same sets: spread the smallest number until nothing moves.
        let usable = |a: &Key, b: &Key| {
            let owners: std::collections::BTreeSet<usize> =
                keys.iter().filter(|key| (key.rule, &key.value) == (a.rule, &a.value)).map(|key| key.customer).collect();
            a.verified && b.verified && (a.rule, &a.value) == (b.rule, &b.value) && owners.len() <= LIMITS.sharing
        };
        let mut first: Vec<usize> = (0..CUSTOMERS).collect();
        for _ in 0..CUSTOMERS {
            for a in &keys {
                for b in keys.iter().filter(|b| usable(a, b)) {
                    let least = first[a.customer].min(first[b.customer]);
                    (first[a.customer], first[b.customer]) = (least, least);
                }
            }
        }
        for link in &found {
            let size = first.iter().filter(|&&other| other == first[link.customer]).count();
            let expected = if size > LIMITS.group { link.customer } else { first[link.customer] };
            prop_assert_eq!(link.person, expected, "{:?}", link);
            // The guard: no identifier of too many links, and nobody is joined by what is for review alone.
            if link.verdict == Verdict::Linked {
                prop_assert!(link.customers <= LIMITS.sharing && size > 1);
            }
            prop_assert!(link.person <= link.customer);
        }
    }

    #[test]
    fn any_text_is_a_number_of_e164_or_none(written in "[-+0-9 ()'a./]{0,20}|.{0,12}", country in "[1-9][0-9]{0,2}|") {
        let dialling = normalise::Dialling { country, trunk: "0".into(), international: "00".into() };
        if let Some(number) = normalise::phone(&written, &dialling) {
            prop_assert!(number.starts_with('+') && number[1..].bytes().all(|digit| digit.is_ascii_digit()));
            prop_assert!((8..=16).contains(&number.len()) && !number.starts_with("+0"));
            // What is normal stays as it is.
            prop_assert_eq!(normalise::phone(&number, &dialling), Some(number.clone()));
        }
        if let Some(address) = normalise::email(&written) {
            prop_assert_eq!(normalise::email(&address), Some(address.clone()));
        }
    }
}
