//! Cycles that were planted are found, and small cases by hand.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::*;

/// Customers who use up product 0 in about 15 days, 1 in about 40 and 2 in about 41, each at their own pace, and give up
/// a product for good after any purchase with chance `given_up`; and some who buy product 3 once.
fn users(seed: u64, given_up: f64) -> Vec<Purchase> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (pace, chance) = (Normal::new(0.0, 0.4).unwrap(), Normal::new(0.0, 0.3).unwrap());
    let mut lines = Vec::new();
    for customer in 0..1_500 {
        for (product, days) in [(0, 15.0_f64), (1, 40.0), (2, 41.0)] {
            if customer % 3 == product {
                continue;
            }
            let own = days.ln() + pace.sample(&mut rng);
            let mut day = rng.random_range(0.0..300.0);
            while day < 400.0 {
                lines.push(Purchase { customer, product, day: day as i32 });
                if rng.random::<f64>() < given_up {
                    break;
                }
                day += (own + chance.sample(&mut rng)).exp().max(1.0);
            }
        }
        if customer % 10 == 0 {
            lines.push(Purchase { customer, product: 3, day: 100 });
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

fn options(categories: &[u32]) -> ReplenishmentOptions<'_> {
    ReplenishmentOptions { as_of_day: 365, horizon_days: 28, categories }
}

#[test]
fn planted_cycles_are_found_and_the_future_is_not_looked_at() {
    let bought = users(1, 0.2);
    let found = replenishment(&bought, 4, &options(&[]));
    for (cycle, days) in found.cycles.iter().zip([15.0, 40.0, 41.0]) {
        let expected = cycle.expected_gap_days.unwrap();
        // Long gaps are more often still open, so those that ended are a little short.
        assert!((0.85..=1.05).contains(&(expected / days)), "{cycle:?}");
        assert!(cycle.source == CycleSource::Product && cycle.late_gap_days.unwrap() > 1.8 * expected);
    }
    let known: Vec<Purchase> = bought.iter().copied().filter(|line| line.day < 365).collect();
    assert_eq!(found, replenishment(&known, 4, &options(&[])));
}

#[test]
fn probabilities_are_the_shares_that_come_back() {
    let bought = users(2, 0.2);
    let found = replenishment(&bought, 4, &options(&[]));
    assert_eq!(found.landmark_days, [337, 309, 281]);
    let came = |row: &Again| {
        bought
            .iter()
            .any(|line| (line.customer, line.product) == (row.customer, row.product) && (365..393).contains(&line.day))
    };
    let mut rows: Vec<&Again> = found.rows.iter().collect();
    rows.sort_by(|a, b| a.probability.total_cmp(&b.probability));
    for fifth in rows.chunks(rows.len().div_ceil(5)) {
        let predicted = fifth.iter().map(|row| row.probability).sum::<f64>() / fifth.len() as f64;
        let seen = fifth.iter().filter(|row| came(row)).count() as f64 / fifth.len() as f64;
        assert!((predicted - seen).abs() < 0.04, "{predicted} {seen}");
    }
    // Lapsed ones hardly come; ones that are due do.
    let share = |status: AgainStatus| {
        let of: Vec<&Again> = found.rows.iter().filter(|row| row.status == status).collect();
        of.iter().filter(|row| came(row)).count() as f64 / of.len() as f64
    };
    assert!(share(AgainStatus::Lapsed) < 0.1 && share(AgainStatus::Due) > 0.4, "{}", share(AgainStatus::Due));
}

#[test]
fn a_new_product_takes_the_gap_of_its_category_and_a_regular_customer_their_own() {
    let mut bought = users(3, 0.0);
    // Product 4 has one gap. Product 0 is of its category.
    bought.push(Purchase { customer: 5_000, product: 4, day: 300 });
    bought.push(Purchase { customer: 5_000, product: 4, day: 320 });
    // A customer who takes product 1 every 20 days.
    bought.extend((0..15).map(|time| Purchase { customer: 5_001, product: 1, day: 60 + 20 * time }));
    let categories = [0, 1, 1, NO_CATEGORY, 0];
    let found = replenishment(&bought, 5, &options(&categories));
    let cycle = &found.cycles[4];
    assert!((14.0..=18.0).contains(&cycle.expected_gap_days.unwrap()), "{cycle:?}");
    assert_eq!((cycle.gaps, cycle.customers, cycle.median_gap_days), (1, 1, Some(20.0)));
    let row = found.rows.iter().find(|row| row.customer == 5_001).unwrap();
    assert!((20.0..=22.0).contains(&row.expected_gap_days.unwrap()), "{row:?}");
    assert_eq!((row.last_day, row.status, row.purchases), (340, AgainStatus::Overdue, 15));
    assert_eq!(row.days_overdue, Some(365 - row.due_day.unwrap()));
    // Nobody bought product 3 twice, and once is no habit.
    assert_eq!((found.cycles[3].gaps, found.cycles[3].median_gap_days), (0, None));
    let once = found.rows.iter().filter(|row| row.product == 3);
    assert!(once.clone().count() == 150 && once.clone().all(|row| row.status != AgainStatus::Lapsed));
}

#[test]
fn little_or_nothing_is_no_guess() {
    assert_eq!(replenishment(&[], 2, &options(&[])).rows, []);
    let line = |customer, day| Purchase { customer, product: 0, day };
    // Nobody came back: there is no gap, and the chance is small but not none.
    let found = replenishment(&[line(0, 100), line(1, 200), line(2, 365)], 1, &options(&[]));
    assert_eq!((found.rows.len(), found.landmark_days.len()), (2, 0));
    for row in &found.rows {
        assert_eq!(
            (row.expected_gap_days, row.due_day, row.days_overdue, row.status),
            (None, None, None, AgainStatus::NotDue)
        );
        assert!(row.probability > 0.0 && row.probability < 0.2);
    }
    assert_eq!((found.cycles[0].expected_gap_days, found.cycles[0].late_gap_days), (None, None));
    // One gap: all that is known.
    let found = replenishment(&[line(0, 100), line(0, 130)], 1, &options(&[]));
    assert!((found.cycles[0].expected_gap_days.unwrap() - 30.0).abs() < 1e-9);
    let far = ReplenishmentOptions { as_of_day: i32::MAX, horizon_days: u32::MAX, categories: &[] };
    let found = replenishment(&[line(0, i32::MIN), line(0, 130)], 1, &far);
    assert!((0.0..=1.0).contains(&found.rows[0].probability));
    assert!(found.cycles[0].median_gap_days == Some(2_147_483_778.0));
}

#[test]
fn threads_and_order_do_not_matter() {
    let bought = users(4, 0.1);
    let expected = replenishment(&bought, 4, &options(&[]));
    let mut turned = bought;
    turned.reverse();
    turned.push(turned[0]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| replenishment(&turned, 4, &options(&[]))), expected);
}

#[test]
fn curves_are_purchases_over_days_at_risk() {
    // Gaps 2 and 3, and an open one of 4 days: the first period has days 1 to 3, with 2 purchases in 2 + 3 + 3 days.
    let lines: Vec<Purchase> =
        [(0, 0), (0, 2), (1, 0), (1, 3)].map(|(customer, day)| Purchase { customer, product: 0, day }).to_vec();
    let curves = Curves::new(&lines, &Categories::new(1, &[]), 7);
    // Open gaps: days 1 to 4 after day 2, and 1 to 3 after day 3. All in all 2 purchases in 12 days at risk.
    let overall: f64 = 2.5 / 13.0;
    let all = (2.0 + 5.0) / (11.0 + 5.0 / overall);
    let other = (0.0 + 5.0) / (1.0 + 5.0 / overall);
    let level = (2.0 + 5.0) / (11.0 * all + other + 5.0);
    let rate = (2.0 + 5.0) / (11.0 + 5.0 / (all * level));
    assert!((curves.chance(0, 1, 2) - (1.0 - (-2.0 * rate).exp())).abs() < 1e-12);
    assert!(curves.chance(0, 1, 0).abs() < 1e-15);
}
