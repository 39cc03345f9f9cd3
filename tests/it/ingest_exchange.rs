//! Foreign money becomes reporting money at the rate of its day, or the row is refused.

use crate::ingest_support::{COLUMNS, Shop, lines, rejects, transactions};

#[test]
fn amounts_are_converted_at_the_latest_rate_of_their_day() {
    let columns = format!("{COLUMNS}, currency = 'currency', quantity = 'quantity', cost = 'cost'");
    let mut shop = Shop::with_transactions("['tx*']", "", &columns);
    shop.inputs += "[inputs.fx]\nfiles = ['rates.csv']\ncolumns = { currency = 'code', date = 'day', rate = 'rate' }\n";
    shop.write("rates.csv", "code,day,rate\nUSD,2025-01-01,0.9\nUSD,2025-01-03,0.123456789012\n");
    shop.write(
        "tx.csv",
        "customer_id,order_id,ts,amount,currency,quantity,cost\n\
         a,o1,2025-01-02,10,USD,3,1\na,o2,2025-01-04,10,usd,3,\na,o3,2025-01-04,10,EUR,3,\na,o4,2025-01-04,10,,3,\n\
         a,o5,2024-12-31,10,USD,3,\na,o6,2025-01-04,10,GBP,3,\na,o7,2025-01-04,10,dollars,3,\n",
    );
    let staged = shop.stage().unwrap();
    assert_eq!(
        lines(transactions(&staged), &["order_id", "amount_e4", "foreign_amount_e4", "quantity_e4", "cost_e4"]),
        ["o1 90000 100000 30000 9000", "o2 12346 100000 30000 -", "o3 100000 - 30000 -", "o4 100000 - 30000 -"]
    );
    assert_eq!(
        rejects(transactions(&staged), &["record", "reason", "column", "value"]),
        ["5 missing_rate currency USD", "6 missing_rate currency GBP", "7 unknown_currency currency dollars"]
    );
}

#[test]
fn other_rates_are_other_rows() {
    let columns = format!("{COLUMNS}, currency = 'currency'");
    let mut shop = Shop::with_transactions("['tx*']", "", &columns);
    shop.inputs += "[inputs.fx]\nfiles = ['rates.csv']\ncolumns = { currency = 'code', date = 'day', rate = 'rate' }\n";
    shop.write("tx.csv", "customer_id,order_id,ts,amount,currency\na,o1,2025-01-02,10,USD\n");
    for (rate, amount) in [("2", "200000"), ("3", "300000")] {
        shop.write("rates.csv", format!("code,day,rate\nUSD,2025-01-01,{rate}\n"));
        assert_eq!(lines(transactions(&shop.stage().unwrap()), &["amount_e4"]), [amount]);
    }
}
