//! What happens to one customer, from the first order to the last day: orders, contacts, campaigns.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Gamma, Normal, Poisson};

use super::basket::{Baskets, Line, Shopper};
use super::calendar::Moment;
use super::campaigns::{self, Campaign, Permissions};
use super::catalogue::{Catalogue, NEEDS};
use super::customer::{CHANNELS, Customer, FRANC_REGION, PHONE, Population, STORE, pick};
use super::fx::Francs;
use super::model::Model;
use super::reach::Reach;
use super::service::{Cause, Contact, ContactCentre};
use super::streams::{Purpose, Streams};
use crate::error::{Error, Result};

/// One order.
pub(super) struct Order {
    /// Its number, unique among all orders.
    pub(super) number: u64,
    /// Who ordered; nobody for a shopper without a number.
    pub(super) customer: Option<u64>,
    /// When.
    pub(super) at: Moment,
    /// Index of the channel.
    pub(super) channel: usize,
    /// Which store, for orders in a store.
    pub(super) store: Option<u32>,
    /// Paid in francs.
    pub(super) francs: bool,
    /// Index of the campaign without which it would not be.
    pub(super) campaign: Option<usize>,
    /// Cancelled at once.
    pub(super) cancelled: bool,
    /// Its goods.
    pub(super) lines: Vec<Line>,
    /// Postage in cents, if any.
    pub(super) postage: Option<i64>,
    /// Fee for paying on account in cents, if any.
    pub(super) fee: Option<i64>,
    /// What came back.
    pub(super) refund: Option<Refund>,
}

/// Goods that came back.
pub(super) struct Refund {
    /// When.
    pub(super) at: Moment,
    /// The line, with negative quantity, discount and cost.
    pub(super) line: Line,
}

impl Order {
    /// What the goods came to, in cents of the order's currency.
    pub(super) fn goods(&self) -> i64 {
        self.lines.iter().map(Line::amount).sum()
    }

    /// Rows of the transactions export.
    pub(super) fn rows(&self) -> u64 {
        let extra = [self.postage.is_some(), self.fee.is_some(), self.refund.is_some()];
        (self.lines.len() + extra.into_iter().filter(|&extra| extra).count()) as u64
    }
}

/// Everything that happened to one customer, and to the nameless people who came along.
pub(super) struct Life {
    /// Who they are.
    pub(super) customer: Customer,
    /// When and why they left, if they did.
    pub(super) left: Option<(f64, Cause)>,
    /// Orders of the customer in time order, cancelled attempts among them.
    pub(super) orders: Vec<Order>,
    /// Orders of nameless shoppers.
    pub(super) anonymous: Vec<Order>,
    /// Contacts of the customer.
    pub(super) contacts: Vec<Contact>,
    /// Contacts of unknown callers.
    pub(super) unknown_contacts: Vec<Contact>,
    /// Consents and campaigns.
    pub(super) permissions: Permissions,
}

/// The shop: everything that lives are drawn from.
pub(super) struct Shop<'a> {
    /// The parameters.
    pub(super) model: &'a Model,
    /// Days of the history.
    pub(super) days: u32,
    /// The products.
    pub(super) catalogue: &'a Catalogue,
    /// The campaigns.
    pub(super) campaigns: &'a [Campaign],
    /// The rates of the franc.
    pub(super) francs: &'a Francs,
    pub(super) streams: &'a Streams,
    population: Population,
    baskets: Baskets<'a>,
    centre: ContactCentre,
    /// An order's value around the customer's mean, with a mean of one.
    order_value: Gamma<f64>,
    /// Factor on all purchase rates.
    pub(super) rate_scale: f64,
}

impl<'a> Shop<'a> {
    /// Stores of the shop.
    const STORES: u32 = 8;
    /// Orders below this many cents pay postage.
    const FREE_POSTAGE_CENTS: i64 = 3_000;
    /// More orders than this a customer are not written: order numbers have 14 bits for them.
    const MOST_ORDERS: usize = 1 << 14;

    /// The shop of `model`.
    ///
    /// # Errors
    /// Usage, when a parameter of the model makes no distribution.
    pub(super) fn new(
        model: &'a Model,
        days: u32,
        streams: &'a Streams,
        catalogue: &'a Catalogue,
        campaigns: &'a [Campaign],
        francs: &'a Francs,
    ) -> Result<Self> {
        Ok(Shop {
            model,
            days,
            catalogue,
            campaigns,
            francs,
            streams,
            population: Population::new(model, days, catalogue.planted.replenished.len())?,
            baskets: Baskets::new(catalogue, model)?,
            centre: ContactCentre::new(model)?,
            order_value: Gamma::new(model.spend_p, 1.0 / model.spend_p)
                .map_err(|error| Error::usage("`spend_p` of the model makes no distribution").because(error))?,
            rate_scale: 1.0,
        })
    }

    /// The life of customer `index`.
    pub(super) fn life(&self, index: u64) -> Life {
        let customer = self.customer(index);
        let (times, contacts, left) = self.times(&customer);
        let permissions = campaigns::permissions(
            self.campaigns,
            self.model,
            &customer,
            left.map(|(day, _)| day),
            self.days,
            &mut self.streams.get(index, Purpose::Campaigns),
        );
        let extra = permissions.sent.iter().filter_map(|sent| Some((sent.extra_order?, Some(sent.campaign))));
        let mut times: Vec<(f64, Option<usize>)> = times.into_iter().map(|day| (day, None)).chain(extra).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let orders = self.orders(&customer, &times);
        let mut rng = self.streams.get(index, Purpose::Anonymous);
        let anonymous = self.anonymous(index, orders.len(), &mut rng);
        let unknown_contacts = self.unknown_contacts(contacts.len(), &mut rng);
        Life { customer, left, orders, anonymous, contacts, unknown_contacts, permissions }
    }

    /// How often customer `index` orders of their own accord: a part of their life that is quickly told.
    pub(super) fn own_orders(&self, index: u64) -> u64 {
        self.times(&self.customer(index)).0.len() as u64
    }

    fn customer(&self, index: u64) -> Customer {
        let customer = self.population.draw(index, &mut self.streams.get(index, Purpose::Profile));
        Customer { rate: customer.rate * self.rate_scale, ..customer }
    }

    /// When the customer orders of their own accord, what contacts that leads to, and when and why they leave.
    fn times(&self, customer: &Customer) -> (Vec<f64>, Vec<Contact>, Option<(f64, Cause)>) {
        let days = f64::from(self.days);
        let mut rng = self.streams.get(customer.index, Purpose::Life);
        let mut service = self.streams.get(customer.index, Purpose::Service);
        let mut times = Vec::new();
        let mut contacts = Vec::new();
        let mut left: Option<(f64, Cause)> = None;
        let mut day = customer.acquired;
        while day < days && left.is_none_or(|(until, _)| day < until) && times.len() < Self::MOST_ORDERS {
            // Thinning a Poisson process is a Poisson process with the lower rate.
            let shrunk = customer.shrinks_from.is_some_and(|from| day >= from);
            if !shrunk || rng.random::<f64>() < self.model.shrink_factor {
                times.push(day);
                self.contacts_after(customer, day, &mut left, &mut contacts, &mut service);
                // As in BG/NBD, nobody leaves by the first order.
                if times.len() > 1 && rng.random::<f64>() < customer.dropout {
                    left = Some((day, Cause::Order));
                }
            }
            day -= (1.0 - rng.random::<f64>()).ln() / customer.rate;
        }
        (times, contacts, left.filter(|&(until, _)| until < days))
    }

    /// Contacts in the days after an order, and whether one of them makes the customer leave.
    fn contacts_after(
        &self,
        customer: &Customer,
        day: f64,
        left: &mut Option<(f64, Cause)>,
        contacts: &mut Vec<Contact>,
        rng: &mut impl Rng,
    ) {
        for _ in 0..poisson(self.model.contacts_per_order, rng) {
            let at = day - 4.0 * (1.0 - rng.random::<f64>()).ln();
            let contact = self.centre.contact(at as u32, |rng| Reach::of(customer, self.model, rng), rng);
            let cause = self.centre.leaves(&contact, rng);
            if at >= f64::from(self.days) {
                continue;
            }
            if let Some(cause) = cause
                && left.is_none_or(|(until, _)| at < until)
            {
                *left = Some((at, cause));
            }
            contacts.push(contact);
        }
    }

    fn orders(&self, customer: &Customer, times: &[(f64, Option<usize>)]) -> Vec<Order> {
        let mut rng = self.streams.get(customer.index, Purpose::Baskets);
        let mut shopper = Shopper {
            need: customer.need,
            prefers_first: customer.prefers_first,
            replenishes: customer.replenishes,
            wanted: Vec::new(),
        };
        let francs = self.model.foreign_currency && customer.region == FRANC_REGION;
        let mut orders = Vec::with_capacity(times.len());
        for (sequence, &(day, campaign)) in times.iter().take(Self::MOST_ORDERS).enumerate() {
            let number = order_number(customer.index, Numbers::Order, sequence as u64);
            let mut order =
                self.order(number, day, customer.hour, customer.mean_order_value, francs, &mut shopper, &mut rng);
            order.customer = Some(customer.index);
            order.campaign = campaign;
            let preferred = rng.random::<f64>() < 0.8;
            let other = pick(CHANNELS.iter().map(|channel| channel.1), &mut rng);
            self.deliver(&mut order, if preferred { customer.channel } else { other }, &mut rng);
            if rng.random::<f64>() < self.model.cancelled_share {
                let number = order_number(customer.index, Numbers::Cancelled, sequence as u64);
                orders.push(cancelled_attempt(&order, number));
            }
            orders.push(order);
        }
        orders
    }

    /// An order of goods only.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a fact about the order; a struct would be built to be taken apart"
    )]
    fn order(
        &self,
        number: u64,
        day: f64,
        hour: u32,
        mean_value: f64,
        francs: bool,
        shopper: &mut Shopper,
        rng: &mut impl Rng,
    ) -> Order {
        let mut basket = Vec::new();
        self.baskets.fill(shopper, day, rng, &mut basket);
        let at = Moment { day: day as u32, second: near_hour(hour, rng) };
        let cents = (self.order_value.sample(rng) * mean_value * 100.0).round() as i64;
        let lines = if francs {
            let total = self.francs.convert(cents, at.day);
            self.baskets.price(&basket, total, rng, |product| {
                (Francs::list_price(product.price), Francs::list_price(product.cost))
            })
        } else {
            self.baskets.price(&basket, cents, rng, |product| (product.price, product.cost))
        };
        Order {
            number,
            customer: None,
            at,
            channel: 0,
            store: None,
            francs,
            campaign: None,
            cancelled: false,
            lines,
            postage: None,
            fee: None,
            refund: None,
        }
    }

    /// How the order reaches us and the customer: channel, store, postage, fee, and what comes back.
    fn deliver(&self, order: &mut Order, channel: usize, rng: &mut impl Rng) {
        order.channel = channel;
        order.store = (channel == STORE).then(|| rng.random_range(1..=Self::STORES));
        order.postage = (channel != STORE && order.goods() < Self::FREE_POSTAGE_CENTS).then_some(490);
        order.fee = (channel == PHONE && rng.random::<f64>() < 0.2).then_some(250);
        order.refund = self.refund(order, rng);
    }

    /// Some orders have a line that comes back, in whole or by half, two days to a month later.
    fn refund(&self, order: &Order, rng: &mut impl Rng) -> Option<Refund> {
        if rng.random::<f64>() >= self.model.return_share {
            return None;
        }
        let line = order.lines[rng.random_range(0..order.lines.len())];
        let at = Moment { day: order.at.day + rng.random_range(2..=30), second: near_hour(14, rng) };
        let units = if rng.random::<bool>() { line.quantity } else { (line.quantity / 2).max(1) };
        let back = Line {
            product: line.product,
            quantity: -units,
            unit_price: line.unit_price,
            discount: -(line.discount * units / line.quantity),
            cost: -(line.cost / line.quantity * units),
        };
        (at.day < self.days).then_some(Refund { at, line: back })
    }

    /// Orders of shoppers without a number: as many beside `orders` as the model's share asks for, on any day.
    fn anonymous(&self, index: u64, orders: usize, rng: &mut impl Rng) -> Vec<Order> {
        let share = self.model.anonymous_share;
        let count = poisson(orders as f64 * share / (1.0 - share), rng).min(Self::MOST_ORDERS as u32);
        (0..u64::from(count))
            .map(|sequence| {
                let stranger = self.population.draw(index, rng);
                let mut shopper = Shopper {
                    need: rng.random_range(0..NEEDS.len()),
                    prefers_first: stranger.prefers_first,
                    replenishes: None,
                    wanted: Vec::new(),
                };
                let day = f64::from(self.days) * rng.random::<f64>();
                let number = order_number(index, Numbers::Anonymous, sequence);
                let mean_value = stranger.mean_order_value;
                let mut order = self.order(number, day, stranger.hour, mean_value, false, &mut shopper, rng);
                self.deliver(&mut order, stranger.channel, rng);
                order
            })
            .collect()
    }

    fn unknown_contacts(&self, contacts: usize, rng: &mut impl Rng) -> Vec<Contact> {
        let share = self.model.unknown_caller_share;
        (0..poisson(contacts as f64 * share / (1.0 - share), rng))
            .map(|_| {
                let hour = rng.random_range(9..21);
                self.centre.contact(rng.random_range(0..self.days), |rng| Reach::around(hour, rng), rng)
            })
            .collect()
    }
}

/// The customer ordered the same an hour earlier, and cancelled.
fn cancelled_attempt(order: &Order, number: u64) -> Order {
    Order {
        number,
        at: Moment { second: order.at.second - 3600, ..order.at },
        cancelled: true,
        lines: order.lines.clone(),
        refund: None,
        ..*order
    }
}

/// The kinds of orders that have numbers of their own.
#[derive(Clone, Copy)]
enum Numbers {
    Order = 0,
    Cancelled = 1,
    Anonymous = 2,
}

/// A number for an order that looks like a shop's and is unique: an odd factor permutes the numbers below 2^44, of which
/// the customer takes 28 bits, the kind 2 and the sequence 14.
fn order_number(customer: u64, kind: Numbers, sequence: u64) -> u64 {
    const ODD: u64 = 9_007_199_254_741;
    let plain = customer << 16 | (kind as u64) << 14 | sequence;
    plain.wrapping_mul(ODD) & ((1 << 44) - 1)
}

/// A second of the day around `hour`, while the shop is open (from 8 to 23, so that an hour earlier is still a day).
pub(super) fn near_hour(hour: u32, rng: &mut impl Rng) -> u32 {
    let spread = Normal::new(f64::from(hour) + 0.5, 2.0).map_or(12.0, |law| law.sample(rng));
    (spread.clamp(8.0, 22.9) * 3600.0) as u32
}

/// A Poisson number, zero for a mean of zero.
pub(super) fn poisson(mean: f64, rng: &mut impl Rng) -> u32 {
    Poisson::new(mean).map_or(0, |law| law.sample(rng) as u32)
}
