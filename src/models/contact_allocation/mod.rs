//! Which campaign may contact whom, when contact rules and limits do not let all of them (`spec/definitions.md` 3.12).
//!
//! Greedy: requests come in the order of priority, expected value (highest first), campaign and place, and each is taken
//! unless a rule binds. A rule binds when, with the request, its unit (person, household, account) would have a contact on
//! a blocked channel and more counted contacts than allowed, history included. So a rule that lets calls block e-mails
//! binds both ways: after the call of this run no e-mail, and after the e-mail of this run no call.
//!
//! Members of control groups and of the holdout take places as the treated do: what befalls a customer does not depend on
//! their arm, and both arms are the same population. Only a limit counts the treated alone.
//!
//! A limit takes the best by the campaign's own order, not by expected value: a campaign asks for as many as it may still
//! treat, and for the next ones when some of these were refused. All campaigns of one priority do so in turn before those of
//! the next priority are heard.

mod rules;
mod table;

pub use rules::{Rule, Rules, Units, Verdict};
pub use table::MODEL;

use std::cmp::Reverse;

/// One campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Campaign {
    /// The lowest is heard first.
    pub priority: i64,
    /// Most customers to treat.
    pub limit: Option<u64>,
}

/// One customer whom a campaign wants, and whom nothing but rules and limits can hold back.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Index of the campaign; campaigns are sorted by name.
    pub campaign: usize,
    /// Place in the campaign, unique there; the lowest is the best.
    pub place: usize,
    /// What it is expected to bring; none is below all.
    pub expected_value: Option<i64>,
    /// Whether it counts against the limit.
    pub treated: bool,
    /// Whose contact it is.
    pub units: Units,
}

/// What becomes of each request, in the order of `requests`; their order does not matter otherwise.
///
/// `rules` know the past contacts, and learn those that are taken.
pub fn allocate(campaigns: &[Campaign], requests: &[Request], rules: &mut Rules) -> Vec<Verdict> {
    let mut verdicts = vec![Verdict::OverLimit; requests.len()];
    let mut waiting: Vec<Waiting> =
        campaigns.iter().map(|campaign| Waiting { queue: Vec::new(), next: 0, left: campaign.limit }).collect();
    for (index, request) in requests.iter().enumerate() {
        waiting[request.campaign].queue.push(index);
    }
    for campaign in &mut waiting {
        campaign.queue.sort_unstable_by_key(|&index| requests[index].place);
    }
    let mut priorities: Vec<i64> = campaigns.iter().map(|campaign| campaign.priority).collect();
    priorities.sort_unstable();
    priorities.dedup();
    for priority in priorities {
        loop {
            let mut heard = Vec::new();
            for (campaign, waiting) in campaigns.iter().zip(&mut waiting) {
                if campaign.priority == priority {
                    heard.extend(waiting.ask(requests));
                }
            }
            if heard.is_empty() {
                break;
            }
            heard.sort_unstable_by_key(|&index| {
                let request = &requests[index];
                // None is below every value, so that it comes last.
                (Reverse(request.expected_value), request.campaign, request.place)
            });
            for index in heard {
                let request = &requests[index];
                verdicts[index] = rules.take(request.campaign, &request.units);
                if verdicts[index] != Verdict::Taken && request.treated {
                    waiting[request.campaign].refused();
                }
            }
        }
    }
    verdicts
}

/// A campaign's requests that were not heard yet.
struct Waiting {
    /// Requests in the order of their places.
    queue: Vec<usize>,
    /// The first that was not heard.
    next: usize,
    /// How many the campaign may still treat.
    left: Option<u64>,
}

impl Waiting {
    /// The next requests, as many as the limit still lets the campaign treat, with the controls between them.
    fn ask(&mut self, requests: &[Request]) -> Vec<usize> {
        let first = self.next;
        while let Some(&index) = self.queue.get(self.next)
            && self.left != Some(0)
        {
            if let Some(left) = &mut self.left
                && requests[index].treated
            {
                *left -= 1;
            }
            self.next += 1;
        }
        self.queue[first..self.next].to_vec()
    }

    /// One that would have been treated was refused: another may take the place under the limit.
    fn refused(&mut self) {
        if let Some(left) = &mut self.left {
            *left += 1;
        }
    }
}

#[cfg(test)]
mod tests;
