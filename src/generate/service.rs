//! The contact centre: who calls, how long they wait, what they complain about, and who leaves because of it.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, LogNormal};

use super::calendar::Moment;
use super::customer::pick;
use super::model::Model;
use super::reach::Reach;
use crate::error::{Error, Result};

/// Channels of contact: the shop's word, and its share.
pub(super) const CONTACT_CHANNELS: [(&str, f64); 3] = [("tel", 0.6), ("mail", 0.28), ("chat", 0.12)];
const MAIL: usize = 1;

/// Reasons, and their share among contacts that are no complaint.
pub(super) const REASONS: [(&str, f64); 5] =
    [("delivery", 0.35), ("product_question", 0.25), ("invoice", 0.2), ("return", 0.15), ("account", 0.05)];

/// One contact with the contact centre.
#[derive(Debug, Clone)]
pub(super) struct Contact {
    /// When it began.
    pub(super) at: Moment,
    /// Index of the channel.
    pub(super) channel: usize,
    /// Seconds until an answer, or until the caller gave up.
    pub(super) wait: u32,
    /// Seconds of talk; none when nobody answered.
    pub(super) talk: u32,
    /// Seconds of after-call work.
    pub(super) wrap: u32,
    /// Left before an answer.
    pub(super) abandoned: bool,
    /// Index of the reason.
    pub(super) reason: usize,
    /// A complaint.
    pub(super) complaint: bool,
    /// Solved.
    pub(super) resolved: bool,
    /// From 1 to 5, when they answered.
    pub(super) satisfaction: Option<u32>,
    /// What it cost us, in cents.
    pub(super) cost: i64,
    /// Who answered.
    pub(super) agent: u32,
}

impl Contact {
    /// Whether the wait was a long one; a mail's is not felt as one.
    pub(super) fn waited_long(&self) -> bool {
        self.channel != MAIL && self.wait > Model::LONG_WAIT_SECONDS
    }
}

/// Why somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// By the model's own dropout after an order.
    Order,
    /// After a complaint.
    Complaint,
    /// After a long wait.
    Wait,
}

impl Cause {
    /// The cause's name in `truth/`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Cause::Order => "order",
            Cause::Complaint => "complaint",
            Cause::Wait => "wait",
        }
    }
}

/// Draws contacts.
pub(super) struct ContactCentre {
    /// Seconds in the queue: a median of 45 with a long tail, as call centres see it.
    wait: LogNormal<f64>,
    talk: LogNormal<f64>,
    model: Model,
}

impl ContactCentre {
    /// Callers who would wait this long on average, exponentially distributed.
    const PATIENCE_SECONDS: f64 = 420.0;
    /// Cost of a minute of an agent, in cents.
    const MINUTE_CENTS: f64 = 65.0;
    /// Agents of the contact centre.
    const AGENTS: u32 = 24;

    /// The contact centre of `model`.
    ///
    /// # Errors
    /// Internal only: the laws are fixed.
    pub(super) fn new(model: &Model) -> Result<Self> {
        let law = |median: f64, sigma| {
            LogNormal::new(median.ln(), sigma).map_err(|error| Error::internal("contact law").because(error))
        };
        Ok(ContactCentre { wait: law(45.0, 1.2)?, talk: law(180.0, 0.7)?, model: model.clone() })
    }

    /// One contact on `day`, at the time and on the channel that `reach` draws.
    pub(super) fn contact<R: Rng>(&self, day: u32, reach: impl FnOnce(&mut R) -> Reach, rng: &mut R) -> Contact {
        let any = pick(CONTACT_CHANNELS.iter().map(|channel| channel.1), rng);
        let Reach { second, channel } = reach(rng);
        let (at, channel) = (Moment { day, second }, channel.unwrap_or(any));
        // A mail waits minutes to hours, a chat less than a call.
        let scale = [1.0, 80.0, 0.5][channel];
        let offered = self.wait.sample(rng) * scale;
        let patience = -Self::PATIENCE_SECONDS * (1.0 - rng.random::<f64>()).ln();
        let abandoned = channel != MAIL && patience < offered;
        let wait = if abandoned { patience } else { offered }.clamp(1.0, 20_000.0) as u32;
        let waited_long = channel != MAIL && wait > Model::LONG_WAIT_SECONDS;
        let complaint_chance =
            self.model.complaint_share + if waited_long { self.model.complaint_after_wait } else { 0.0 };
        // Who hangs up cannot complain, but may well leave.
        let complaint = rng.random::<f64>() < complaint_chance && !abandoned;
        let resolved = rng.random::<f64>() < if complaint { 0.6 } else { 0.85 } && !abandoned;
        let talk = self.talk.sample(rng).clamp(10.0, 3_600.0) as u32;
        let answers = rng.random::<f64>() < 0.3;
        let mood = rng.random_range(0..2) + if resolved { 3 } else { 1 } + u32::from(!waited_long && !complaint);
        let reason = pick(REASONS.iter().map(|reason| reason.1), rng);
        let agent = rng.random_range(0..Self::AGENTS);
        let (talk, wrap) = if abandoned { (0, 0) } else { (talk, 20 + talk / 8) };
        Contact {
            at,
            channel,
            wait,
            talk,
            wrap,
            abandoned,
            reason,
            complaint,
            resolved,
            satisfaction: (answers && !abandoned).then_some(mood.clamp(1, 5)),
            cost: 20 + (f64::from(talk + wrap) / 60.0 * Self::MINUTE_CENTS) as i64,
            agent,
        }
    }

    /// Whether and why the customer leaves because of `contact`.
    pub(super) fn leaves(&self, contact: &Contact, rng: &mut impl Rng) -> Option<Cause> {
        let [for_complaint, for_wait]: [f64; 2] = [rng.random(), rng.random()];
        let chance = self.model.leave_after_complaint * if contact.resolved { 0.25 } else { 1.0 };
        if contact.complaint && for_complaint < chance {
            Some(Cause::Complaint)
        } else if contact.waited_long() && for_wait < self.model.leave_after_wait {
            Some(Cause::Wait)
        } else {
            None
        }
    }
}
