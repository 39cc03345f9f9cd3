//! What an agent sees of a customer, and the one question to put to them (`spec/definitions.md` 3.19, 3.20).

use crate::person_support::{small, until};
use crate::run_support::{run_only, sample, without_affinity};

const FIRST: &str = "'name_form', 'service_level', 'open_complaint', 'promise_due', 'last_contact'";

const QUESTIONS: &str = "[questions.budget]\nanswers = 4\n[questions.pets]\n";

#[test]
fn what_was_answered_is_never_asked_again_and_what_was_not_rests() {
    let customers = "customer_id,profiling_opt_out,closed\n\
                     a,,\nb,,\nc,,\nd,,\ne,,\nf,,\ng,true,\nh,,2026-01-01 10:00:00\n";
    let answers = "customer_id,question_id,value,ts,channel\n\
                   b,budget,low,2026-06-01 10:00:00,phone\n\
                   c,budget,,2026-06-20 10:00:00,phone\n\
                   d,budget,,2026-03-01 10:00:00,phone\n\
                   f,budget,high,2026-06-01 10:00:00,phone\n\
                   f,budget,,2026-06-02 10:00:00,phone\n\
                   f,pets,none,2020-06-01 10:00:00,phone\n\
                   f,shoes,none,2020-06-01 10:00:00,phone\n";
    let interactions = "customer_id,ts_start,channel,direction,complaint\ne,2026-06-30 10:00:00,phone,in,true\n";
    let exports = [
        ("transactions", &*until("2026-06-30")),
        ("customers", customers),
        ("answers", answers),
        ("interactions", interactions),
    ];
    let run = small(&exports, QUESTIONS, &["next_questions", "question_rates"]);
    // Of the questions put, budget was answered by two in five, pets by one in one. With ten at the mean beside them:
    // (3 + 5) / (6 + 10) = 0.5 of all, 7 / 15 of budget, 6 / 11 of pets; times ln 4 and ln 2, budget comes first.
    let asked = "SELECT customer_id, question_id FROM next_questions ORDER BY customer_id";
    let expected = [["a", "budget"], ["b", "pets"], ["buyer", "budget"], ["c", "pets"], ["d", "budget"]];
    assert_eq!(run.ask(asked), expected);
    let rates = "SELECT question_id, rate_e6 FROM question_rates WHERE channel = '' ORDER BY question_id";
    assert_eq!(run.ask(rates), [["budget", "466666"], ["pets", "545454"]]);
    // Worth more, pets comes first; on the phone only, budget is not for those who are known by no channel. One contact
    // is a channel for all: everybody's.
    let settings = "[questions.budget]\nanswers = 4\nchannels = [\"chat\"]\n[questions.pets]\nrest_days = 0\n";
    let run = small(&exports, settings, &["next_questions"]);
    let expected = [["a", "pets"], ["b", "pets"], ["buyer", "pets"], ["c", "pets"], ["d", "pets"]];
    assert_eq!(run.ask(asked), expected);
}

#[test]
fn agents_see_at_most_25_facts_the_most_telling_first() {
    let folder = sample();
    let text = std::fs::read_to_string(folder.path().join("patronage.toml")).unwrap();
    let text = without_affinity(text) + QUESTIONS + "[agent_facts]\noff = [\"region\"]\n";
    let tables = ["agent_facts", "customers", "contact_preferences", "occasions", "next_questions", "campaign_targets"];
    let run = run_only(folder, &text, &tables);
    let none = |sql: &str| assert_eq!(run.value(sql), "0", "{sql}");
    assert_eq!(run.value("SELECT COUNT(DISTINCT customer_id) AS n FROM agent_facts"), "1500");
    assert_eq!(run.value("SELECT MAX(position) AS n FROM agent_facts"), "25");
    // Positions count from 1 without a gap, and no fact comes twice.
    none(
        "SELECT COUNT(*) AS n FROM (SELECT customer_id, COUNT(*) AS n, MAX(position) AS highest, \
          COUNT(DISTINCT fact_id) AS facts FROM agent_facts GROUP BY customer_id) AS t WHERE n <> highest OR n <> facts",
    );
    // What must not be missed is on top, the rest by relevance.
    none(&format!("SELECT COUNT(*) AS n FROM agent_facts WHERE fact_id IN ({FIRST}) AND position > 5"));
    none(&format!(
        "SELECT COUNT(*) AS n FROM (SELECT relevance, LAG(relevance) OVER (PARTITION BY customer_id ORDER BY position) \
         AS previous FROM agent_facts WHERE fact_id NOT IN ({FIRST})) AS t WHERE previous < relevance"
    ));
    none("SELECT COUNT(*) AS n FROM agent_facts WHERE fact_id = 'region'");
    // A fact says what its table says.
    none(
        "SELECT COUNT(*) AS n FROM agent_facts AS f JOIN customers AS c ON f.customer_id = c.customer_id \
          WHERE f.fact_id = 'open_complaint' AND f.value_num <> c.open_complaints",
    );
    assert_eq!(
        run.value("SELECT COUNT(*) AS n FROM agent_facts WHERE fact_id = 'open_complaint'"),
        run.value("SELECT COUNT(*) AS n FROM customers WHERE open_complaints > 0"),
    );
    none(
        "SELECT COUNT(*) AS n FROM agent_facts AS f JOIN customers AS c ON f.customer_id = c.customer_id \
          WHERE f.fact_id = 'last_order' AND f.value <> CAST(c.last_order_date AS VARCHAR)",
    );
    none(
        "SELECT COUNT(*) AS n FROM agent_facts AS f JOIN customers AS c ON f.customer_id = c.customer_id \
          WHERE f.fact_id = 'revenue_12m' AND CAST(f.value AS DECIMAL(18, 4)) <> c.net_revenue_12m",
    );
    // Who objected to profiling is shown what they did, and nothing that was concluded from it.
    none(
        "SELECT COUNT(*) AS n FROM agent_facts AS f JOIN customers AS c ON f.customer_id = c.customer_id \
          WHERE c.profiling_opt_out AND f.fact_id IN ('best_hour', 'rfm_segment', 'value_group', 'next_question', \
          'lifecycle', 'attrition_band', 'expected_value', 'tier')",
    );
    // One question at most, and none in the face of a complaint.
    none(
        "SELECT COUNT(*) AS n FROM customers WHERE next_question_id IS NOT NULL AND (open_complaints > 0 OR profiling_opt_out)",
    );
    assert_eq!(run.value("SELECT MAX(next_question_id) AS q FROM customers"), "budget");
    // Template variables are JSON with the type of the value.
    let kinds = run.ask(
        "SELECT fact_id, MIN(template_vars) AS least, MAX(template_vars) AS most FROM agent_facts GROUP BY fact_id",
    );
    assert!(kinds.len() > 25, "{}", kinds.len());
    for row in kinds {
        for text in &row[1..] {
            let vars: serde_json::Value = serde_json::from_str(text).unwrap();
            let kind = vars["type"].as_str().unwrap();
            let expected = match kind {
                "text" => 1,
                "date" => usize::from(vars["date"].is_string()) + 1,
                "money" => usize::from(vars["number"].is_number() && vars["currency"] == "EUR") + 2,
                _ => usize::from(vars["number"].is_number()) + 1,
            };
            assert_eq!(vars.as_object().unwrap().len(), expected, "{text}");
        }
    }
    // A campaign's hour is the customer's on its channel, and one in which they may be contacted.
    none(
        "SELECT COUNT(*) AS n FROM campaign_targets AS t JOIN contact_preferences AS p \
          ON t.customer_id = p.customer_id AND t.channel = p.channel \
          WHERE COALESCE(t.send_hour_local, -1) <> COALESCE(p.hour, -1) \
          OR COALESCE(t.send_hour_source, '') <> COALESCE(p.hour_source, '') OR t.time_zone <> p.time_zone",
    );
    none("SELECT COUNT(*) AS n FROM campaign_targets WHERE send_hour_local < 8 OR send_hour_local > 20");
    assert_ne!(run.value("SELECT COUNT(send_hour_local) AS n FROM campaign_targets"), "0");
    // The columns of customers are those of the tables.
    none(
        "SELECT COUNT(*) AS n FROM occasions AS o JOIN customers AS c ON o.customer_id = c.customer_id \
          WHERE o.occasion_date <> CASE WHEN o.occasion = 'birthday' THEN c.next_birthday ELSE c.next_anniversary END",
    );
    none(
        "SELECT COUNT(*) AS n FROM contact_preferences AS p JOIN customers AS c ON p.customer_id = c.customer_id \
          WHERE p.place = 1 AND (p.channel <> c.pref_channel OR p.hour <> c.pref_hour)",
    );
    none("SELECT COUNT(*) AS n FROM customers WHERE profiling_opt_out <> (pref_source = 'not_profiled')");
}
