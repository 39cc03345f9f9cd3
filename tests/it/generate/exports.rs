//! The exports agree with each other, with `truth/totals.json`, and with the pipeline file that goes with them.

use std::collections::{BTreeMap, BTreeSet};

use patronage::config;
use patronage::contract;
use patronage::generate::GenerateOptions;

use super::{cents, made, options};

#[test]
fn the_pipeline_file_maps_columns_that_both_sides_have() {
    for (options, kinds) in [(options(), 7), (super::pure(), 6)] {
        let made = made(GenerateOptions { customers: 50, ..options });
        let loaded = config::load(&made.path("patronage.toml")).unwrap();
        assert_eq!(loaded.config.inputs.len(), kinds);
        assert_eq!((loaded.config.segments.len(), loaded.config.campaigns.len()), (3, 2));
        for (name, input) in &loaded.config.inputs {
            let contract = contract::input(name).unwrap();
            let header = made.rows(&input.files[0]).header;
            for (column, source) in &input.columns {
                assert!(contract.column(column).is_some(), "{name} has no {column}");
                if let config::From::Column(source) = &source.from {
                    assert!(header.contains(source), "{name}: the export has no {source}");
                }
            }
            for column in contract.columns.iter().filter(|column| column.required) {
                assert!(input.columns.contains_key(column.name), "{name}: {} is not mapped", column.name);
            }
        }
    }
}

#[test]
fn transactions_add_up_to_the_totals() {
    let made = made(options());
    let totals = &made.json("truth/totals.json")["totals"];
    let (mut goods, mut refunds) = (BTreeMap::new(), BTreeMap::new());
    let (mut orders, mut anonymous, mut cancelled) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut goods_lines, mut refund_lines, mut service_lines) = (0, 0, 0);
    let mut keys = BTreeSet::new();
    let mut last = String::new();
    let rows = made.rows("transactions.csv");
    let columns = [
        "CustomerNo",
        "InvoiceNo",
        "LineNo",
        "InvoiceDate",
        "SKU",
        "Qty",
        "UnitPrice",
        "Discount",
        "Currency",
        "State",
    ];
    for [customer, order, line, date, sku, quantity, price, discount, currency, state] in rows.select(columns) {
        assert!(keys.insert((order, line)), "the key of a line is unique");
        assert!(last.as_str() <= date, "rows are in time order");
        last = date.to_owned();
        let amount = quantity.parse::<i64>().unwrap() * cents(price) - cents(discount);
        if state == "storno" {
            cancelled.insert(order);
        } else if quantity.starts_with('-') {
            refund_lines += 1;
            *refunds.entry(currency.to_owned()).or_insert(0) -= amount;
            assert!(amount < 0 && order.starts_with('C'));
        } else if ["POST", "FEE"].contains(&sku) {
            service_lines += 1;
        } else {
            goods_lines += 1;
            *goods.entry(currency.to_owned()).or_insert(0) += amount;
            assert!(amount > 0 && cents(discount) >= 0);
            if customer.is_empty() {
                anonymous.insert(order)
            } else {
                orders.insert(order)
            };
        }
    }
    let count = |key: &str| totals[key].as_u64().unwrap() as usize;
    assert_eq!(made.report.transaction_rows as usize, rows.len());
    assert_eq!(orders.len(), count("orders"));
    assert_eq!(anonymous.len(), count("anonymous_orders"));
    assert_eq!(cancelled.len(), count("cancelled_orders"));
    assert_eq!(
        (goods_lines, refund_lines, service_lines),
        (count("goods_lines"), count("refund_lines"), count("service_lines"))
    );
    assert_eq!(serde_json::to_value(goods).unwrap(), totals["goods_cents"]);
    assert_eq!(serde_json::to_value(refunds).unwrap(), totals["refund_cents"]);
}

#[test]
fn refunds_name_their_order_and_lower_it_by_no_more_than_was_paid() {
    let made = made(options());
    let rows = made.rows("transactions.csv");
    let columns = ["InvoiceNo", "CustomerNo", "InvoiceDate", "SKU", "Qty", "UnitPrice", "Discount", "Cost", "RefundOf"];
    let mut sold = BTreeMap::new();
    let mut refunds = 0;
    for [order, customer, date, sku, quantity, price, discount, cost, original] in rows.select(columns) {
        let quantity: i64 = quantity.parse().unwrap();
        let amount = quantity * cents(price) - cents(discount);
        if original.is_empty() {
            sold.insert((order, sku), (customer, date, quantity, price, amount));
            continue;
        }
        refunds += 1;
        let &(buyer, bought, units, unit_price, paid) = &sold[&(original, sku)];
        assert_eq!((buyer, unit_price), (customer, price));
        assert!(bought < date);
        assert!(-quantity <= units && -amount <= paid && cents(cost) < 0);
    }
    assert!(refunds > 100);
}

#[test]
fn products_keep_their_list_price_and_francs_are_a_twentieth_dearer() {
    let made = made(options());
    let products = made.rows("products.csv");
    let prices: BTreeMap<&str, i64> = products
        .select(["SKU", "Price"])
        .filter(|row| !row[1].is_empty())
        .map(|[sku, price]| (sku, cents(price)))
        .collect();
    for [sku, price, currency] in made.rows("transactions.csv").select(["SKU", "UnitPrice", "Currency"]) {
        if let Some(&list) = prices.get(sku) {
            let expected = if currency == "CHF" { list + list / 20 } else { list };
            assert_eq!(cents(price), expected);
        }
    }
}

#[test]
fn nobody_is_mailed_who_did_not_say_yes() {
    let made = made(options());
    let consents = made.rows("consents.csv");
    let sent = made.rows("contacts_sent.csv");
    let mut said: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
    for [customer, channel, answer, at] in consents.select(["CustomerNo", "Channel", "Answer", "At"]) {
        if channel == "email" {
            said.entry(customer).or_default().push((at, answer == "yes"));
        }
    }
    let mut denied_after_a_mail = 0;
    for [customer, at, unsubscribed] in sent.select(["CustomerNo", "SentAt", "Unsubscribed"]) {
        let statements = &said[customer];
        let standing = statements.iter().filter(|(when, _)| *when <= at).max().unwrap();
        assert!(standing.1, "the last word before a mail is yes");
        if unsubscribed == "Y" {
            denied_after_a_mail += 1;
            assert!(statements.iter().any(|&(when, yes)| when > at && !yes));
        }
    }
    assert!(denied_after_a_mail > 10);
}

#[test]
fn contacts_add_up_to_the_totals() {
    let made = made(options());
    let totals = &made.json("truth/totals.json")["totals"];
    let rows = made.rows("interactions.csv");
    let columns = ["CustomerNo", "GaveUp", "Complaint", "Answered", "WaitSeconds", "TalkSeconds"];
    let (mut known, mut abandoned, mut complaints) = (0, 0, 0);
    for [customer, gave_up, complaint, answered, wait, talk] in rows.select(columns) {
        known += u64::from(!customer.is_empty());
        abandoned += u64::from(gave_up == "Y");
        complaints += u64::from(complaint == "Y");
        assert_eq!(gave_up == "Y", answered.is_empty());
        assert_eq!(gave_up == "Y", talk == "0");
        assert!(wait.parse::<u32>().unwrap() >= 1);
    }
    assert_eq!(totals["contacts"], known);
    assert_eq!(totals["unknown_contacts"], rows.len() as u64 - known);
    assert_eq!(totals["abandoned_contacts"], abandoned);
    assert_eq!(totals["complaints"], complaints);
    assert!(known > 0 && abandoned > 0 && complaints > 0);
}
