//! Text files: separated, fixed-width and NDJSON, from the first byte to parsed blocks.

use std::collections::BTreeSet;
use std::path::Path;

use super::blocks::{Block, Blocks};
use super::file::{Collector, Context, Description, Parsed, empty};
use super::record::Layout;
use super::rows::RowReader;
use super::source::{self, Source};
use super::text::{self, Shape, Syntax};
use super::{ndjson, text::header};
use crate::config::Format;
use crate::error::{Error, Place, Result};
use crate::names::nearest;

/// Text that is parsed as one piece. Large enough that a block costs nothing beside its rows, small enough that a
/// handful in flight is little memory.
const BLOCK_BYTES: usize = 8 << 20;

/// Bytes of a record that a guess at the number of rows of a block assumes.
const RECORD_BYTES: usize = 64;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a text file into `collector`.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when it is broken, empty, beyond the guards, or lacks a column.
pub(super) fn read(
    context: &Context,
    path: &Path,
    format: Format,
    source: &mut Source,
    collector: &mut Collector,
) -> Result<Description> {
    let settings = context.settings;
    source::check_encoding(path, &source.head, settings.encoding)?;
    let syntax = Syntax::new(context.mapping.input.name, settings)?;
    let marks = match format {
        Format::Ndjson => super::blocks::Marks { delimiter: b',', quote: None },
        _ => syntax.marks(),
    };
    let reader = source::utf8(source.bytes(), settings.encoding);
    let mut blocks = Blocks::new(reader, path, marks, BLOCK_BYTES, settings.max_record_bytes);
    let Some(first) = blocks.next()? else { return Err(empty(path)) };
    let mut start = if first.bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    if first.bytes[start..].iter().all(u8::is_ascii_whitespace) && first.bytes.len() < BLOCK_BYTES {
        return Err(empty(path));
    }
    let encoding = source::encoding_name(settings.encoding);
    if format == Format::Ndjson {
        let layout = ndjson::layout(context.mapping);
        let reader = |rows| RowReader::new(context.mapping, &layout, context.show_personal, rows);
        parse_blocks(collector, first, &mut start, &mut blocks, |block, from| {
            let mut rows = reader(block.bytes.len() / RECORD_BYTES);
            let names = ndjson::parse(path, settings.max_record_bytes, block, from, &mut rows)?;
            Ok(Parsed { rows: rows.finish()?, names })
        })?;
        let seen: Vec<String> = collector.names.iter().cloned().collect();
        if !seen.is_empty() {
            locate(context, path, &seen)?;
        }
        let unmapped = unmapped(context, &seen);
        return Ok(Description { format: "ndjson", encoding, line_ends: blocks.line_ends, unmapped });
    }
    let names = column_names(context, path, &first, &mut start, &syntax)?;
    let layout = Layout::new(&names, locate(context, path, &names)?);
    let shape = Shape {
        has_header: settings.header && settings.widths.is_empty(),
        ragged: settings.ragged,
        max_fields: settings.max_fields,
        max_record_bytes: usize::try_from(settings.max_record_bytes).unwrap_or(usize::MAX),
        names,
        syntax,
    };
    parse_blocks(collector, first, &mut start, &mut blocks, |block, from| {
        let rows = block.bytes.len() / RECORD_BYTES;
        let mut rows = RowReader::new(context.mapping, &layout, context.show_personal, rows);
        text::parse(path, &shape, block, from, &mut rows)?;
        Ok(Parsed { rows: rows.finish()?, names: BTreeSet::new() })
    })?;
    let format = if matches!(shape.syntax, Syntax::Fixed(_)) { "fixed_width" } else { "csv" };
    Ok(Description { format, encoding, line_ends: blocks.line_ends, unmapped: unmapped(context, &shape.names) })
}

fn parse_blocks<R: std::io::Read>(
    collector: &mut Collector,
    first: Block,
    start: &mut usize,
    blocks: &mut Blocks<'_, R>,
    parse: impl Fn(&Block, usize) -> Result<Parsed> + Sync,
) -> Result<()> {
    let mut first = Some((first, *start));
    let next = || match first.take() {
        Some(first) => Ok(Some(first)),
        None => Ok(blocks.next()?.map(|block| (block, 0))),
    };
    collector.parse_all(next, |(block, from)| parse(&block, from))
}

/// Names of the columns: of the settings, or of the header, which `start` then skips.
fn column_names(
    context: &Context,
    path: &Path,
    first: &Block,
    start: &mut usize,
    syntax: &Syntax,
) -> Result<Vec<String>> {
    let settings = context.settings;
    let mut own = Syntax::own_names(settings);
    if own.is_empty() && !settings.names.is_empty() {
        own = settings.names.clone();
    }
    if settings.header {
        let (names, used) = header(path, &first.bytes[*start..], syntax)?;
        *start += used;
        if own.is_empty() {
            own = names;
        }
    } else if own.is_empty() {
        return Err(Error::config(format!("`inputs.{}` has no header and no `names`", context.mapping.input.name))
            .hint("list the file's columns in `names`, in their order"));
    }
    let mut seen = BTreeSet::new();
    for name in &own {
        if !seen.insert(name.as_str()) {
            return Err(Error::input(format!("the header has the column `{name}` twice"))
                .at(Place::file(path).at_line(1))
                .hint("ask for an export with distinct names, or list them in `names`"));
        }
    }
    Ok(own)
}

/// Where the columns that the mapping reads stand among `names`.
pub(super) fn locate(context: &Context, path: &Path, names: &[String]) -> Result<Vec<usize>> {
    let place = |wanted: &String| {
        names.iter().position(|name| name == wanted).ok_or_else(|| {
            let error = Error::input(format!("the column `{wanted}` is missing")).at(Place::file(path).at_line(1));
            if names.len() == 1 {
                return error.hint("the file has one column: check the input's `delimiter`");
            }
            match nearest(wanted, names.iter().map(String::as_str)) {
                Some(near) => error.hint(format!(
                    "the file has `{near}`; adapt the mapping of `inputs.{}`",
                    context.mapping.input.name
                )),
                None => error.hint(format!("the file has `{}`", names.join("`, `"))),
            }
        })
    };
    context.mapping.raw_names.iter().map(place).collect()
}

/// Columns of the file that nothing reads.
pub(super) fn unmapped(context: &Context, names: &[String]) -> BTreeSet<String> {
    names.iter().filter(|name| !context.mapping.raw_names.contains(name)).cloned().collect()
}
