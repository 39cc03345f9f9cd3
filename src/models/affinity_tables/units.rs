//! Baskets and customers as units of an incidence, after the rule for those of very many products.

use std::borrow::Cow;

use super::super::Inputs;
use super::super::affinity::{Incidence, Level, Megabaskets, Tamed, decay_weights, multiply_weights};
use super::figures::Figures;
use super::settings::Settings;
use crate::error::{Error, Result};

/// The units of a level as they were read.
pub struct Units {
    /// What a unit is.
    pub level: Level,
    /// Products by unit.
    pub incidence: Incidence,
    /// Days from a unit's last purchase to `as_of`; only known when age matters.
    ages: Option<Vec<i32>>,
}

/// Reads the lines of `level` from the first day that counts.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when `basket_lines` is not as contracted.
pub fn units(inputs: &Inputs<'_>, settings: &Settings, level: Level, products: usize) -> Result<Units> {
    let lines = inputs.table("basket_lines")?;
    let numbers = match level {
        Level::Basket => Cow::Owned(lines.narrow("order_no")?),
        Level::Customer => Cow::Borrowed(lines.integers("customer_no")?),
    };
    let days = lines.integers("order_day")?;
    let product_numbers = lines.integers("product_no")?;
    let impossible = |product: &i32| *product < 1 || *product as usize > products;
    if product_numbers.iter().any(impossible) || numbers.iter().any(|number| *number < 0) {
        return Err(Error::internal("`basket_lines` has a number that no table counted"));
    }
    let units = numbers.iter().max().map_or(0, |last| *last as usize);
    // A number below 1 is nobody. What is negative was refused above.
    let counted = |row: &usize| numbers[*row] > 0 && days[*row] >= settings.from_day;
    let pairs =
        (0..numbers.len()).filter(counted).map(|row| (numbers[row] as u32 - 1, product_numbers[row] as u32 - 1));
    let ages = settings.half_life_days.map(|_| {
        let mut last = vec![i32::MIN; units];
        for row in (0..numbers.len()).filter(counted) {
            let last = &mut last[numbers[row] as usize - 1];
            *last = days[row].max(*last);
        }
        last.iter().map(|day| settings.as_of_day.saturating_sub(*day)).collect()
    });
    Ok(Units { level, incidence: Incidence::from_pairs(units, products, pairs), ages })
}

impl Units {
    /// The units after the rule for those of very many products, with what each weighs in ranks; and what the rule did.
    pub fn tamed(&self, settings: &Settings, figures: &mut Figures) -> Tamed<'_> {
        let rule = settings.megabaskets(self.level);
        let mut tamed = rule.apply(&self.incidence);
        if let (Some(ages), Some(half_life)) = (&self.ages, settings.half_life_days) {
            let by_age = decay_weights(ages, half_life);
            tamed.weights = Some(match &tamed.weights {
                Some(by_size) => multiply_weights(by_size, &by_age),
                None => by_age,
            });
        }
        let (level, units, affected) = (self.level.name(), self.level.units(), tamed.affected);
        figures.count(level, "units", tamed.n_total, &format!("{units} with a product that counts: n_total"));
        figures.count(level, "lines", tamed.incidence.lines() as u64, &format!("products of these {units}"));
        figures.count(level, "largest_unit", affected.largest, "products of the largest one, whether it counts or not");
        match rule {
            Megabaskets::Exclude { above } => {
                let left_out = format!("{units} of more than {above} products, which were left out of all counts");
                figures.limit(level, "megabaskets", affected.units, &left_out);
            }
            Megabaskets::Weight { above } => {
                let weighed =
                    format!("{units} of more than {above} products, which weigh less when partners are ranked");
                figures.count(level, "megabaskets", affected.units, &weighed);
            }
        }
        figures.count(level, "megabasket_pair_events", affected.pair_events, "pairs of products within them");
        tamed
    }
}
