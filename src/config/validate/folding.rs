//! `[inputs.*]` `skip` and `fold`: events that exist, columns that they can give.

use super::super::mistake::Mistakes;
use super::super::{InputConfig, Take};
use super::inputs::file_column;
use super::one_of_words;
use crate::contract::{ColumnType, Input, InputColumn};

pub(super) fn validate(contract: &Input, input: &InputConfig, mistakes: &mut Mistakes<'_>) {
    for (column, values) in &input.skip {
        let path = ["inputs", contract.name, "skip", column];
        file_column(&path, column, input, mistakes);
        if values.is_empty() {
            mistakes.value(
                &path,
                "no value to skip",
                "list the values with which a row is left out, or remove the column",
            );
        }
    }
    fold(contract, input, mistakes);
    for column in &contract.columns {
        let Some(source) = input.columns.get(column.name) else { continue };
        let path = |key| ["inputs", contract.name, "columns", column.name, key];
        let Some(fold) = &input.fold else {
            for (key, given) in [("on", !source.on.is_empty()), ("take", source.take != Take::First)] {
                if given {
                    let hint = "add `[inputs.*.fold]` with the events, or remove the key";
                    mistakes.key(&path(key), format!("`{key}` without events"), hint);
                }
            }
            continue;
        };
        let events: Vec<&str> = fold.events.iter().map(String::as_str).collect();
        for (index, event) in source.on.iter().enumerate() {
            let at = index.to_string();
            one_of_words(mistakes, &["inputs", contract.name, "columns", column.name, "on", &at], event, &events);
        }
        if source.take == Take::Sum && !matches!(column.staged.column_type, ColumnType::Money | ColumnType::BigInt) {
            let hint = "take the `first`, `last`, `least` or `most`";
            mistakes.value(&path("take"), format!("`{}` is not a number to add up", column.name), hint);
        }
        if places(contract, column) && (!source.on.is_empty() || source.take != Take::First) {
            let hint = "leave `on` and `take` out: every event is of a contact and has a time, and the first one's is its start";
            mistakes.value(
                &["inputs", contract.name, "columns", column.name],
                "every event must give this column",
                hint,
            );
        }
    }
}

/// Whether a column says which contact an event is of, or when it was.
fn places(contract: &Input, column: &InputColumn) -> bool {
    contract.key.contains(&column.name) || contract.time.is_some_and(|time| column.staged.name == time)
}

fn fold(contract: &Input, input: &InputConfig, mistakes: &mut Mistakes<'_>) {
    let Some(fold) = &input.fold else { return };
    let path = |key| ["inputs", contract.name, "fold", key];
    if contract.name != "interactions" {
        let hint = "only the rows of `[inputs.interactions]` can be events";
        mistakes.key(&["inputs", contract.name, "fold"], format!("`{}` are not folded", contract.name), hint);
        return;
    }
    file_column(&path("event"), &fold.event, input, mistakes);
    if fold.events.is_empty() {
        mistakes.value(
            &path("events"),
            "no event",
            "list every event of the stream, in the order in which they happen",
        );
    }
    for (index, event) in fold.events.iter().enumerate().filter(|(index, event)| fold.events[..*index].contains(event))
    {
        let at = index.to_string();
        let hint = "list each event once";
        mistakes.value(&["inputs", contract.name, "fold", "events", &at], format!("a second event `{event}`"), hint);
    }
    let events: Vec<&str> = fold.events.iter().map(String::as_str).collect();
    for (key, listed) in [("begins", &fold.begins), ("ends", &fold.ends)] {
        for (index, event) in listed.iter().enumerate() {
            one_of_words(mistakes, &["inputs", contract.name, "fold", key, &index.to_string()], event, &events);
        }
    }
    for key in contract.key.iter().filter(|key| !input.columns.contains_key(**key)) {
        let message = format!("events need `{key}` to be told apart by contact");
        mistakes.key(&["inputs", contract.name, "fold"], message, format!("map `{key}` below `columns`"));
    }
}
