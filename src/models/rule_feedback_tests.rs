//! Rules by hand: each verdict has its case.
#![allow(clippy::unwrap_used)]

use super::*;

const PARAMS: Params = Params { confidence: 0.95, min_shown: 100 };

fn count(shown: i64, accepted: i64) -> Count {
    Count { matched: shown, shown, accepted, ..Count::default() }
}

/// A rule shown in weeks counted back from now, `(shown, accepted)` each, all in one tier.
fn rule(tier: Option<i64>, weeks: &[(i64, i64)], off: Count) -> Rule {
    let mut rule = Rule { off, ..Rule::default() };
    for (week, (shown, accepted)) in (0..).zip(weeks) {
        let count = count(*shown, *accepted);
        rule.on.add(&count);
        rule.weeks.insert(week, count);
        rule.tiers.entry(tier).or_default().add(&count);
    }
    rule
}

fn judged(rule: &Rule, baseline: Option<&Baseline>) -> (&'static str, &'static str, String) {
    let slope = trend(&rule.steps()).map(|found| (found.slope, found.p_value));
    judge(rule, baseline, slope, &[], &PARAMS)
}

#[test]
fn a_rule_is_held_against_its_control_group() {
    // 20 % against 10 % of a thousand each: statsmodels proportions_ztest p = 3.3e-10.
    let better = rule(Some(1), &[(500, 100), (500, 100)], count(1_000, 100));
    let baseline = better.against_control(&PARAMS).unwrap();
    assert_eq!((baseline.name, baseline.n, baseline.rate), ("control", 1_000, 0.1));
    assert!((baseline.difference.unwrap().effect - 0.1).abs() < 1e-12);
    assert_eq!(judged(&better, Some(&baseline)).0, "keep");

    let worse = rule(Some(1), &[(500, 50), (500, 50)], count(1_000, 200));
    let baseline = worse.against_control(&PARAMS).unwrap();
    assert_eq!(judged(&worse, Some(&baseline)), ("retire", "worse_than_baseline", "switch_off".to_owned()));

    let alike = rule(Some(1), &[(500, 50), (500, 51)], count(1_000, 100));
    let baseline = alike.against_control(&PARAMS).unwrap();
    assert_eq!(judged(&alike, Some(&baseline)).1, "no_better_than_baseline");
}

#[test]
fn without_a_control_group_tiers_are_held_against_the_same_tiers() {
    // Who is shown the rule takes more of everything: 30 % of tier 1 take the default too. Over all, 30 % against 12 % looks
    // like a good rule.
    let shown_to_the_best = rule(Some(1), &[(500, 150), (500, 150)], Count::default());
    let defaults = BTreeMap::from([(Some(1), count(1_000, 300)), (Some(5), count(9_000, 900))]);
    let baseline = shown_to_the_best.against_default(&defaults, &PARAMS).unwrap();
    assert_eq!((baseline.name, baseline.n), ("default", 1_000));
    assert!((baseline.rate - 0.3).abs() < 1e-12);
    let (verdict, reason, _) = judged(&shown_to_the_best, Some(&baseline));
    assert_eq!((verdict, reason), ("revise", "no_better_than_baseline"));
    assert!(rule(Some(2), &[(500, 150)], Count::default()).against_default(&defaults, &PARAMS).is_none());
}

#[test]
fn a_rule_that_wears_out_is_revised_while_it_is_still_better() {
    // The newest week first: from 30 % down to 15 %, against 10 %.
    let weeks = [(300, 45), (300, 60), (300, 75), (300, 90)];
    let wearing = rule(Some(1), &weeks, count(1_200, 120));
    assert!((wearing.decay().unwrap() - (105.0 / 165.0 - 1.0)).abs() < 1e-12);
    assert!((trend(&wearing.steps()).unwrap().slope + 0.05).abs() < 1e-12);
    let baseline = wearing.against_control(&PARAMS).unwrap();
    assert_eq!(judged(&wearing, Some(&baseline)).1, "wears_out");
    let turned: Vec<(i64, i64)> = weeks.into_iter().rev().collect();
    let rising = rule(Some(1), &turned, count(1_200, 120));
    assert_eq!(judged(&rising, Some(&rising.against_control(&PARAMS).unwrap())).0, "keep");
}

#[test]
fn complaints_weigh_more_than_sales() {
    let mut loud = rule(Some(1), &[(500, 100), (500, 100)], Count { complaints: 5, ..count(1_000, 100) });
    loud.on.complaints = 40;
    let baseline = loud.against_control(&PARAMS).unwrap();
    assert_eq!(judged(&loud, Some(&baseline)).1, "more_complaints");
}

#[test]
fn nobody_is_judged_on_a_handful() {
    let few = rule(Some(1), &[(60, 30)], count(1_000, 100));
    assert_eq!(judged(&few, few.against_control(&PARAMS).as_ref()).1, "shown_too_seldom");
    let alone = rule(Some(1), &[(600, 30)], Count::default());
    assert_eq!(judged(&alone, None).1, "no_baseline");
}
