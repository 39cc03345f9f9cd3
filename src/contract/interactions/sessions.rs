//! Contracts of the tables about sessions on the site and in the app, and what became of them (spec/definitions.md 3.9).

use crate::contract::{Column, Table, bigint, boolean, day, double, instant, integer, money, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    let internal = vec![
        web_events(),
        visit_slots(),
        shared_moments(),
        shared_slots(),
        visits(),
        visit_owners(),
        cart_values(),
        sessions(),
        session_orders(),
        session_verdicts(),
        session_recoveries(),
        unanswered_contacts(),
        session_questions(),
    ];
    let mut tables: Vec<Table> = internal.into_iter().map(Table::internal).collect();
    tables.extend([session_abandonment(), recoverable_sessions()]);
    tables
}

fn session_no() -> Column {
    bigint("session_no", "the session's number within the run")
}

fn visitor_id() -> Column {
    text("visitor_id", "the visitor, or the site's session where no visitor is named").optional()
}

fn lone_customer_id() -> Column {
    text("lone_customer_id", "the customer of who came without a visitor's number").optional()
}

fn named() -> [Column; 3] {
    [
        text("customer_id", "the customer who was named").optional(),
        instant("first_named_us", "when a customer was named first").optional(),
        instant("last_named_us", "when a customer was named last").optional(),
    ]
}

fn cart_us() -> Column {
    instant("cart_us", "when an event said last what the cart is worth").optional()
}

fn counts() -> [Column; 4] {
    [
        bigint("events", "events"),
        bigint("product_views", "views of product pages"),
        bigint("carts", "things put into the cart"),
        bigint("checkouts", "steps of the checkout"),
    ]
}

fn web_events() -> Table {
    let [events, product_views, carts, checkouts] = counts();
    Table::new(
        "web_events",
        "one page event on the site or in the app",
        &[],
        vec![
            visitor_id(),
            lone_customer_id(),
            text("customer_id", "the customer who is named").optional(),
            instant("ts_us", "when"),
            day("day", "the day in the business time zone"),
            instant("slot_us", "when its slot of time begins"),
            text("product_id", "the product of the page or the cart").optional(),
            money("cart_value_e4", "what the cart is worth, where the event says it").optional(),
            integer("in_cart", "1 when it is of the cart or the checkout"),
            events,
            product_views,
            carts,
            checkouts,
        ],
    )
}

fn visit_slots() -> Table {
    let [customer_id, first_named_us, last_named_us] = named();
    let mut columns = vec![
        visitor_id(),
        lone_customer_id(),
        instant("slot_us", "when the slot begins"),
        instant("first_us", "the first event"),
        instant("last_us", "the last event"),
        day("first_day", "day of the first event"),
        customer_id,
        text("other_customer_id", "the customer who was named and comes last by number").optional(),
        first_named_us,
        last_named_us,
        cart_us(),
    ];
    columns.extend(counts());
    Table::new("visit_slots", "one visitor in one slot of time", &[], columns)
}

fn shared_moments() -> Table {
    let mut columns = vec![
        text("visitor_id", "the visitor, who named several customers"),
        instant("ts_us", "when"),
        instant("slot_us", "when the slot of time begins"),
        lone_customer_id(),
        day("day", "the day in the business time zone"),
        text("customer_id", "the customer who was named").optional(),
        cart_us(),
    ];
    columns.extend(counts());
    Table::new("shared_moments", "one visitor at one instant, of several customers", &["visitor_id", "ts_us"], columns)
}

fn shared_slots() -> Table {
    let [customer_id, first_named_us, last_named_us] = named();
    let mut columns = vec![
        text("visitor_id", "the visitor, who named several customers"),
        bigint("part_no", "how often another customer had been named, until then"),
        instant("slot_us", "when the slot of time begins"),
        lone_customer_id(),
        instant("first_us", "the first event"),
        instant("last_us", "the last event"),
        day("first_day", "day of the first event"),
        customer_id,
        first_named_us,
        last_named_us,
        cart_us(),
    ];
    columns.extend(counts());
    Table::new(
        "shared_slots",
        "one person in one slot of time, under a number that several customers used",
        &["visitor_id", "part_no", "slot_us"],
        columns,
    )
}

fn visits() -> Table {
    let [customer_id, first_named_us, last_named_us] = named();
    let mut columns = vec![
        session_no(),
        visitor_id(),
        lone_customer_id(),
        instant("start_us", "the first event"),
        instant("end_us", "the last event"),
        day("start_day", "day of the first event"),
        customer_id,
        first_named_us,
        last_named_us,
        cart_us(),
    ];
    columns.extend(counts());
    Table::new("visits", "one session, before it is known whose it is", &["session_no"], columns)
}

fn visit_owners() -> Table {
    Table::new(
        "visit_owners",
        "whose session one is that names nobody",
        &["session_no"],
        vec![
            session_no(),
            text("customer_id", "the customer"),
            text("identified_by", "remembered (named before) or looked_back (named later)"),
            instant("known_us", "when we could know"),
        ],
    )
}

fn cart_values() -> Table {
    Table::new(
        "cart_values",
        "what one visitor's cart was worth at one instant",
        &[],
        vec![
            visitor_id(),
            lone_customer_id(),
            instant("ts_us", "when"),
            money("cart_value_e4", "what the cart was worth"),
        ],
    )
}

fn sessions() -> Table {
    let mut columns = vec![
        session_no(),
        visitor_id(),
        lone_customer_id(),
        text("customer_id", "whose session it is").optional(),
        text("identified_by", "named (in it), remembered (named before) or looked_back (named later)").optional(),
        instant("known_us", "when we could know whose it is").optional(),
        instant("start_us", "the first event"),
        instant("end_us", "the last event"),
        day("start_day", "day of the first event"),
    ];
    columns.extend(counts());
    columns.extend([
        text("stage", "the farthest that was reached: browse, cart or checkout"),
        boolean("is_selected", "whether it says that somebody wanted something"),
        money("cart_value_e4", "the last value that the cart had").optional(),
    ]);
    Table::new("sessions", "one session on the site or in the app", &["session_no"], columns)
}

fn session_orders() -> Table {
    Table::new(
        "session_orders",
        "the first order of the same customer since one session began",
        &["session_no"],
        vec![session_no(), instant("order_us", "when it was placed")],
    )
}

fn session_verdicts() -> Table {
    Table::new(
        "session_verdicts",
        "whether one session led to an order",
        &["session_no"],
        vec![
            session_no(),
            instant("order_us", "the first order since it began").optional(),
            text("outcome", "ordered, abandoned, open (not over yet) or unidentified"),
        ],
    )
}

fn session_recoveries() -> Table {
    Table::new(
        "session_recoveries",
        "one abandoned session whose product was bought late",
        &["session_no"],
        vec![session_no(), boolean("recovered_late", "true")],
    )
}

fn unanswered_contacts() -> Table {
    Table::new(
        "unanswered_contacts",
        "one question or call without an answer when it was asked",
        &[],
        vec![
            text("customer_id", "who asked").optional(),
            text("visitor_id", "who asked, where no customer is named").optional(),
            instant("ts_us", "when"),
            text("channel", "the channel").optional(),
        ],
    )
}

fn session_questions() -> Table {
    Table::new(
        "session_questions",
        "what one session's person asked close to it without an answer",
        &["session_no"],
        vec![
            session_no(),
            bigint("questions", "unanswered questions"),
            instant("question_us", "the last of them"),
            text("question_channel", "its channel").optional(),
        ],
    )
}

fn session_abandonment() -> Table {
    Table::new(
        "session_abandonment",
        "sessions of one period that reached one stage, and what became of them",
        &["period_start_day", "stage"],
        vec![
            day("period_start_day", "first day of the period"),
            day("period_end_day", "day after its last"),
            text("stage", "the farthest that was reached: browse, cart or checkout; all of them together"),
            bigint("sessions", "sessions"),
            bigint("selected", "those that say that somebody wanted something"),
            bigint("unidentified", "selected sessions of nobody who is known"),
            bigint("open_yet", "selected sessions whose time to order is not over"),
            bigint("ordered", "selected sessions with an order in time"),
            bigint("abandoned", "selected sessions without one"),
            double("abandonment_rate", "abandoned over abandoned and ordered").optional(),
            text("status", "ok, or why there is no rate: nothing_selected, open or unidentified"),
            bigint("recovered_late", "abandoned sessions whose product was bought late"),
            bigint("question_linked", "abandoned sessions with an unanswered question in or near them"),
            double("question_share", "question_linked over abandoned").optional(),
            bigint("valued", "abandoned and not recovered sessions whose cart value is known"),
            money("value_at_risk_e4", "the last cart values of those"),
            bigint("events_left_out", "events of nobody, which are in no session"),
        ],
    )
}

fn recoverable_sessions() -> Table {
    Table::new(
        "recoverable_sessions",
        "the newest abandoned session of one customer who has not ordered since",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            instant("session_start_us", "the first event of the session"),
            instant("session_end_us", "its last event"),
            text("stage", "the farthest that was reached: browse, cart or checkout"),
            text("identified_by", "named (in it), remembered (named before) or looked_back (named later)"),
            bigint("product_views", "views of product pages"),
            bigint("products", "products that were looked at or put into the cart"),
            bigint("products_in_cart", "products put into the cart"),
            text("product_id", "the last product put into the cart, else the last one looked at").optional(),
            money("value_at_risk_e4", "the last value that the cart had").optional(),
            bigint("unanswered_questions", "unanswered questions in or near the session"),
            instant("question_us", "the last of them").optional(),
            text("question_channel", "its channel").optional(),
            bigint("abandoned_sessions", "abandoned sessions of the customer in the time that is looked at"),
        ],
    )
    .for_lookups()
}
