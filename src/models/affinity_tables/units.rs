//! Baskets and customers as units of an incidence, after the rule for those of very many products.

use std::borrow::Cow;

use rayon::prelude::*;

use super::super::Inputs;
use super::super::affinity::{Incidence, Level, Megabaskets, Tamed, decay_weights, multiply_weights};
use super::figures::Figures;
use super::settings::Settings;
use crate::error::{Error, Result};

/// The units of a level as they were read.
pub struct Units {
    /// What a unit is.
    pub level: Level,
    /// One of how many units is there.
    every: u64,
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
        Level::Basket => Cow::Owned(numbered(lines.bigints("order_no")?, inputs.every())?),
        Level::Customer => of_part(lines.integers("customer_no")?, inputs.every()),
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
    Ok(Units { level, every: inputs.every(), incidence: Incidence::from_pairs(units, products, pairs), ages })
}

/// The numbers of baskets, in 32 bits. Of a part they are numbered anew, as those that were not taken are no units; 0 is a
/// basket that is there for its customer.
fn numbered(orders: &[i64], every: u64) -> Result<Vec<i32>> {
    let too_many = |_| Error::internal("`basket_lines` has more orders than a model can count");
    if every == 1 {
        return orders.iter().map(|order| i32::try_from(*order).map_err(too_many)).collect();
    }
    let is_taken = |order: &i64| order.unsigned_abs() % every == 0;
    let mut taken: Vec<i64> = orders.iter().copied().filter(is_taken).collect();
    taken.par_sort_unstable();
    taken.dedup();
    i32::try_from(taken.len()).map_err(too_many)?;
    let number = |order: &i64| taken.binary_search(order).map_or(0, |place| place as i32 + 1);
    Ok(orders.par_iter().map(number).collect())
}

/// The numbers of customers; 0 for those who were not taken.
fn of_part(customers: &[i32], every: u64) -> Cow<'_, [i32]> {
    if every == 1 {
        return Cow::Borrowed(customers);
    }
    let part = |customer: &i32| if u64::from(customer.unsigned_abs()) % every == 0 { *customer } else { 0 };
    Cow::Owned(customers.iter().map(part).collect())
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
        if self.every > 1 {
            let sampled =
                format!("one of so many {units} is in all counts, evenly taken: the lines of all were too many");
            figures.limit(level, "sampled", self.every, &sampled);
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn baskets_of_a_part_are_numbered_in_order_without_gaps(
            orders in prop::collection::vec(1..40_000_000_000_i64, 0..60),
            every in 2..5_u64,
        ) {
            let numbers = numbered(&orders, every).unwrap();
            let mut taken: Vec<i64> = orders.iter().copied().filter(|order| order % every as i64 == 0).collect();
            taken.sort_unstable();
            taken.dedup();
            for (order, number) in orders.iter().zip(numbers) {
                match usize::try_from(number).unwrap() {
                    0 => prop_assert!(order % every as i64 != 0),
                    number => prop_assert_eq!(taken[number - 1], *order),
                }
            }
        }
    }

    #[test]
    fn all_baskets_keep_their_numbers_and_too_many_are_refused() {
        assert_eq!(numbered(&[3, 1, 3], 1).unwrap(), [3, 1, 3]);
        assert!(numbered(&[1 << 31], 1).is_err());
        assert_eq!(numbered(&[1 << 31, 7], 2).unwrap(), [1, 0]);
        assert_eq!(*of_part(&[0, 4, 5, 6], 2), [0, 4, 0, 6]);
        assert_eq!(*of_part(&[0, 4, 5], 1), [0, 4, 5]);
    }
}
