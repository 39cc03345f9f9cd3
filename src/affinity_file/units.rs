//! From lines to units: baskets or customers by products, what huge ones and old ones weigh, and what is left out.

use std::path::PathBuf;
use std::time::Instant;

use super::{counted, finished, warn};
use crate::basket_file::{self, Columns, Layout, Lines, MISSING, Reason, Report, Wanted, read_groups};
use crate::error::{Error, Place, Result};
use crate::models::affinity::{Affected, Incidence, Level, Megabaskets, decay_weights, multiply_weights};
use crate::monitor::Monitor;

/// A file that puts products into groups.
#[derive(Debug, Clone)]
pub struct Grouping {
    /// The file: a row a product.
    pub catalogue: PathBuf,
    /// Its column with the group.
    pub by: String,
}

/// What is read, and what counts.
#[derive(Debug, Clone)]
pub struct Source {
    /// The files.
    pub files: Vec<PathBuf>,
    /// How baskets lie in them.
    pub layout: Layout,
    /// Which column is what.
    pub columns: Columns,
    /// What is counted.
    pub level: Level,
    /// Groups in place of products.
    pub grouping: Option<Grouping>,
    /// What is done with huge baskets.
    pub megabaskets: Megabaskets,
    /// Days in which a unit loses half its weight, counted back from the last day of the files.
    pub half_life_days: Option<f64>,
    /// Most memory for counting.
    pub memory_bytes: Option<u64>,
    /// Threads.
    pub threads: usize,
}

/// Units, ready to be counted.
#[derive(Debug)]
pub struct Units {
    /// Their products.
    pub incidence: Incidence,
    /// The products, or groups, in the order of their names.
    pub names: Vec<String>,
    /// What the names are of: `product`, or the column that groups.
    pub granularity: String,
    /// Whether these are groups of products.
    pub is_grouped: bool,
    /// What units weigh, when they do not weigh the same.
    pub weights: Option<Vec<u32>>,
    /// Units with a product: N.
    pub n_total: u64,
    /// What became of the rows.
    pub report: Report,
    /// Lines that say again what another line of their unit says.
    pub repeated: u64,
    /// Lines of products that are in no group.
    pub ungrouped: u64,
    /// What the rule for huge baskets did.
    pub affected: Affected,
    /// The last day that was read.
    pub last_day: Option<i32>,
}

impl Source {
    /// Reads and numbers.
    ///
    /// # Errors
    /// Input, when nothing can be used.
    pub fn units(&self, monitor: &dyn Monitor) -> Result<Units> {
        let started = Instant::now();
        let wanted = Wanted {
            basket: self.level == Level::Basket,
            customer: self.level == Level::Customer,
            date: self.half_life_days.is_some(),
            ordered: false,
        };
        let lines = basket_file::read(&self.files, self.layout, &self.columns, wanted)?;
        let units = self.prepare(lines)?;
        let summary = format!(
            "{}, {}, {}",
            counted(units.report.rows, "row"),
            counted(units.n_total, self.level.name()),
            units.kinds(units.names.len() as u64)
        );
        finished(monitor, "read", started, summary);
        self.tell(&units, monitor);
        Ok(units)
    }

    fn prepare(&self, lines: Lines) -> Result<Units> {
        let mut incidence = match self.level {
            Level::Basket => lines.by_basket(),
            Level::Customer => lines.by_customer(),
        };
        let Lines { basket, customer, products, day, report, .. } = lines;
        let repeated = report.used - incidence.lines() as u64;
        let last_day = day.iter().copied().max();
        let decay = self.half_life_days.zip(last_day).map(|(half_life, last_day)| {
            let of_line = if self.level == Level::Basket { &basket } else { &customer };
            let mut ages = vec![i32::MAX; incidence.units()];
            for (unit, day) in of_line.iter().zip(&day) {
                // What a unit bought last says how old it is.
                let age = &mut ages[*unit as usize];
                *age = (*age).min(last_day.saturating_sub(*day));
            }
            decay_weights(&ages, half_life)
        });
        drop((basket, customer, day));
        let (mut names, mut granularity, mut ungrouped) = (products, "product".to_owned(), 0);
        if let Some(Grouping { catalogue, by }) = &self.grouping {
            let groups = read_groups(catalogue, by, &self.columns)?;
            let of: Vec<u32> = names.iter().map(|product| groups.of(product).unwrap_or(MISSING)).collect();
            let degrees = incidence.degrees();
            ungrouped = of
                .iter()
                .zip(&degrees)
                .filter(|(group, _)| **group == MISSING)
                .map(|(_, lines)| u64::from(*lines))
                .sum();
            if ungrouped == incidence.lines() as u64 {
                return Err(Error::input("no product of the basket files is in this file")
                    .at(Place::file(catalogue))
                    .hint("its ids have to be those of the basket files, to the letter"));
            }
            incidence = grouped(&incidence, &of, groups.names.len());
            (names, granularity) = (groups.names, by.clone());
        }
        let tamed = self.megabaskets.apply(&incidence);
        let (affected, n_total) = (tamed.affected, tamed.n_total);
        let weights = match (tamed.weights, decay) {
            (Some(one), Some(other)) => Some(multiply_weights(&one, &other)),
            (one, other) => one.or(other),
        };
        if let std::borrow::Cow::Owned(kept) = tamed.incidence {
            incidence = kept;
        }
        if n_total == 0 {
            let most = affected.largest;
            return Err(Error::input(format!(
                "no {} is left: all have too many products, up to {most}",
                self.level.name()
            ))
            .at(Place::file(&self.files[0]))
            .hint("raise `--max-basket-products`, or use `--megabaskets weight`"));
        }
        Ok(Units {
            incidence,
            names,
            granularity,
            is_grouped: self.grouping.is_some(),
            weights,
            n_total,
            report,
            repeated,
            ungrouped,
            affected,
            last_day,
        })
    }

    fn tell(&self, units: &Units, monitor: &dyn Monitor) {
        for reason in Reason::ALL {
            if units.report.count(reason) > 0 {
                warn(monitor, format!("left out: {}", units.report.in_words(reason)));
            }
        }
        if units.ungrouped > 0 {
            warn(
                monitor,
                format!("left out: {} of products without `{}`", counted(units.ungrouped, "line"), units.granularity),
            );
        }
        if units.affected.units > 0 {
            let (above, what) = match self.megabaskets {
                Megabaskets::Exclude { above } => (above, "left out"),
                Megabaskets::Weight { above } => (above, "weighed down"),
            };
            let Affected { units: huge, lines, pair_events, largest } = units.affected;
            let message = format!(
                "{what}: {} of more than {above} products ({lines} lines, {pair_events} pairs; the largest has {largest} \
                 products)",
                counted(huge, self.level.name())
            );
            warn(monitor, message);
        }
    }
}

/// Units by groups of their products; products of no group drop out.
fn grouped(incidence: &Incidence, of: &[u32], groups: usize) -> Incidence {
    let row = |unit: usize| incidence.row(unit).iter().map(move |product| (unit as u32, of[*product as usize]));
    let pairs = (0..incidence.units()).flat_map(row).filter(|(_, group)| *group != MISSING);
    Incidence::from_pairs(incidence.units(), groups, pairs)
}

impl Units {
    /// So many of what is paired, in words.
    pub fn kinds(&self, number: u64) -> String {
        if self.is_grouped {
            format!("{} (`{}`)", counted(number, "group"), self.granularity)
        } else {
            counted(number, "product")
        }
    }
}
