//! Campaigns with a control group and a planted effect, and the consents that allow them.

use rand::{Rng, RngExt};

use super::calendar::Moment;
use super::catalogue::NEEDS;
use super::customer::Customer;
use super::model::Model;

/// One e-mail campaign.
pub(super) struct Campaign {
    /// Its code.
    pub(super) id: String,
    /// When it is sent.
    pub(super) sent: Moment,
    /// Index of the need that it is about.
    pub(super) need: usize,
}

impl Campaign {
    /// The days in which an order counts as a response: from the day of sending.
    pub(super) fn window(&self) -> std::ops::Range<u32> {
        self.sent.day..self.sent.day + Model::CAMPAIGN_WINDOW_DAYS
    }
}

/// All campaigns of the history, in time order: spread over its middle, so that each has a before and an after.
pub(super) fn plan(model: &Model, days: u32) -> Vec<Campaign> {
    (0..model.campaigns)
        .map(|index| {
            let share = 0.25 + 0.65 * f64::from(index) / f64::from(model.campaigns);
            Campaign {
                id: format!("K{:02}-{}", index + 1, NEEDS[index as usize % NEEDS.len()].0),
                sent: Moment { day: (f64::from(days) * share) as u32, second: 10 * 3600 },
                need: index as usize % NEEDS.len(),
            }
        })
        .collect()
}

/// A row of the consents export.
pub(super) struct Consent {
    /// When it was said.
    pub(super) at: Moment,
    /// The channel.
    pub(super) channel: &'static str,
    /// Granted or denied.
    pub(super) granted: bool,
    /// Where it was said.
    pub(super) source: &'static str,
    /// Confirmed by a second step.
    pub(super) double_opt_in: bool,
    /// Day on which it runs out.
    pub(super) expires: Option<u32>,
}

/// A row of the contacts-sent export: what happened to one eligible customer of one campaign.
pub(super) struct Sent {
    /// Index of the campaign.
    pub(super) campaign: usize,
    /// Treated, or kept as control.
    pub(super) treated: bool,
    /// Whether the mail arrived.
    pub(super) delivered: bool,
    /// Whether it was opened.
    pub(super) opened: bool,
    /// Whether that was a machine.
    pub(super) opened_by_machine: bool,
    /// Whether it was clicked.
    pub(super) clicked: bool,
    /// Whether it led to an opt-out.
    pub(super) unsubscribed: bool,
    /// Still a customer when it was sent.
    pub(super) with_us: bool,
    /// Day of the order that only the campaign brought, with its fraction.
    pub(super) extra_order: Option<f64>,
}

/// Consents and campaign contacts of one customer.
pub(super) struct Permissions {
    /// All that was said, in time order a channel.
    pub(super) consents: Vec<Consent>,
    /// All campaigns that the customer was eligible for.
    pub(super) sent: Vec<Sent>,
}

/// Consent for e-mail as it stands, to decide who is eligible.
struct Standing {
    granted: bool,
    expires: Option<u32>,
}

/// What `customer` allows, and what campaigns do to them; `left` is the day on which they leave us, if they do.
pub(super) fn permissions(
    campaigns: &[Campaign],
    model: &Model,
    customer: &Customer,
    left: Option<f64>,
    days: u32,
    rng: &mut impl Rng,
) -> Permissions {
    let signup = Moment { day: customer.acquired as u32, second: customer.hour * 3600 };
    let mut consents = at_signup(signup, rng);
    let mut standing = consents.iter().find(|consent| consent.channel == "email").map_or(
        Standing { granted: false, expires: None },
        |consent| Standing { granted: consent.granted, expires: consent.expires },
    );
    let mut sent = Vec::new();
    for (index, campaign) in campaigns.iter().enumerate() {
        let known = signup.day + 7 <= campaign.sent.day;
        let allowed = standing.granted && standing.expires.is_none_or(|expires| campaign.sent.day < expires);
        if !(known && allowed) {
            continue;
        }
        let contact = send(index, campaign, model, customer, left, days, rng);
        if contact.unsubscribed {
            standing.granted = false;
            let at = campaign.sent.later(3 * 3600);
            consents.push(Consent {
                at,
                channel: "email",
                granted: false,
                source: "unsubscribe",
                double_opt_in: false,
                expires: None,
            });
        }
        sent.push(contact);
    }
    Permissions { consents, sent }
}

/// Most grant e-mail, few grant calls; some say no outright, and some say nothing. A grant for calls runs out.
fn at_signup(at: Moment, rng: &mut impl Rng) -> Vec<Consent> {
    let mut consents = Vec::new();
    for (channel, grant, deny, lasts) in
        [("email", 0.75, 0.1, None), ("sms", 0.3, 0.2, None), ("phone", 0.25, 0.3, Some(365))]
    {
        let answer = rng.random::<f64>();
        let double_opt_in = rng.random::<f64>() < 0.9 && channel == "email";
        if answer < grant + deny {
            let granted = answer < grant;
            consents.push(Consent {
                at,
                channel,
                granted,
                source: "signup",
                double_opt_in: double_opt_in && granted,
                expires: lasts.filter(|_| granted).map(|days| at.day + days),
            });
        }
    }
    consents
}

fn send(
    index: usize,
    campaign: &Campaign,
    model: &Model,
    customer: &Customer,
    left: Option<f64>,
    days: u32,
    rng: &mut impl Rng,
) -> Sent {
    let treated = rng.random::<f64>() >= model.control_share;
    // Every draw is made for everybody, so that the arms differ in nothing but the treatment.
    let [delivered, opened, machine, clicked, unsubscribed, persuaded, delay]: [f64; 7] = rng.random();
    let sent_day = f64::from(campaign.sent.day) + 0.5;
    let effect = model.campaign_effect * if customer.need == campaign.need { 2.0 } else { 1.0 };
    let order_day = sent_day + delay * f64::from(Model::CAMPAIGN_WINDOW_DAYS - 1);
    let stays = |until: f64| left.is_none_or(|left| until < left);
    let extra = treated && persuaded < effect && stays(order_day) && order_day < f64::from(days);
    let delivered = treated && (delivered < 0.98 || extra);
    let clicked = delivered && (clicked < 0.05 || extra);
    let opened_by_machine = delivered && machine < 0.15;
    Sent {
        campaign: index,
        treated,
        delivered,
        opened: delivered && (opened < 0.3 || clicked || opened_by_machine),
        opened_by_machine,
        clicked,
        unsubscribed: delivered && unsubscribed < 0.01,
        with_us: stays(sent_day),
        extra_order: extra.then_some(order_day),
    }
}
