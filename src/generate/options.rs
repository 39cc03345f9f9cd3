//! What to generate: size, period, seed, files, and the parameters of the shop.

use std::path::PathBuf;

use jiff::civil::{Date, date};
use serde::Serialize;

use super::clicks::Clicks;
use super::contracts::Contracts;
use super::dirt::{Dirt, DirtKind};
use super::model::Model;

/// What to generate, and where to.
#[derive(Debug, Clone)]
pub struct GenerateOptions {
    /// Folder that is made; it must not exist, or be empty.
    pub out: PathBuf,
    /// Customers with a number; shoppers without one come on top ([`Model::anonymous_share`]).
    pub customers: u64,
    /// Lines of the transactions export to aim at: purchase rates are scaled until the expected number is this one.
    /// The count that comes out differs by chance (see [`GenerateReport`](super::GenerateReport)). Left out, the rates
    /// are the model's.
    pub lines: Option<u64>,
    /// Products in the catalogue, at least [`GenerateOptions::MIN_PRODUCTS`].
    pub products: u32,
    /// Days of history; the first is `end` less `days` plus one.
    pub days: u32,
    /// Last day of the history. A pipeline that reads it is run as of the day after.
    pub end: Date,
    /// The same seed and options give the same bytes, whatever the number of threads (and on any machine whose
    /// mathematics library rounds logarithms and powers alike).
    pub seed: u64,
    /// Faults to plant in the transactions export, all counted in `truth/dirt.json`.
    pub dirt: Dirt,
    /// One transactions file, or one a month.
    pub layout: Layout,
    /// Whether exports are compressed (`.csv.gz`, of several members, as log shippers write them).
    pub gzip: bool,
    /// Threads to use.
    pub threads: usize,
    /// The parameters of the shop and its customers.
    pub model: Model,
    /// Contracts with renewals, if there are to be any.
    pub contracts: Option<Contracts>,
    /// Page events in the interactions export, if there are to be any.
    pub clicks: Option<Clicks>,
}

impl GenerateOptions {
    /// The smallest catalogue that has room for the planted structure.
    pub const MIN_PRODUCTS: u32 = 60;
    /// The shortest history in which the planted structure shows.
    pub const MIN_DAYS: u32 = 60;
    /// The longest history: the calendar is held in memory.
    pub const MAX_DAYS: u32 = 20_000;
    /// The most customers: order numbers hold the customer in 28 bits.
    pub const MAX_CUSTOMERS: u64 = 1 << 28;

    /// What `sample-data/` is made with: a year and a half of a small shop, and a little dirt. Rows from the future are
    /// left out, so that a run without `--as-of` ends where the history does.
    pub fn sample(out: PathBuf) -> Self {
        let kinds = DirtKind::ALL.into_iter().filter(|&kind| kind != DirtKind::FutureRow).collect();
        GenerateOptions {
            out,
            customers: 1_500,
            products: 240,
            days: 546,
            end: date(2026, 6, 30),
            seed: 20_260_630,
            dirt: Dirt { rate: 0.008, kinds },
            model: Model { rate_days: 110.0, contacts_per_order: 0.3, ..Model::default() },
            ..GenerateOptions::default()
        }
    }
}

impl Default for GenerateOptions {
    fn default() -> Self {
        GenerateOptions {
            out: PathBuf::from("exports"),
            customers: 10_000,
            lines: None,
            products: 1_000,
            days: 730,
            end: date(2026, 6, 30),
            seed: 1,
            dirt: Dirt::none(),
            layout: Layout::Monthly,
            gzip: false,
            threads: 1,
            model: Model::default(),
            contracts: None,
            clicks: None,
        }
    }
}

/// How the transactions export is cut into files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `transactions.csv`.
    Single,
    /// `transactions_2026-01.csv`, one a calendar month.
    Monthly,
}
