//! How a life looks in the exports: their columns, as a shop's system would name them, and one function a row.

use super::calendar::{Calendar, DAY_SECONDS, Moment};
use super::campaigns::Permissions;
use super::catalogue::Product;
use super::clicks::Click;
use super::customer::{CHANNELS, REGIONS, SOURCES};
use super::export::Sink;
use super::life::{Life, Order, Shop};
use super::options::GenerateOptions;
use super::row::Row;
use super::service::{CONTACT_CHANNELS, Contact, REASONS};
use super::streams::Purpose;
use crate::error::Result;

/// Columns of `transactions*.csv`.
pub(super) const TRANSACTIONS: &str = "CustomerNo,InvoiceNo,LineNo,InvoiceDate,SKU,Qty,UnitPrice,Discount,Cost,Currency,Channel,Store,State,CampaignCode,RefundOf,ModifiedAt,Note";
/// Columns of `interactions.csv`.
pub(super) const INTERACTIONS: &str = "ContactNo,CustomerNo,Channel,Begin,Answered,End,WaitSeconds,TalkSeconds,WrapSeconds,GaveUp,Queue,Agent,Reason,Complaint,ComplaintNo,Solved,Rating,Cost,ModifiedAt";
/// The same with page events.
pub(super) const INTERACTIONS_WITH_CLICKS: &str = "ContactNo,CustomerNo,Channel,Begin,Answered,End,WaitSeconds,TalkSeconds,WrapSeconds,GaveUp,Queue,Agent,Reason,Complaint,ComplaintNo,Solved,Rating,Cost,ModifiedAt,Visitor,WebSession,Event,SKU,CartValue";
/// Columns of `customers.csv`.
pub(super) const CUSTOMERS: &str =
    "CustomerNo,HouseholdNo,Type,Region,Language,Born,Since,Source,AcquisitionCost,NoProfiling,ModifiedAt";
/// Columns of `consents.csv`.
pub(super) const CONSENTS: &str = "CustomerNo,Channel,Answer,At,Source,Confirmed,RunsOut";
/// Columns of `contacts_sent.csv`.
pub(super) const CONTACTS_SENT: &str =
    "CampaignCode,CustomerNo,Arm,Channel,Content,SentAt,Delivered,Opened,OpenedByMachine,Clicked,Unsubscribed,Cost";
/// Columns of `products.csv`.
pub(super) const PRODUCTS: &str = "SKU,Name,Category,Cost,Price,AvailableFrom";
/// A column more of `products.csv`: the product that this one is a size of.
const VARIANT: &str = "VariantOf";
/// Columns of `fx.csv`.
pub(super) const FX: &str = "Currency,From,Rate";

/// Article number of postage.
const POSTAGE: &str = "POST";
/// Article number of the fee for paying on account.
const FEE: &str = "FEE";
/// Page events of a customer are numbered from here, contacts from 0.
const FIRST_CLICK: u64 = 1 << 15;
/// Rows are stamped by the night's batch of their day.
const STAMP_SECOND: u32 = 23 * 3600 + 1800;

/// Writes lives into exports.
pub(super) struct Writer<'a> {
    shop: &'a Shop<'a>,
    calendar: &'a Calendar,
    options: &'a GenerateOptions,
    row: Row,
}

/// The exports that a life goes to.
pub(super) struct Sinks<'a> {
    pub(super) transactions: Sink<'a>,
    pub(super) interactions: Sink<'a>,
    pub(super) customers: Sink<'a>,
    pub(super) consents: Sink<'a>,
    pub(super) contacts_sent: Sink<'a>,
    pub(super) truth: Sink<'a>,
}

impl Sinks<'_> {
    /// Hands everything over; the sinks stay for the next rows.
    ///
    /// # Errors
    /// Output, when the disk fails.
    pub(super) fn flush(&mut self) -> Result<()> {
        let Sinks { transactions, interactions, customers, consents, contacts_sent, truth } = self;
        [transactions, interactions, customers, consents, contacts_sent, truth].into_iter().try_for_each(Sink::flush)
    }
}

/// A customer's number as printed.
pub(super) fn customer_number(row: &mut Row, index: u64) -> &mut Row {
    row.id("", 10_000_001 + index, 8)
}

impl<'a> Writer<'a> {
    /// A writer for the customers of `shop`.
    pub(super) fn new(shop: &'a Shop<'a>, calendar: &'a Calendar, options: &'a GenerateOptions) -> Self {
        Writer { shop, calendar, options, row: Row::default() }
    }

    /// Writes everything that a reader of the exports may see of `life`.
    pub(super) fn life(&mut self, life: &Life, sinks: &mut Sinks<'_>) {
        for order in life.orders.iter().chain(&life.anonymous) {
            self.order(order, &mut sinks.transactions);
        }
        let known = life.contacts.iter().map(|contact| (contact, Some(life.customer.index)));
        let unknown = life.unknown_contacts.iter().map(|contact| (contact, None));
        for (sequence, (contact, customer)) in known.chain(unknown).enumerate() {
            let number = life.customer.index << 16 | sequence as u64;
            self.contact(number, customer, contact, &mut sinks.interactions);
        }
        if let Some(clicks) = &self.options.clicks {
            let mut stream = self.shop.streams.get(life.customer.index, Purpose::Clicks);
            let clicks = clicks.of(life, self.shop.days, &self.shop.catalogue.products, &mut stream);
            for (click, sequence) in clicks.iter().zip(FIRST_CLICK..) {
                self.click(life.customer.index, sequence, click, &mut sinks.interactions);
            }
        }
        self.customer(life, &mut sinks.customers);
        self.permissions(life.customer.index, &life.permissions, sinks);
    }

    fn order(&mut self, order: &Order, sink: &mut Sink<'_>) {
        let products = &self.shop.catalogue.products;
        for (number, line) in (1..).zip(&order.lines) {
            let sku = &products[line.product as usize].id;
            self.line(
                order,
                order.at,
                number,
                sku,
                line.quantity,
                line.unit_price,
                line.discount,
                Some(line.cost),
                sink,
            );
        }
        let mut number = order.lines.len() as u64;
        for (sku, cents) in [(POSTAGE, order.postage), (FEE, order.fee)] {
            if let Some(cents) = cents {
                number += 1;
                self.line(order, order.at, number, sku, 1, cents, 0, None, sink);
            }
        }
        if let Some(refund) = &order.refund {
            let line = &refund.line;
            let sku = &products[line.product as usize].id;
            self.line(order, refund.at, 1, sku, line.quantity, line.unit_price, line.discount, Some(line.cost), sink);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a column of the row")]
    fn line(
        &mut self,
        order: &Order,
        at: Moment,
        number: u64,
        sku: &str,
        quantity: i64,
        unit_price: i64,
        discount: i64,
        cost: Option<i64>,
        sink: &mut Sink<'_>,
    ) {
        let refund = quantity < 0;
        let row = self.row.start();
        match order.customer {
            Some(customer) => customer_number(row, customer),
            None => row.empty(),
        };
        row.id(if refund { "C" } else { "" }, order.number, 14)
            .id("", number, 1)
            .moment(self.calendar, at)
            .text(sku)
            .number(quantity)
            .cents(unit_price)
            .cents(discount);
        match cost {
            Some(cost) => row.cents(cost),
            None => row.empty(),
        };
        row.text(if order.francs { "CHF" } else { "EUR" }).text(CHANNELS[order.channel].0);
        match order.store {
            Some(store) => row.id("S", u64::from(store), 2),
            None => row.empty(),
        };
        row.text(if order.cancelled { "storno" } else { "ok" });
        match order.campaign {
            Some(campaign) if !refund => row.text(&self.shop.campaigns[campaign].id),
            _ => row.empty(),
        };
        if refund {
            row.id("", order.number, 14)
        } else {
            row.empty()
        };
        row.moment(self.calendar, Moment { second: STAMP_SECOND, ..at }).empty();
        let kind = if refund { 0 } else { number };
        sink.push((at.seconds(), order.number << 16 | kind), row.bytes());
    }

    fn contact(&mut self, number: u64, customer: Option<u64>, contact: &Contact, sink: &mut Sink<'_>) {
        let channel = CONTACT_CHANNELS[contact.channel].0;
        let answered = contact.at.later(contact.wait);
        let row = self.row.start().id("K", number, 12);
        match customer {
            Some(customer) => customer_number(row, customer),
            None => row.empty(),
        };
        row.text(channel).moment(self.calendar, contact.at);
        if contact.abandoned {
            row.empty()
        } else {
            row.moment(self.calendar, answered)
        };
        row.moment(self.calendar, answered.later(contact.talk))
            .number(i64::from(contact.wait))
            .number(i64::from(contact.talk))
            .number(i64::from(contact.wrap))
            .flag(contact.abandoned)
            .text(if contact.complaint { "complaints" } else { "general" });
        if contact.abandoned {
            row.empty()
        } else {
            row.id("agent", u64::from(contact.agent), 2)
        };
        row.text(REASONS[contact.reason].0).flag(contact.complaint);
        if contact.complaint {
            row.id("R", number, 12)
        } else {
            row.empty()
        };
        row.flag(contact.resolved);
        match contact.satisfaction {
            Some(rating) => row.number(i64::from(rating)),
            None => row.empty(),
        };
        row.cents(contact.cost).moment(self.calendar, Moment { second: STAMP_SECOND, ..contact.at });
        if self.options.clicks.is_some() {
            row.empty().empty().empty().empty().empty();
        }
        sink.push((contact.at.seconds(), number), row.bytes());
    }

    fn click(&mut self, customer: u64, sequence: u64, click: &Click, sink: &mut Sink<'_>) {
        let number = customer << 16 | sequence;
        let row = self.row.start().id("E", number, 12);
        if click.named {
            customer_number(row, customer)
        } else {
            row.empty()
        };
        row.text(if click.app { "app" } else { "web" }).moment(self.calendar, click.at);
        // What only a conversation has.
        for _ in 0..11 {
            row.empty();
        }
        if click.event == "question" {
            row.flag(false)
        } else {
            row.empty()
        };
        row.empty().empty().moment(self.calendar, Moment { second: STAMP_SECOND, ..click.at });
        let (visit, orders) = click.visit;
        row.id("W", 10_000_001 + customer, 8)
            .id(if orders { "O" } else { "B" }, customer << 16 | visit, 14)
            .text(click.event);
        match click.product {
            Some(product) => row.text(&self.shop.catalogue.products[product as usize].id),
            None => row.empty(),
        };
        match click.cart {
            Some(cents) => row.cents(cents),
            None => row.empty(),
        };
        sink.push((click.at.seconds(), number), row.bytes());
    }

    fn customer(&mut self, life: &Life, sink: &mut Sink<'_>) {
        let customer = &life.customer;
        let signup = Moment { day: customer.acquired as u32, second: customer.hour * 3600 };
        let region = REGIONS[customer.region].0;
        let (source, source_cost) = SOURCES[customer.source];
        let row = self.row.start();
        customer_number(row, customer.index).id("H", 10_000_001 + customer.household, 8);
        let language = if customer.index.is_multiple_of(9) { "en" } else { "de" };
        row.text(if customer.company { "F" } else { "P" }).text(region).text(language);
        if customer.company {
            row.empty();
        } else {
            // The day of birth is the index's: nothing depends on it, and 29 February must occur.
            let year = self.calendar.date(0).year() - customer.age as i16;
            let birth =
                jiff::civil::date(year, 1, 1).saturating_add(jiff::Span::new().days((customer.index % 365) as i32));
            row.text(birth.strftime("%d.%m.%Y").to_string());
        }
        row.moment(self.calendar, signup)
            .text(source)
            .cents(source_cost)
            .flag(customer.no_profiling)
            .moment(self.calendar, Moment { second: STAMP_SECOND, ..signup });
        sink.push((customer.index, 0), row.bytes());
    }

    fn permissions(&mut self, customer: u64, permissions: &Permissions, sinks: &mut Sinks<'_>) {
        for (sequence, consent) in permissions.consents.iter().enumerate() {
            let row = self.row.start();
            customer_number(row, customer)
                .text(consent.channel)
                .text(if consent.granted { "yes" } else { "no" })
                .moment(self.calendar, consent.at)
                .text(consent.source)
                .flag(consent.double_opt_in);
            match consent.expires {
                Some(day) => row.day(self.calendar, day),
                None => row.empty(),
            };
            sinks.consents.push((consent.at.seconds(), customer << 16 | sequence as u64), row.bytes());
        }
        for sent in &permissions.sent {
            let campaign = &self.shop.campaigns[sent.campaign];
            let row = self.row.start().text(&campaign.id);
            customer_number(row, customer)
                .text(if sent.treated { "treat" } else { "control" })
                .text("mail")
                .text(if sent.treated { "newsletter" } else { "" })
                .moment(self.calendar, campaign.sent)
                .flag(sent.delivered)
                .flag(sent.opened)
                .flag(sent.opened_by_machine)
                .flag(sent.clicked)
                .flag(sent.unsubscribed)
                .cents(if sent.treated { 8 } else { 0 });
            // In time order too, as a campaign is sent at once; and spread evenly, so that no bucket is a campaign.
            sinks.contacts_sent.push((sent.campaign as u64 * self.options.customers + customer, 0), row.bytes());
        }
    }
}

/// The text of `products.csv`: names with commas and quotes, as real ones have. [`VARIANT`] is there when a product is one.
pub(super) fn products(products: &[Product], calendar: &Calendar) -> Vec<u8> {
    let with_variants = products.iter().any(|product| product.variant_of.is_some());
    let mut text = headed(&if with_variants { format!("{PRODUCTS},{VARIANT}") } else { PRODUCTS.to_owned() });
    let mut row = Row::default();
    let fixed = [(POSTAGE, "Postage"), (FEE, "Fee for paying on account")];
    for (index, product) in products.iter().enumerate() {
        let kind = product.category.rsplit('/').next().unwrap_or_default();
        row.start()
            .text(&product.id)
            .quoted(&format!("{kind} no. {index}, \"{}\"", ["small", "large", "family"][index % 3]))
            .text(product.category)
            .cents(product.cost)
            .cents(product.price)
            .day(calendar, 0);
        match product.variant_of {
            Some(other) => {
                row.text(&products[other as usize].id);
            }
            None if with_variants => {
                row.empty();
            }
            None => {}
        }
        push_line(&mut text, &row);
    }
    for (sku, name) in fixed {
        row.start().text(sku).quoted(name).text("services").empty().empty().day(calendar, 0);
        if with_variants {
            row.empty();
        }
        push_line(&mut text, &row);
    }
    text
}

/// The text of `fx.csv`.
pub(super) fn fx(rates: &[(u32, i64)], calendar: &Calendar) -> Vec<u8> {
    let mut text = headed(FX);
    let mut row = Row::default();
    for &(day, rate) in rates {
        row.start().text("CHF").day(calendar, day).text(format!("{}.{:04}", rate / 10_000, rate % 10_000));
        push_line(&mut text, &row);
    }
    text
}

/// A text that begins with a header.
pub(super) fn headed(header: &str) -> Vec<u8> {
    [header.as_bytes(), b"\n"].concat()
}

/// Adds a record and its line end.
pub(super) fn push_line(text: &mut Vec<u8>, row: &Row) {
    text.extend_from_slice(row.bytes());
    text.push(b'\n');
}

/// Seconds in `days` days: the range of the keys of exports in time order.
pub(super) fn seconds(days: u32) -> u64 {
    u64::from(days) * u64::from(DAY_SECONDS)
}
