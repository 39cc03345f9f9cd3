//! Contracts of the tables about what came of campaigns.

use super::super::{Column, Table, bigint, boolean, day, double, instant, integer, money, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    let internal = [
        campaign_messages(),
        campaign_recipients(),
        campaign_waves(),
        campaign_members(),
        campaign_purchases(),
        visit_days(),
        campaign_reactions(),
        campaign_attributions(),
        campaign_outcomes(),
        campaign_cells(),
    ];
    let mut tables: Vec<Table> = internal.into_iter().map(Table::internal).collect();
    tables.push(campaign_response());
    tables
}

/// What the pipeline itself makes for them.
pub(super) fn parameter_tables() -> Vec<Table> {
    [response_params(), response_campaigns(), response_arms(), attribution_windows()].map(Table::internal).to_vec()
}

fn response_params() -> Table {
    Table::new(
        "response_params",
        "the one row of [campaign_response]",
        &["window_days"],
        vec![
            integer("window_days", "days in which what customers do counts"),
            integer("history_days", "days before by whose revenue customers are ranked"),
            boolean(
                "is_observational",
                "whether campaigns without a control group are compared with who was not reached",
            ),
            double("confidence", "of intervals"),
            bigint("min_units", "fewest units of an arm for an estimate"),
            bigint("narrowest_at_units", "units of both arms at which intervals for any time are narrowest"),
        ],
    )
}

fn response_campaigns() -> Table {
    Table::new(
        "response_campaigns",
        "one campaign with a window of its own",
        &["campaign_id"],
        vec![text("campaign_id", "the campaign"), integer("window_days", "its days")],
    )
}

fn response_arms() -> Table {
    Table::new(
        "response_arms",
        "one arm of a campaign whose shares were planned",
        &["campaign_id", "arm"],
        vec![
            text("campaign_id", "the campaign"),
            text("arm", "the arm"),
            double("share", "its planned share, of the sum of the campaign's"),
        ],
    )
}

fn attribution_windows() -> Table {
    Table::new(
        "attribution_windows",
        "one way in which a message may claim an order",
        &["channel", "touch"],
        vec![
            text("channel", "channel of the message"),
            text("touch", "click, open or delivery"),
            integer("touch_rank", "1 is the strongest"),
            bigint("window_us", "microseconds from the message on"),
        ],
    )
}

fn wave_key() -> [Column; 2] {
    [text("campaign_id", "the campaign"), text("wave", "its wave, 1 where the export has none")]
}

/// What became of messages.
fn messages() -> [Column; 4] {
    [
        bigint("messages", "messages, calls and letters"),
        bigint("delivered", "of these, those that arrived, or whose arrival is not known"),
        bigint("opened", "of these, those that were opened, but not by a machine"),
        bigint("clicked", "of these, those that were clicked or replied to"),
    ]
}

fn with<const N: usize>(head: [Column; N], rest: Vec<Column>) -> Vec<Column> {
    head.into_iter().chain(rest).collect()
}

fn campaign_messages() -> Table {
    Table::new(
        "campaign_messages",
        "one message of one campaign to one customer, or one that a control was spared",
        &[],
        with(
            wave_key(),
            vec![
                text("customer_id", "who"),
                text("arm", "treat, control, or the campaign's own names"),
                text("channel", "how it was sent").optional(),
                instant("sent_us", "when"),
                day("sent_day", "on which day"),
                integer("delivered", "1 when it arrived, or when that is not known"),
                integer("opened", "1 when it was opened, but not by a machine"),
                integer("clicked", "1 when it was clicked or replied to"),
                integer("unsubscribed", "1 when it led to an opt-out"),
                money("cost_e4", "what it cost"),
            ],
        ),
    )
}

fn campaign_recipients() -> Table {
    let [sent, delivered, opened, clicked] = messages();
    Table::new(
        "campaign_recipients",
        "one customer of one wave of a campaign, as assigned",
        &["campaign_id", "wave", "customer_id"],
        with(
            wave_key(),
            vec![
                text("customer_id", "the customer"),
                text("unit_id", "who shares their arm"),
                text("arm", "arm of the unit; the first by name when there are several"),
                boolean("is_in_one_arm", "whether the unit is in one arm only"),
                instant("start_us", "first message to the unit"),
                day("start_day", "its day"),
                sent,
                delivered,
                opened,
                clicked,
                integer("unsubscribed", "1 when a message led to an opt-out"),
                money("cost_e4", "what they cost"),
            ],
        ),
    )
}

fn campaign_waves() -> Table {
    Table::new(
        "campaign_waves",
        "one wave of a campaign that sent something",
        &["campaign_id", "wave"],
        with(
            wave_key(),
            vec![
                instant("first_us", "first message"),
                day("first_day", "its day"),
                day("last_day", "day of the last first message to a unit"),
                integer("window_days", "days for which its customers are watched"),
                boolean("is_randomised", "whether it kept a control group"),
                boolean("is_interim", "whether the window is not over for somebody"),
                bigint("units_in_two_arms", "units that are left out because they are in several arms"),
                integer("tier_period_no", "the last period that was over when it began").optional(),
            ],
        ),
    )
}

fn campaign_members() -> Table {
    let [sent, delivered, opened, clicked] = messages();
    Table::new(
        "campaign_members",
        "one customer of one wave who is watched",
        &["campaign_id", "wave", "customer_id"],
        with(
            wave_key(),
            vec![
                text("customer_id", "the customer"),
                text("unit_id", "who shares their arm"),
                text("arm", "the arm; comparison for somebody whom the wave did not reach"),
                instant("start_us", "beginning of the window"),
                instant("end_us", "its end"),
                day("start_day", "first day of the window"),
                day("end_day", "day after its last, at most as_of"),
                day("before_day", "first day of the window before, which is as long"),
                day("value_from_day", "first of the days by whose revenue customers are ranked"),
                sent,
                delivered,
                opened,
                clicked,
                integer("unsubscribed", "1 when a message led to an opt-out"),
                money("cost_e4", "what the messages cost"),
            ],
        ),
    )
}

fn campaign_purchases() -> Table {
    Table::new(
        "campaign_purchases",
        "what one member of a wave bought in the window and before it",
        &["campaign_id", "wave", "customer_id"],
        with(
            wave_key(),
            vec![
                text("customer_id", "the customer"),
                bigint("orders", "qualifying orders in the window"),
                money("revenue_e4", "revenue in the window"),
                money("margin_e4", "revenue less cost of goods and payment"),
                bigint("orders_before", "qualifying orders in the window before"),
                money("revenue_before_e4", "revenue in the window before"),
                money("margin_before_e4", "margin in the window before"),
                money("value_e4", "revenue in the days by which customers are ranked"),
                bigint("lines_without_cost", "lines in the window whose cost is not known"),
                bigint("lines_without_cost_before", "the same in the window before"),
            ],
        ),
    )
}

fn visit_days() -> Table {
    Table::new(
        "visit_days",
        "one day on which one customer came by of their own accord",
        &["customer_id", "day"],
        vec![text("customer_id", "the customer"), day("day", "the day"), bigint("visits", "visits and page events")],
    )
}

fn campaign_reactions() -> Table {
    Table::new(
        "campaign_reactions",
        "what one member of a wave did besides buying",
        &["campaign_id", "wave", "customer_id"],
        with(
            wave_key(),
            vec![
                text("customer_id", "the customer"),
                bigint("visits", "days with a visit in the window"),
                bigint("visits_before", "days with a visit in the window before"),
                bigint("complaints", "complaints that began in the window"),
                bigint("denials", "statements of no consent in the window"),
                bigint("responses", "contacts of theirs that name the campaign"),
            ],
        ),
    )
}

fn campaign_attributions() -> Table {
    Table::new(
        "campaign_attributions",
        "one order and the message that it is attributed to",
        &["customer_id", "order_id"],
        vec![
            text("customer_id", "who ordered"),
            text("order_id", "the order"),
            day("order_day", "its day"),
            text("campaign_id", "campaign of the message"),
            text("wave", "its wave"),
            integer("touch_rank", "1 click, 2 open, 3 delivery"),
            money("revenue_e4", "revenue of the order"),
            money("margin_e4", "revenue less cost of goods and payment, as far as it is known"),
        ],
    )
}

fn campaign_outcomes() -> Table {
    let [sent, delivered, opened, clicked] = messages();
    Table::new(
        "campaign_outcomes",
        "one unit of one wave: what it did, and what it was before",
        &["campaign_id", "wave", "unit_id"],
        with(
            wave_key(),
            vec![
                text("unit_id", "the customer or household"),
                text("arm", "its arm"),
                integer("tier", "value tier before, 0 without value; null when no period was over").optional(),
                text("region", "region, or unknown"),
                integer("decile", "place by revenue before, 1 is the best tenth of the wave"),
                boolean("is_new", "whether the window before tells nothing of it"),
                bigint("customers", "its members in the wave"),
                sent,
                delivered,
                opened,
                clicked,
                bigint("responded", "members who contacted us naming the campaign"),
                money("cost_e4", "what the messages cost"),
                boolean("has_opted_out", "whether a member said no to further messages"),
                boolean("has_complained", "whether a member complained"),
                bigint("visits", "days with a visit in the window"),
                bigint("visits_before", "the same before"),
                bigint("orders", "qualifying orders in the window"),
                bigint("orders_before", "the same before"),
                money("revenue_e4", "revenue in the window"),
                money("revenue_before_e4", "the same before"),
                money("margin_e4", "margin in the window"),
                money("margin_before_e4", "the same before"),
                money("value_e4", "revenue in the days by which it is ranked"),
                bigint("lines_without_cost", "lines in the window whose cost is not known"),
                bigint("lines_without_cost_before", "the same before"),
                bigint("attributed_orders", "orders attributed to its messages"),
                money("attributed_revenue_e4", "their revenue"),
                money("attributed_margin_e4", "their margin, as far as it is known"),
            ],
        ),
    )
}

fn campaign_cells() -> Table {
    let [sent, delivered, opened, clicked] = messages();
    Table::new(
        "campaign_cells",
        "how many units of a wave are alike in all that is compared",
        &[],
        with(
            wave_key(),
            vec![
                text("arm", "the arm"),
                integer("tier", "value tier before, 0 without value; null when no period was over").optional(),
                text("region", "region, or unknown"),
                integer("decile", "place by revenue before"),
                boolean("is_new", "whether the window before tells nothing of them"),
                boolean("has_visited", "came by in the window"),
                boolean("has_converted", "ordered in the window"),
                bigint("orders", "orders of each in the window"),
                money("revenue_e4", "revenue of each in the window"),
                money("margin_e4", "margin of each in the window"),
                boolean("has_opted_out", "said no to further messages"),
                boolean("has_complained", "complained"),
                boolean("has_visited_before", "came by in the window before"),
                boolean("has_converted_before", "ordered in the window before"),
                money("revenue_before_e4", "revenue of each in the window before"),
                money("margin_before_e4", "margin of each in the window before"),
                bigint("units", "how many they are"),
                bigint("customers", "their members together"),
                sent,
                delivered,
                opened,
                clicked,
                bigint("responded", "members who contacted us naming the campaign"),
                money("cost_e4", "what their messages cost"),
                bigint("lines_without_cost", "lines in the window whose cost is not known"),
                bigint("lines_without_cost_before", "the same before"),
                bigint("attributed_orders", "orders attributed to their messages"),
                money("attributed_revenue_e4", "their revenue"),
                money("attributed_margin_e4", "their margin, as far as it is known"),
            ],
        ),
    )
}

fn campaign_response() -> Table {
    let estimate = |name, doc| double(name, doc).optional();
    Table::new(
        "campaign_response",
        "one metric of one arm of a campaign's wave against its control, by one method, in all or in one cut",
        &["campaign_id", "wave", "arm", "cut", "metric", "method"],
        with(
            wave_key(),
            vec![
                text("arm", "the treated arm"),
                text("cut", "all, tier=1, region=..., decile=1: as the customers were before the wave"),
                text("metric", "complaint, conversion, margin, opt_out, order_value, revenue or visit"),
                text(
                    "method",
                    "newcombe, welch, cuped, ratio, matched; _winsorised: cut at the 99.9th percentile before",
                ),
                boolean("is_headline", "whether it is the method to read for the metric"),
                boolean("randomised", "whether there was a control group; if not, the comparison is observational"),
                boolean("interim", "whether the window is not over for somebody: read the always valid interval"),
                day("first_day", "day of the first message").published_as("first_date"),
                integer("window_days", "days in which what customers did counts"),
                text(
                    "status",
                    "ok, too_few_units, nobody_to_compare, cost_unknown, nothing_varies, sample_ratio_mismatch",
                ),
                bigint("n_treat", "treated customers or households, delivered or not"),
                bigint("n_control", "those they are compared with"),
                bigint(
                    "units_in_two_arms",
                    "customers or households of the wave left out because they were in several arms",
                ),
                bigint("unmatched", "treated ones without anybody like them to compare with, left out"),
                bigint("sent", "messages to the treated"),
                bigint("delivered", "those that arrived"),
                bigint("opened", "those that were opened, but not by a machine"),
                bigint("clicked", "those that were clicked or replied to"),
                bigint("responded", "treated customers who contacted us naming the campaign"),
                estimate("mean_treat", "mean of the treated: a share, or money"),
                estimate("mean_control", "mean of the control; where matched, what the treated would have done"),
                estimate("effect", "treated less control, each"),
                estimate("std_error", "its standard error"),
                estimate("lo", "lower end of its interval, valid once the window is over"),
                estimate("hi", "upper end"),
                estimate("p_value", "chance of as much where there is no effect, two-sided"),
                estimate("always_lo", "lower end of the interval that may be looked at every night"),
                estimate("always_hi", "upper end"),
                estimate("always_p", "the same for the p-value"),
                estimate("lift", "effect as a share of the control's mean"),
                estimate("lift_lo", "lower end of its interval"),
                estimate("lift_hi", "upper end"),
                estimate("theta", "how much of the outcome goes with one unit of the same before"),
                estimate("variance_removed", "share of the plain variance that knowing the window before took away"),
                estimate("winsor_cap", "what larger values were cut down to"),
                estimate("srm_p", "chance of the sizes of the arms if the plan was kept; null without a plan"),
                estimate("incremental_total", "effect times the treated"),
                estimate("incremental_lo", "lower end"),
                estimate("incremental_hi", "upper end"),
                estimate("attributed_total", "orders, revenue or margin attributed by last touch"),
                estimate(
                    "incremental_per_attributed",
                    "what of it was incremental: the correction for campaigns without control",
                ),
                money("cost_e4", "what the messages to the treated cost"),
                estimate("cost_per_incremental", "cost of one more"),
                estimate("roi", "margin less cost, over cost"),
                text("verdict", "scale, keep, stop, insufficient or withheld: of the cut, by its verdict_basis"),
                text("verdict_basis", "margin, revenue, none or sample_ratio"),
            ],
        ),
    )
}
