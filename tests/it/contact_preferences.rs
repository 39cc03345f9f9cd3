//! When and how somebody is reached best (`spec/definitions.md` 3.11): the worked example, by hand, on clocks around the
//! world, and on a generated shop whose customers have habits.

use std::collections::BTreeMap;

use patronage::generate::{GenerateOptions, Layout, Model, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;

use crate::attrition_planted::columns;
use crate::person_support::{contacts, small, until};
use crate::run_support::{Run, ask_run, run_file, run_only};

fn near(text: &str, expected: f64) {
    let found: f64 = text.parse().unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

/// The row of `contact_preferences` of a customer on a channel.
fn row(run: &Run, columns: &str, customer: &str, channel: &str) -> Vec<String> {
    let sql =
        format!("SELECT {columns} FROM contact_preferences WHERE customer_id = '{customer}' AND channel = '{channel}'");
    let mut rows = run.ask(&sql);
    assert_eq!(rows.len(), 1, "{customer} {channel}");
    rows.remove(0)
}

/// Two signs at 20 h and one at 9 h, in a pool of eighty of which ten are at 20 h and one at 9 h.
fn worked_example(settings: &str) -> Run {
    let signs = contacts(&[
        ("clicker", 20, 2, "email,in"),
        ("clicker", 9, 1, "email,in"),
        ("crowd", 20, 8, "email,in"),
        ("crowd", 10, 23, "email,in"),
        ("crowd", 11, 23, "email,in"),
        ("crowd", 12, 23, "email,in"),
    ]);
    let interactions = format!("customer_id,ts_start,channel,direction\n{signs}");
    let exports = [
        ("transactions", &*until("2026-06-30")),
        ("customers", "customer_id\nclicker\ncrowd\n"),
        ("interactions", &*interactions),
    ];
    small(&exports, settings, &["contact_preferences", "customer_preferences"])
}

#[test]
fn two_clicks_at_20_and_one_at_9_give_20() {
    let run = worked_example("");
    let found = row(&run, "hour, hour_source, hour_method, hour_n, hour_p, hour_lift", "clicker", "email");
    assert_eq!(found[..3], ["20", "own", "signs"]);
    near(&found[3], 3.0);
    near(&found[4], 0.25);
    near(&found[5], 2.0);
    // All on one Tuesday: a share of (3 + 10 x 1) / 13. In the morning (1 + 10 x 47/80) / 13, in the evening a quarter.
    let found = row(&run, "weekday, weekday_p, daypart, daypart_p", "clicker", "email");
    assert_eq!((&*found[0], &*found[2]), ("2", "morning"));
    near(&found[1], 1.0);
    near(&found[3], 6.875 / 13.0);
    // Three hours share the crowd: the earliest.
    assert_eq!(row(&run, "hour", "crowd", "email"), ["10"]);
    // Who never wrote has what everybody has.
    let silent = "SELECT pref_channel, pref_channel_n, pref_hour, pref_source FROM customer_preferences \
                  WHERE customer_id = 'buyer'";
    assert_eq!(run.ask(silent), [["email", "0.0", "10", "everybody"]]);
}

#[test]
fn what_is_too_little_and_what_is_not_allowed_leaves_the_choice_to_the_pool() {
    let run = worked_example("[preferences]\nmin_contacts = 4");
    let found = row(&run, "hour, hour_source, hour_p", "clicker", "email");
    assert_eq!(found[..2], ["10", "everybody"]);
    near(&found[2], 0.2875);
    // Until 20 h only: 9 h has (1 + 10/80) / 13, less than the pool's best with 10 x 23/80 / 13.
    let run = worked_example("[preferences.channel_hours]\nemail = [9, 20]");
    let found = row(&run, "hour, hour_source, hour_p", "clicker", "email");
    assert_eq!(found[..2], ["10", "own"]);
    near(&found[2], 2.875 / 13.0);
}

#[test]
fn calls_that_were_answered_or_not_decide_by_their_rate() {
    let mut interactions = "customer_id,ts_start,channel,direction,abandoned,talk_s\n".to_owned();
    for (customer, hour, calls, answered) in
        [("late", 10, 6, 0), ("late", 18, 4, 4), ("busy", 10, 40, 20), ("busy", 18, 40, 10)]
    {
        for minute in 0..calls {
            let talk = if minute < answered { 60 } else { 0 };
            interactions += &format!("{customer},2026-06-30 {hour}:{minute:02}:00,phone,out,false,{talk}\n");
        }
    }
    let exports = [
        ("transactions", &*until("2026-06-30")),
        ("customers", "customer_id\nlate\nbusy\n"),
        ("interactions", &*interactions),
    ];
    let run = small(&exports, "", &["contact_preferences"]);
    // Of all 90 calls 34 were answered, 0.377. At 10 h (20 + 20 x 0.377) / (46 + 20) = 0.417272, at 18 h (14 + 7.54) / 64
    // = 0.336562. The late one at 18 h: (4 + 20 x 0.336562) / 24; the busy one at 10 h: (20 + 20 x 0.417272) / 60.
    let late = row(&run, "hour, hour_method, hour_source, hour_n, hour_p, hour_lift", "late", "phone");
    assert_eq!(late[..3], ["18", "trials", "own"]);
    near(&late[3], 10.0);
    near(&late[4], 0.447_135);
    near(&late[5], 0.447_135 / 0.336_562);
    let busy = row(&run, "hour, hour_p", "busy", "phone");
    assert_eq!(busy[0], "10");
    near(&busy[1], 0.472_424);
}

#[test]
fn hours_and_weekdays_are_those_of_the_customer_s_own_clock() {
    let customers = "customer_id,time_zone,region\n\
                     tokyo,Asia/Tokyo,all/us/ca\n\
                     coast,,all/us/ca\n\
                     wrong,Mars/Olympus,all/us\n\
                     island,Australia/Lord_Howe,\n\
                     here,,all/de\n\
                     dated,,all/de\n";
    // Three nights before and after clocks changed in Berlin (29 March 2026, 2 h) and in Los Angeles (8 March).
    let mut interactions = "customer_id,ts_start,channel,direction\n".to_owned();
    for customer in ["tokyo", "coast", "wrong", "island", "here"] {
        for ts in ["2026-03-29 03:30:00", "2026-03-29 01:30:00", "2026-02-22 03:30:00"] {
            interactions += &format!("{customer},{ts},chat,in\n");
        }
    }
    interactions += "dated,2026-03-29,chat,in\n";
    let exports = [("transactions", &*until("2026-03-29")), ("customers", customers), ("interactions", &*interactions)];
    let settings = "[preferences]\nmin_contacts = 1\nprior_contacts = 1\nallowed_hours = [0, 24]\n\
                    [preferences.region_time_zones]\n\"all/us\" = \"America/Los_Angeles\"\n\"de\" = \"Europe/Berlin\"\n";
    let run = small(&exports, settings, &["contact_preferences", "contact_signals", "clock_sources"]);
    // 03:30 in summer is 01:30 UTC, 01:30 in winter is 00:30 UTC, and 03:30 in winter 02:30 UTC.
    let hours = |customer: &str| -> Vec<String> {
        let sql = format!(
            "SELECT CONCAT(CAST(weekday AS VARCHAR), ' ', CAST(hour AS VARCHAR)) AS moment FROM contact_signals \
             WHERE customer_id = '{customer}' ORDER BY weekday, hour"
        );
        run.ask(&sql).into_iter().map(|row| row[0].clone()).collect()
    };
    assert_eq!(hours("here"), ["7 1", "7 3"]);
    assert_eq!(hours("tokyo"), ["7 9", "7 10", "7 11"]);
    assert_eq!(hours("coast"), ["6 17", "6 18"]);
    assert_eq!(hours("wrong"), ["6 17", "6 18"]);
    // Summer there, an hour and a half of it: 11 hours ahead until 5 April.
    assert_eq!(hours("island"), ["7 11", "7 12", "7 13"]);
    // A bare date has no hour, and the weekday that it has.
    assert_eq!(hours("dated"), ["7 -1"]);
    let zones = "SELECT customer_id, time_zone, zone_source FROM contact_preferences ORDER BY customer_id";
    assert_eq!(
        run.ask(zones),
        [
            ["coast", "America/Los_Angeles", "region"],
            ["dated", "Europe/Berlin", "region"],
            ["here", "Europe/Berlin", "region"],
            ["island", "Australia/Lord_Howe", "customer"],
            ["tokyo", "Asia/Tokyo", "customer"],
            ["wrong", "America/Los_Angeles", "region"],
        ]
    );
    let counted = "SELECT zone_source, is_zone_wrong, customers FROM clock_sources ORDER BY zone_source, is_zone_wrong";
    let expected =
        [["business", "false", "1"], ["customer", "false", "2"], ["region", "false", "3"], ["region", "true", "1"]];
    assert_eq!(run.ask(counted), expected);
    let dated = row(&run, "weekday, weekday_source, hour_method, hour_n", "dated", "chat");
    assert_eq!(dated[..3], ["7", "own", ""]);
}

#[test]
fn page_views_of_an_hour_are_one_sign_and_objections_are_honoured() {
    let customers = "customer_id,profiling_opt_out\nreader,\nhidden,true\n";
    let views = contacts(&[
        ("reader", 9, 30, "web,,view"),
        ("reader", 14, 5, "web,,cart"),
        ("reader", 15, 2, "web,in,question"),
        ("hidden", 9, 5, "phone,in,"),
    ]);
    let interactions = format!("customer_id,ts_start,channel,direction,event\n{views}");
    let exports = [("transactions", &*until("2026-06-30")), ("customers", customers), ("interactions", &*interactions)];
    let tables = ["contact_preferences", "customer_preferences", "contact_pools"];
    let run = small(&exports, "", &tables);
    let found = row(&run, "channel_n, service_n, sales_n, hour", "reader", "web");
    assert_eq!(found, ["4.0", "4.0", "0.0", "15"]);
    // Who objected is one of many in the pool, and has no row.
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM contact_preferences WHERE customer_id = 'hidden'"), "0");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM contact_pools WHERE channel = 'phone' AND measure = 'hour'"), "1");
    let source = "SELECT pref_source FROM customer_preferences WHERE customer_id = 'hidden'";
    assert_eq!(run.value(source), "not_profiled");
    let run = small(&exports, "[preferences]\npage_views = false\n", &tables);
    assert_eq!(row(&run, "channel_n", "reader", "web"), ["2.0"]);
}

#[test]
fn planted_hours_and_channels_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("shop");
    let options = GenerateOptions {
        out: dir.clone(),
        customers: 4_000,
        products: 60,
        days: 365,
        seed: 5,
        layout: Layout::Single,
        threads: 2,
        model: Model { contacts_per_order: 3.0, contact_habit: 0.7, campaigns: 0, ..Model::default().pure() },
        ..GenerateOptions::default()
    };
    generate(&options, &Silent, &Cancel::new()).unwrap();
    let only = ["customer_preferences", "contact_preferences"].map(ToOwned::to_owned).to_vec();
    let run = run_file(&dir.join("patronage.toml"), &RunOptions { only, ..RunOptions::default() }).folder;
    let hours: BTreeMap<String, String> = columns(&dir.join("truth/customers.csv"), ["customer_id", "preferred_hour"])
        .into_iter()
        .map(|[id, hour]| (id, hour))
        .collect();
    let sql = "SELECT customer_id, pref_channel, pref_hour FROM customer_preferences \
               WHERE pref_source = 'own' AND pref_channel_n >= 6";
    let found = ask_run(&run, sql);
    let own = |id: &str| ["phone", "email", "chat"][(id.parse::<usize>().unwrap() - 10_000_001) % 3];
    let share = |right: &dyn Fn(&Vec<String>) -> bool| {
        found.iter().filter(|row| right(row)).count() as f64 / found.len() as f64
    };
    let (channels, right) = (share(&|row| row[1] == own(&row[0])), share(&|row| row[2] == hours[&row[0]]));
    println!("{} customers: {channels:.3} of channels, {right:.3} of hours", found.len());
    // A planted hour holds 0.72 of the contacts, each of the twelve others 0.023: with six or more, hardly one is missed.
    assert!(found.len() > 200, "{}", found.len());
    assert!(channels > 0.9 && right > 0.85);
}

#[test]
fn the_weights_of_real_contacts_add_up_as_they_do_by_hand() {
    let Some(text) = crate::run_support::real_pipeline("complete_journey", |text| text) else { return };
    let tables = ["contact_preferences", "customer_preferences"];
    let run = run_only(tempfile::tempdir().unwrap(), &text, &tables);
    // 2,102 redemptions by 410 households: the sum of round(10,000 x 2^(-age / 90)) over them, in Python.
    let sums = "SELECT COUNT(*) AS n, CAST(FLOOR(SUM(channel_n) * 10000 + 0.5) AS BIGINT) AS e4, COUNT(hour) AS hours \
                FROM contact_preferences";
    // Redemptions have a date and no time of day.
    assert_eq!(run.ask(sums), [["410", "9852277", "0"]]);
    let sources =
        "SELECT pref_source, COUNT(*) AS n FROM customer_preferences GROUP BY pref_source ORDER BY pref_source";
    println!("{:?}", run.ask(sources));
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM customer_preferences WHERE pref_channel = 'store'"), "2469");
}

#[test]
fn settings_that_make_no_sense_are_named_with_the_next_step() {
    let start = "[project]\nname = \"p\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\nfiles = [\"o.csv\"]\n\
                 [inputs.transactions.columns]\nts = \"date\"\namount = \"paid\"\n";
    for (settings, message, hint) in [
        ("[preferences]\nhalf_life_days = 0", "`half_life_days` is 0", "write 1 or more"),
        ("[preferences]\nprior_trials = 2000", "`prior_trials` is 2000", "write 1000 or less"),
        (
            "[preferences]\nallowed_hours = [20, 9]",
            "[20, 9] are no hours of a day",
            "write the first hour and the hour after the last, for example `[9, 20]`",
        ),
        ("[preferences.channel_hours]\nfone = [9, 20]", "there is no channel `fone`", "did you mean `phone`?"),
        (
            "[preferences.region_time_zones]\n\"all/us\" = \"America/Los_Angels\"",
            "unknown time zone `America/Los_Angels`",
            "did you mean `America/Los_Angeles`?",
        ),
        ("[occasions]\nhorizon_days = 400", "`horizon_days` is 400", "write 365 or less"),
        ("[questions.budget]\nanswers = 1", "`answers` is 1", "write 2 or more"),
        ("[questions.budget]\nchannels = [\"fone\"]", "unknown value `fone`", "did you mean `phone`?"),
        ("[agent_facts]\nmost = 40", "`most` is 40", "write 25 or less"),
        ("[agent_facts]\noff = [\"tenur\"]", "unknown value `tenur`", "did you mean `tenure`?"),
        ("[agent_facts.relevance]\norders = 11.0", "11 is not a weight", "write a number from 0 to 10"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patronage.toml");
        std::fs::write(&path, format!("{start}{settings}\n")).unwrap();
        let error = patronage::config::load(&path).map(|loaded| loaded.config).expect_err(settings);
        assert_eq!((error.message(), error.hint_text()), (message, Some(hint)), "{settings}");
        assert!(error.place().is_some_and(|place| place.line.is_some_and(|line| line > 8)), "{settings}");
    }
}
