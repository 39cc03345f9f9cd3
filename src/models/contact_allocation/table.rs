//! The model around the allocation: from tables to requests, and from verdicts to reasons.

use std::collections::HashMap;

use super::super::{Frame, Inputs, Model, Rows, Takes, Values};
use super::rules::Reach;
use super::{Campaign, Request, Rule, Rules, Units, Verdict, allocate};
use crate::contract::SCALE;
use crate::error::{Error, Result};

/// The place of every eligible customer, and what caps, other campaigns and limits make of it.
pub const MODEL: Model = Model {
    name: "contact_allocation",
    reads: &[
        "campaign_requests",
        "campaign_assignments",
        "campaign_definitions",
        "contact_rules",
        "contact_rule_channels",
        "contact_loads",
    ],
    makes: &["campaign_verdicts"],
    takes: Takes::WholeOrNothing,
    compute,
};

/// Names of the scopes, in the order of [`Units`], with the column that has the unit.
const SCOPES: [(&str, &str); 3] =
    [("person", "person_unit"), ("household", "household_unit"), ("account", "account_unit")];

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let definitions = Definitions::read(inputs)?;
    let requests = inputs.table("campaign_requests")?;
    let rows = requests.rows();
    let campaign_names = requests.text("campaign_id")?;
    let campaigns = campaign_names.iter().map(|name| definitions.index(*name)).collect::<Result<Vec<_>>>()?;
    let customers = requests.text("customer_id")?;
    // What is no number has no place among numbers.
    let scores: Vec<Option<f64>> =
        requests.double("score")?.into_iter().map(|score| score.filter(|score| score.is_finite())).collect();
    let expected: Vec<Option<i64>> =
        requests.double("expected_value")?.into_iter().map(|value| value.and_then(money_e4)).collect();
    let ranked = rank(&campaigns, &scores, &customers);

    let units = Index::of_requests(requests)?;
    let mut rules = definitions.rules(inputs, &units)?;
    let assignments = inputs.table("campaign_assignments")?;
    let arms = assignments.text("arm")?;
    if arms.len() != rows || assignments.text("customer_id")? != customers {
        return Err(Error::internal("`campaign_assignments` has other rows than `campaign_requests`"));
    }
    let held_back = requests.text("held_back")?;
    let free: Vec<usize> = (0..rows).filter(|&row| held_back[row].is_none()).collect();
    let asked: Vec<Request> = free
        .iter()
        .map(|&row| Request {
            campaign: campaigns[row],
            place: ranked.places[row],
            expected_value: expected[row],
            treated: arms[row] == Some("treat"),
            units: units.of(row),
        })
        .collect();
    let verdicts = allocate(&definitions.campaigns, &asked, &mut rules);

    let mut reasons: Vec<Option<String>> = held_back.iter().map(|reason| reason.map(str::to_owned)).collect();
    for (row, verdict) in free.into_iter().zip(verdicts) {
        reasons[row] = match verdict {
            Verdict::Taken => None,
            Verdict::Cap(rule) => Some(format!("cap:{}", definitions.rule_names[rule])),
            Verdict::Outranked(campaign) => Some(format!("outranked:{}", definitions.names[campaign])),
            Verdict::OverLimit => Some("over_limit".to_owned()),
        };
    }
    let owned = |column: &[Option<&str>]| Values::Text(column.iter().map(|id| id.map(str::to_owned)).collect());
    Ok(vec![vec![
        owned(&campaign_names),
        owned(&customers),
        Values::Whole(ranked.places.iter().map(|&place| i64::try_from(place).ok()).collect()),
        Values::Double(scores),
        Values::Double(ranked.percentiles),
        Values::Whole(expected),
        Values::Text(reasons),
    ]])
}

/// A double in ten-thousandths, to the nearest; none when it does not fit.
fn money_e4(value: f64) -> Option<i64> {
    // Doubles are whole numbers above this.
    const LARGEST: f64 = 9e15;
    let scaled = (value * SCALE as f64).round();
    (scaled.abs() <= LARGEST).then_some(scaled as i64)
}

/// Places by campaign, from 1, and the share of the ranked who come after each.
struct Ranked {
    places: Vec<usize>,
    percentiles: Vec<Option<f64>>,
}

/// Ranks by score, the highest first, then by customer; who has no score comes last and has no percentile.
fn rank(campaigns: &[usize], scores: &[Option<f64>], customers: &[Option<&str>]) -> Ranked {
    let mut order: Vec<usize> = (0..campaigns.len()).collect();
    order.sort_unstable_by(|&a, &b| {
        let by_score = match (scores[a], scores[b]) {
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        campaigns[a].cmp(&campaigns[b]).then(by_score).then_with(|| customers[a].cmp(&customers[b]))
    });
    let mut places = vec![0; order.len()];
    let mut percentiles = vec![None; order.len()];
    for members in order.chunk_by(|&a, &b| campaigns[a] == campaigns[b]) {
        let scored = members.iter().filter(|&&row| scores[row].is_some()).count();
        for (before, &row) in members.iter().enumerate() {
            places[row] = before + 1;
            if before < scored {
                // The middle of the place: the first of ten is above 95 %.
                percentiles[row] = Some((2 * (scored - before) - 1) as f64 / (2 * scored) as f64);
            }
        }
    }
    Ranked { places, percentiles }
}

/// The persons, households and accounts of the requests, numbered in the order in which they appear.
struct Index<'a> {
    numbers: [HashMap<&'a str, usize>; 3],
    rows: [Vec<usize>; 3],
}

impl<'a> Index<'a> {
    fn of_requests(requests: &'a Frame) -> Result<Self> {
        let mut index = Index { numbers: Default::default(), rows: Default::default() };
        for (scope, (_, column)) in SCOPES.into_iter().enumerate() {
            let numbers = &mut index.numbers[scope];
            for unit in requests.text(column)? {
                let unit = unit.ok_or_else(|| Error::internal(format!("a request has no `{column}`")))?;
                let next = numbers.len();
                index.rows[scope].push(*numbers.entry(unit).or_insert(next));
            }
        }
        Ok(index)
    }

    fn of(&self, row: usize) -> Units {
        [self.rows[0][row], self.rows[1][row], self.rows[2][row]]
    }
}

/// Campaigns and rules of the pipeline file.
struct Definitions<'a> {
    names: Vec<&'a str>,
    campaigns: Vec<Campaign>,
    /// Channel and purpose of each campaign.
    contacts: Vec<(Option<&'a str>, Option<&'a str>)>,
    rule_names: Vec<&'a str>,
}

impl<'a> Definitions<'a> {
    fn read(inputs: &'a Inputs<'_>) -> Result<Self> {
        let table = inputs.table("campaign_definitions")?;
        let (priorities, limits) = (table.whole("priority")?, table.whole("size_limit")?);
        let campaign = |(priority, limit): (Option<i64>, Option<i64>)| Campaign {
            priority: priority.unwrap_or_default(),
            limit: limit.and_then(|limit| u64::try_from(limit).ok()),
        };
        let rules = inputs.table("contact_rules")?;
        let mut rule_names: Vec<(Option<i64>, &str)> =
            rules.whole("rule_no")?.into_iter().zip(rules.text("rule_id")?.into_iter().flatten()).collect();
        rule_names.sort_unstable();
        Ok(Definitions {
            names: table.text("campaign_id")?.into_iter().flatten().collect(),
            campaigns: priorities.into_iter().zip(limits).map(campaign).collect(),
            contacts: table.text("channel")?.into_iter().zip(table.text("purpose")?).collect(),
            rule_names: rule_names.into_iter().map(|(_, name)| name).collect(),
        })
    }

    /// The index of a campaign; they are sorted by name.
    fn index(&self, name: Option<&str>) -> Result<usize> {
        let found = name.and_then(|name| self.names.binary_search(&name).ok());
        found.ok_or_else(|| Error::internal("a request is of a campaign that is not defined"))
    }

    /// The rules in the order of the pipeline file, with the past contacts of the units that are asked for.
    fn rules(&self, inputs: &Inputs<'_>, units: &Index<'_>) -> Result<Rules> {
        let table = inputs.table("contact_rules")?;
        let (names, scopes) = (table.text("rule_id")?, table.text("scope")?);
        let (purposes, most) = (table.text("purpose")?, table.whole("max_contacts")?);
        let channels = inputs.table("contact_rule_channels")?;
        let (of_rules, channel_names) = (channels.text("rule_id")?, channels.text("channel")?);
        let (counted, blocked) = (channels.boolean("is_counted")?, channels.boolean("is_blocked")?);
        let unknown = || Error::internal("a contact rule is not defined");
        let mut rules = Vec::with_capacity(self.rule_names.len());
        for rule in &self.rule_names {
            let row = names.iter().position(|name| *name == Some(*rule)).ok_or_else(unknown)?;
            let scope = SCOPES.iter().position(|(scope, _)| scopes[row] == Some(*scope)).ok_or_else(unknown)?;
            let reach = |(channel, purpose): &(Option<&str>, Option<&str>)| {
                let found =
                    (0..of_rules.len()).find(|&row| of_rules[row] == Some(*rule) && channel_names[row] == *channel);
                let about = purposes[row].is_none() || purposes[row] == *purpose;
                found.filter(|_| about && channel.is_some()).map_or_else(Reach::default, |row| Reach {
                    counts: counted[row].unwrap_or(false),
                    blocks: blocked[row].unwrap_or(false),
                })
            };
            let campaigns = self.contacts.iter().map(reach).collect();
            let max = most[row].and_then(|most| u64::try_from(most).ok()).ok_or_else(unknown)?;
            rules.push(Rule { scope, max, campaigns });
        }
        let scopes: Vec<usize> = rules.iter().map(|rule| rule.scope).collect();
        let mut rules = Rules::new(rules, [0, 1, 2].map(|scope: usize| units.numbers[scope].len()));
        let loads = inputs.table("contact_loads")?;
        let (of_rules, of_units, contacts) = (loads.text("rule_id")?, loads.text("unit_id")?, loads.whole("contacts")?);
        for row in 0..loads.rows() {
            let rule = self.rule_names.iter().position(|name| of_rules[row] == Some(*name)).ok_or_else(unknown)?;
            let unit = of_units[row].and_then(|unit| units.numbers[scopes[rule]].get(unit));
            let contacts = contacts[row].and_then(|contacts| u64::try_from(contacts).ok());
            if let (Some(&unit), Some(contacts)) = (unit, contacts) {
                rules.remember(rule, unit, contacts);
            }
        }
        Ok(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_score_is_first_and_who_has_none_is_last() {
        let campaigns = [0, 0, 0, 0, 1, 1];
        let scores = [Some(1.0), None, Some(2.0), Some(1.0), None, Some(-1.0)];
        let customers = ["b", "a", "c", "a", "x", "y"].map(Some);
        let ranked = rank(&campaigns, &scores, &customers);
        assert_eq!(ranked.places, [3, 4, 1, 2, 2, 1]);
        let thirds = [Some(1.0 / 6.0), None, Some(5.0 / 6.0), Some(0.5), None, Some(0.5)];
        assert_eq!(ranked.percentiles, thirds);
    }

    #[test]
    fn expected_values_are_rounded_to_ten_thousandths() {
        assert_eq!(money_e4(123.4567), Some(1_234_567));
        assert_eq!(money_e4(-0.000_06), Some(-1));
        assert_eq!([f64::NAN, f64::INFINITY, 1e13].map(money_e4), [None; 3]);
    }
}
