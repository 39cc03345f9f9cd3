//! `[inputs.*]`: kinds of export, their format and the columns of their contract.

use super::super::mistake::Mistakes;
use super::super::{ColumnSource, Config, EngineKind, From, InputConfig};
use super::{at_least, folding, one_of_words, time_zone};
use crate::contract::{self, ColumnType, Input, InputColumn};
use crate::names::{nearest, suggest};

pub(super) fn validate(config: &Config, mistakes: &mut Mistakes<'_>) {
    let kinds: Vec<&str> = contract::inputs().iter().map(|input| input.name).collect();
    if !contract::LEADING.iter().any(|name| config.inputs.contains_key(*name)) {
        mistakes.key(
            &["inputs"],
            "no `[inputs.transactions]`",
            "map transactions first; `[inputs.interactions]` alone will do for a contact centre",
        );
    }
    for (name, input) in &config.inputs {
        match contract::input(name) {
            Some(contract) => {
                files(name, input, config.engine.kind, mistakes);
                text_format(name, input, mistakes);
                limits(name, input, mistakes);
                columns(contract, input, mistakes);
                folding::validate(contract, input, mistakes);
            }
            None => {
                mistakes.key(&["inputs", name], format!("unknown kind of export `{name}`"), suggest(name, &kinds));
            }
        }
    }
}

fn files(name: &str, input: &InputConfig, engine: EngineKind, mistakes: &mut Mistakes<'_>) {
    let by_cluster = "set `[engine] kind = \"spark\"`, or copy the export here and name its files";
    match &input.table {
        None if input.files.is_empty() => {
            // Where there is no such key, at the section: it comes before what its columns lack.
            mistakes.key(&["inputs", name, "files"], "no file", "name at least one file or glob");
        }
        Some(_) if !input.files.is_empty() => {
            mistakes.key(&["inputs", name, "table"], "a table beside files", "keep one of `files` and `table`");
        }
        Some(_) if engine != EngineKind::Spark => {
            mistakes.key(&["inputs", name, "table"], "only Spark reads tables of a catalog", by_cluster);
        }
        Some(table) => {
            let part = |part: &str| !part.is_empty() && !part.contains(['`', '"', '\'', ';', ' ']);
            if !table.split('.').all(part) {
                let hint = "write `catalog.schema.name`";
                mistakes.value(&["inputs", name, "table"], format!("`{table}` is not the name of a table"), hint);
            }
        }
        None => {}
    }
    for (index, pattern) in input.files.iter().enumerate() {
        let path = ["inputs", name, "files", &index.to_string()];
        if pattern.is_empty() {
            mistakes.value(&path, "a file without a name", "name a file or a glob");
        } else if pattern.contains("://") && engine != EngineKind::Spark {
            mistakes.value(&path, format!("`{pattern}` is a URL, which only Spark reads"), by_cluster);
        } else if let Err(error) = glob::Pattern::new(pattern) {
            let hint = "`*` stands for any letters, `?` for one, `**` for folders, `[ab]` for a or b";
            mistakes.value(&path, format!("`{pattern}` is not a glob: {}", error.msg), hint);
        }
    }
}

fn text_format(name: &str, input: &InputConfig, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["inputs", name, key];
    let is_separator = |text: &str| matches!(text.as_bytes(), [byte] if byte.is_ascii() && !b"\r\n\0".contains(byte));
    if input.delimiter != "whitespace" && !is_separator(&input.delimiter) {
        let hint = if ["\\t", "tab", "TAB"].contains(&input.delimiter.as_str()) {
            "write `\"\\t\"`, in double quotes".to_owned()
        } else {
            "write one ASCII character, or `\"whitespace\"` for columns separated by runs of blanks".to_owned()
        };
        mistakes.value(&path("delimiter"), format!("`{}` is not a delimiter", input.delimiter.escape_debug()), hint);
    }
    if !input.quote.is_empty() && !is_separator(&input.quote) {
        mistakes.value(
            &path("quote"),
            format!("`{}` is not a quote character", input.quote.escape_debug()),
            "write one ASCII character, or `\"\"` for files that do not quote",
        );
    } else if input.quote == input.delimiter {
        mistakes.value(&path("quote"), "the quote is the delimiter too", "use two different characters");
    }
    if input.decimal != "." && input.decimal != "," {
        mistakes.value(&path("decimal"), format!("`{}` is not a decimal mark", input.decimal), "use `.` or `,`");
    }
    if input.thousands.chars().count() > 1 || input.thousands.chars().any(|mark| mark.is_ascii_digit() || mark == '-') {
        mistakes.value(
            &path("thousands"),
            format!("`{}` is not a thousands separator", input.thousands),
            "write one character, or `\"\"` when there is none",
        );
    } else if input.thousands == input.decimal {
        mistakes.value(
            &path("thousands"),
            "the thousands separator is the decimal mark too",
            "with `decimal = \",\"` it is usually `.` or a blank",
        );
    }
    for (index, sign) in input.currency_signs.iter().enumerate() {
        if sign.trim().is_empty() || sign.chars().any(|letter| letter.is_ascii_digit()) {
            mistakes.value(
                &["inputs", name, "currency_signs", &index.to_string()],
                format!("`{sign}` is not a currency sign"),
                "write it as it stands beside the amounts, for example `\"$\"` or `\"EUR\"`",
            );
        }
    }
    column_names(name, input, mistakes);
}

/// Names and widths of columns that the file itself does not name.
fn column_names(name: &str, input: &InputConfig, mistakes: &mut Mistakes<'_>) {
    if !input.header && input.names.is_empty() && input.widths.is_empty() {
        mistakes.value(
            &["inputs", name, "header"],
            "no header, and nothing else that names the columns",
            "list them in order: `names = [\"customer\", \"date\", ...]`, or give their `widths`",
        );
    }
    for (index, column) in input.names.iter().enumerate() {
        if input.names[..index].contains(column) {
            mistakes.value(
                &["inputs", name, "names", &index.to_string()],
                format!("a second column `{column}`"),
                "give each column of the file a name of its own",
            );
        }
    }
    for (column, [first, last]) in &input.widths {
        if *first < 1 || first > last {
            mistakes.value(
                &["inputs", name, "widths", column],
                format!("[{first}, {last}] is not a range of characters"),
                "write the first and the last character of the column, counted from 1",
            );
        }
    }
}

fn limits(name: &str, input: &InputConfig, mistakes: &mut Mistakes<'_>) {
    at_least(mistakes, &["inputs", name, "max_record_bytes"], input.max_record_bytes, 1);
    at_least(mistakes, &["inputs", name, "max_fields"], input.max_fields as u64, 1);
    at_least(mistakes, &["inputs", name, "max_expansion"], input.max_expansion, 1);
}

fn columns(contract: &Input, input: &InputConfig, mistakes: &mut Mistakes<'_>) {
    let valid: Vec<&str> = contract.columns.iter().map(|column| column.name).collect();
    let path = ["inputs", contract.name, "columns"];
    for (name, source) in &input.columns {
        match contract.column(name) {
            Some(column) => column_source(contract.name, column, source, input, mistakes),
            None => mistakes.key(
                &["inputs", contract.name, "columns", name],
                format!("`{}` has no column `{name}`", contract.name),
                suggest(name, &valid),
            ),
        }
    }
    for column in contract.columns.iter().filter(|column| column.required) {
        if !input.columns.contains_key(column.name) {
            mistakes.key(
                &path,
                format!("`{}` needs the column `{}`", contract.name, column.name),
                format!("map it here: {}", column.staged.doc),
            );
        }
    }
}

fn column_source(
    input_name: &str,
    column: &InputColumn,
    source: &ColumnSource,
    input: &InputConfig,
    mistakes: &mut Mistakes<'_>,
) {
    let at = ["inputs", input_name, "columns", column.name];
    let below = |key| ["inputs", input_name, "columns", column.name, key];
    let column_type = column.staged.column_type;
    match &source.from {
        From::Column(name) => file_column(&at, name, input, mistakes),
        From::Constant(text) if !column.values.is_empty() => {
            one_of_words(mistakes, &below("constant"), text, column.values);
        }
        From::Expr(text) if text.trim().is_empty() => {
            mistakes.value(&below("expr"), "the expression is empty", "write arithmetic over columns");
        }
        From::Constant(_) | From::Expr(_) => {}
    }
    if let Some(format) = &source.format {
        if !matches!(column_type, ColumnType::Day | ColumnType::Instant) {
            let hint = "remove it: a format is for days and times";
            mistakes.key(&below("format"), format!("`{}` is not a day or a time", column.name), hint);
        } else if let Err(error) = jiff::fmt::strtime::format(format, &jiff::Zoned::default()) {
            let hint = "write it in strftime letters, for example `%m/%d/%Y %H:%M`";
            mistakes.value(&below("format"), format!("`{format}` is not a date format: {error}"), hint);
        }
    }
    if let Some(zone) = &source.time_zone {
        if column_type == ColumnType::Instant {
            time_zone(mistakes, &below("time_zone"), zone);
        } else {
            let hint = "remove it: a time zone is for times";
            mistakes.key(&below("time_zone"), format!("`{}` is not a time", column.name), hint);
        }
    }
    if !column.values.is_empty() {
        for (from, to) in source.map.iter().filter(|(_, to)| !to.is_empty()) {
            let path = ["inputs", input_name, "columns", column.name, "map", from];
            one_of_words(mistakes, &path, to, column.values);
        }
    }
}

/// A column of the file must be among the names that the pipeline file gives to a file without a header.
pub(super) fn file_column(path: &[&str], name: &str, input: &InputConfig, mistakes: &mut Mistakes<'_>) {
    if name.is_empty() {
        mistakes.value(path, "a column without a name", "name the column of the file");
    }
    let given: Vec<&str> = input.names.iter().chain(input.widths.keys()).map(String::as_str).collect();
    if !name.is_empty() && !given.is_empty() && !given.contains(&name) {
        let hint = match nearest(name, given.iter().copied()) {
            Some(candidate) => format!("did you mean `{candidate}`?"),
            None => "add it to `names` or `widths`, or leave the mapping out".to_owned(),
        };
        mistakes.value(path, format!("the file has no column `{name}`"), hint);
    }
}
