//! What becomes of typed rows: exact repetitions, rows out of window, older versions of a key, conflicts, as
//! [`order`](crate::ingest::order) and [`conflicts`](crate::ingest::conflicts) decide it.

use super::rows::{AMOUNT, FILE, HASH, REASON, SKIPPED};
use super::sql::literal;
use crate::ingest::mapping::{Mapping, Slot};

/// The column that says what becomes of a row.
pub(super) const FATE: &str = "_fate";
pub(super) const STAGED: &str = "staged";
pub(super) const DUPLICATE: &str = "duplicate";
pub(super) const SUPERSEDED: &str = "superseded";
pub(super) const CONFLICT: &str = "key_conflict";
pub(super) const LATE: &str = "out_of_window";

/// Rows that were read and not skipped.
pub(super) fn kept() -> String {
    format!("{REASON} IS NULL AND NOT {SKIPPED}")
}

/// Staged names of the key's columns.
fn key(mapping: &Mapping) -> Vec<&str> {
    mapping.key.iter().map(|index| mapping.columns[*index].contract.staged.name.as_ref()).collect()
}

/// The kept rows of `rows` with their [`FATE`]: the staged columns, the file and the amount.
pub(super) fn fates(mapping: &Mapping, rows: &str, before_us: Option<i64>) -> String {
    let present = mapping.present();
    let time = mapping.time.map(|index| mapping.columns[index].contract.staged.name.as_ref());
    let late = match time.zip(before_us) {
        Some((time, before)) => format!("COALESCE({time} >= {before}, FALSE)"),
        None => "FALSE".to_owned(),
    };
    let copies = format!(
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY {HASH} ORDER BY {FILE}) AS _copy, {late} AS _late FROM {rows} WHERE {}",
        kept()
    );
    let mut branches = String::new();
    if !mapping.keep_duplicates {
        branches.push_str(&format!(" WHEN _copy > 1 THEN '{DUPLICATE}'"));
    }
    branches.push_str(&format!(" WHEN _late THEN '{LATE}'"));
    let from = match mapping.key.is_empty() {
        true => copies,
        false => {
            branches.push_str(&format!(
                " WHEN NOT _keyed THEN '{STAGED}' WHEN _winner IS NULL THEN '{CONFLICT}' WHEN _content = _winner AND \
                 ({} OR _nth = 1) THEN '{STAGED}' ELSE '{SUPERSEDED}'",
                mapping.keep_duplicates
            ));
            keyed(mapping, &copies, &present)
        }
    };
    let fate = match mapping.key.is_empty() {
        true => format!("CASE{branches} ELSE '{STAGED}' END"),
        false => format!("CASE{branches} END"),
    };
    let numbered = mapping.keep_duplicates && mapping.makes_orders();
    let columns = mapping.slots.iter().zip(&present).map(|(slot, column)| match slot {
        // Equal rows are told apart: the second and later ones get their number behind the id.
        Slot::MadeOrder if numbered => {
            format!(
                "CASE WHEN _copy = 1 THEN {column} ELSE CONCAT({column}, '-', LPAD(_copy - 1, 8, '0')) END AS {column}"
            )
        }
        _ => column.clone(),
    });
    let columns: Vec<String> = columns.collect();
    format!("SELECT {}, {FILE}, {AMOUNT}, {fate} AS {FATE}\nFROM ({from})", columns.join(", "))
}

/// For each row whose key is whole, what wins among the rows of that key: the strictly newest, or what all of them say.
fn keyed(mapping: &Mapping, copies: &str, present: &[String]) -> String {
    let key = key(mapping);
    let whole: Vec<String> = key.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let first = if mapping.keep_duplicates { "TRUE" } else { "_copy = 1" };
    let content: Vec<String> = present.iter().map(|column| format!("{column} IS NULL, {column}")).collect();
    let updated =
        present.iter().find(|column| *column == "updated_at_us").map_or("CAST(NULL AS BIGINT)", String::as_str);
    // Rows without a key are spread by their content, so that they do not all come to one worker.
    let candidates = format!(
        "SELECT *, ({first} AND NOT _late AND {}) AS _keyed, XXHASH64({}) AS _content, {updated} AS _updated FROM ({copies})",
        whole.join(" AND "),
        content.join(", ")
    );
    let spread = format!(
        "SELECT *, CASE WHEN _keyed THEN XXHASH64({}) ELSE XXHASH64({HASH}, {FILE}) END AS _spread FROM ({candidates})",
        key.join(", ")
    );
    let group = format!("PARTITION BY _spread, _keyed, {}", key.join(", "));
    let newest = format!(
        "SELECT *, MAX(_updated) OVER ({group}) AS _newest, MIN(_content) OVER ({group}) AS _low, MAX(_content) OVER ({group}) \
         AS _high FROM ({spread})"
    );
    let of_newest = "CASE WHEN _updated = _newest THEN _content END";
    let winners = format!(
        "SELECT *, MIN({of_newest}) OVER ({group}) AS _new_low, MAX({of_newest}) OVER ({group}) AS _new_high, \
         ROW_NUMBER() OVER ({group}, _content ORDER BY {FILE}, {HASH}) AS _nth FROM ({newest})"
    );
    format!(
        "SELECT *, CASE WHEN _low = _high THEN _low WHEN _new_low = _new_high THEN _new_low END AS _winner FROM ({winners})"
    )
}

/// The rejects of an input: those of its `rows`, and the conflicts among its `fates`.
pub(super) fn rejects(mapping: &Mapping, rows: &str, fates: &str, show_personal: bool, most: usize) -> String {
    let of_rows = format!("SELECT {FILE}, _column, _value, {REASON} FROM {rows} WHERE {REASON} IS NOT NULL");
    let mut sql = of_rows;
    if !mapping.key.is_empty() {
        let text = format!("CONCAT_WS(',', {})", key(mapping).join(", "));
        let masked = !show_personal && mapping.key.iter().any(|index| mapping.columns[*index].masked);
        let value = if masked { format!("CONCAT('<redacted, ', OCTET_LENGTH({text}), ' bytes>')") } else { text };
        let columns = literal(&mapping.input.key.join(","));
        sql.push_str(&format!(
            " UNION ALL SELECT {FILE}, {columns}, {value}, {FATE} FROM {fates} WHERE {FATE} = '{CONFLICT}'"
        ));
    }
    format!("SELECT * FROM ({sql}) ORDER BY 1, 4, 2, 3 LIMIT {most}")
}
