//! Contact rules: what counts, what is blocked, and how full each person, household and account is.

/// Indices of the person, the household and the account of a contact, each among those of its scope.
pub type Units = [usize; 3];

/// A cap on contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whose contacts are counted together: 0 person, 1 household, 2 account.
    pub scope: usize,
    /// Most counted contacts in the window when there is one on a blocked channel.
    pub max: u64,
    /// For each campaign, what the rule makes of its contacts.
    pub campaigns: Vec<Reach>,
}

/// What a rule makes of the contacts of one campaign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// They count.
    pub counts: bool,
    /// They are held back.
    pub blocks: bool,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Taken,
    /// The past contacts alone bind this rule (its index).
    Cap(usize),
    /// This campaign (its index) took the last place.
    Outranked(usize),
    /// The campaign has as many as it wants.
    OverLimit,
}

/// The contacts of one unit that one rule sees.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Counted contacts of the past.
    past: u64,
    /// Counted contacts of this run.
    counted: u64,
    /// Contacts of this run on a blocked channel.
    blocked: u64,
    /// The campaign that was taken last.
    last: Option<usize>,
}

/// All rules, in the order of the pipeline file, and how full they are.
#[derive(Debug, Clone)]
pub struct Rules {
    rules: Vec<Rule>,
    /// For each rule, a slot for each unit of its scope.
    slots: Vec<Vec<Slot>>,
}

impl Rules {
    /// Rules over so many persons, households and accounts, without past contacts.
    pub fn new(rules: Vec<Rule>, units: Units) -> Self {
        let slots = rules.iter().map(|rule| vec![Slot::default(); units[rule.scope]]).collect();
        Rules { rules, slots }
    }

    /// Adds past contacts of a unit that a rule counts.
    pub fn remember(&mut self, rule: usize, unit: usize, contacts: u64) {
        self.slots[rule][unit].past += contacts;
    }

    /// Takes a contact of `campaign` if no rule binds.
    pub fn take(&mut self, campaign: usize, units: &Units) -> Verdict {
        let mut outranked = None;
        for (index, (rule, slots)) in self.rules.iter().zip(&self.slots).enumerate() {
            let reach = rule.campaigns[campaign];
            let slot = slots[units[rule.scope]];
            let more = u64::from(reach.counts);
            if reach.blocks && slot.past + more > rule.max {
                return Verdict::Cap(index);
            }
            let is_blocked = reach.blocks || (reach.counts && slot.blocked > 0);
            if is_blocked && slot.past + slot.counted + more > rule.max {
                outranked = outranked.or(slot.last);
            }
        }
        if let Some(winner) = outranked {
            return Verdict::Outranked(winner);
        }
        for (rule, slots) in self.rules.iter().zip(&mut self.slots) {
            let reach = rule.campaigns[campaign];
            if reach.counts || reach.blocks {
                let slot = &mut slots[units[rule.scope]];
                slot.counted += u64::from(reach.counts);
                slot.blocked += u64::from(reach.blocks);
                slot.last = Some(campaign);
            }
        }
        Verdict::Taken
    }
}
