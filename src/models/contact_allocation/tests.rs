//! What an allocation promises, for any rules and requests.

use proptest::prelude::*;

use super::rules::Reach;
use super::*;

const CAMPAIGNS: usize = 4;

fn rule(scope: usize, max: u64, reach: [(bool, bool); CAMPAIGNS]) -> Rule {
    let campaigns = reach.map(|(counts, blocks)| Reach { counts, blocks }).to_vec();
    Rule { scope, max, campaigns }
}

fn request(campaign: usize, place: usize, unit: usize) -> Request {
    Request { campaign, place, expected_value: None, treated: true, units: [unit; 3] }
}

const OPEN: Campaign = Campaign { priority: 100, limit: None };
const EMAIL: (bool, bool) = (true, true);
const NO: (bool, bool) = (false, false);

#[test]
fn priority_comes_before_value_and_value_before_the_name() {
    let urgent = Campaign { priority: 1, limit: None };
    let one = || Rules::new(vec![rule(0, 1, [EMAIL; CAMPAIGNS])], [3; 3]);
    let mut requests = vec![request(0, 1, 0), request(1, 1, 0), request(2, 1, 0)];
    let campaigns = [OPEN, OPEN, urgent, OPEN];
    let outranked = |by| Verdict::Outranked(by);
    assert_eq!(allocate(&campaigns, &requests, &mut one()), [outranked(2), outranked(2), Verdict::Taken]);
    let campaigns = [OPEN; CAMPAIGNS];
    assert_eq!(allocate(&campaigns, &requests, &mut one()), [Verdict::Taken, outranked(0), outranked(0)]);
    requests[1].expected_value = Some(-1);
    assert_eq!(allocate(&campaigns, &requests, &mut one()), [outranked(1), Verdict::Taken, outranked(1)]);
}

#[test]
fn the_past_is_a_cap_and_not_another_campaign() {
    let mut rules = Rules::new(vec![rule(0, 2, [EMAIL; CAMPAIGNS]), rule(1, 1, [EMAIL; CAMPAIGNS])], [2; 3]);
    rules.remember(0, 0, 1);
    rules.remember(1, 1, 1);
    let requests = [request(0, 1, 0), request(1, 1, 0), request(0, 2, 1)];
    let verdicts = allocate(&[OPEN; CAMPAIGNS], &requests, &mut rules);
    assert_eq!(verdicts, [Verdict::Taken, Verdict::Outranked(0), Verdict::Cap(1)]);
}

#[test]
fn a_household_is_one_even_within_a_campaign() {
    let mut rules = Rules::new(vec![rule(1, 1, [EMAIL; CAMPAIGNS])], [2; 3]);
    let mut requests = [request(0, 1, 0), request(0, 2, 1)];
    requests[1].units = [1, 0, 1];
    assert_eq!(allocate(&[OPEN; CAMPAIGNS], &requests, &mut rules), [Verdict::Taken, Verdict::Outranked(0)]);
}

#[test]
fn a_call_blocks_the_email_and_the_email_the_call() {
    // Calls (campaign 0) count, e-mails (campaign 1) are blocked by any of them.
    let blocking = || Rules::new(vec![rule(0, 0, [(true, false), (false, true), NO, NO])], [1; 3]);
    let requests = [request(0, 1, 0), request(1, 1, 0)];
    assert_eq!(allocate(&[OPEN; CAMPAIGNS], &requests, &mut blocking()), [Verdict::Taken, Verdict::Outranked(0)]);
    let late = Campaign { priority: 200, limit: None };
    let verdicts = allocate(&[late, OPEN, OPEN, OPEN], &requests, &mut blocking());
    assert_eq!(verdicts, [Verdict::Outranked(1), Verdict::Taken]);
    let mut called_before = blocking();
    called_before.remember(0, 0, 1);
    let verdicts = allocate(&[OPEN; CAMPAIGNS], &requests, &mut called_before);
    assert_eq!(verdicts, [Verdict::Taken, Verdict::Cap(0)], "a second call is nobody's business here");
}

#[test]
fn a_limit_takes_the_best_counts_the_treated_and_goes_on_after_refusals() {
    let mut rules = Rules::new(vec![rule(0, 1, [EMAIL; CAMPAIGNS])], [6; 3]);
    rules.remember(0, 0, 1);
    let two = Campaign { priority: 100, limit: Some(2) };
    let mut requests: Vec<Request> = (0..6).map(|unit| request(0, unit + 1, unit)).collect();
    // The value says who wins between campaigns, and not whom the limit takes.
    requests[5].expected_value = Some(1_000);
    requests[1].treated = false;
    requests[4].treated = false;
    let verdicts = allocate(&[two, OPEN, OPEN, OPEN], &requests, &mut rules);
    let expected =
        [Verdict::Cap(0), Verdict::Taken, Verdict::Taken, Verdict::Taken, Verdict::OverLimit, Verdict::OverLimit];
    assert_eq!(verdicts, expected);
}

/// Campaigns, rules, past contacts by rule and unit, and requests with unique places.
type Case = (Vec<Campaign>, Vec<Rule>, Vec<Vec<u64>>, Vec<Request>);

const UNITS: [usize; 3] = [8, 4, 2];

fn cases() -> impl Strategy<Value = Case> {
    let campaign = (0..3i64, proptest::option::of(1..6u64)).prop_map(|(priority, limit)| Campaign { priority, limit });
    let reach = proptest::array::uniform4((any::<bool>(), any::<bool>()));
    let rules = proptest::collection::vec(((0..3usize), 0..3u64, reach), 0..4)
        .prop_map(|rules| rules.into_iter().map(|(scope, max, reach)| rule(scope, max, reach)).collect::<Vec<_>>());
    let past = proptest::collection::vec(proptest::collection::vec(0..3u64, 8), 4);
    // Each customer at most once a campaign, as in the pipeline.
    let asked = proptest::collection::vec(
        (any::<bool>(), proptest::option::of(0..5i64), any::<bool>(), any::<u32>()),
        CAMPAIGNS * UNITS[0],
    );
    (proptest::collection::vec(campaign, CAMPAIGNS), rules, past, asked).prop_map(|(campaigns, rules, past, asked)| {
        let mut requests = Vec::new();
        for (index, (asks, expected_value, treated, order)) in asked.into_iter().enumerate() {
            let (campaign, person) = (index / UNITS[0], index % UNITS[0]);
            if asks {
                let units = [person, person % UNITS[1], person % UNITS[2]];
                let place = (order as usize % 16) * 16 + person;
                requests.push(Request { campaign, place, expected_value, treated, units });
            }
        }
        (campaigns, rules, past, requests)
    })
}

fn fresh(rules: &[Rule], past: &[Vec<u64>]) -> Rules {
    let mut made = Rules::new(rules.to_vec(), UNITS);
    for (index, rule) in rules.iter().enumerate() {
        (0..UNITS[rule.scope]).for_each(|unit| made.remember(index, unit, past[index][unit]));
    }
    made
}

/// Whether these contacts keep a rule, counted anew from nothing.
fn keeps(rule: &Rule, past: &[u64], taken: &[&Request]) -> bool {
    (0..UNITS[rule.scope]).all(|unit| {
        let of = |what: fn(&Reach) -> bool| {
            let here = taken.iter().filter(|request| request.units[rule.scope] == unit);
            here.filter(|request| what(&rule.campaigns[request.campaign])).count() as u64
        };
        of(|reach| reach.blocks) == 0 || past[unit] + of(|reach| reach.counts) <= rule.max
    })
}

proptest! {
    #[test]
    fn rules_are_kept_and_nobody_is_refused_without_need((campaigns, rules, past, requests) in cases()) {
        let verdicts = allocate(&campaigns, &requests, &mut fresh(&rules, &past));
        let taken: Vec<&Request> =
            requests.iter().zip(&verdicts).filter(|(_, verdict)| **verdict == Verdict::Taken).map(|(r, _)| r).collect();
        for (rule, past) in rules.iter().zip(&past) {
            prop_assert!(keeps(rule, past, &taken));
        }
        let treated = |campaign| taken.iter().filter(|r| r.campaign == campaign && r.treated).count() as u64;
        for (index, campaign) in campaigns.iter().enumerate() {
            prop_assert!(campaign.limit.is_none_or(|limit| treated(index) <= limit));
        }
        for (request, verdict) in requests.iter().zip(&verdicts) {
            let mut with: Vec<&Request> = taken.clone();
            with.push(request);
            let breaks = |index: usize| !keeps(&rules[index], &past[index], &with);
            match *verdict {
                Verdict::Taken => {}
                Verdict::Cap(rule) => prop_assert!(!keeps(&rules[rule], &past[rule], &[request])),
                Verdict::Outranked(winner) => {
                    prop_assert!((0..rules.len()).any(breaks), "it would have fitted");
                    prop_assert!((0..rules.len()).all(|rule| keeps(&rules[rule], &past[rule], &[request])));
                    prop_assert!(campaigns[winner].priority <= campaigns[request.campaign].priority);
                    prop_assert!(taken.iter().any(|other| other.campaign == winner));
                }
                Verdict::OverLimit => {
                    prop_assert_eq!(Some(treated(request.campaign)), campaigns[request.campaign].limit);
                    let worse = taken.iter().find(|other| other.campaign == request.campaign && other.place > request.place);
                    prop_assert!(worse.is_none(), "the limit took a worse one");
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_requests_does_not_matter((campaigns, rules, past, requests) in cases()) {
        let verdicts = allocate(&campaigns, &requests, &mut fresh(&rules, &past));
        let backwards: Vec<Request> = requests.iter().rev().cloned().collect();
        let mut again = allocate(&campaigns, &backwards, &mut fresh(&rules, &past));
        again.reverse();
        prop_assert_eq!(verdicts, again);
    }
}
