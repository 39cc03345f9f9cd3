//! `twilio`: Twilio TaskRouter. The attributes of a task, one JSON object a line, by routing key.
//!
//! A line is the `Attributes` of a task as it is, and its `priority` the `Priority`. Names are snake_case: a workflow's filter
//! such as `service_level == 'diamond' AND open_complaint == true` takes no hyphens
//! (<https://www.twilio.com/docs/taskrouter/expression-syntax>). Skills and channels are lists, for `HAS` and `IN`.
//! `unknown_caller.json` has the attributes of whoever is in no line.

use serde_json::Value as Json;

use super::dataset::{Dataset, Delta, Format};
use super::records::{Kind, Records};
use super::routing_policy::{self, Column, POLICY};
use super::{Consumer, Options, Source};
use crate::error::{Error, Result};

pub(super) const CONSUMER: Consumer = Consumer {
    name: "twilio",
    about: "Twilio TaskRouter: task attributes as JSON lines",
    needs: &["service_levels", "routing"],
    uses: &[],
    of_any_table: false,
    may_hold_contact: false,
    build,
};

/// The most characters of a task's attributes, white space too: <https://www.twilio.com/docs/taskrouter/limits>, which no
/// account can have raised.
pub(super) const MOST_CHARACTERS: usize = 4_096;

/// The largest `Priority`: <https://www.twilio.com/docs/taskrouter/api/task>. The larger goes first, and a task without one
/// has 0.
pub(super) const LARGEST_PRIORITY: i64 = i32::MAX as i64;

/// The attributes; the customer's own stand behind the policy. No days of the run: they would make every delta a full file.
const ATTRIBUTES: [Column; 25] = [
    ("routing_key", Kind::Id),
    ("service_level", Kind::Text),
    ("strategy", Kind::Text),
    ("queue", Kind::Text),
    ("priority", Kind::Number),
    ("required_skills", Kind::Json),
    ("vru_path", Kind::Text),
    ("target_wait_seconds", Kind::Number),
    ("trade_wait_seconds", Kind::Number),
    ("talk_limit_seconds", Kind::Number),
    ("response_channels", Kind::Json),
    ("email_sla_minutes", Kind::Number),
    ("solution_cost_cap", Kind::Number),
    ("loyalty_offer", Kind::Text),
    ("education", Kind::Text),
    ("cobrowse_allowed", Kind::Boolean),
    ("fee_applies", Kind::Boolean),
    ("price_tier", Kind::Text),
    ("rule_id", Kind::Id),
    ("value_group", Kind::Text),
    ("value_cell", Kind::Text),
    ("language", Kind::Text),
    ("open_complaint", Kind::Boolean),
    ("dedicated_agent", Kind::Id),
    ("next_offer_product", Kind::Id),
];

fn build(source: &Source, _options: &Options) -> Result<Vec<Dataset>> {
    let levels = routing_policy::levels(source)?;
    let last = routing_policy::last_priority(&levels)?;
    if last > LARGEST_PRIORITY {
        return Err(Error::usage(format!("twilio takes priorities up to {LARGEST_PRIORITY}")));
    }
    let routing = source.table("routing", &ATTRIBUTES.map(|(name, _)| name))?;
    let tasks = routing_policy::records(&routing, &ATTRIBUTES, 1, Some(last))?;
    within(&tasks)?;

    let of_level = |(name, _): &&Column| *name == "service_level" || *name == "rule_id" || POLICY.contains(name);
    let columns: Vec<Column> = ATTRIBUTES.iter().filter(of_level).copied().collect();
    let policies = routing_policy::records(&levels, &columns, 1, Some(last))?;
    let is_default = levels.column("is_default")?;
    let level = levels.column("service_level")?;
    let default = (0..levels.len()).find(|row| is_default.is_true(*row)).and_then(|row| level.text(row));
    let default = (0..policies.len()).find(|row| Some(policies.cell(*row, 0)) == default);
    let default = default.ok_or_else(|| Error::internal("no service level is the default one"))?;
    let mut stranger = Json::Object(routing_policy::object(&policies, default)?).to_string();
    stranger.push('\n');
    Ok(vec![
        Dataset::new("task_attributes", tasks, Format::Ndjson).with_delta(Delta::Rows),
        Dataset::document("unknown_caller", "json", stranger.into_bytes(), 1),
    ])
}

/// Refuses attributes that are longer than Twilio takes.
fn within(tasks: &Records) -> Result<()> {
    // Quotes, colon, comma and a null: what each attribute takes beside its name and value.
    let around: usize = tasks.fields().iter().map(|field| field.name.len() + 10).sum();
    for row in 0..tasks.len() {
        // A character becomes six at most (`\u0000`): only a row that may be too long is written.
        let at_most = around + 6 * tasks.row(row).map(str::len).sum::<usize>();
        if at_most <= MOST_CHARACTERS {
            continue;
        }
        let characters = Json::Object(routing_policy::object(tasks, row)?).to_string().chars().count();
        if characters > MOST_CHARACTERS {
            // The attributes themselves may be personal.
            let message = format!(
                "twilio cannot take this export: the attributes of row {} have {characters} characters, and it takes {MOST_CHARACTERS}",
                row + 1
            );
            return Err(Error::usage(message).hint("shorten the queues and skills of `[[routing.levels]]`"));
        }
    }
    Ok(())
}
