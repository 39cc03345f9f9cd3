//! What the exports hold: the input contracts of `spec/inputs.md` 5.3, and the staged tables made from them.
//!
//! In the pipeline file a column goes by its plain name (`ts`, `amount`); staged, it carries its unit (`ts_us`,
//! `amount_e4`). A column that an export lacks is all null in the staged table and listed as absent in the manifest.

use super::{Column, ColumnType, Table, bigint, boolean, day, instant, money, text};
use std::sync::LazyLock;

/// One column that an export may have.
#[derive(Debug, Clone, PartialEq)]
pub struct InputColumn {
    /// Its name in the pipeline file: the staged name without the unit.
    pub name: &'static str,
    /// The staged column.
    pub staged: Column,
    /// The pipeline file must map it.
    pub required: bool,
    /// Never shown in a reject, a log or a message.
    pub personal: bool,
    /// The only values it may hold, when it is a vocabulary; any text otherwise.
    pub values: &'static [&'static str],
    /// Money in the row's own currency, which ingest converts to the reporting currency.
    pub exchanged: bool,
    /// The smallest whole number that it may hold.
    pub least: Option<i64>,
    /// A duration: a negative one is emptied, and the row is kept.
    pub never_negative: bool,
}

/// The contract of one kind of export.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Name in the pipeline file: `[inputs.<name>]`.
    pub name: &'static str,
    /// The columns it may have, as mapped in the pipeline file.
    pub columns: Vec<InputColumn>,
    /// Plain names of the columns that identify a row; rows are only compared by it when all of them are mapped.
    pub key: &'static [&'static str],
    /// Staged name of the instant that a row happened at; rows at or after `as_of` are out of window.
    pub time: Option<&'static str>,
    /// Staged name of the day derived from `time`, in the business time zone.
    pub day: Option<&'static str>,
    /// Plain names of two days of which the second may not be before the first: rows in which it is are refused.
    pub span: Option<(&'static str, &'static str)>,
    /// Plain names of instants that follow each other: one that does not is moved or emptied, and the row is kept.
    pub in_order: &'static [&'static str],
    /// The staged table, named `staged_<name>`: mapped columns, then derived ones.
    pub table: Table,
}

impl Input {
    /// The column called `name` in the pipeline file.
    pub fn column(&self, name: &str) -> Option<&InputColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// All kinds of export, in the order in which they are read.
pub fn inputs() -> &'static [Input] {
    &INPUTS
}

/// The inputs of which every pipeline has at least one. The first that is given says until when there is something to read.
pub const LEADING: [&str; 2] = ["transactions", "interactions"];

/// The staged column that says whether a row folded from events has its beginning and its end.
pub const COMPLETENESS: &str = "completeness";

/// The kind of export called `name` in the pipeline file.
pub fn input(name: &str) -> Option<&'static Input> {
    INPUTS.iter().find(|input| input.name == name)
}

static INPUTS: LazyLock<Vec<Input>> = LazyLock::new(|| {
    vec![
        fx(),
        products(),
        customers(),
        transactions(),
        interactions(),
        consents(),
        contacts_sent(),
        contracts(),
        holidays(),
        answers(),
        rule_log(),
    ]
});

const CHANNELS: &[&str] =
    &["phone", "web", "email", "chat", "sms", "app", "social", "fax", "counter", "visit", "post", "push", "store"];

fn of(staged: Column) -> InputColumn {
    let stripped = match staged.column_type {
        ColumnType::Money => staged.name.strip_suffix("_e4"),
        ColumnType::Day => staged.name.strip_suffix("_day"),
        ColumnType::Instant => staged.name.strip_suffix("_us"),
        ColumnType::BigInt => staged.name.strip_suffix("_e12"),
        _ => None,
    };
    let name = match (&staged.name, stripped) {
        (std::borrow::Cow::Borrowed(name), None) => name,
        (std::borrow::Cow::Borrowed(name), Some(stem)) => &name[..stem.len()],
        (std::borrow::Cow::Owned(_), _) => unreachable!("input columns are written as literals"),
    };
    InputColumn {
        name,
        staged: staged.optional(),
        required: false,
        personal: false,
        values: &[],
        exchanged: false,
        least: None,
        never_negative: false,
    }
}

fn required(staged: Column) -> InputColumn {
    let mut column = of(staged);
    column.required = true;
    column.staged.nullable = false;
    column
}

fn personal(staged: Column) -> InputColumn {
    InputColumn { personal: true, ..of(staged) }
}

fn exchanged(mut column: InputColumn) -> InputColumn {
    column.exchanged = true;
    column
}

fn duration(staged: Column) -> InputColumn {
    InputColumn { never_negative: true, ..of(staged) }
}

fn at_least(least: i64, column: InputColumn) -> InputColumn {
    InputColumn { least: Some(least), ..column }
}

fn one_of(staged: Column, values: &'static [&'static str]) -> InputColumn {
    InputColumn { values, ..of(staged) }
}

fn staged(
    name: &'static str,
    row: &'static str,
    key: &[&'static str],
    columns: &[InputColumn],
    derived: Vec<Column>,
    sort: &[&'static str],
) -> Table {
    let columns = columns.iter().map(|column| column.staged.clone()).chain(derived).collect();
    Table::new(name, row, key, columns).sorted_by(sort).internal()
}

fn transactions() -> Input {
    let columns = vec![
        of(text("customer_id", "who bought; empty when nobody was identified")),
        of(text("order_id", "the order or basket; left unmapped, each row is an order of its own")),
        of(text("line_no", "the line within the order")),
        required(instant("ts_us", "when it was bought")),
        exchanged(required(money(
            "amount_e4",
            "what was paid for the line, net of discount, of tax if possible; negative for a return",
        ))),
        of(text("product_id", "what was bought")),
        of(money("quantity_e4", "how many, in ten-thousandths; negative for a return")),
        exchanged(of(money("unit_price_e4", "list price of one unit"))),
        exchanged(of(money("discount_e4", "discount on the line"))),
        exchanged(of(money("tax_e4", "tax on the line"))),
        exchanged(of(money("shipping_e4", "shipping charged on the line"))),
        exchanged(of(money("cost_e4", "what the goods of the line cost us; negative for goods that came back"))),
        exchanged(of(money("payment_fee_e4", "what the payment cost us"))),
        one_of(
            text(
                "line_type",
                "sale (left empty too), refund, or what is not goods: shipping, tax, fee, discount, adjustment",
            ),
            &["sale", "refund", "shipping", "tax", "fee", "discount", "adjustment"],
        ),
        one_of(
            text("status", "state of the order: completed (left empty too), cancelled, voided, pending"),
            &["completed", "cancelled", "voided", "pending"],
        ),
        of(text("currency", "ISO code of the line's money; left unmapped, the reporting currency")),
        of(text("channel", "where it was bought: web, store, phone, ...")),
        of(text("store_id", "which shop")),
        of(text("region", "region path, for example all/cn/east")),
        of(text("seller_id", "who sold it on our market place")),
        of(text("promotion_id", "promotion that applied")),
        of(text("campaign_id", "campaign that brought the order")),
        of(text("contact_id", "interaction in which it was sold")),
        of(text("rep_id", "who sold it")),
        of(text("partner_id", "partner who brought it")),
        of(text("account_id", "account that bought")),
        of(text("original_order_id", "the order that a refund lowers")),
        of(boolean("is_test", "a test order, which counts for nothing")),
        of(instant("updated_at_us", "when the row was last changed: the newest of a key wins")),
    ];
    let table = staged(
        "staged_transactions",
        "one line of one order",
        &[],
        &columns,
        vec![
            day("order_day", "day of the purchase in the business time zone"),
            money("foreign_amount_e4", "the amount as it was paid, where that was not in the reporting currency")
                .optional(),
        ],
        &["customer_id", "ts_us", "order_id", "line_no", "product_id"],
    );
    Input {
        name: "transactions",
        columns,
        key: &["order_id", "line_no"],
        time: Some("ts_us"),
        day: Some("order_day"),
        span: None,
        in_order: &[],
        table,
    }
}

fn interactions() -> Input {
    let columns = vec![
        of(text("interaction_id", "the contact; the newest updated_at of an id wins")),
        of(text("customer_id", "who; empty for an unknown caller")),
        of(text("visitor_id", "web visitor")),
        personal(text("contact_point", "number or address that was used")),
        one_of(
            text("channel", "phone, web, email, chat, sms, app, social, fax, counter, visit, post, push, store"),
            CHANNELS,
        ),
        one_of(text("direction", "in or out"), &["in", "out"]),
        required(instant("ts_start_us", "when it began")),
        of(instant("ts_queue_us", "when it entered the queue")),
        of(instant("ts_answer_us", "when it was answered")),
        of(instant("ts_end_us", "when it ended")),
        of(instant("updated_at_us", "when the record was last changed")),
        duration(money("wait_s_e4", "seconds waited in the queue, in ten-thousandths")),
        duration(money("talk_s_e4", "seconds talked, in ten-thousandths")),
        duration(money("hold_s_e4", "seconds on hold, in ten-thousandths")),
        duration(money("wrap_s_e4", "seconds of after-call work, in ten-thousandths")),
        of(boolean("abandoned", "left before an answer")),
        of(boolean("in_vru", "was in the voice response unit")),
        of(boolean("vru_task_done", "done with the voice response unit alone")),
        of(text("queue", "queue")),
        of(text("agent_id", "who answered")),
        of(text("site_id", "site")),
        of(text("transferred_from", "interaction it was transferred from")),
        of(text("reason_code", "why")),
        of(text("need_stage", "stage of the need")),
        of(text("disposition", "how it ended")),
        of(boolean("resolved", "solved")),
        of(boolean("resolvable_first_line", "a first line could solve it")),
        of(boolean("complaint", "a complaint")),
        of(text("complaint_id", "complaint it belongs to")),
        of(boolean("lead", "gave a lead")),
        of(text("competitor_code", "competitor that was mentioned")),
        of(text("life_event_code", "life event that was mentioned")),
        of(day("promise_due_day", "day by which we promised something")),
        of(money("satisfaction_e4", "satisfaction given, in ten-thousandths of its scale")),
        of(money("cost_e4", "what the contact cost us")),
        of(text("campaign_id", "campaign it belongs to")),
        of(text("product_id", "product it was about")),
        of(text("session_id", "web session")),
        of(text("page", "page")),
        one_of(
            text("event", "view, cart, checkout, search, question"),
            &["view", "cart", "checkout", "search", "question"],
        ),
        of(money("value_e4", "value of the cart or of the event")),
        at_least(0, of(bigint("count", "how many contacts the row stands for; left unmapped, one"))),
    ];
    let table = staged(
        "staged_interactions",
        "one contact or page event",
        &[],
        &columns,
        vec![
            day("start_day", "day on which it began, in the business time zone"),
            text(
                COMPLETENESS,
                "of a contact folded from events: whole, no_beginning, no_end, or part (neither); its times are then those \
                 of the events that there are",
            )
            .optional(),
        ],
        &["customer_id", "ts_start_us", "interaction_id"],
    );
    Input {
        name: "interactions",
        columns,
        key: &["interaction_id"],
        time: Some("ts_start_us"),
        day: Some("start_day"),
        span: None,
        in_order: &["ts_start", "ts_queue", "ts_answer", "ts_end"],
        table,
    }
}

fn customers() -> Input {
    let columns = vec![
        required(text("customer_id", "the customer")),
        of(text("household_id", "household")),
        of(text("account_id", "account")),
        of(text("account_role", "role in the account")),
        one_of(text("customer_type", "person or company"), &["person", "company"]),
        of(text("region", "region path, for example all/cn/east")),
        of(text("time_zone", "IANA time zone")),
        of(text("language", "language")),
        personal(text("email", "e-mail address")),
        of(boolean("email_verified", "whether the address was verified")),
        personal(text("phone", "telephone number")),
        of(boolean("phone_verified", "whether the number was verified")),
        personal(day("birth_day", "date of birth").published_as("birth_date")),
        of(instant("signup_us", "when they signed up")),
        of(text("segment_hint", "segment given by the source")),
        of(money("declared_wallet_e4", "what they say they spend in our category in a year")),
        of(bigint("declared_brand_rank", "which place our brand has among those they say they use, 1 is first")),
        of(bigint("declared_brands", "how many brands they say they use in our category")),
        of(text("acquisition_source", "where they came from")),
        of(money("acquisition_cost_e4", "what winning them cost")),
        of(boolean("profiling_opt_out", "may not be profiled")),
        of(instant("closed_us", "when they left us formally")),
        of(instant("updated_at_us", "when the row was last changed: the newest of a key wins")),
    ];
    let table = staged("staged_customers", "one customer", &["customer_id"], &columns, vec![], &["customer_id"]);
    Input { name: "customers", columns, key: &["customer_id"], time: None, day: None, span: None, in_order: &[], table }
}

fn products() -> Input {
    let columns = vec![
        required(text("product_id", "the product")),
        of(text("name", "its name")),
        of(text("category", "category path, for example food/dairy/milk")),
        of(text("brand", "brand")),
        of(text("variant_of", "product of which this is a size or colour")),
        of(money("cost_e4", "what one unit costs us")),
        of(money("price_e4", "list price of one unit")),
        of(money("stock_e4", "units in stock, in ten-thousandths")),
        of(day("available_from_day", "first day of sale").published_as("available_from")),
        of(day("available_to_day", "last day of sale").published_as("available_to")),
        of(text("margin_class", "margin class")),
        of(text("solves", "need codes it serves, separated by blanks")),
        of(text("bundle_of", "product ids it bundles, separated by blanks")),
        of(instant("updated_at_us", "when the row was last changed: the newest of a key wins")),
    ];
    let table = staged("staged_products", "one product", &["product_id"], &columns, vec![], &["product_id"]);
    Input { name: "products", columns, key: &["product_id"], time: None, day: None, span: None, in_order: &[], table }
}

fn consents() -> Input {
    let columns = vec![
        required(text("customer_id", "who")),
        InputColumn { values: CHANNELS, ..required(text("channel", "for which channel")) },
        of(text("purpose", "for which purpose; empty for all")),
        InputColumn { values: &["granted", "denied"], ..required(text("status", "granted or denied")) },
        required(instant("ts_us", "when it was said")),
        of(text("source", "where it was said")),
        of(boolean("double_opt_in", "confirmed by a second step")),
        of(instant("expires_at_us", "when it ends")),
    ];
    let table = staged(
        "staged_consents",
        "one statement of consent",
        &[],
        &columns,
        vec![],
        &["customer_id", "channel", "purpose", "ts_us", "status"],
    );
    Input { name: "consents", columns, key: &[], time: Some("ts_us"), day: None, span: None, in_order: &[], table }
}

fn contacts_sent() -> Input {
    let columns = vec![
        required(text("campaign_id", "campaign")),
        of(text("wave", "wave of the campaign")),
        required(text("customer_id", "who")),
        of(text("arm", "treat or control")),
        one_of(text("channel", "how it was sent"), CHANNELS),
        of(text("content_id", "what was sent")),
        required(instant("sent_us", "when it was sent")),
        of(boolean("delivered", "arrived")),
        of(boolean("opened", "opened")),
        of(boolean("opened_machine", "opened by a machine")),
        of(boolean("clicked", "clicked")),
        of(boolean("replied", "replied to")),
        of(boolean("unsubscribed", "led to an opt-out")),
        of(money("cost_e4", "what it cost")),
    ];
    let table = staged(
        "staged_contacts_sent",
        "one message or call sent to one customer",
        &[],
        &columns,
        vec![day("sent_day", "day on which it was sent, in the business time zone")],
        &["customer_id", "sent_us", "campaign_id"],
    );
    Input {
        name: "contacts_sent",
        columns,
        key: &[],
        time: Some("sent_us"),
        day: Some("sent_day"),
        span: None,
        in_order: &[],
        table,
    }
}

fn contracts() -> Input {
    let columns = vec![
        required(text("contract_id", "the contract")),
        of(text("customer_id", "who has it")),
        of(text("plan", "what was agreed on: tariff, edition, cover")),
        required(day("start_day", "first day of the first term").published_as("start_date")),
        at_least(1, required(bigint("term", "months of a term, after each of which it is renewed or lost"))),
        of(day("end_day", "last day, or the day after it; empty while it runs").published_as("end_date")),
        of(money("amount_e4", "what one term costs, in the reporting currency")),
        of(instant("updated_at_us", "when the row was last changed: the newest of a key wins")),
    ];
    let table = staged("staged_contracts", "one contract", &["contract_id"], &columns, vec![], &["contract_id"]);
    Input {
        name: "contracts",
        columns,
        key: &["contract_id"],
        time: None,
        day: None,
        span: Some(("start", "end")),
        in_order: &[],
        table,
    }
}

fn holidays() -> Input {
    let columns = vec![
        required(day("date_day", "the day")),
        required(text("name", "the holiday")),
        of(text("region", "region path in which it holds, and below; empty for everywhere")),
    ];
    let table = staged(
        "staged_holidays",
        "one holiday of one region, or of all",
        &[],
        &columns,
        vec![],
        &["date_day", "region", "name"],
    );
    Input { name: "holidays", columns, key: &[], time: None, day: None, span: None, in_order: &[], table }
}

fn answers() -> Input {
    let columns = vec![
        required(text("customer_id", "who")),
        required(text("question_id", "the question, as [questions] names it")),
        of(text("value", "the answer; empty when the question was asked and not answered")),
        required(instant("ts_us", "when it was asked or answered")),
        one_of(text("channel", "how it was asked"), CHANNELS),
    ];
    let table = staged(
        "staged_answers",
        "one question put to one customer, with or without an answer",
        &[],
        &columns,
        vec![day("answer_day", "day of it, in the business time zone")],
        &["customer_id", "question_id", "ts_us", "value"],
    );
    Input {
        name: "answers",
        columns,
        key: &[],
        time: Some("ts_us"),
        day: Some("answer_day"),
        span: None,
        in_order: &[],
        table,
    }
}

fn rule_log() -> Input {
    let columns = vec![
        required(instant("ts_us", "when a rule matched")),
        required(text("rule_id", "the rule that matched, as our tables or the rule engine name it")),
        of(text("rule_version", "its version; left unmapped, 1")),
        of(text("customer_id", "whom it matched")),
        of(text("context", "where: screen, call, page")),
        of(boolean("shown", "whether what it says was shown; left unmapped, it was")),
        of(boolean("accepted", "whether the customer took it")),
        of(text("order_id", "the order that came of it")),
        of(text("arm", "treat, or control where it was kept from acting")),
    ];
    let table = staged(
        "staged_rule_log",
        "one time that a rule matched",
        &[],
        &columns,
        vec![day("log_day", "day on which it matched, in the business time zone")],
        &["rule_id", "ts_us", "customer_id"],
    );
    Input {
        name: "rule_log",
        columns,
        key: &[],
        time: Some("ts_us"),
        day: Some("log_day"),
        span: None,
        in_order: &[],
        table,
    }
}

fn fx() -> Input {
    let columns = vec![
        required(text("currency", "ISO code of the foreign currency")),
        required(day("date_day", "first day on which the rate holds")),
        required(bigint("rate_e12", "reporting currency for one unit, in millionths of millionths; the exact decimal")),
    ];
    let table = staged(
        "staged_fx",
        "one exchange rate",
        &["currency", "date_day"],
        &columns,
        vec![],
        &["currency", "date_day"],
    );
    Input { name: "fx", columns, key: &["currency", "date"], time: None, day: None, span: None, in_order: &[], table }
}
