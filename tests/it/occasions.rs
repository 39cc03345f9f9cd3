//! Birthdays and anniversaries on the customer's own calendar, those of a 29 February, and holidays where they live.

use crate::person_support::{small, until};
use crate::run_support::Run;

const CUSTOMERS: &str = "customer_id,birth,signup,region,time_zone,closed\n\
    leap,2000-02-29,,,,\n\
    yesterday,1990-02-27,,,,\n\
    today,1990-02-28,,,,\n\
    marz,1980-03-01,,all/ch/gr,,\n\
    old,1890-03-01,,,,\n\
    unborn,2031-03-01,,,,\n\
    gone,1980-03-01,2020-03-01 10:00:00,,,2026-01-01 10:00:00\n\
    coast,1990-02-27,2026-03-01 08:00:00,,America/Los_Angeles,\n\
    fresh,,2027-02-27 10:00:00,,,\n\
    leaper,,2024-02-29 12:00:00,,,\n";

const HOLIDAYS: &str =
    "date,name,region\n2027-03-01,Chalandamarz,ch/gr\n2027-03-01,Feast,all/de\n2027-02-28,Everywhere,\n";

/// As of 28 February 2027.
fn run(settings: &str) -> Run {
    let exports = [("transactions", &*until("2027-02-27")), ("customers", CUSTOMERS), ("holidays", HOLIDAYS)];
    small(&exports, settings, &["occasions", "customer_occasions"])
}

fn listed(run: &Run) -> Vec<String> {
    let sql = "SELECT customer_id, occasion, CAST(occasion_date AS VARCHAR) AS occasion_text, days_until, \
               CAST(contact_date AS VARCHAR) AS contact, weekday, years, holiday \
               FROM occasions ORDER BY customer_id, occasion";
    run.ask(sql).into_iter().map(|row| row.join(" ").trim_end().to_owned()).collect()
}

#[test]
fn occasions_are_of_the_customer_s_own_calendar() {
    let run = run("");
    assert_eq!(
        listed(&run),
        [
            // 1 March 2026, 8 o'clock in Berlin was the last evening of February in Los Angeles, where as_of is a day behind:
            // the anniversary is tomorrow, and the birthday of 27 February is today.
            "coast anniversary 2027-02-28 1 2027-02-27 7 1 Everywhere",
            "coast birthday 2027-02-27 0 2027-02-27 6",
            // In years without one, a 29 February is on the 28th.
            "leap birthday 2027-02-28 0 2027-02-28 7  Everywhere",
            "leaper anniversary 2027-02-28 0 2027-02-28 7 3 Everywhere",
            "marz birthday 2027-03-01 1 2027-02-28 1  Chalandamarz",
            "today birthday 2027-02-28 0 2027-02-28 7  Everywhere",
        ]
    );
    // Who came yesterday has an anniversary in a year; who was born yesterday long ago has had their birthday.
    let next = "SELECT customer_id, CAST(next_birthday_date AS VARCHAR) AS birthday, \
                CAST(next_anniversary_date AS VARCHAR) AS anniversary \
                FROM customer_occasions WHERE customer_id IN ('fresh', 'yesterday') ORDER BY customer_id";
    assert_eq!(run.ask(next), [["fresh", "", "2028-02-27"], ["yesterday", "2028-02-27", ""]]);
}

#[test]
fn the_leap_day_may_be_the_first_of_march_and_the_horizon_wider() {
    let run = run("[occasions]\nleap_day = \"march1\"\nhorizon_days = 1\nlead_days = 0\n");
    assert_eq!(
        listed(&run),
        [
            "coast anniversary 2027-02-28 1 2027-02-28 7 1 Everywhere",
            "coast birthday 2027-02-27 0 2027-02-27 6",
            "leap birthday 2027-03-01 1 2027-03-01 1",
            "leaper anniversary 2027-03-01 1 2027-03-01 1 3",
            "marz birthday 2027-03-01 1 2027-03-01 1  Chalandamarz",
            "today birthday 2027-02-28 0 2027-02-28 7  Everywhere",
        ]
    );
}

#[test]
fn without_a_sign_up_the_first_order_counts_only_when_asked_for() {
    let exports =
        [("transactions", "customer_id,order_id,ts,amount\nbuyer,o1,2025-07-01,10\nother,o2,2026-06-30,10\n")];
    let silent = small(&exports, "", &["occasions"]);
    assert_eq!(silent.value("SELECT COUNT(*) AS n FROM occasions"), "0");
    let run = small(&exports, "[occasions]\nfirst_order = true\n", &["occasions"]);
    let sql = "SELECT customer_id, occasion, days_until, years, counts_from FROM occasions";
    assert_eq!(run.ask(sql), [["buyer", "anniversary", "0", "1", "first_order"]]);
}
