//! Growth and buyers of a shop that is small enough to be summed up by hand.

use crate::run_support::{Run, run_in};

/// Every customer does one thing between the first and the second quarter of 2024; the refund names an order of the first.
const TRANSACTIONS: &str = "\
customer,order,refund_of,date,product,amount,region
returner,b1,,2023-11-01,apple,50,cn/east
again,b2,,2023-11-02,apple,5,cn/east
gone,q1,,2024-02-01,apple,20,cn/east
smaller,q2,,2024-02-01,apple,30,cn/west
larger,q3,,2024-02-01,apple,10,de
,q4,,2024-02-02,apple,3,de
first,r1,,2024-05-01,apple,10,de
again,r2,,2024-05-02,apple,7,cn/east
smaller,r3,,2024-05-03,apple,12,cn/west
larger,r4,,2024-05-04,apple,8,de
larger,r4,,2024-05-04,bread,5,de
larger,r5,,2024-06-04,pear,9,de
larger,r5,,2024-06-04,gift,1,de
returner,r6,,2024-05-05,apple,-4,cn/east
gone,r7,q1,2024-05-06,apple,-5,de
,r8,,2024-05-07,apple,11,de
";

/// `pear` came on sale in the second quarter, `gift` has no category.
const PRODUCTS: &str = "product,category,from\napple,fruit,2020-01-01\nbread,bakery,2020-01-01\n\
                        pear,fruit,2024-04-15\ngift,,2020-01-01\n";

const PIPELINE: &str = r#"
[project]
name = "by-hand"
currency = "EUR"
time_zone = "UTC"
[inputs.transactions]
files = ["transactions.csv"]
[inputs.transactions.columns]
customer_id = "customer"
order_id = "order"
original_order_id = "refund_of"
ts = { column = "date", format = "%Y-%m-%d" }
product_id = "product"
amount = "amount"
region = "region"
[inputs.products]
files = ["products.csv"]
[inputs.products.columns]
product_id = "product"
category = "category"
available_from = { column = "from", format = "%Y-%m-%d" }
[periods]
count = 2
"#;

fn run() -> Run {
    let folder = tempfile::tempdir().unwrap();
    // A line of the day before `as_of`, so that the second quarter is over.
    let transactions = format!("{TRANSACTIONS}late,z1,,2024-07-01,apple,1000,de\n");
    std::fs::write(folder.path().join("transactions.csv"), transactions).unwrap();
    std::fs::write(folder.path().join("products.csv"), PRODUCTS).unwrap();
    run_in(folder, PIPELINE)
}

#[test]
fn every_part_of_growth_is_what_the_lines_say() {
    let run = run();
    let of = |scope: &str| {
        run.ask(&format!(
            "SELECT part, amount, COALESCE(CAST(customers AS VARCHAR), '-') AS customers, status FROM growth \
             WHERE scope = '{scope}' ORDER BY part_no"
        ))
    };
    assert_eq!(
        of("all"),
        [
            ["opening", "58.0000", "3", "ok"],
            ["new", "10.0000", "1", "ok"],
            ["reactivated", "7.0000", "1", "ok"],
            // 8 for apples after 10.
            ["expansion_existing", "-2.0000", "1", "ok"],
            ["expansion_cross_sell", "5.0000", "1", "ok"],
            ["expansion_new_products", "9.0000", "1", "ok"],
            ["expansion_unsplit", "1.0000", "1", "category_unknown"],
            ["contraction", "-18.0000", "1", "ok"],
            // 20 less the refund of 5, which falls on the day of its order.
            ["lapsed", "-15.0000", "1", "ok"],
            ["returns_only", "-4.0000", "1", "ok"],
            ["unidentified", "8.0000", "-", "ok"],
            ["change", "1.0000", "-", "ok"],
            ["closing", "59.0000", "4", "ok"],
        ]
    );
    // The refund belongs to the region of its order.
    let changes =
        |scope| of(scope).into_iter().filter(|row| row[1] != "0.0000").map(|row| [row[0].clone(), row[1].clone()]);
    let east_and_west: Vec<[String; 2]> = changes("all/cn").collect();
    assert_eq!(
        east_and_west,
        [
            ["opening", "45.0000"],
            ["reactivated", "7.0000"],
            ["contraction", "-18.0000"],
            ["lapsed", "-15.0000"],
            ["returns_only", "-4.0000"],
            ["change", "-30.0000"],
            ["closing", "15.0000"],
        ]
    );
}

#[test]
fn every_figure_of_the_summary_is_what_the_lines_say() {
    let run = run();
    let of = |scope: &str, metrics: &str| {
        run.ask(&format!(
            "SELECT metric_id, value, COALESCE(CAST(value_prev AS VARCHAR), '-') AS value_prev, status \
             FROM business_summary WHERE scope = '{scope}' AND CAST(period_start AS VARCHAR) = '2024-04-01' \
             AND period_kind = 'quarter' AND metric_id IN ({metrics}) ORDER BY metric_id"
        ))
    };
    assert_eq!(
        of(
            "all",
            "'buyers', 'lapsed_buyers', 'net_revenue', 'new_buyers', 'orders', 'reactivated_buyers', 'refunds', 'retained_buyers'"
        ),
        [
            ["buyers", "4.0", "3.0", "ok"],
            // Of the first quarter's three: two had bought in the last one of 2023, and none of them came back then.
            ["lapsed_buyers", "1.0", "2.0", "ok"],
            ["net_revenue", "59.0", "58.0", "ok"],
            ["new_buyers", "1.0", "3.0", "ok"],
            ["orders", "6.0", "4.0", "ok"],
            ["reactivated_buyers", "1.0", "0.0", "ok"],
            ["refunds", "4.0", "5.0", "ok"],
            ["retained_buyers", "2.0", "0.0", "ok"],
        ]
    );
    assert_eq!(
        of("all/cn", "'net_revenue', 'buyers'"),
        [["buyers", "2.0", "2.0", "ok"], ["net_revenue", "15.0", "45.0", "ok"]]
    );
    assert_eq!(of("all/cn/east", "'net_revenue'"), [["net_revenue", "3.0", "15.0", "ok"]]);
    assert_eq!(
        of("product:fruit", "'net_revenue', 'buyers'"),
        [["buyers", "4.0", "3.0", "ok"], ["net_revenue", "53.0", "58.0", "ok"]]
    );
    // A scope begins with its first line, so that there is nothing to compare it with.
    assert_eq!(of("product:bakery", "'net_revenue'"), [["net_revenue", "5.0", "-", "no_previous"]]);
    assert_eq!(of("product:unknown", "'lines'"), [["lines", "1.0", "-", "no_previous"]]);
    // Nobody is judged by four buyers.
    assert_eq!(of("all", "'repeat_rate'"), [["repeat_rate", "0.75", "0.0", "too_few"]]);
    // The quarter that has begun is not compared.
    let sql = "SELECT value, value_prev IS NULL AS alone, status FROM business_summary WHERE scope = 'all' \
               AND CAST(period_start AS VARCHAR) = '2024-07-01' AND period_kind = 'quarter' AND metric_id = 'net_revenue'";
    assert_eq!(run.ask(sql), [["1000.0", "true", "incomplete_period"]]);
}
