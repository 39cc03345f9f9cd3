//! `patronage generate`: exports of a made-up shop whose truth is known.

use std::path::PathBuf;

use clap::ValueEnum;
use jiff::civil::Date;

use super::args::GlobalArgs;
use super::output::{deliver, writing};
use super::words::grouped;
use super::{progress, signals};
use crate::error::Result;
use crate::generate::{self, Clicks, Contracts, Dirt, GenerateOptions, GenerateReport, Layout, Model};

const EXAMPLES: &str = "\
Examples:
  patronage generate shop                              10,000 customers over two years
  patronage generate shop --lines 10000000 --gzip      ten million lines
  patronage generate shop --dirt 0.01                  one line in a hundred is faulty
  patronage generate shop --basket-mean 8              larger baskets
  patronage run shop                                   and the pipeline over it";

/// Exports of a made-up shop with a contact centre, of any size, whose truth is known
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Args {
    /// The folder to make; it must not exist, or be empty
    out: PathBuf,
    /// Customers
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    customers: u64,
    /// Lines of transactions to aim at [default: as the customers buy]
    #[arg(long, value_name = "N")]
    lines: Option<u64>,
    /// Products
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    products: u32,
    /// Share of the ordinary products that are a size of another one: `VariantOf`
    #[arg(long, value_name = "SHARE", default_value_t = Model::default().variant_share)]
    variant_share: f64,
    /// Ordinary products in a basket, on average; planted ones come on top
    #[arg(long, value_name = "N", default_value_t = Model::default().basket_mean)]
    basket_mean: f64,
    /// Popularity: the share of the product of rank r is as 1 / (r + OFFSET)^EXPONENT
    #[arg(long, value_name = "EXPONENT", default_value_t = Model::default().popularity_exponent)]
    popularity_exponent: f64,
    /// The larger, the more alike are the most popular products
    #[arg(long, value_name = "OFFSET", default_value_t = Model::default().popularity_offset)]
    popularity_offset: f64,
    /// Shape of the gamma distribution of purchase rates: the smaller, the more they differ
    #[arg(long, value_name = "SHAPE", default_value_t = Model::default().rate_shape)]
    rate_shape: f64,
    /// Days of history
    #[arg(long, value_name = "N", default_value_t = 730)]
    days: u32,
    /// Last day of the history
    #[arg(long, value_name = "DATE", default_value = "2026-06-30")]
    end: Date,
    /// The same seed and options give the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Share of the lines of transactions that get a fault, of every kind in turn
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    dirt: f64,
    /// How transactions are cut into files
    #[arg(long, value_name = "LAYOUT", default_value = "monthly")]
    layout: Cut,
    /// Compress the exports
    #[arg(long)]
    gzip: bool,
    /// Contracts with renewals too: `contracts.csv`
    #[arg(long)]
    contracts: bool,
    /// Page events too: visits on the site and in the app, in `interactions.csv`
    #[arg(long)]
    clicks: bool,
    /// The exports of `sample-data/`, instead of options
    #[arg(long, conflicts_with_all = ["customers", "lines", "products", "variant_share", "basket_mean", "popularity_exponent", "popularity_offset", "rate_shape", "days", "end", "seed", "dirt", "layout", "gzip", "contracts", "clicks"])]
    sample: bool,
}

/// How the transactions export is cut into files.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Cut {
    /// One file.
    Single,
    /// A file a month.
    Monthly,
}

impl Args {
    fn options(self, threads: Option<usize>) -> GenerateOptions {
        let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        if self.sample {
            return GenerateOptions { threads, ..GenerateOptions::sample(self.out) };
        }
        GenerateOptions {
            out: self.out,
            customers: self.customers,
            lines: self.lines,
            products: self.products,
            days: self.days,
            end: self.end,
            seed: self.seed,
            dirt: if self.dirt == 0.0 { Dirt::none() } else { Dirt::every(self.dirt) },
            layout: match self.layout {
                Cut::Single => Layout::Single,
                Cut::Monthly => Layout::Monthly,
            },
            gzip: self.gzip,
            threads,
            model: Model {
                basket_mean: self.basket_mean,
                popularity_exponent: self.popularity_exponent,
                popularity_offset: self.popularity_offset,
                variant_share: self.variant_share,
                ..Model::default().with_rate_shape(self.rate_shape)
            },
            contracts: self.contracts.then(Contracts::default),
            clicks: self.clicks.then(Clicks::default),
        }
    }
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let cancel = signals::cancel_on_signal()?;
    let options = args.options(global.threads);
    let report = generate::generate(&options, progress::monitor(global).as_ref(), &cancel)?;
    deliver(None, |out| writing(out.write_all(in_words(&report).as_bytes())))
}

fn in_words(report: &GenerateReport) -> String {
    let mut text = String::new();
    for (what, rows) in [
        ("transactions", report.transaction_rows),
        ("faulty lines among them", report.dirty_rows),
        ("interactions", report.interaction_rows),
        ("customers", report.customer_rows),
        ("consents", report.consent_rows),
        ("contacts sent", report.contact_sent_rows),
        ("contracts", report.contract_rows),
        ("bytes", report.bytes),
    ] {
        if what == "contracts" && rows == 0 {
            continue;
        }
        text += &format!("{what:<24}{:>16}\n", grouped(rows));
    }
    let out = report.out.display();
    text + &format!("\nin `{out}`; next: patronage run {out}\n")
}
