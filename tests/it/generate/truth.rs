//! What is planted can be found: the exports follow the parameters in `truth/`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use patronage::generate::{GenerateOptions, Model};

use super::{Generated, assert_binomial, assert_within, cents, made, options, pure, real};

/// Goods of each order by its number (no postage, no refunds, no cancelled attempts).
fn baskets(made: &Generated) -> BTreeMap<String, BTreeSet<String>> {
    let mut baskets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let rows = made.rows("transactions.csv");
    for [order, sku, state, refund] in rows.select(["InvoiceNo", "SKU", "State", "RefundOf"]) {
        if state == "ok" && refund.is_empty() && sku.starts_with('A') {
            baskets.entry(order.to_owned()).or_default().insert(sku.to_owned());
        }
    }
    baskets
}

/// The history's first day.
fn first_day(made: &Generated) -> Date {
    made.json("truth/model.json")["first_day"].as_str().unwrap().parse().unwrap()
}

/// Days from `first` to the day that `date` begins with.
fn day(first: Date, date: &str) -> i64 {
    first.until(date[..10].parse::<Date>().unwrap()).unwrap().get_days().into()
}

/// One order of a customer with a number.
struct Bought {
    day: i64,
    campaign: String,
    cents: i64,
    goods: BTreeSet<String>,
}

/// Orders by customer, in time order.
fn orders(made: &Generated) -> BTreeMap<String, Vec<Bought>> {
    let first = first_day(made);
    let mut by_order: BTreeMap<(String, String, String), Bought> = BTreeMap::new();
    let rows = made.rows("transactions.csv");
    let columns = [
        "CustomerNo",
        "InvoiceDate",
        "InvoiceNo",
        "SKU",
        "Qty",
        "UnitPrice",
        "Discount",
        "State",
        "CampaignCode",
        "RefundOf",
    ];
    for [customer, date, order, sku, quantity, price, discount, state, campaign, refund] in rows.select(columns) {
        if customer.is_empty() || state != "ok" || !refund.is_empty() || !sku.starts_with('A') {
            continue;
        }
        let key = (customer.to_owned(), date.to_owned(), order.to_owned());
        let bought = by_order.entry(key).or_insert_with(|| Bought {
            day: day(first, date),
            campaign: campaign.to_owned(),
            cents: 0,
            goods: BTreeSet::new(),
        });
        bought.cents += quantity.parse::<i64>().unwrap() * cents(price) - cents(discount);
        bought.goods.insert(sku.to_owned());
    }
    let mut by_customer: BTreeMap<String, Vec<Bought>> = BTreeMap::new();
    for ((customer, _, _), bought) in by_order {
        by_customer.entry(customer).or_default().push(bought);
    }
    by_customer
}

#[test]
fn pairs_have_their_support_confidence_and_lift() {
    let made = made(options());
    let baskets = baskets(&made);
    let count = |products: &[&str]| {
        baskets.values().filter(|basket| products.iter().all(|product| basket.contains(*product))).count()
    };
    let pairs = made.rows("truth/pairs.csv");
    let columns = ["first", "second", "support_first", "support_second", "confidence", "lift"];
    let pairs: Vec<[&str; 6]> = pairs.select(columns).collect();
    assert_eq!(pairs.len(), 5);
    for (index, &[first, second, support_first, support_second, confidence, lift]) in pairs.iter().enumerate() {
        let with_first = count(&[first]);
        assert_binomial("support of the first", with_first, baskets.len(), real(support_first));
        assert_binomial("support of the second", count(&[second]), baskets.len(), real(support_second));
        assert_binomial("confidence", count(&[first, second]), with_first, real(confidence));
        assert!((real(lift) - real(confidence) / real(support_second)).abs() < 0.01);
        // The second of another pair is as rare beside this first as anywhere: nothing else is planted.
        let [_, stranger, _, support_stranger, ..] = pairs[(index + 1) % pairs.len()];
        assert_binomial("a stranger", count(&[first, stranger]), with_first, real(support_stranger));
    }
}

#[test]
fn substitutes_are_never_in_one_basket_and_customers_keep_to_one() {
    let made = made(options());
    let orders = orders(&made);
    for [first, second, _] in made.rows("truth/substitutes.csv").select(["first", "second", "support_either"]) {
        let (mut loyal, mut all) = (0, 0);
        for bought in orders.values() {
            let [firsts, seconds] =
                [first, second].map(|product| bought.iter().filter(|order| order.goods.contains(product)).count());
            assert!(!bought.iter().any(|order| order.goods.contains(first) && order.goods.contains(second)));
            all += firsts + seconds;
            loyal += firsts.max(seconds);
        }
        assert!(loyal as f64 > 0.85 * all as f64, "{loyal} of {all}");
        assert!(loyal < all);
    }
}

#[test]
fn sequences_follow_in_time_and_not_backwards() {
    let made = made(options());
    let orders = orders(&made);
    for [first, second, follow, days] in
        made.rows("truth/sequences.csv").select(["first", "second", "follow", "mean_days"])
    {
        // The product is wanted after 0.4 to 1.6 mean delays (three standard deviations): whoever orders between 1.6 and
        // 4 has taken it along by then, if it follows at all.
        let soon = |from: &Bought, to: &Bought| {
            let gap = (to.day - from.day) as f64;
            gap > 1.6 * real(days) && gap < 4.0 * real(days)
        };
        let (mut followed, mut chances, mut preceded) = (0, 0, 0);
        for bought in orders.values() {
            for (index, order) in bought.iter().enumerate().filter(|(_, order)| order.goods.contains(first)) {
                let later = &bought[index + 1..];
                let Some(until) = later.iter().position(|later| soon(order, later)) else { continue };
                chances += 1;
                let has_second = |order: &Bought| order.goods.contains(second);
                followed += usize::from(later[..=until].iter().any(has_second));
                let before = &bought[index.saturating_sub(until + 1)..index];
                preceded += usize::from(before.iter().any(has_second));
            }
        }
        let expected = chances as f64 * real(follow);
        assert!(followed as f64 > expected - 4.5 * expected.sqrt(), "{followed} of {chances}, {follow} planted");
        assert!(followed > 2 * preceded, "{followed} forwards, {preceded} backwards");
    }
}

#[test]
fn replenished_products_come_back_after_their_time() {
    let made = made(options());
    let orders = orders(&made);
    for [product, days] in made.rows("truth/replenished.csv").select(["product", "mean_days"]) {
        let mut gaps: Vec<i64> = Vec::new();
        for bought in orders.values() {
            let of_it: Vec<&Bought> = bought.iter().filter(|order| order.goods.contains(product)).collect();
            gaps.extend(of_it.windows(2).map(|pair| pair[1].day - pair[0].day));
        }
        gaps.sort_unstable();
        assert!(gaps.len() > 100);
        // It comes with the first order after it ran out: never long before, and often soon after.
        assert!(gaps[gaps.len() / 50] as f64 > 0.4 * real(days));
        assert!((gaps[gaps.len() / 4] as f64) < 1.6 * real(days));
    }
}

/// For each customer: orders of their own accord after the first in a part of their life, less what their rate makes of
/// that time. A sum of these has a mean of zero (a martingale, stopped when they leave) and the expected number as its
/// variance.
fn surplus(made: &Generated, shrinkers: bool) -> (f64, f64) {
    let orders = orders(made);
    let truth = made.json("truth/model.json");
    let (last, factor) = (truth["days"].as_f64().unwrap(), truth["model"]["shrink_factor"].as_f64().unwrap());
    let (mut surplus, mut expected) = (0.0, 0.0);
    let columns = ["customer_id", "acquired_day", "rate_per_day", "shrinks_from_day", "left_day"];
    for [customer, acquired, rate, shrinks, left] in made.rows("truth/customers.csv").select(columns) {
        let left = if left.is_empty() { last } else { real(left) };
        let (from, rate) = match (shrinks.is_empty(), shrinkers) {
            (true, false) => (real(acquired), real(rate)),
            (false, true) if real(shrinks).ceil() < left => (real(shrinks).ceil(), factor * real(rate)),
            _ => continue,
        };
        let own = orders[customer].iter().filter(|order| order.campaign.is_empty());
        let after_the_first = if shrinkers { 0 } else { 1 };
        let seen = own.filter(|order| order.day as f64 >= from.floor()).count() - after_the_first;
        surplus += seen as f64 - rate * (left - from);
        expected += rate * (left - from);
    }
    (surplus, expected.sqrt())
}

#[test]
fn customers_order_at_their_rate_and_shrinkers_at_a_part_of_it() {
    let made = made(options());
    let (difference, error) = surplus(&made, false);
    assert_within("orders of steady customers", difference, error);
    let (difference, error) = surplus(&made, true);
    assert_within("orders of shrinkers after their day", difference, error);
}

#[test]
fn customers_leave_with_their_own_chance() {
    let made = made(pure());
    let (mut left, mut expected, mut variance) = (0.0, 0.0, 0.0);
    for [dropout, because, orders] in made.rows("truth/customers.csv").select(["dropout", "left_because", "orders"]) {
        let repeats = real(orders) - 1.0;
        left += f64::from(because == "order");
        expected += repeats * real(dropout);
        variance += repeats * real(dropout) * (1.0 - real(dropout));
        assert!(["", "order"].contains(&because));
    }
    assert_within("customers who left", left - expected, f64::sqrt(variance));
}

#[test]
fn orders_are_worth_what_gamma_gamma_says() {
    let made = made(pure());
    let orders = orders(&made);
    let francs: BTreeSet<String> = made
        .rows("customers.csv")
        .select(["CustomerNo", "Region"])
        .filter(|row| row[1] == "all/ch")
        .map(|row| row[0].to_owned())
        .collect();
    let (mut surplus, mut squares, mut count, mut means) = (0.0, 0.0, 0.0, Vec::new());
    for [customer, mean] in made.rows("truth/customers.csv").select(["customer_id", "mean_order_value"]) {
        means.push(real(mean));
        for order in orders[customer].iter().filter(|_| !francs.contains(customer)) {
            let relative = order.cents as f64 / 100.0 / real(mean) - 1.0;
            surplus += relative;
            squares += relative * relative;
            count += 1.0;
        }
    }
    let model = Model::default();
    assert_within("mean order value", surplus, (count / model.spend_p).sqrt());
    assert!((squares / count * model.spend_p - 1.0).abs() < 0.1, "its variance is 1 / p");
    // p * gamma / (q - 1), with a standard error of the mean from the sample itself.
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / means.len() as f64;
    let expected = model.spend_p * model.spend_gamma / (model.spend_q - 1.0);
    assert_within("mean of means", mean - expected, (variance / means.len() as f64).sqrt());
}

#[test]
fn campaigns_keep_their_control_share_and_have_their_effect() {
    let made = made(GenerateOptions { customers: 8_000, ..options() });
    let orders = orders(&made);
    let sent = made.rows("contacts_sent.csv");
    let campaigns = made.rows("truth/campaigns.csv");
    let columns =
        ["campaign_id", "sent", "window_days", "treated", "control", "extra_orders", "incremental_conversions"];
    for [campaign, date, window, treated, control, extra, incremental] in campaigns.select(columns) {
        let from = day(first_day(&made), date);
        let window = from..from + window.parse::<i64>().unwrap();
        let (mut people, mut converted) = ([0, 0], [0, 0]);
        for [of, customer, arm, delivered] in sent.select(["CampaignCode", "CustomerNo", "Arm", "Delivered"]) {
            if of != campaign {
                continue;
            }
            let arm = usize::from(arm == "control");
            people[arm] += 1;
            converted[arm] += usize::from(orders[customer].iter().any(|order| window.contains(&order.day)));
            assert!(arm == 0 || delivered == "N", "control gets nothing");
        }
        assert_eq!([treated, control], people.map(|count| count.to_string()).each_ref().map(String::as_str));
        assert_binomial("control share", people[1], people[0] + people[1], 0.2);
        let tagged = orders.values().flatten().filter(|order| order.campaign == campaign).count();
        assert_eq!(tagged.to_string(), extra);

        let [treat, kept] = [0, 1].map(|arm| converted[arm] as f64 / people[arm] as f64);
        let error = [(treat, people[0]), (kept, people[1])].map(|(rate, count)| rate * (1.0 - rate) / count as f64);
        let planted = real(incremental) / people[0] as f64;
        assert_within("incremental conversion", treat - kept - planted, (error[0] + error[1]).sqrt());
        assert!(planted > 0.02);
    }
}

#[test]
fn complaints_and_waits_make_customers_leave() {
    let made = made(GenerateOptions { customers: 20_000, ..options() });
    let columns = ["left_because", "complaints", "unresolved_complaints", "long_waits"];
    let (mut unresolved_left, mut unresolved, mut resolved_left, mut resolved) = (0, 0, 0, 0);
    let (mut wait_left, mut waits) = (0, 0);
    for [because, complaints, open, long_waits] in made.rows("truth/customers.csv").select(columns) {
        // Customers with a single event, so that it is clear which one made them leave.
        match (complaints, open, long_waits) {
            ("1", "1", "0") => {
                unresolved += 1;
                unresolved_left += usize::from(because == "complaint");
            }
            ("1", "0", "0") => {
                resolved += 1;
                resolved_left += usize::from(because == "complaint");
            }
            ("0", "0", "1") => {
                waits += 1;
                wait_left += usize::from(because == "wait");
            }
            ("0", "0", "0") => assert!(["", "order"].contains(&because)),
            _ => {}
        }
    }
    // Some had left already when the answer came, and who stays may complain twice: near the planted chance, not on it.
    let rate = |left: usize, of: usize| left as f64 / of as f64;
    assert!((0.3..0.55).contains(&rate(unresolved_left, unresolved)), "{unresolved_left} of {unresolved}");
    assert!((0.06..0.16).contains(&rate(resolved_left, resolved)), "{resolved_left} of {resolved}");
    assert!((0.06..0.16).contains(&rate(wait_left, waits)), "{wait_left} of {waits}");
}

#[test]
fn a_pure_model_plants_nothing_but_purchases() {
    let made = made(pure());
    let totals = &made.json("truth/totals.json")["totals"];
    assert_eq!(totals["shrinkers"], 0);
    assert_eq!(totals["refund_lines"], 0);
    assert_eq!(totals["left"].as_object().unwrap().keys().collect::<Vec<_>>(), ["order"]);
    assert!(!made.path("contacts_sent.csv").exists());
}
