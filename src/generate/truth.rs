//! `truth/`: what the generator knows and the exports do not say.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::calendar::Calendar;
use super::catalogue::{Catalogue, NEEDS};
use super::customer::CHANNELS;
use super::dirt::{Dirt, Faults, Outcome};
use super::export::Sink;
use super::life::{Life, Order, Shop};
use super::options::GenerateOptions;
use super::row::Row;
use super::rows::{customer_number, headed, push_line};
use super::service::Cause;

/// Columns of `truth/customers.csv`: days are fractions counted from the first day of the history, 0.
pub(super) const CUSTOMERS: &str = "customer_id,need,acquired_day,rate_per_day,dropout,mean_order_value,shrinks_from_day,left_day,left_because,preferred_channel,preferred_hour,orders,campaign_orders,cancelled_orders,refunds,contacts,complaints,unresolved_complaints,long_waits";

/// Sums over everything written, exact: they do not depend on the order of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    /// Orders of customers with a number, without cancelled attempts.
    pub(super) orders: u64,
    /// Orders of shoppers without a number.
    pub(super) anonymous_orders: u64,
    /// Cancelled attempts.
    pub(super) cancelled_orders: u64,
    /// Lines of goods sold, of both, without cancelled attempts.
    pub(super) goods_lines: u64,
    /// Lines of postage and fees, without cancelled attempts.
    pub(super) service_lines: u64,
    /// Lines of goods that came back.
    pub(super) refund_lines: u64,
    /// Goods sold by currency, in hundredths.
    pub(super) goods_cents: BTreeMap<&'static str, i64>,
    /// Goods that came back by currency, in hundredths, as a positive number.
    pub(super) refund_cents: BTreeMap<&'static str, i64>,
    /// Contacts of customers with a number.
    pub(super) contacts: u64,
    /// Contacts of unknown callers.
    pub(super) unknown_contacts: u64,
    /// Contacts that somebody gave up, of both.
    pub(super) abandoned_contacts: u64,
    /// Complaints, of both.
    pub(super) complaints: u64,
    /// Customers whose rate fell while they were customers.
    pub(super) shrinkers: u64,
    /// Customers who left, by cause.
    pub(super) left: BTreeMap<&'static str, u64>,
    /// What came of each campaign.
    pub(super) campaigns: Vec<CampaignTotals>,
}

/// What came of one campaign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct CampaignTotals {
    /// Eligible customers that were treated.
    pub(super) treated: u64,
    /// Eligible customers that were kept as control.
    pub(super) control: u64,
    /// Treated customers who were still customers.
    pub(super) treated_with_us: u64,
    /// Orders that only the campaign brought: one a customer at most.
    pub(super) extra_orders: u64,
    /// Of these, orders of customers who did not order in the window of their own accord: the incremental conversions.
    pub(super) incremental_conversions: u64,
}

impl Totals {
    /// The sums of nothing, for `campaigns` campaigns.
    pub(super) fn new(campaigns: usize) -> Self {
        Totals { campaigns: vec![CampaignTotals::default(); campaigns], ..Totals::default() }
    }

    /// Adds one life.
    pub(super) fn add(&mut self, life: &Life, shop: &Shop<'_>) {
        for order in &life.orders {
            self.order(order);
        }
        for order in &life.anonymous {
            self.order(order);
        }
        for contact in life.contacts.iter().chain(&life.unknown_contacts) {
            self.abandoned_contacts += u64::from(contact.abandoned);
            self.complaints += u64::from(contact.complaint);
        }
        self.contacts += life.contacts.len() as u64;
        self.unknown_contacts += life.unknown_contacts.len() as u64;
        let left_day = life.left.map_or(f64::INFINITY, |(day, _)| day);
        self.shrinkers += u64::from(life.customer.shrinks_from.is_some_and(|from| from < left_day));
        if let Some((_, cause)) = life.left {
            *self.left.entry(cause.name()).or_default() += 1;
        }
        for sent in &life.permissions.sent {
            let totals = &mut self.campaigns[sent.campaign];
            totals.treated += u64::from(sent.treated);
            totals.control += u64::from(!sent.treated);
            totals.treated_with_us += u64::from(sent.treated && sent.with_us);
            if sent.extra_order.is_some() {
                totals.extra_orders += 1;
                let window = shop.campaigns[sent.campaign].window();
                let organic = |order: &Order| {
                    !order.cancelled && order.campaign != Some(sent.campaign) && window.contains(&order.at.day)
                };
                totals.incremental_conversions += u64::from(!life.orders.iter().any(organic));
            }
        }
    }

    fn order(&mut self, order: &Order) {
        if order.cancelled {
            self.cancelled_orders += 1;
            return;
        }
        match order.customer {
            Some(_) => self.orders += 1,
            None => self.anonymous_orders += 1,
        }
        let currency = if order.francs { "CHF" } else { "EUR" };
        self.goods_lines += order.lines.len() as u64;
        self.service_lines += u64::from(order.postage.is_some()) + u64::from(order.fee.is_some());
        *self.goods_cents.entry(currency).or_default() += order.goods();
        if let Some(refund) = &order.refund {
            self.refund_lines += 1;
            *self.refund_cents.entry(currency).or_default() -= refund.line.amount();
        }
    }

    /// Adds the sums of other lives.
    pub(super) fn merge(&mut self, other: &Totals) {
        let Totals {
            orders,
            anonymous_orders,
            cancelled_orders,
            goods_lines,
            service_lines,
            refund_lines,
            goods_cents,
            refund_cents,
            contacts,
            unknown_contacts,
            abandoned_contacts,
            complaints,
            shrinkers,
            left,
            campaigns,
        } = other;
        self.orders += orders;
        self.anonymous_orders += anonymous_orders;
        self.cancelled_orders += cancelled_orders;
        self.goods_lines += goods_lines;
        self.service_lines += service_lines;
        self.refund_lines += refund_lines;
        self.contacts += contacts;
        self.unknown_contacts += unknown_contacts;
        self.abandoned_contacts += abandoned_contacts;
        self.complaints += complaints;
        self.shrinkers += shrinkers;
        for (sums, others) in [(&mut self.goods_cents, goods_cents), (&mut self.refund_cents, refund_cents)] {
            for (currency, cents) in others {
                *sums.entry(currency).or_default() += cents;
            }
        }
        for (cause, customers) in left {
            *self.left.entry(cause).or_default() += customers;
        }
        for (sum, campaign) in self.campaigns.iter_mut().zip(campaigns) {
            sum.treated += campaign.treated;
            sum.control += campaign.control;
            sum.treated_with_us += campaign.treated_with_us;
            sum.extra_orders += campaign.extra_orders;
            sum.incremental_conversions += campaign.incremental_conversions;
        }
    }
}

/// Writes the true parameters of one customer.
pub(super) fn customer(life: &Life, row: &mut Row, sink: &mut Sink<'_>) {
    let customer = &life.customer;
    let orders = |which: fn(&Order) -> bool| life.orders.iter().filter(|order| which(order)).count() as i64;
    let complaints = life.contacts.iter().filter(|contact| contact.complaint);
    customer_number(row.start(), customer.index)
        .text(NEEDS[customer.need].0)
        .real(customer.acquired)
        .real(customer.rate)
        .real(customer.dropout)
        .real(customer.mean_order_value);
    match customer.shrinks_from {
        Some(day) => row.real(day),
        None => row.empty(),
    };
    match life.left {
        Some((day, cause)) => row.real(day).text(Cause::name(cause)),
        None => row.empty().empty(),
    };
    row.text(CHANNELS[customer.channel].0)
        .number(i64::from(customer.hour))
        .number(orders(|order| !order.cancelled))
        .number(orders(|order| order.campaign.is_some() && !order.cancelled))
        .number(orders(|order| order.cancelled))
        .number(orders(|order| order.refund.is_some()))
        .number(life.contacts.len() as i64)
        .number(complaints.clone().count() as i64)
        .number(complaints.filter(|contact| !contact.resolved).count() as i64)
        .number(life.contacts.iter().filter(|contact| contact.waited_long()).count() as i64);
    sink.push((customer.index, 0), row.bytes());
}

/// The files of `truth/` that do not grow with the number of customers: name and text.
pub(super) fn files(
    options: &GenerateOptions,
    shop: &Shop<'_>,
    calendar: &Calendar,
    totals: &Totals,
    transactions: u64,
    faults: &Faults<'_>,
) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("pairs.csv", pairs(shop.catalogue)),
        ("sequences.csv", sequences(shop.catalogue)),
        ("substitutes.csv", substitutes(shop.catalogue)),
        ("replenished.csv", replenished(shop.catalogue)),
        ("campaigns.csv", campaigns(shop, calendar, totals)),
        ("model.json", model(options, shop, calendar)),
        ("totals.json", pretty(&json!({ "transactions": transactions, "totals": totals }))),
        ("dirt.json", dirt(&options.dirt, transactions, faults)),
    ]
}

fn pairs(catalogue: &Catalogue) -> Vec<u8> {
    let planted = &catalogue.planted;
    let mut text = headed("first,second,attach,support_first,support_second,confidence,lift");
    let mut row = Row::default();
    for pair in &planted.pairs {
        row.start()
            .text(&catalogue.products[pair.first as usize].id)
            .text(&catalogue.products[pair.second as usize].id)
            .real(pair.attach)
            .real(planted.first_chance)
            .real(planted.second_support(pair))
            .real(planted.confidence(pair))
            .real(planted.lift(pair));
        push_line(&mut text, &row);
    }
    text
}

fn sequences(catalogue: &Catalogue) -> Vec<u8> {
    let mut text = headed("first,second,follow,mean_days,support_first,support_second_alone");
    let mut row = Row::default();
    for sequence in &catalogue.planted.sequences {
        row.start()
            .text(&catalogue.products[sequence.first as usize].id)
            .text(&catalogue.products[sequence.second as usize].id)
            .real(sequence.follow)
            .real(sequence.days)
            .real(catalogue.planted.first_chance)
            .real(catalogue.planted.second_chance);
        push_line(&mut text, &row);
    }
    text
}

fn substitutes(catalogue: &Catalogue) -> Vec<u8> {
    let mut text = headed("first,second,support_either");
    let mut row = Row::default();
    for slot in &catalogue.planted.substitutes {
        row.start()
            .text(&catalogue.products[slot.first as usize].id)
            .text(&catalogue.products[slot.second as usize].id)
            .real(catalogue.planted.first_chance);
        push_line(&mut text, &row);
    }
    text
}

fn replenished(catalogue: &Catalogue) -> Vec<u8> {
    let mut text = headed("product,mean_days");
    let mut row = Row::default();
    for replenished in &catalogue.planted.replenished {
        row.start().text(&catalogue.products[replenished.product as usize].id).real(replenished.days);
        push_line(&mut text, &row);
    }
    text
}

fn campaigns(shop: &Shop<'_>, calendar: &Calendar, totals: &Totals) -> Vec<u8> {
    let mut text = headed(
        "campaign_id,need,sent,window_days,effect,effect_for_need,treated,control,treated_with_us,extra_orders,incremental_conversions",
    );
    let mut row = Row::default();
    for (campaign, totals) in shop.campaigns.iter().zip(&totals.campaigns) {
        row.start()
            .text(&campaign.id)
            .text(NEEDS[campaign.need].0)
            .day(calendar, campaign.sent.day)
            .number(campaign.window().len() as i64)
            .real(shop.model.campaign_effect)
            .real(2.0 * shop.model.campaign_effect)
            .number(totals.treated as i64)
            .number(totals.control as i64)
            .number(totals.treated_with_us as i64)
            .number(totals.extra_orders as i64)
            .number(totals.incremental_conversions as i64);
        push_line(&mut text, &row);
    }
    text
}

fn model(options: &GenerateOptions, shop: &Shop<'_>, calendar: &Calendar) -> Vec<u8> {
    pretty(&json!({
        "seed": options.seed,
        "customers": options.customers,
        "products": options.products,
        "first_day": calendar.date(0).to_string(),
        "last_day": options.end.to_string(),
        "days": options.days,
        "model": options.model,
        // Scaling a gamma variable divides its rate parameter.
        "rate_scale": shop.rate_scale,
        "rate_days_as_scaled": options.model.rate_days / shop.rate_scale,
    }))
}

fn dirt(dirt: &Dirt, transactions: u64, faults: &Faults<'_>) -> Vec<u8> {
    let kinds: Vec<_> = dirt
        .kinds
        .iter()
        .map(|kind| {
            json!({
                "kind": kind,
                "faults": faults.each,
                "records_added": faults.each * kind.rows_added(),
                "outcome": kind.outcome(),
            })
        })
        .collect();
    let [rejected, duplicate, out_of_window] =
        [Outcome::Rejected, Outcome::Duplicate, Outcome::OutOfWindow].map(|outcome| faults.records(outcome));
    pretty(&json!({
        "input": "transactions",
        "rate": dirt.rate,
        "kinds": kinds,
        "read": transactions + rejected + duplicate + out_of_window,
        "staged": transactions,
        "rejected": rejected,
        "duplicate": duplicate,
        "out_of_window": out_of_window,
    }))
}

/// JSON for people; serialising values that are in memory cannot fail.
pub(super) fn pretty(value: &serde_json::Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
