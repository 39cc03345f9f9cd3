//! What campaign tools are told of a customer: the decisions of a run, and who may be contacted, joined from its tables.
//!
//! The same for all of them, under the same names. Figures that move every night without a decision behind them (days since
//! something, probabilities with all their digits) are left out or rounded: a tool that charges for each changed attribute would
//! charge for every customer every night.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use super::Options;
use super::records::{Field, Kind};
use super::source::{Source, TableColumn, TableRows};
use super::value::{Value, day_with_offset};
use crate::error::Result;

/// Published tables that profiles are made of, beside `customers`.
pub(super) const USES: &[&str] = &["customer_ltv", "affinity_ptc", "campaign_targets", "contact_details"];

/// Products that are recommended to a customer: the first so many of `cross_sell`.
const PRODUCTS: usize = 3;

/// Columns of `customers` that are exported as they are.
const AS_THEY_ARE: [(&str, Kind); 17] = [
    ("value_group", Kind::Text),
    ("service_level", Kind::Text),
    ("actual_tier", Kind::Number),
    ("strategic_tier", Kind::Number),
    ("rfm_segment", Kind::Text),
    ("rfm_code", Kind::Text),
    ("lifecycle_state", Kind::Text),
    ("attrition_band", Kind::Text),
    ("orders", Kind::Number),
    ("net_revenue_12m", Kind::Number),
    ("currency", Kind::Text),
    ("pref_channel", Kind::Text),
    ("pref_hour", Kind::Number),
    ("pref_weekday", Kind::Number),
    ("contact_time_zone", Kind::Text),
    ("language", Kind::Text),
    ("in_global_holdout", Kind::Boolean),
];

/// Columns of `customers` that sort somebody in by what they did. Nobody who objected to profiling is handed over with them: in
/// our tables they are one of many in every sum, but another system would act on them.
pub(super) const OF_A_PROFILE: [&str; 6] =
    ["actual_tier", "strategic_tier", "rfm_segment", "rfm_code", "lifecycle_state", "value_cell"];

/// Columns of `customers` that are needed besides.
const BESIDES: [&str; 14] = [
    "customer_id",
    "is_closed",
    "profiling_opt_out",
    "attrition_score",
    "last_order_date",
    "next_birthday",
    "consent_email",
    "consent_email_at",
    "consent_sms",
    "consent_sms_at",
    "consent_phone",
    "consent_phone_at",
    "consent_push",
    "consent_push_at",
];

/// How a consumer wants days: as days, or as the first instant of the day where the customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Days {
    Plain,
    WithOffset,
}

/// What a customer says to being contacted on a channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Consent<'a> {
    /// `granted`, `denied`, `expired` or `unknown`.
    pub status: &'a str,
    /// Microseconds UTC at which they said so.
    pub at: Option<i64>,
}

impl Consent<'_> {
    /// Whether they may be contacted: nobody is who did not say so.
    pub fn is_granted(&self) -> bool {
        self.status == "granted"
    }
}

/// All customers, in the order of their ids.
pub(super) struct Profiles {
    customers: TableRows,
    next_orders: Option<TableRows>,
    products: Option<TableRows>,
    targets: Option<TableRows>,
    contacts: Option<TableRows>,
}

impl Profiles {
    /// Reads what a run has of it. E-mail addresses and telephone numbers come from `contact_details`, which no pipeline has
    /// unless a file of its `sql/` folder makes it, and only where the caller asks for them.
    pub fn read(source: &Source, options: &Options) -> Result<Profiles> {
        let names: Vec<&str> = BESIDES.into_iter().chain(AS_THEY_ARE.iter().map(|(name, _)| *name)).collect();
        let contacts = match options.include_contact {
            true => Some(source.table("contact_details", &["customer_id", "email", "phone"])?),
            false => None,
        };
        Ok(Profiles {
            customers: source.table("customers", &names)?,
            next_orders: source.table_if_there("customer_ltv", &["customer_id", "next_purchase_p50"])?,
            products: source.table_if_there("affinity_ptc", &["customer_id", "list", "rank", "product_id"])?,
            targets: source.table_if_there("campaign_targets", &["campaign_id", "customer_id", "arm"])?,
            contacts,
        })
    }

    /// The columns that [`Profile::attributes`] fills.
    pub fn fields() -> Vec<Field> {
        let as_they_are = AS_THEY_ARE.iter().map(|(name, kind)| Field::new(*name, *kind));
        let more = ["last_order_date", "next_order_date", "next_birthday"].map(Field::text);
        let products = (1..=PRODUCTS).map(|rank| Field::new(Cow::Owned(format!("next_product_{rank}")), Kind::Id));
        as_they_are.chain([Field::number("attrition_percent")]).chain(more).chain(products).collect()
    }

    /// Every customer who has not left us, one after another.
    pub fn each(&self, mut take: impl FnMut(&Profile<'_>) -> Result<()>) -> Result<u64> {
        let customers = &self.customers;
        let ids = customers.column("customer_id")?;
        let closed = customers.column("is_closed")?;
        let columns: Vec<TableColumn<'_>> =
            AS_THEY_ARE.iter().map(|(name, _)| customers.column(name)).collect::<Result<_>>()?;
        let named: BTreeMap<&str, TableColumn<'_>> =
            BESIDES.iter().map(|name| Ok((*name, customers.column(name)?))).collect::<Result<_>>()?;
        let zones = customers.column("contact_time_zone")?;
        let next_orders = days_by_customer(self.next_orders.as_ref())?;
        let products = self.products_by_customer()?;
        let campaigns = self.campaigns_by_customer()?;
        let contacts = self.contacts_by_customer()?;
        let mut known_zones = HashMap::new();
        let mut left = 0;
        for row in 0..customers.len() {
            let Some(id) = ids.text(row) else { continue };
            if closed.is_true(row) {
                left += 1;
                continue;
            }
            let name = zones.text(row).unwrap_or("UTC");
            let zone = known_zones.entry(name).or_insert_with(|| TimeZone::get(name).unwrap_or(TimeZone::UTC));
            take(&Profile {
                id,
                row,
                zone,
                columns: &columns,
                named: &named,
                next_order: next_orders.get(id).copied(),
                products: products.get(id).map_or(&[], Vec::as_slice),
                campaigns: campaigns.get(id).map_or(&[], Vec::as_slice),
                contact: contacts.get(id).copied().unwrap_or_default(),
            })?;
        }
        Ok(left)
    }

    fn products_by_customer(&self) -> Result<HashMap<&str, Vec<&str>>> {
        let mut found: HashMap<&str, Vec<&str>> = HashMap::new();
        let Some(rows) = &self.products else { return Ok(found) };
        let (ids, lists) = (rows.column("customer_id")?, rows.column("list")?);
        let (ranks, products) = (rows.column("rank")?, rows.column("product_id")?);
        // The table is sorted by customer, list and rank.
        for row in (0..rows.len()).filter(|row| lists.text(*row) == Some("cross_sell")) {
            let in_time = ranks.whole(row).is_some_and(|rank| rank <= PRODUCTS as i64);
            if let (true, Some(id), Some(product)) = (in_time, ids.text(row), products.text(row)) {
                found.entry(id).or_default().push(product);
            }
        }
        Ok(found)
    }

    /// The campaigns that are to contact each customer: whoever is suppressed or kept out to compare has none.
    fn campaigns_by_customer(&self) -> Result<HashMap<&str, Vec<&str>>> {
        let mut found: HashMap<&str, Vec<&str>> = HashMap::new();
        let Some(rows) = &self.targets else { return Ok(found) };
        let (campaigns, ids, arms) = (rows.column("campaign_id")?, rows.column("customer_id")?, rows.column("arm")?);
        // The table is sorted by campaign.
        for row in (0..rows.len()).filter(|row| arms.text(*row) == Some(TREAT)) {
            if let (Some(id), Some(campaign)) = (ids.text(row), campaigns.text(row)) {
                found.entry(id).or_default().push(campaign);
            }
        }
        Ok(found)
    }

    fn contacts_by_customer(&self) -> Result<HashMap<&str, Contact<'_>>> {
        let mut found = HashMap::new();
        let Some(rows) = &self.contacts else { return Ok(found) };
        let ids = rows.column("customer_id")?;
        let (emails, phones) = (rows.column("email")?, rows.column("phone")?);
        for row in 0..rows.len() {
            if let Some(id) = ids.text(row) {
                found.insert(id, Contact { email: emails.text(row), phone: phones.text(row) });
            }
        }
        Ok(found)
    }
}

/// The arm of `campaign_targets` that is contacted.
pub(super) const TREAT: &str = "treat";

#[derive(Debug, Clone, Copy, Default)]
struct Contact<'a> {
    email: Option<&'a str>,
    phone: Option<&'a str>,
}

fn days_by_customer(rows: Option<&TableRows>) -> Result<HashMap<&str, i32>> {
    let mut found = HashMap::new();
    let Some(rows) = rows else { return Ok(found) };
    let (ids, days) = (rows.column("customer_id")?, rows.column("next_purchase_p50")?);
    for row in 0..rows.len() {
        if let (Some(id), Value::Day(day)) = (ids.text(row), days.value(row)) {
            found.insert(id, day);
        }
    }
    Ok(found)
}

/// One customer.
pub(super) struct Profile<'a> {
    /// The id as it was given.
    pub id: &'a str,
    row: usize,
    zone: &'a TimeZone,
    columns: &'a [TableColumn<'a>],
    named: &'a BTreeMap<&'a str, TableColumn<'a>>,
    next_order: Option<i32>,
    products: &'a [&'a str],
    campaigns: &'a [&'a str],
    contact: Contact<'a>,
}

impl<'a> Profile<'a> {
    /// Appends a value for each of [`Profiles::fields`].
    pub fn attributes(&self, days: Days, row: &mut Vec<Value<'a>>) {
        let objects = self.named["profiling_opt_out"].is_true(self.row);
        row.extend(AS_THEY_ARE.iter().zip(self.columns).map(|((name, _), column)| match objects {
            true if OF_A_PROFILE.contains(name) => Value::Null,
            _ => column.value(self.row),
        }));
        // A whole per cent: enough to choose by, and it does not change every night.
        row.push(match self.named["attrition_score"].value(self.row) {
            Value::Double(score) if score.is_finite() => Value::Whole((score * 100.0).round() as i64),
            _ => Value::Null,
        });
        let day = |name: &str| match self.named[name].value(self.row) {
            Value::Day(day) => Some(day),
            _ => None,
        };
        for day in [day("last_order_date"), self.next_order, day("next_birthday")] {
            row.push(match (day, days) {
                (None, _) => Value::Null,
                (Some(day), Days::Plain) => Value::Day(day),
                (Some(day), Days::WithOffset) => day_with_offset(day, self.zone).into(),
            });
        }
        let products = (0..PRODUCTS).map(|place| self.products.get(place).copied());
        row.extend(products.map(Value::from));
    }

    /// The campaigns that are to contact the customer, in order, with `separator` between them.
    pub fn campaigns(&self, separator: &str) -> Value<'a> {
        self.campaigns.join(separator).into()
    }

    /// What the customer says to `email`, `sms`, `phone` or `push` for marketing.
    pub fn consent(&self, channel: &str) -> Consent<'a> {
        let status = self.named.get(format!("consent_{channel}").as_str()).and_then(|column| column.text(self.row));
        let at = self.named.get(format!("consent_{channel}_at").as_str()).and_then(|column| column.whole(self.row));
        Consent { status: status.unwrap_or("unknown"), at }
    }

    /// The e-mail address, when the caller asked for it and the customer allows marketing by e-mail.
    pub fn email(&self) -> Value<'a> {
        self.contact.email.filter(|_| self.consent("email").is_granted()).into()
    }

    /// The telephone number, when the caller asked for it and the customer allows text messages or calls.
    pub fn phone(&self) -> Value<'a> {
        let allowed = self.consent("sms").is_granted() || self.consent("phone").is_granted();
        self.contact.phone.filter(|_| allowed).into()
    }
}

/// Why customers who left us are in no file.
pub(super) const CLOSED: &str = "left us formally";
