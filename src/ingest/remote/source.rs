//! Exports as raw rows: every column as text, which file a row came from, what is wrong with it as a whole, and a hash of
//! all its fields.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use super::columnar;
use super::rows::{BAD, FILE, HASH, raw};
use super::sql::{self, literal, quoted};
use crate::config::{Encoding, Format, InputConfig};
use crate::engine::{Export, ExportReader};
use crate::error::{Error, IoContext, Place, Result};
use crate::ingest::mapping::Mapping;
use crate::ingest::stage;
use crate::names::nearest;

/// The column in which Spark puts a record that does not have as many fields as there are columns.
const CORRUPT: &str = "_corrupt";

/// Files whose headers are looked at together.
const AT_ONCE: usize = 8;

/// A file as the engine names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemoteFile {
    /// As rows name it.
    pub url: String,
    /// As it is reported.
    pub name: String,
    pub bytes: u64,
}

/// An input that is open.
pub(super) struct Opened {
    /// SQL for its raw rows.
    pub sql: String,
    pub files: Vec<RemoteFile>,
    pub format: &'static str,
    /// Columns of the export that nothing reads.
    pub unmapped: Vec<String>,
}

/// Opens the export of an input; `view` begins the names of its views.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) for what Spark does not read as we do,
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) for files that are not there or lack a column.
pub(super) fn open(
    reader: &dyn ExportReader,
    dir: &Path,
    settings: &InputConfig,
    mapping: &Mapping,
    view: &str,
) -> Result<Opened> {
    if let Some(table) = &settings.table {
        return columnar::table(reader, mapping, view, table);
    }
    let files = list(reader, dir, settings, mapping, view)?;
    match format_of(&files, settings, mapping)? {
        "parquet" => columnar::files(reader, mapping, view, files),
        _ => text(reader, settings, mapping, view, files),
    }
}

/// Refuses what Spark does not read as our own reader does.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config), naming the key.
pub(super) fn refuse(settings: &InputConfig, mapping: &Mapping) -> Result<()> {
    let input = mapping.input.name;
    let refused = |key: &str, hint: &str| {
        Err(Error::config(format!("`inputs.{input}.{key}` cannot be read with `engine = \"spark\"`"))
            .hint(hint.to_owned()))
    };
    if settings.fold.is_some() {
        return refused("fold", "fold the events beforehand, or run this pipeline on the embedded engine");
    }
    if !settings.widths.is_empty() || settings.delimiter == "whitespace" {
        let key = if settings.widths.is_empty() { "delimiter" } else { "widths" };
        return refused(key, "write the export as CSV with a separator, or as Parquet");
    }
    if settings.encoding != Encoding::Utf8 {
        return refused("encoding", "write the export in UTF-8, or as Parquet");
    }
    if settings.format == Format::Ndjson {
        return refused(
            "format",
            "write the export as CSV or Parquet: Spark does not keep numbers in JSON as they are written",
        );
    }
    Ok(())
}

/// The files of an input, by name, with their sizes.
fn list(
    reader: &dyn ExportReader,
    dir: &Path,
    settings: &InputConfig,
    mapping: &Mapping,
    view: &str,
) -> Result<Vec<RemoteFile>> {
    let (remote, local): (Vec<&String>, Vec<&String>) =
        settings.files.iter().partition(|pattern| pattern.contains("://"));
    let mut files = Vec::new();
    if !local.is_empty() {
        let local = InputConfig { files: local.into_iter().cloned().collect(), ..settings.clone() };
        for (path, name) in stage::find(dir, mapping.input, &local)? {
            let absolute = if name.split('/').any(|part| part == "..") {
                // The engine would take the folder above for the one that is written above.
                path.canonicalize().reading(&path)?
            } else {
                std::path::absolute(&path).reading(&path)?
            };
            readable_name(mapping, &absolute, &name)?;
            let bytes = absolute.metadata().map_or(0, |found| found.len());
            files.push(RemoteFile { url: format!("file:{}", absolute.display()), name, bytes });
        }
    }
    if !remote.is_empty() {
        let listed = format!("{view}_files");
        let paths = remote.into_iter().cloned().collect();
        reader.open(&listed, &Export::Files { paths, format: "binaryFile", schema: None, options: Vec::new() })?;
        let answer = reader.ask(&format!("SELECT path, length FROM {listed} ORDER BY path"))?;
        reader.forget(&listed);
        let (paths, lengths) = (texts(&answer, 0)?, longs(&answer, 1)?);
        files.extend(paths.into_iter().zip(lengths).map(|(url, bytes)| RemoteFile {
            name: url.clone(),
            url,
            bytes: bytes as u64,
        }));
    }
    if files.is_empty() {
        return Err(Error::input(format!("no file matches `inputs.{}.files`", mapping.input.name))
            .hint("has the export arrived?"));
    }
    Ok(files)
}

/// Spark leaves out files whose names begin with `_` or `.` without a word, and takes some letters for globs.
fn readable_name(mapping: &Mapping, path: &Path, name: &str) -> Result<()> {
    let hidden = path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(['_', '.']));
    if hidden || path.to_string_lossy().contains(['*', '?', '[', ']', '{', '}', '\\']) {
        return Err(Error::config(format!(
            "`inputs.{}.files`: Spark does not read a file of the name `{name}`",
            mapping.input.name
        ))
        .hint("rename it: no `_` or `.` at the beginning, and none of `*?[]{}\\` in the path"));
    }
    Ok(())
}

fn format_of(files: &[RemoteFile], settings: &InputConfig, mapping: &Mapping) -> Result<&'static str> {
    let by_name = |file: &RemoteFile| {
        let name = file.name.to_lowercase();
        let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
        match name.rsplit('.').next() {
            Some("parquet") => "parquet",
            Some("ndjson" | "jsonl" | "json") => "ndjson",
            _ => "csv",
        }
    };
    let formats: BTreeSet<&str> = match settings.format {
        Format::Auto => files.iter().map(by_name).collect(),
        Format::Parquet => BTreeSet::from(["parquet"]),
        Format::Csv | Format::Ndjson => BTreeSet::from(["csv"]),
    };
    let key = format!("inputs.{}.files", mapping.input.name);
    match formats.into_iter().collect::<Vec<_>>().as_slice() {
        ["parquet"] => Ok("parquet"),
        ["csv"] => Ok("csv"),
        _ => Err(Error::config(format!(
            "`{key}`: with `engine = \"spark\"` all files of an input are CSV, or all are Parquet"
        ))
        .hint("Spark does not keep numbers in JSON as they are written; write the export as CSV or Parquet")),
    }
}

/// Options of Spark's CSV reader that make it read as we do, as far as it can.
fn csv_options(settings: &InputConfig, header: bool) -> Vec<(&'static str, String)> {
    let quote = settings.quote.clone();
    let mut options = vec![
        ("header", header.to_string()),
        ("sep", settings.delimiter.clone()),
        ("encoding", "UTF-8".into()),
        ("mode", "PERMISSIVE".into()),
        ("columnNameOfCorruptRecord", CORRUPT.into()),
        ("columnPruning", "false".into()),
        ("inferSchema", "false".into()),
        ("enforceSchema", "true".into()),
        ("ignoreLeadingWhiteSpace", "false".into()),
        ("ignoreTrailingWhiteSpace", "false".into()),
        // No text means "no value" by itself, and an empty field is an empty text whether it is quoted or not.
        ("nullValue", "\u{1}".into()),
        ("emptyValue", String::new()),
        ("maxColumns", settings.max_fields.max(1).to_string()),
        ("maxCharsPerColumn", settings.max_record_bytes.to_string()),
        // A quoted field may hold line ends; without quotes every line is a record, and Spark may split a file.
        ("multiLine", (!quote.is_empty()).to_string()),
    ];
    options.push(("escape", if quote.is_empty() { "\u{0}".into() } else { quote.clone() }));
    options.push(("quote", quote));
    options
}

/// CSV: files with the same columns are read together, and all of them by the names of their columns.
fn text(
    reader: &dyn ExportReader,
    settings: &InputConfig,
    mapping: &Mapping,
    view: &str,
    files: Vec<RemoteFile>,
) -> Result<Opened> {
    let headers = match settings.names.is_empty() {
        true => of_each(&files, view, |view, file| header(reader, settings, view, file))?,
        false => vec![settings.names.clone(); files.len()],
    };
    let mut groups: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (names, file) in headers.into_iter().zip(&files) {
        groups.entry(names).or_default().push(file.url.clone());
    }
    let mut unmapped = BTreeSet::new();
    let mut selects = Vec::new();
    for (index, (names, paths)) in groups.into_iter().enumerate() {
        let view = format!("{view}_{index}");
        let place = paths.first().cloned().unwrap_or_default();
        let found = locate(mapping, &names, &place)?;
        unmapped.extend(names.iter().filter(|name| !mapping.raw_names.contains(name)).cloned());
        let fields: Vec<String> = (0..names.len()).map(|field| format!("f{field}")).collect();
        let width = fields.len();
        let schema = fields.iter().map(|field| format!("{field} STRING, ")).collect::<String>() + CORRUPT + " STRING";
        let options = csv_options(settings, settings.header);
        reader.open(&view, &Export::Files { paths, format: "csv", schema: Some(schema), options })?;
        let bad = bad_record(settings, &names, &fields);
        let view = apart(settings, &view, width);
        let pairs: Vec<(&str, String)> =
            names.iter().zip(&fields).map(|(name, field)| (name.as_str(), format!("COALESCE({field}, '')"))).collect();
        let identity = identity(pairs);
        let columns: Vec<String> = found
            .iter()
            .enumerate()
            .map(|(position, field)| {
                format!("CASE WHEN {BAD} IS NULL THEN COALESCE({}, '') END AS {}", fields[*field], raw(position))
            })
            .collect();
        let columns = columns.iter().map(|column| format!(", {column}")).collect::<String>();
        // A record that is no row is told apart by its text.
        let looked_at = sql::cut(&format!("(SELECT *, {bad} AS {BAD} FROM ({view}))"), BAD);
        selects.push(format!(
            "SELECT {FILE}, {BAD}, LEFT(SHA2(COALESCE({CORRUPT}, {identity}), 256), 32) AS {HASH}{columns}\nFROM {looked_at}"
        ));
    }
    Ok(Opened { sql: selects.join("\nUNION ALL\n"), files, format: "csv", unmapped: unmapped.into_iter().collect() })
}

/// The records of a view of `width` fields, where a lone carriage return ends one too. Spark knows one kind of line end a
/// file: records that another kind divides come as one that has too many fields, with its text.
fn apart(settings: &InputConfig, view: &str, width: usize) -> String {
    let returns = literal("\r");
    let quote = match settings.quote.is_empty() {
        true => String::new(),
        false => format!(" AND INSTR({CORRUPT}, {}) = 0", literal(&settings.quote)),
    };
    let pieces = format!(
        "CASE WHEN INSTR({CORRUPT}, {returns}) > 0{quote} THEN FILTER(SPLIT({CORRUPT}, '[\\r\\n]'), x -> x <> '') END"
    );
    let delimiter = literal(&quoted(&settings.delimiter));
    let fields: Vec<String> = (0..width)
        .map(|field| format!("CASE WHEN _piece IS NULL THEN f{field} ELSE GET(_fields, {field}) END AS f{field}"))
        .collect();
    format!(
        "SELECT {}, {FILE}, CASE WHEN _piece IS NULL THEN {CORRUPT} WHEN SIZE(_fields) <> {width} THEN _piece END AS {CORRUPT} \
         FROM (SELECT *, SPLIT(_piece, {delimiter}, -1) AS _fields FROM {view} LATERAL VIEW OUTER EXPLODE({pieces}) AS _piece)",
        fields.join(", ")
    )
}

/// All fields of a row with their names, whatever their order, as one text that no other row has.
pub(super) fn identity(mut pairs: Vec<(&str, String)>) -> String {
    pairs.sort();
    let parts: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| {
            let name = literal(&format!("{}:{name}", name.len()));
            format!("{name}, COALESCE(CONCAT(LENGTH({value}), ':', {value}), '-')")
        })
        .collect();
    format!("CONCAT({})", parts.join(", "))
}

/// SQL for why a record is no row.
fn bad_record(settings: &InputConfig, names: &[String], fields: &[String]) -> String {
    let quote = quoted(&settings.quote);
    let outside = match settings.quote.is_empty() {
        true => CORRUPT.to_owned(),
        false => format!("REGEXP_REPLACE({CORRUPT}, {}, '')", literal(&format!("{quote}[^{quote}]*(?:{quote}|$)"))),
    };
    let delimiters = format!("(LENGTH({outside}) - LENGTH(REPLACE({outside}, {}, '')))", literal(&settings.delimiter));
    let few = if settings.ragged { "NULL" } else { "'too_few_fields'" };
    // Spark puts this character in the place of bytes that are not UTF-8.
    let all: Vec<String> = fields.iter().map(|field| format!("INSTR(COALESCE({field}, ''), '\u{fffd}') > 0")).collect();
    let mut branches = format!("WHEN {} THEN 'invalid_utf8'", all.join(" OR "));
    branches.push_str(&format!(
        " WHEN {CORRUPT} IS NOT NULL AND {delimiters} >= {} THEN 'too_many_fields' WHEN {CORRUPT} IS NOT NULL THEN {few}",
        names.len()
    ));
    if settings.header {
        let same =
            names.iter().zip(fields).map(|(name, field)| format!("TRIM(COALESCE({field}, '')) = {}", literal(name)));
        branches.push_str(&format!(" WHEN {} THEN 'repeated_header'", same.collect::<Vec<_>>().join(" AND ")));
    }
    format!("CASE {branches} END")
}

/// What each file says of itself. A cluster looks into several at once, each under a view of its own.
pub(super) fn of_each<T: Send>(
    files: &[RemoteFile],
    view: &str,
    look: impl Fn(&str, &RemoteFile) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for files in files.chunks(AT_ONCE) {
        let said = std::thread::scope(|scope| {
            let look = &look;
            let ask = |(number, file)| scope.spawn(move || look(&format!("{view}_{number}_columns"), file));
            let asked: Vec<_> = files.iter().enumerate().map(ask).collect();
            asked.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        for one in said {
            all.push(one.map_err(|_| Error::internal("the columns of a file could not be read"))??);
        }
    }
    Ok(all)
}

/// The names of a file's columns, from its first record.
fn header(reader: &dyn ExportReader, settings: &InputConfig, view: &str, file: &RemoteFile) -> Result<Vec<String>> {
    let options = csv_options(settings, false);
    reader.open(view, &Export::Files { paths: vec![file.url.clone()], format: "csv", schema: None, options })?;
    let answer = reader.ask(&format!("SELECT * FROM {view} LIMIT 1"))?;
    reader.forget(view);
    let mut names = Vec::new();
    for (index, field) in answer.schema().fields().iter().enumerate() {
        if field.name() != FILE && answer.num_rows() > 0 {
            let name = texts(&answer, index)?.pop().unwrap_or_default();
            names.push(name.trim_start_matches('\u{feff}').trim().to_owned());
        }
    }
    if names.is_empty() {
        return Err(Error::input("empty_input: the file is empty, it has not even a header")
            .at(Place::file(&file.name))
            .hint("ask for the file again; an export of nothing still has a header"));
    }
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        None => Ok(names),
        Some(twice) => Err(Error::input(format!("the header has the column `{twice}` twice"))
            .at(Place::file(&file.name).at_line(1))
            .hint("ask for an export with distinct names, or list them in `names`")),
    }
}

/// Where the columns that the mapping reads stand among `names`.
pub(super) fn locate(mapping: &Mapping, names: &[String], place: &str) -> Result<Vec<usize>> {
    let find = |wanted: &String| {
        names.iter().position(|name| name == wanted).ok_or_else(|| {
            let error = Error::input(format!("the column `{wanted}` is missing")).at(Place::file(place));
            match nearest(wanted, names.iter().map(String::as_str)) {
                Some(near) => {
                    error.hint(format!("there is `{near}`; adapt the mapping of `inputs.{}`", mapping.input.name))
                }
                None => error.hint(format!("there is `{}`", names.join("`, `"))),
            }
        })
    };
    mapping.raw_names.iter().map(find).collect()
}

/// The texts of a column of an answer; a null is empty.
pub(super) fn texts(answer: &RecordBatch, column: usize) -> Result<Vec<String>> {
    let array = answer.columns().get(column).and_then(|array| array.as_string_opt::<i32>());
    let array = array.ok_or_else(|| Error::internal("an answer lacks a text"))?;
    Ok(array.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}

/// The whole numbers of a column of an answer; a null is zero.
pub(super) fn longs(answer: &RecordBatch, column: usize) -> Result<Vec<i64>> {
    Ok(optional_longs(answer, column)?.into_iter().map(Option::unwrap_or_default).collect())
}

/// The same, with its nulls.
pub(super) fn optional_longs(answer: &RecordBatch, column: usize) -> Result<Vec<Option<i64>>> {
    let array = answer.columns().get(column).and_then(|array| array.as_primitive_opt::<Int64Type>());
    let array = array.ok_or_else(|| Error::internal("an answer lacks a number"))?;
    Ok((0..array.len()).map(|row| (!array.is_null(row)).then(|| array.value(row))).collect())
}
