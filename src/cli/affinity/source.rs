//! The basket files, and what of them counts.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::affinity_file::{Grouping, Source};
use crate::basket_file::{Columns, Layout};
use crate::cli::args::GlobalArgs;
use crate::models::affinity::{Level, Megabaskets};

/// What is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Baskets")]
pub struct SourceArgs {
    /// Files of baskets: CSV (also `.gz`, `.zst`) or Parquet, with a row for each product of a basket
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Whether a text file has a header and a row for each product, or a line for each basket
    #[arg(long, value_name = "LAYOUT", default_value = "rows")]
    layout: LayoutArg,
    /// The column with the basket (order, receipt) [default: found by its usual names]
    #[arg(long, value_name = "COLUMN")]
    basket: Option<String>,
    /// The column with the product
    #[arg(long, value_name = "COLUMN")]
    product: Option<String>,
    /// The column with the customer
    #[arg(long, value_name = "COLUMN")]
    customer: Option<String>,
    /// The column with the day, as 2026-11-22, or with a time behind it
    #[arg(long, value_name = "COLUMN")]
    date: Option<String>,
    /// The column with the quantity: 0 or less is a return, which is left out
    #[arg(long, value_name = "COLUMN")]
    quantity: Option<String>,
}

/// What counts.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Counting")]
pub struct CountingArgs {
    /// Together in one basket, or bought by one customer at any time
    #[arg(long, value_name = "LEVEL", default_value = "basket")]
    level: LevelArg,
    /// Pair groups of products instead: a CSV file of products...
    #[arg(long, value_name = "FILE", requires = "by")]
    catalogue: Option<PathBuf>,
    /// ... and its column with the group, such as `category`
    #[arg(long, value_name = "COLUMN", requires = "catalogue")]
    by: Option<String>,
    /// Baskets of more products than this say that everything goes with everything
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(2..))]
    max_basket_products: u32,
    /// What is done with those: left out, or weighed 1/(products - 1)
    #[arg(long, value_name = "RULE", default_value = "exclude")]
    megabaskets: MegabasketsArg,
    /// Days in which a basket loses half its weight in the ranking, back from the last day of the files
    #[arg(long, value_name = "DAYS", value_parser = days)]
    half_life: Option<f64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LayoutArg {
    /// A header, and a row for each product of a basket.
    Rows,
    /// A basket a line without a header: products between commas or blanks.
    Lines,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelArg {
    /// Together in one basket.
    Basket,
    /// Bought by one customer.
    Customer,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MegabasketsArg {
    /// Left out of everything, and counted.
    Exclude,
    /// Weighed 1/(products - 1) in the ranking.
    Weight,
}

fn days(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(days) if days.is_finite() && days > 0.0 => Ok(days),
        _ => Err("write days above 0".to_owned()),
    }
}

impl SourceArgs {
    /// The files alone, each line as it is.
    pub fn bare(self, global: &GlobalArgs) -> Source {
        Source {
            files: self.files,
            layout: match self.layout {
                LayoutArg::Rows => Layout::Rows,
                LayoutArg::Lines => Layout::Lines,
            },
            columns: Columns {
                basket: self.basket,
                product: self.product,
                customer: self.customer,
                date: self.date,
                quantity: self.quantity,
            },
            level: Level::Basket,
            grouping: None,
            megabaskets: Megabaskets::default(),
            half_life_days: None,
            memory_bytes: global.memory,
            threads: global.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        }
    }

    /// The files, and what of them counts.
    pub fn counted(self, counting: CountingArgs, global: &GlobalArgs) -> Source {
        let above = counting.max_basket_products;
        Source {
            level: match counting.level {
                LevelArg::Basket => Level::Basket,
                LevelArg::Customer => Level::Customer,
            },
            grouping: counting.catalogue.zip(counting.by).map(|(catalogue, by)| Grouping { catalogue, by }),
            megabaskets: match counting.megabaskets {
                MegabasketsArg::Exclude => Megabaskets::Exclude { above },
                MegabasketsArg::Weight => Megabaskets::Weight { above },
            },
            half_life_days: counting.half_life,
            ..self.bare(global)
        }
    }
}

/// A rate between 0 and 1.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err("write a rate between 0 and 1, such as 0.05".to_owned()),
    }
}
