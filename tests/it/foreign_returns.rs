//! Orders in foreign money that came back: what a rate that changed meanwhile leaves of them is money, and no purchase.

use crate::run_support::run_in;

/// A dollar was worth 0.90 at the sales and 0.80 when the goods came back.
const TRANSACTIONS: &str = "\
customer,order,refund_of,date,amount,currency
whole,w1,,2024-01-10,100,USD
whole,w2,w1,2024-02-10,-100,USD
part,p1,,2024-01-10,100,USD
part,p2,p1,2024-02-10,-40,USD
mixed,m1,,2024-01-10,100,USD
mixed,m1,,2024-01-10,10,EUR
mixed,m2,m1,2024-02-10,-100,USD
ours,o1,,2024-01-10,100,EUR
ours,o2,o1,2024-02-10,-100,EUR
keeper,k1,,2024-01-10,100,EUR
";

const PIPELINE: &str = r#"
[project]
name = "foreign-returns"
currency = "EUR"
time_zone = "UTC"
[inputs.fx]
files = ["rates.csv"]
columns = { currency = "code", date = "day", rate = "rate" }
[inputs.transactions]
files = ["transactions.csv"]
[inputs.transactions.columns]
customer_id = "customer"
order_id = "order"
original_order_id = "refund_of"
ts = { column = "date", format = "%Y-%m-%d" }
amount = "amount"
currency = "currency"
"#;

#[test]
fn an_order_that_came_back_as_a_whole_counts_as_none_at_whatever_rate() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("transactions.csv"), TRANSACTIONS).unwrap();
    std::fs::write(folder.path().join("rates.csv"), "code,day,rate\nUSD,2024-01-01,0.9\nUSD,2024-02-01,0.8\n").unwrap();
    let run = run_in(folder, PIPELINE);
    assert_eq!(
        run.ask("SELECT customer_id, orders, net_revenue FROM customers ORDER BY customer_id"),
        [
            ["keeper", "1", "100.0000"],
            // Two currencies: 90 + 10 - 80 in ours.
            ["mixed", "1", "20.0000"],
            ["ours", "0", "0.0000"],
            ["part", "1", "58.0000"],
            // The 10 that the rate left are in the books, and nobody bought for them.
            ["whole", "0", "10.0000"],
        ]
    );
}
