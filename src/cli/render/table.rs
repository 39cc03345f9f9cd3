//! A table for people: aligned columns, numbers to the right, nothing that a terminal would obey.

use std::io::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Rows, formatters, is_number, text_of};
use crate::cli::escape::escape;
use crate::cli::output::writing;
use crate::error::Result;

/// Cells of a terminal that one value may take; more is cut, and the other formats have all of it.
const WIDEST: usize = 60;

/// Writes the first `limit` rows, and returns how many were left out.
pub(super) fn write(rows: &Rows, limit: Option<usize>, out: &mut (dyn Write + Send)) -> Result<usize> {
    let shown = rows.count().min(limit.unwrap_or(usize::MAX));
    let header = rows.schema.fields().iter().map(|field| cut(&escape(field.name()))).collect();
    let mut lines: Vec<Vec<String>> = vec![header];
    for batch in &rows.batches {
        let columns = formatters(batch)?;
        for row in 0..batch.num_rows().min(shown + 1 - lines.len()) {
            let cells: Result<Vec<String>> =
                columns.iter().map(|column| Ok(cut(&escape(&text_of(column, row)?)))).collect();
            lines.push(cells?);
        }
    }
    let right: Vec<bool> = rows.schema.fields().iter().map(|field| is_number(field.data_type())).collect();
    writing(out.write_all(align(&lines, &right).as_bytes()))?;
    Ok(rows.count() - shown)
}

/// A header and lines below it, in columns as wide as their widest cell; `right` says which columns align to the right.
pub(in crate::cli) fn align(lines: &[Vec<String>], right: &[bool]) -> String {
    let width_of = |column: usize| lines.iter().map(|line| line[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..right.len()).map(width_of).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = String::new();
    for line in lines.iter().take(1).chain([&rule]).chain(lines.iter().skip(1)) {
        for (column, cell) in line.iter().enumerate() {
            let padding = " ".repeat(widths[column] - cell.width());
            let gap = if column > 0 { "  " } else { "" };
            text.extend(if right[column] { [gap, &padding, cell] } else { [gap, cell, &padding] });
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

fn cut(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut width = 0;
    let mut kept: String = text
        .chars()
        .take_while(|character| {
            width += character.width().unwrap_or(0);
            width < WIDEST
        })
        .collect();
    kept.push('…');
    kept
}
