//! Hand-made customers, so that each rule of states and signs is seen on a case that can be counted on one's fingers.

use std::fmt::Write as _;
use std::fs;

use jiff::{ToSpan, civil::date};
use patronage::pipeline::RunOptions;

use crate::run_support::{ask_run, run_file};

const CONFIG: &str = r#"
[project]
name = "hand-made"
currency = "EUR"
time_zone = "UTC"

[inputs.transactions]
files = ["transactions.csv"]
[inputs.transactions.columns]
customer_id = "customer"
order_id = "order"
ts = "ts"
amount = "amount"
product_id = "product"
quantity = "quantity"

[inputs.products]
files = ["products.csv"]
[inputs.products.columns]
product_id = "product"
category = "category"

[inputs.customers]
files = ["customers.csv"]
[inputs.customers.columns]
customer_id = "customer"
closed = "closed"
profiling_opt_out = "opt_out"

[inputs.interactions]
files = ["interactions.csv"]
[inputs.interactions.columns]
interaction_id = "id"
customer_id = "customer"
ts_start = "ts"
channel = "channel"
direction = "direction"
abandoned = "abandoned"
complaint = "complaint"
complaint_id = "complaint_id"
resolved = "resolved"
satisfaction = "satisfaction"

[inputs.consents]
files = ["consents.csv"]
[inputs.consents.columns]
customer_id = "customer"
channel = "channel"
status = "status"
ts = "ts"

[attrition]
window = "fixed"
fixed_window_days = 10
compare_days = 50
"#;

/// The day that is `recency` days before the last day that is read, 2024-06-30.
fn day(recency: i64) -> String {
    (date(2024, 6, 30) - recency.days()).to_string()
}

/// A shop in which each customer has orders of 10.00 this many days ago.
struct Shop {
    folder: tempfile::TempDir,
    transactions: String,
    interactions: String,
    customers: String,
    consents: String,
}

impl Shop {
    fn new() -> Shop {
        Shop {
            folder: tempfile::tempdir().unwrap(),
            transactions: "customer,order,ts,amount,product,quantity\n".to_owned(),
            interactions: "id,customer,ts,channel,direction,abandoned,complaint,complaint_id,resolved,satisfaction\n"
                .to_owned(),
            customers: "customer,closed,opt_out\n".to_owned(),
            consents: "customer,channel,status,ts\n".to_owned(),
        }
    }

    fn orders(&mut self, customer: &str, recencies: &[i64]) -> &mut Self {
        for recency in recencies {
            self.line(customer, *recency, "10.00", "plain", 1);
        }
        self
    }

    fn line(&mut self, customer: &str, recency: i64, amount: &str, product: &str, quantity: u32) -> &mut Self {
        let day = day(recency);
        writeln!(self.transactions, "{customer},{customer}-{recency},{day} 12:00:00,{amount},{product},{quantity}")
            .unwrap();
        self
    }

    fn contact(&mut self, customer: &str, recency: i64, rest: &str) -> &mut Self {
        let id = self.interactions.lines().count();
        writeln!(self.interactions, "{id},{customer},{} 09:00:00,{rest}", day(recency)).unwrap();
        self
    }

    fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        let write = |name: &str, text: &str| fs::write(self.folder.path().join(name), text).unwrap();
        write("transactions.csv", &self.transactions);
        write("interactions.csv", &self.interactions);
        write("customers.csv", &self.customers);
        write("consents.csv", &self.consents);
        write("products.csv", "product,category\nplain,\ntea,drinks\ncup,tableware\n");
        write("patronage.toml", CONFIG);
        let options = RunOptions { as_of: Some(date(2024, 7, 1)), force: true, ..RunOptions::default() };
        let summary = run_file(&self.folder.path().join("patronage.toml"), &options);
        ask_run(&summary.folder, sql)
    }
}

/// A window of 10 days: overdue from day 11, at risk from day 16, dormant from day 21.
#[test]
fn the_state_machine() {
    // Customer, purchase days, state, the day since when, the state before, the next one and in how many days.
    let cases: [(&str, &[i64], &str, i64, &str, &str, &str); 9] = [
        ("first", &[5], "new", 5, "prospect", "slipping", "6"),
        ("second", &[8, 3], "active", 3, "new", "slipping", "8"),
        ("late", &[30, 25, 12], "slipping", 1, "active", "at_risk", "4"),
        ("later", &[40, 35, 17], "at_risk", 1, "slipping", "dormant", "4"),
        ("silent", &[60, 55, 30], "dormant", 9, "at_risk", "", ""),
        ("back", &[60, 55, 4], "reactivated", 4, "dormant", "slipping", "7"),
        ("back_again", &[60, 55, 9, 4], "active", 4, "reactivated", "slipping", "7"),
        ("slipped", &[40, 25, 20, 15, 10, 5], "active", 25, "slipping", "slipping", "6"),
        ("nearly_lost", &[41, 25, 20, 15, 10, 5], "active", 25, "at_risk", "slipping", "6"),
    ];
    let mut shop = Shop::new();
    for (customer, recencies, ..) in cases {
        shop.orders(customer, recencies);
    }
    shop.orders("closed", &[5]);
    writeln!(shop.customers, "closed,{} 10:00:00,false\nnobody,,false", day(2)).unwrap();
    // Said no to everything, which for the dormant is the end.
    shop.orders("denied", &[60, 30]);
    writeln!(shop.consents, "denied,email,denied,{} 10:00:00", day(28)).unwrap();

    let sql = "SELECT customer_id, lifecycle_state, CAST(state_since_date AS VARCHAR) AS since, state_prev, state_next, \
               CAST(next_in_days AS VARCHAR) AS days FROM attrition ORDER BY customer_id";
    let found = shop.ask(sql);
    let row = |customer: &str| found.iter().find(|row| row[0] == customer).unwrap();
    for (customer, _, state, since, before, next, days) in cases {
        assert_eq!(row(customer)[1..], [state, &day(since), before, next, days].map(str::to_owned), "{customer}");
    }
    assert_eq!(row("closed")[1..], ["lost", &day(2), "new", "", ""].map(str::to_owned));
    assert_eq!(row("nobody")[1..], ["prospect", "", "", "", ""].map(str::to_owned));
    assert_eq!(row("denied")[1..], ["lost", &day(9), "at_risk", "", ""].map(str::to_owned));
}

#[test]
fn signs_of_leaving() {
    let mut shop = Shop::new();
    for customer in ["angry", "calmed", "waiting", "quiet", "withdrawn", "hidden"] {
        shop.orders(customer, &[100, 95, 90, 6, 2]);
    }
    shop.contact("angry", 40, "phone,in,false,true,C1,false,5")
        .contact("angry", 20, "phone,in,false,true,C2,false,1")
        .contact("angry", 110, "phone,in,false,false,,true,5")
        .contact("calmed", 20, "phone,in,false,true,C3,false,")
        .contact("calmed", 10, "email,in,false,true,C3,true,")
        .contact("waiting", 8, "phone,in,true,false,,,")
        .contact("quiet", 97, "chat,in,false,false,,true,4")
        .contact("quiet", 3, "email,out,false,false,,true,")
        .contact("hidden", 20, "phone,in,false,true,C9,false,1");
    writeln!(shop.consents, "withdrawn,email,granted,{} 10:00:00", day(80)).unwrap();
    writeln!(shop.consents, "withdrawn,email,denied,{} 10:00:00", day(8)).unwrap();
    writeln!(shop.consents, "quiet,email,denied,{} 10:00:00", day(80)).unwrap();
    writeln!(shop.customers, "hidden,,true").unwrap();

    let sql = "SELECT a.customer_id, a.contact_status, CAST(a.complaint_flag AS VARCHAR) AS complaint, \
               CAST(a.starved_flag AS VARCHAR) AS starved, CAST(a.csat_drop AS VARCHAR) AS csat, a.drivers \
               FROM attrition AS a ORDER BY a.customer_id";
    let found = shop.ask(sql);
    let row = |customer: &str| found.iter().find(|row| row[0] == customer).unwrap()[1..].to_vec();
    // Two complaints, the second within 30 days of the first; the mean of 5 and 1 lies two points below the 5 before.
    assert_eq!(row("angry"), ["ok", "true", "false", "true", "+complaint_open +csat_drop +repeat_complaint -recent"]);
    // The newest word on a complaint counts.
    assert_eq!(row("calmed"), ["ok", "false", "false", "false", "-recent"]);
    // A call that was given up is no conversation.
    assert_eq!(row("waiting"), ["ok", "false", "true", "false", "+abandoned_calls -recent +contact_starvation"]);
    // Nor is a letter of ours; a denial from the start is no change of mind.
    assert_eq!(row("quiet"), ["ok", "false", "true", "false", "-recent +contact_starvation"]);
    assert_eq!(row("withdrawn")[4], "+opt_out -recent +contact_starvation");
    assert_eq!(row("hidden"), ["", "", "", "", ""]);
    let sql = "SELECT COUNT(*) AS n FROM attrition_drivers WHERE customer_id = 'hidden'";
    assert_eq!(shop.ask(sql), [["0"]]);
    let sql =
        "SELECT status, band, lifecycle_state, value_at_risk, recency_days FROM attrition WHERE customer_id = 'hidden'";
    assert_eq!(shop.ask(sql), [["profiling_opt_out", "", "", "", ""]]);
}

/// Fifty days against the fifty before, in a case where every part can be worked out by hand.
#[test]
fn where_the_revenue_went() {
    let mut shop = Shop::new();
    // Before: four orders of ten units of tea at 2.00 and a cup at 20.00: 160.00, 44 units.
    shop.line("shrunk", 130, "1.00", "tea", 1);
    for recency in [90, 80, 70, 60] {
        shop.line("shrunk", recency, "20.00", "tea", 10).line("shrunk", recency, "20.00", "cup", 1);
    }
    // Now: two orders of five units of tea at 3.00: 30.00, 10 units.
    shop.line("shrunk", 40, "15.00", "tea", 5).line("shrunk", 20, "15.00", "tea", 5);
    let sql = "SELECT value_prev, value_now, change, change_orders, change_units, change_price, change_mix, shrink, \
               lost_category, lost_category_value, shrink_driver, parts_status FROM attrition WHERE customer_id = 'shrunk'";
    // Orders: 160 (2/4 - 1) = -80. Units: 160 (10/44 - 2/4) = -43.6364. Price: 10 (3 - 2) = 10. Mix: what is left of -130.
    assert_eq!(
        shop.ask(sql),
        [[
            "160.0000",
            "30.0000",
            "-130.0000",
            "-80.0000",
            "-43.6364",
            "10.0000",
            "-16.3636",
            "0.8125",
            "tableware",
            "-80.0000",
            "category",
            "ok"
        ]]
    );
}

#[test]
fn mistakes_of_the_section_have_their_place() {
    for (line, message) in [
        ("false_discovery_rate = 5.0", "5 is not a share"),
        ("gap_quantile = nan", "NaN is not a share"),
        ("window_step_days = 0", "`window_step_days` is 0"),
        ("false_alarm_cost = 0\nmissed_cost = 0", "no error costs anything"),
        ("csat_drop = \"-1\"", "`-1` is not a decimal number of 0 or more"),
        ("min_previous_value = \"a lot\"", "`a lot` is not a decimal number of 0 or more"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patronage.toml");
        fs::write(&path, format!("{CONFIG}{line}\n")).unwrap();
        let error = patronage::config::load(&path).unwrap_err();
        assert_eq!(error.message(), message, "{line}");
        let place = error.place().unwrap();
        assert_eq!(place.text.as_deref(), line.lines().last(), "{line}");
    }
}
