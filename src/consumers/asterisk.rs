//! `asterisk`: key and value for Asterisk's own database (AstDB): caller to queue, priority and longest wait.
//!
//! A line is a key and a value for `database put patronage KEY VALUE`: `caller/<routing key>` and `default`, for whom no key
//! is. The value is `queue|priority|seconds`, which the dialplan takes apart:
//!
//! ```text
//! same => n,Set(policy=${DB(patronage/caller/${CUSTOMER})})
//! same => n,ExecIf($["${policy}" = ""]?Set(policy=${DB(patronage/default)}))
//! same => n,Set(QUEUE_PRIO=${CUT(policy,|,2)})
//! same => n,Queue(${CUT(policy,|,1)})
//! ```
//!
//! The larger `QUEUE_PRIO` goes first, and a call without one has 0 (`apps/app_queue.c`): the least level has 0. The seconds
//! are what the level is promised; as the time-out of `Queue` 0 would be none.

use super::dataset::{Csv, Dataset, Delta, Format, Guard};
use super::records::{Field, Records};
use super::routing_policy;
use super::source::{TableColumn, TableRows};
use super::{Consumer, Options, Source};
use crate::error::{Error, Result};

pub(super) const CONSUMER: Consumer = Consumer {
    name: "asterisk",
    about: "Asterisk: keys and values for AstDB, caller to queue, priority and longest wait",
    needs: &["service_levels", "routing"],
    uses: &[],
    of_any_table: false,
    may_hold_contact: false,
    build,
};

/// The family in which the keys are to be.
pub(super) const FAMILY: &str = "patronage";

/// The most bytes of a family and a key together: `ast_db_put` refuses more with a warning
/// (<https://github.com/asterisk/asterisk/blob/master/main/db.c>, `MAX_DB_FIELD` less two slashes and the end).
pub(super) const MOST_KEY_BYTES: usize = 253;

/// The most bytes of a value: the column of AstDB (`VARCHAR(256)`, the same file) with an end.
pub(super) const MOST_VALUE_BYTES: usize = 255;

/// What stands between the parts of a value: no cell needs quotes for it, so that a shell reads the file, too.
const SEPARATOR: char = '|';

fn build(source: &Source, _options: &Options) -> Result<Vec<Dataset>> {
    let levels = routing_policy::levels(source)?;
    let last = routing_policy::last_priority(&levels)?;
    let mut callers = Records::new(vec![Field::id("key"), Field::id("value")], 1);
    let routing = source.table("routing", &["routing_key", "queue", "priority", "target_wait_seconds"])?;
    let (keys, policy) = (routing.column("routing_key")?, Policy::of(&routing, last)?);
    for row in 0..routing.len() {
        let key = keys.text(row).ok_or_else(|| Error::internal("`routing.routing_key` is empty"))?;
        add(&mut callers, &format!("caller/{key}"), &policy.value(row)?)?;
    }
    let (is_default, policy) = (levels.column("is_default")?, Policy::of(&levels, last)?);
    for row in (0..levels.len()).filter(|row| is_default.is_true(*row)) {
        add(&mut callers, "default", &policy.value(row)?)?;
    }
    // No guard: `'=7` would be another caller than `=7`.
    let format = Format::Csv(Csv { header: false, guard: Guard::Off });
    Ok(vec![Dataset::new("astdb", callers.sorted()?, format).with_delta(Delta::Rows)])
}

/// The columns that make a value.
struct Policy<'a> {
    queue: TableColumn<'a>,
    priority: TableColumn<'a>,
    wait: TableColumn<'a>,
    last: i64,
}

impl<'a> Policy<'a> {
    fn of(rows: &'a TableRows, last: i64) -> Result<Policy<'a>> {
        let column = |name| rows.column(name);
        Ok(Policy {
            queue: column("queue")?,
            priority: column("priority")?,
            wait: column("target_wait_seconds")?,
            last,
        })
    }

    fn value(&self, row: usize) -> Result<String> {
        let parts = (self.queue.text(row), self.priority.whole(row), self.wait.whole(row));
        let (Some(queue), Some(priority), Some(wait)) = parts else {
            return Err(Error::internal("a policy lacks its queue, priority or wait"));
        };
        if queue.contains(SEPARATOR) {
            return Err(refused(format!("the queue `{}` has a `{SEPARATOR}` in it", queue.escape_debug())));
        }
        Ok(format!("{queue}{SEPARATOR}{}{SEPARATOR}{wait}", self.last - priority))
    }
}

/// Adds a key and its value, which Asterisk would cut or refuse without stopping when they are too long.
fn add(callers: &mut Records, key: &str, value: &str) -> Result<()> {
    // Keys may be personal: the message has none.
    if FAMILY.len() + key.len() > MOST_KEY_BYTES {
        let most = MOST_KEY_BYTES - FAMILY.len() - "caller/".len();
        return Err(refused(format!("a routing key has more than {most} bytes")));
    }
    if value.len() > MOST_VALUE_BYTES {
        return Err(refused(format!("a value has more than {MOST_VALUE_BYTES} bytes")));
    }
    callers.push(&[key.into(), value.into()])
}

fn refused(what: String) -> Error {
    Error::usage(format!("asterisk cannot take this export: {what}"))
        .hint("shorten the queues of `[[routing.levels]]`; `[routing] opaque_keys = true` makes keys of 64 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Records {
        Records::new(vec![Field::id("key"), Field::id("value")], 1)
    }

    #[test]
    fn what_asterisk_would_not_keep_is_refused() {
        let key = |bytes: usize| format!("caller/{}", "7".repeat(bytes));
        assert!(add(&mut records(), &key(237), "general|1|30").is_ok());
        // 9 of the family, 7 before the key: the 254th byte.
        let error = add(&mut records(), &key(238), "general|1|30").expect_err("too long").to_string();
        assert!(error.contains("237") && !error.contains("777"), "{error}");
        assert!(add(&mut records(), "default", &"q".repeat(255)).is_ok());
        assert!(add(&mut records(), "default", &"q".repeat(256)).is_err());
        // Bytes, not letters.
        assert!(add(&mut records(), "default", &"ü".repeat(128)).is_err());
    }
}
