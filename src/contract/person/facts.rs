//! Contracts of the next question and of the facts for agents (`spec/definitions.md` 3.19, 3.20).

use super::super::{Column, Table, bigint, boolean, day, double, integer, text};
use super::{channel, customer, segment};

pub(super) fn parameter_tables() -> Vec<Table> {
    vec![
        question_bank(),
        question_channels(),
        fact_params(),
        fact_catalogue(),
        fact_relevance(),
        fact_freshness(),
        fact_tier_weights(),
    ]
}

pub(super) fn tables() -> Vec<Table> {
    vec![
        answer_states(),
        answer_counts(),
        answer_entropies(),
        question_rates(),
        question_ranks(),
        next_questions(),
        last_contacts(),
        life_events(),
        fact_texts(),
        fact_numbers(),
        fact_classes(),
        fact_counts(),
        fact_rarities(),
        agent_facts(),
    ]
}

fn question() -> Column {
    text("question_id", "the question")
}

fn fact() -> Column {
    text("fact_id", "the fact")
}

fn class() -> Column {
    text("class", "class of its value")
}

fn observed() -> Column {
    day("observed_day", "when it was observed; null for what holds without a date").optional()
}

fn unit() -> Column {
    text("unit", "what its value is: text, count, days, date, hour, money or mark")
}

fn question_bank() -> Table {
    Table::new(
        "question_bank",
        "one question of the pipeline file",
        &["question_id"],
        vec![
            question(),
            integer("question_no", "its place in the order of names, from 1"),
            bigint("weight_e3", "how much an answer is worth, in thousandths"),
            integer("rest_days", "days before it is asked again when it stayed without an answer"),
            bigint("prior_entropy_e6", "entropy of its possible answers, all alike, in millionths of a nat"),
        ],
    )
    .internal()
}

fn question_channels() -> Table {
    Table::new(
        "question_channels",
        "one channel that one question is for; a question without any is for all",
        &["question_id", "channel"],
        vec![question(), channel()],
    )
    .internal()
}

fn fact_params() -> Table {
    Table::new(
        "fact_params",
        "the one row of [agent_facts]",
        &["most"],
        vec![integer("most", "most facts of a customer")],
    )
    .internal()
}

fn fact_catalogue() -> Table {
    Table::new(
        "fact_catalogue",
        "one kind of fact that agents are shown",
        &["fact_id"],
        vec![
            fact(),
            integer("fact_no", "its place in the catalogue, from 1"),
            unit(),
            boolean("is_first", "it comes before all others"),
            boolean("is_profile", "it is not for who objected to profiling"),
            text("source", "which part of the pipeline knows it"),
        ],
    )
    .internal()
}

fn fact_relevance() -> Table {
    Table::new(
        "fact_relevance",
        "how relevant one fact is in one situation",
        &["fact_id", "situation"],
        vec![
            fact(),
            text("situation", "everyday, complaint, promise or leaving"),
            bigint("relevance_e2", "relevance in hundredths"),
        ],
    )
    .internal()
}

fn fact_freshness() -> Table {
    Table::new(
        "fact_freshness",
        "how fresh a fact of one age is; older ones are not",
        &["age_days"],
        vec![
            integer("age_days", "days before the last day that is read"),
            bigint("freshness_e3", "2^(-age / half-life), in thousandths"),
        ],
    )
    .internal()
}

fn fact_tier_weights() -> Table {
    Table::new(
        "fact_tier_weights",
        "how much the facts of customers of one value tier count",
        &["tier"],
        vec![integer("tier", "1 is best, 5 least, 0 none"), bigint("weight_e2", "weight in hundredths")],
    )
    .internal()
}

fn answer_states() -> Table {
    Table::new(
        "answer_states",
        "one question that was put to one customer",
        &["customer_id", "question_id"],
        vec![
            customer(),
            question(),
            text("value", "the newest answer; null when none was given").optional(),
            day("asked_day", "when it was last asked or answered"),
            bigint("times", "how often"),
            segment(),
        ],
    )
    .internal()
}

fn answer_counts() -> Table {
    Table::new(
        "answer_counts",
        "how many customers of one segment, and of all, gave one answer to one question",
        &["scope", "segment", "question_id", "value"],
        vec![
            text("scope", "segment or everybody"),
            segment(),
            question(),
            text("value", "the answer"),
            bigint("customers", "how many gave it"),
        ],
    )
    .internal()
}

fn answer_entropies() -> Table {
    Table::new(
        "answer_entropies",
        "how much an answer to one question tells of a customer of one segment, and of all",
        &["scope", "segment", "question_id"],
        vec![
            text("scope", "segment or everybody"),
            segment(),
            question(),
            bigint("answers", "how many answered"),
            bigint("entropy_e6", "entropy of their answers, in millionths of a nat"),
        ],
    )
    .internal()
}

fn question_rates() -> Table {
    Table::new(
        "question_rates",
        "how probably one question is answered on one channel",
        &["question_id", "channel"],
        vec![
            question(),
            text("channel", "the channel; empty for customers of whom none is known"),
            bigint("rate_e6", "the rate, in millionths"),
        ],
    )
    .internal()
}

fn question_ranks() -> Table {
    Table::new(
        "question_ranks",
        "one question for the customers of one segment who are best reached on one channel, the best first",
        &["segment", "channel", "question_id"],
        vec![
            segment(),
            text("channel", "the channel; empty for customers of whom none is known"),
            question(),
            bigint("place", "place among the questions"),
            bigint("rate_e6", "probability of an answer, in millionths"),
            bigint("entropy_e6", "what an answer tells, in millionths of a nat"),
        ],
    )
    .internal()
}

fn next_questions() -> Table {
    Table::new(
        "next_questions",
        "the one question to put to one customer at the next contact",
        &["customer_id"],
        vec![
            customer(),
            question(),
            double("answer_rate", "probability of an answer"),
            double("entropy", "what an answer tells, in nats"),
        ],
    )
    .internal()
}

fn last_contacts() -> Table {
    Table::new(
        "last_contacts",
        "the newest contact of one customer, where the next one continues",
        &["customer_id"],
        vec![
            customer(),
            day("day", "when it was"),
            text("reason_code", "why").optional(),
            text("need_stage", "stage of the need").optional(),
            text("product_id", "product it was about").optional(),
            text("agent_id", "who answered").optional(),
            boolean("is_resolved", "it was solved"),
        ],
    )
    .internal()
}

fn life_events() -> Table {
    Table::new(
        "life_events",
        "the newest word of one customer about their life, or about a competitor",
        &["customer_id", "kind"],
        vec![
            customer(),
            text("kind", "life_event or competitor"),
            text("code", "the code"),
            day("day", "when it was said"),
        ],
    )
    .internal()
}

fn fact_texts() -> Table {
    Table::new(
        "fact_texts",
        "one thing in words that an agent may want to know of one customer",
        &["customer_id", "fact_id"],
        vec![customer(), fact(), text("value", "the words"), observed()],
    )
    .internal()
}

fn fact_numbers() -> Table {
    Table::new(
        "fact_numbers",
        "one thing in numbers that an agent may want to know of one customer",
        &["customer_id", "fact_id"],
        vec![customer(), fact(), bigint("number", "the number, in the fact's unit"), observed()],
    )
    .internal()
}

fn fact_classes() -> Table {
    Table::new(
        "fact_classes",
        "one fact of one customer, and the class of values that it falls into",
        &["customer_id", "fact_id"],
        vec![
            customer(),
            fact(),
            integer("fact_no", "its place in the catalogue"),
            unit(),
            boolean("is_first", "it comes before all others"),
            text("text_value", "the words").optional(),
            bigint("number", "the number").optional(),
            observed(),
            class(),
        ],
    )
    .internal()
}

fn fact_counts() -> Table {
    Table::new(
        "fact_counts",
        "how many customers share one class of values of one fact",
        &["fact_id", "class"],
        vec![fact(), class(), bigint("customers", "how many"), bigint("all_customers", "how many customers there are")],
    )
    .internal()
}

fn fact_rarities() -> Table {
    Table::new(
        "fact_rarities",
        "how rare one class of values of one fact is",
        &["fact_id", "class"],
        vec![fact(), class(), bigint("rarity_e3", "-log share of customers with the same, in thousandths of a nat")],
    )
    .internal()
}

fn agent_facts() -> Table {
    Table::new(
        "agent_facts",
        "one of the facts that an agent should see of one customer, the most telling first",
        &["customer_id", "position"],
        vec![
            customer(),
            integer("position", "from 1, at most 25"),
            text("fact_id", "which fact of the catalogue: a screen has its words"),
            text("value", "its value as text; dates as 2026-06-30, money with four decimals"),
            double("value_num", "its value as a number; null for words and dates").optional(),
            text("template_vars", "JSON object: type, and number, currency or date; words are in value"),
            double("relevance", "relevance x freshness x rarity x weight of the value tier"),
            text("source", "which part of the pipeline knows it"),
            observed(),
            integer("age_days", "days from then to the last day that is read").optional(),
        ],
    )
    .for_lookups()
}
