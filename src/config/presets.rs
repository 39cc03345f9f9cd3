//! Presets: mappings of known exports, which the keys of the pipeline file go before.
//!
//! A preset is a piece of a pipeline file (`presets/*.toml`), with the keys that a user would write. It is merged into the
//! parsed file before anything else looks at it, so that a resolved preset and a mapping that was written out are the same.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::names::suggest;

/// A mapping of a known export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name, as the pipeline file gives it.
    pub name: &'static str,
    /// The piece of a pipeline file that it stands for.
    pub text: &'static str,
}

/// Every preset, by name.
pub const PRESETS: [Preset; 5] = [
    Preset { name: "amazon-connect", text: include_str!("presets/amazon-connect.toml") },
    Preset { name: "asterisk-queue-log", text: include_str!("presets/asterisk-queue-log.toml") },
    Preset { name: "ga4-export", text: include_str!("presets/ga4-export.toml") },
    Preset { name: "zendesk", text: include_str!("presets/zendesk.toml") },
    Preset { name: "zendesk-events", text: include_str!("presets/zendesk-events.toml") },
];

/// A preset that cannot be applied: where it is named, what is wrong, and what to do.
pub(super) type Refused = (Range<usize>, String, String);

/// The parts of a mapped column of which one is given: what it is read from.
const READ_FROM: [&str; 3] = ["column", "constant", "expr"];

/// Merges the presets that the inputs of a pipeline file name into it.
///
/// # Errors
/// A name that no preset has, or a preset of another kind of export.
pub(super) fn apply(root: &mut DeTable<'_>) -> Result<(), Refused> {
    let Some(DeValue::Table(inputs)) = root.get_mut("inputs").map(Spanned::get_mut) else { return Ok(()) };
    for (kind, input) in inputs.iter_mut() {
        let DeValue::Table(input) = input.get_mut() else { continue };
        let Some(named) = input.get("preset") else { continue };
        // Another type is reported with all other wrong types.
        let DeValue::String(name) = named.get_ref() else { continue };
        let span = named.span();
        let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            return Err((span, format!("there is no preset `{name}`"), suggest(name, &names)));
        };
        let Some(section) = section_of(preset, kind.get_ref()) else {
            let message = format!("the preset `{name}` is not one of `{}`", kind.get_ref());
            return Err((span, message, "it is for `[inputs.interactions]`".to_owned()));
        };
        merge(input, section, &span);
    }
    Ok(())
}

/// What a preset says of one kind of export.
fn section_of(preset: &Preset, kind: &str) -> Option<DeTable<'static>> {
    let mut root = DeTable::parse(preset.text).ok()?.into_inner();
    let DeValue::Table(mut inputs) = root.remove("inputs")?.into_inner() else { return None };
    match inputs.remove(kind)?.into_inner() {
        DeValue::Table(section) => Some(section),
        _ => None,
    }
}

/// Puts the keys of `preset` under those of `input`. What comes from the preset stands where the preset is named, for messages.
fn merge<'a>(input: &mut DeTable<'a>, preset: DeTable<'a>, at: &Range<usize>) {
    for (key, value) in preset {
        let own = input.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut);
        match (own, value.into_inner()) {
            (None, value) => {
                input.insert(Spanned::new(at.clone(), key.into_inner()), moved(value, at));
            }
            (Some(DeValue::Table(own)), DeValue::Table(preset)) if key.get_ref() == "columns" => {
                merge_columns(own, preset, at);
            }
            (Some(DeValue::Table(own)), DeValue::Table(preset)) => merge(own, preset, at),
            // The user's own value stands.
            (Some(_), _) => {}
        }
    }
    if let Some(DeValue::Table(columns)) = input.get_mut("columns").map(Spanned::get_mut) {
        let unmapped = |(name, column): (&Spanned<Cow<'a, str>>, &Spanned<DeValue<'a>>)| {
            matches!(column.get_ref(), DeValue::Boolean(false)).then(|| name.get_ref().clone().into_owned())
        };
        let unmapped: Vec<String> = columns.iter().filter_map(unmapped).collect();
        for name in unmapped {
            columns.remove(name.as_str());
        }
    }
}

fn merge_columns<'a>(columns: &mut DeTable<'a>, preset: DeTable<'a>, at: &Range<usize>) {
    for (name, source) in preset {
        let Some(own) = columns.get_mut(name.get_ref().as_ref()) else {
            columns.insert(Spanned::new(at.clone(), name.into_inner()), moved(source.into_inner(), at));
            continue;
        };
        let DeValue::Table(mut preset) = as_table(source).into_inner() else { continue };
        if matches!(own.get_ref(), DeValue::String(_)) {
            *own = as_table(own.clone());
        }
        if let DeValue::Table(own) = own.get_mut() {
            // A column is read from one thing: with another, the preset's goes.
            if READ_FROM.iter().any(|key| own.contains_key(*key)) {
                READ_FROM.iter().for_each(|key| drop(preset.remove(*key)));
            }
            merge(own, preset, at);
        }
    }
}

/// A column given by its name, as the table that it is short for.
fn as_table(source: Spanned<DeValue<'_>>) -> Spanned<DeValue<'_>> {
    let span = source.span();
    match source.into_inner() {
        DeValue::String(name) => {
            let mut table = DeTable::new();
            table.insert(
                Spanned::new(span.clone(), Cow::Borrowed("column")),
                Spanned::new(span.clone(), DeValue::String(name)),
            );
            Spanned::new(span, DeValue::Table(table))
        }
        other => Spanned::new(span, other),
    }
}

/// `value` with everything in it standing at `at`: it has no place in the user's file of its own.
fn moved<'a>(value: DeValue<'a>, at: &Range<usize>) -> Spanned<DeValue<'a>> {
    let value = match value {
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| (Spanned::new(at.clone(), key.into_inner()), moved(value.into_inner(), at)))
                .collect(),
        ),
        DeValue::Array(array) => DeValue::Array(array.into_iter().map(|value| moved(value.into_inner(), at)).collect()),
        other => other,
    };
    Spanned::new(at.clone(), value)
}
