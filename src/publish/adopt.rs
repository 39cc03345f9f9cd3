//! A table that another engine wrote, taken over into the run: held to its contract by the footers of its parts, cleared of
//! what such engines leave behind, hashed and synced.

use std::fs::{self, File};
use std::path::Path;

use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use rayon::prelude::*;

use super::building::is_plain;
use super::disk;
use super::manifest::FileEntry;
use super::parts::{is_hidden, is_part, part_names};
use super::table::convert::Breach;
use super::table::{self, Maker, TableMetadata, broken, published_schema};
use super::verify::hash_file;
use crate::contract::Table;
use crate::error::{Error, IoContext, Place, Result};

/// The first file of a table's folder: no rows, but the columns and the contract of the table as its one file would have
/// them, which other engines do not write. So a table without rows and parts has its columns too.
pub const CONTRACT_FILE: &str = "contract.parquet";

/// A table in parts.
pub(super) struct Adopted {
    /// Every file of the folder, by name in it, in the order of the rows.
    pub files: Vec<(String, FileEntry)>,
    /// All of them together.
    pub whole: FileEntry,
}

/// Takes over what is in `folder`, as [`Building::adopt_table`](super::Building::adopt_table) says.
pub(super) fn adopt(
    folder: &Path,
    table: &Table,
    maker: Maker,
    metadata: &TableMetadata,
    rows: u64,
) -> Result<Adopted> {
    // An engine that had no rows to write may not have made it.
    disk::create_dir(folder)?;
    clear(folder)?;
    let names = part_names(folder).writing(folder)?.unwrap_or_default();
    let contract = folder.join(CONTRACT_FILE);
    let (_, contract) = table::write(&contract, table, maker, metadata, [])?;

    let schema = published_schema(table);
    let parts = names.into_par_iter().map(|name| {
        let path = folder.join(&name);
        let rows = check(&path, table, &schema)?.map_err(|breach| broken(table, maker, &breach, 0))?;
        let entry = hash_file(&path).map_err(|error| unreadable(&path).because(error))?;
        Ok((name, entry, rows))
    });
    // Of several faults, the first part's is told, whichever was found first.
    let parts = parts.collect::<Vec<Result<_>>>().into_iter().collect::<Result<Vec<(String, FileEntry, u64)>>>()?;
    let found: u64 = parts.iter().map(|(_, _, rows)| rows).sum();
    if found != rows {
        let message = format!("table `{}` has {rows} rows, and its parts hold {found}", table.name);
        return Err(Error::output(message)
            .at(Place::file(folder))
            .hint("another process has written there, or the storage does not show every file yet: run again"));
    }

    let mut files = vec![(CONTRACT_FILE.to_owned(), contract)];
    for (name, entry, _) in parts {
        let path = folder.join(&name);
        // The folder is synced with all others when the run is sealed.
        disk::sync_file(&File::open(&path).writing(&path)?, &path)?;
        files.push((name, entry));
    }
    let lines: String = files.iter().map(|(name, entry)| format!("{}  {name}\n", entry.blake3)).collect();
    let whole = FileEntry {
        bytes: files.iter().map(|(_, entry)| entry.bytes).sum(),
        blake3: blake3::hash(lines.as_bytes()).to_hex().to_string(),
    };
    Ok(Adopted { files, whole })
}

/// Removes what is hidden and checksums; what else is not a part is an error, as nobody knows whether rows are in it.
fn clear(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).writing(folder)? {
        let entry = entry.writing(folder)?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().writing(&path)?;
        if is_hidden(&name) || name.ends_with(".crc") {
            if kind.is_dir() { disk::remove_dir(&path)? } else { disk::remove_file(&path)? }
        } else if !kind.is_file() || !is_part(&name) || !is_plain(&name) || *name <= *CONTRACT_FILE {
            let message = format!("`{}` is not a part of a table", name.escape_debug());
            return Err(Error::output(message)
                .at(Place::file(folder))
                .hint("parts are Parquet files directly in the folder, `part-*.parquet` in lower case"));
        }
    }
    Ok(())
}

/// The rows of a part, if its footer fits the contract.
fn check(path: &Path, table: &Table, schema: &SchemaRef) -> Result<Result<u64, Breach>> {
    let file = File::open(path).map_err(|error| unreadable(path).because(error))?;
    // Types are those of Parquet, whatever the writer has noted beside them.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let found = ArrowReaderMetadata::load(&file, options).map_err(|error| unreadable(path).because(error))?;
    Ok(fits(table, schema, &found))
}

fn fits(table: &Table, schema: &SchemaRef, found: &ArrowReaderMetadata) -> Result<u64, Breach> {
    let mut fields = found.schema().fields().iter();
    for expected in schema.fields() {
        let name = expected.name();
        match fields.next() {
            Some(field) if field.name() != name => {
                return Err(Breach::of_table(format!("column `{}` stands where `{name}` should be", field.name())));
            }
            Some(field) if field.data_type() != expected.data_type() => {
                let types = format!("should be {} and is {}", expected.data_type(), field.data_type());
                return Err(Breach::of_table(format!("column `{name}` {types}")));
            }
            Some(_) => {}
            None => return Err(Breach::of_table(format!("column `{name}` is missing"))),
        }
    }
    if let Some(extra) = fields.next() {
        return Err(Breach::of_table(format!("column `{}` is not in the contract", extra.name())));
    }
    let groups = found.metadata().row_groups();
    for (index, column) in table.columns.iter().enumerate().filter(|(_, column)| !column.nullable) {
        let nulls = groups.iter().filter_map(|group| group.column(index).statistics()?.null_count_opt());
        if nulls.sum::<u64>() > 0 {
            let name = column.published_name();
            return Err(Breach::of_table(format!("column `{name}` is null, where it must not be")));
        }
    }
    Ok(groups.iter().map(|group| group.num_rows().unsigned_abs()).sum())
}

fn unreadable(path: &Path) -> Error {
    Error::output("could not read a part of a table").at(Place::file(path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::Duration;

    use arrow::array::{
        Array, ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
        TimestampNanosecondArray,
    };
    use arrow::datatypes::{DataType, TimeUnit};
    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::contract::{bigint, day, instant, money, text};
    use crate::error::ErrorKind;
    use crate::monitor::Cancel;
    use crate::publish::{
        Building, CONTRACT_KEY, Lock, Manifest, OutputDir, ProblemKind, RunId, RunRef, TableEntry, table_files, verify,
        verify_files,
    };

    fn contract() -> Table {
        let columns = vec![
            text("customer_id", "who"),
            money("net_e4", "how much").published_as("net"),
            day("last_day", "when").published_as("last_on"),
            instant("seen_us", "when exactly").optional().published_as("seen_at"),
            bigint("orders", "how many"),
        ];
        Table::new("customers", "one customer", &["customer_id"], columns)
    }

    fn columns(rows: std::ops::Range<i64>) -> Vec<(&'static str, ArrayRef)> {
        let net = rows.clone().map(|row| Some(i128::from(row))).collect::<Decimal128Array>();
        let seen = rows.clone().map(|row| (row % 2 == 0).then_some(row)).collect::<TimestampMicrosecondArray>();
        vec![
            ("customer_id", Arc::new(StringArray::from_iter_values(rows.clone().map(|row| format!("C{row:03}"))))),
            ("net", Arc::new(net.with_precision_and_scale(18, 4).unwrap())),
            ("last_on", Arc::new(rows.clone().map(|row| Some(20_000 + row as i32)).collect::<Date32Array>())),
            ("seen_at", Arc::new(seen.with_timezone("UTC"))),
            ("orders", Arc::new(rows.map(Some).collect::<Int64Array>())),
        ]
    }

    /// A part as another engine writes it: nothing of ours in the footer, and every column may be null.
    fn write_part(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) {
        let columns = columns.into_iter().map(|(name, array)| (name, array, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        fs::create_dir_all(folder).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(folder.join(name)).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    fn metadata() -> TableMetadata {
        TableMetadata { as_of: "2026-10-31".to_owned(), tool_version: "0.1.0".to_owned() }
    }

    struct Night {
        _folder: tempfile::TempDir,
        out: OutputDir,
        lock: Lock,
        id: RunId,
    }

    impl Night {
        fn new() -> Night {
            let folder = tempfile::tempdir().unwrap();
            let out = OutputDir::open(&folder.path().join("out")).unwrap();
            let lock = out.lock(Duration::from_secs(10), &Cancel::new()).unwrap();
            let id = RunId::new("2026-10-31".parse().unwrap(), &blake3::hash(b"night"));
            Night { _folder: folder, out, lock, id }
        }

        fn building(&self) -> Building<'_> {
            Building::create(&self.out, &self.lock, &self.id).unwrap()
        }

        /// A published run of one table in these parts.
        fn publish(&self, parts: &[(&str, std::ops::Range<i64>)]) -> RunRef {
            let building = self.building();
            let folder = building.table_folder(&contract()).unwrap();
            for (name, rows) in parts {
                write_part(&folder, name, columns(rows.clone()));
            }
            let rows = parts.iter().map(|(_, rows)| rows.end - rows.start).sum::<i64>() as u64;
            let file = building.adopt_table(&contract(), Maker::BuiltIn, &metadata(), rows).unwrap();
            assert_eq!((file.path.as_str(), file.rows), ("tables/customers.parquet", rows));
            let mut manifest = Manifest::new(self.id.clone(), "0.1.0", "test");
            manifest.tables = vec![TableEntry {
                name: file.name,
                published: true,
                rows,
                columns: file.columns,
                file: Some(file.path),
                left_out: Default::default(),
            }];
            building.seal(manifest).unwrap().settle().unwrap()
        }
    }

    const PARTS: [(&str, std::ops::Range<i64>); 3] =
        [("part-00000-b1.parquet", 0..3), ("part-00001-b1.snappy.parquet", 3..3), ("part-00002-b1.parquet", 3..8)];

    #[test]
    fn a_folder_of_parts_is_published_and_every_change_of_it_is_found() {
        let night = Night::new();
        let run = night.publish(&PARTS);
        let table = run.table("customers");
        let place = "tables/customers.parquet".to_owned();
        let names: Vec<PathBuf> =
            ["contract.parquet", PARTS[0].0, PARTS[1].0, PARTS[2].0].map(|n| table.join(n)).into();
        assert_eq!(table_files(&table).unwrap(), names);
        let manifest = run.manifest().unwrap();
        assert_eq!(manifest.files.len(), 4);
        assert!(manifest.files_of(&place).eq(manifest.files.iter()));
        assert!(manifest.files_of("tables/customers").next().is_none());
        let problems = || {
            let whole = verify(&run.path).problems;
            // Who reads this table alone learns the same.
            assert_eq!(verify_files(&run.path, &[place.clone()]).problems, whole);
            whole.into_iter().map(|problem| (problem.path, problem.kind)).collect::<Vec<_>>()
        };
        assert_eq!(problems(), []);
        assert!(night.out.reuse(&night.lock, &night.id).unwrap().is_some());

        let found = |name: &str, kind| vec![(format!("{place}/{name}"), kind)];
        let last = fs::read(&names[3]).unwrap();
        fs::copy(&names[1], &names[3]).unwrap();
        assert_eq!(problems(), found(PARTS[2].0, ProblemKind::Changed));
        fs::remove_file(&names[3]).unwrap();
        assert_eq!(problems(), found(PARTS[2].0, ProblemKind::Missing));
        assert!(night.out.reuse(&night.lock, &night.id).unwrap().is_none());
        fs::write(&names[3], &last).unwrap();
        fs::copy(&names[1], table.join("part-00003.parquet")).unwrap();
        assert_eq!(problems(), found("part-00003.parquet", ProblemKind::Extra));
        fs::remove_file(table.join("part-00003.parquet")).unwrap();
        fs::rename(&names[2], table.join("._hidden")).unwrap();
        assert_eq!(verify(&run.path).problems.len(), 2, "what no reader sees is found in the whole run");
        assert_eq!(verify_files(&run.path, &[place.clone()]).problems.len(), 1);
        fs::rename(table.join("._hidden"), &names[2]).unwrap();
        assert_eq!(problems(), []);
        // One file where the manifest has a folder.
        fs::remove_dir_all(&table).unwrap();
        fs::write(&table, &last).unwrap();
        assert_eq!(problems().len(), 5);
    }

    #[test]
    fn a_table_without_parts_still_has_its_columns_and_contract() {
        let night = Night::new();
        let run = night.publish(&[]);
        let files = table_files(&run.table("customers")).unwrap();
        assert_eq!(files, [run.table("customers").join(CONTRACT_FILE)]);
        let found = ArrowReaderMetadata::load(&File::open(&files[0]).unwrap(), ArrowReaderOptions::new()).unwrap();
        assert_eq!(found.schema().fields(), published_schema(&contract()).fields());
        let values = found.metadata().file_metadata().key_value_metadata().unwrap();
        assert!(values.iter().any(|value| value.key == CONTRACT_KEY));
        assert!(verify(&run.path).is_whole());
        fs::remove_file(&files[0]).unwrap();
        assert_eq!(table_files(&run.table("customers")).unwrap_err().kind(), ErrorKind::Verify);
    }

    #[test]
    fn what_the_engine_left_beside_the_parts_is_removed() {
        let night = Night::new();
        let building = night.building();
        let folder = building.table_folder(&contract()).unwrap();
        write_part(&folder, "part-00000.parquet", columns(0..2));
        for name in ["_SUCCESS", "._SUCCESS.crc", ".part-00000.parquet.crc", "part-00000.parquet.crc", "_metadata"] {
            fs::write(folder.join(name), b"x").unwrap();
        }
        fs::create_dir_all(folder.join("_temporary/0/task")).unwrap();
        fs::write(folder.join("_temporary/0/task/part-00000.parquet"), b"half").unwrap();
        building.adopt_table(&contract(), Maker::BuiltIn, &metadata(), 2).unwrap();
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [CONTRACT_FILE, "part-00000.parquet"]);
    }

    /// The error of a table whose folder `fill` fills, and its maker.
    fn refused(rows: u64, maker: Maker, fill: impl FnOnce(&Path)) -> Error {
        let night = Night::new();
        let building = night.building();
        let folder = building.table_folder(&contract()).unwrap();
        write_part(&folder, "part-00000.parquet", columns(0..2));
        fill(&folder);
        building.adopt_table(&contract(), maker, &metadata(), rows).unwrap_err()
    }

    #[test]
    fn parts_are_held_to_the_contract() {
        type Change = fn(&mut Vec<(&'static str, ArrayRef)>);
        let cases: [(Change, &str); 8] = [
            (|columns| columns.swap(0, 1), "column `net` stands where `customer_id` should be"),
            (|columns| columns[1].0 = "net_e4", "column `net_e4` stands where `net` should be"),
            (|columns| columns.truncate(4), "column `orders` is missing"),
            (|columns| columns.push(("more", columns[4].1.clone())), "column `more` is not in the contract"),
            (|columns| columns[1].1 = columns[4].1.clone(), "column `net` should be Decimal128(18, 4) and is Int64"),
            (
                |columns| {
                    let wide = columns[1].1.as_any().downcast_ref::<Decimal128Array>().unwrap().clone();
                    columns[1].1 = Arc::new(wide.with_precision_and_scale(38, 4).unwrap());
                },
                "column `net` should be Decimal128(18, 4) and is Decimal128(38, 4)",
            ),
            (
                |columns| columns[3].1 = Arc::new(TimestampNanosecondArray::from(vec![1, 2])),
                "column `seen_at` should be Timestamp(µs, \"UTC\") and is Timestamp(ns)",
            ),
            (
                |columns| columns[4].1 = Arc::new(Int64Array::from(vec![Some(1), None])),
                "column `orders` is null, where it must not be",
            ),
        ];
        for (change, said) in cases {
            for (maker, kind) in [(Maker::BuiltIn, ErrorKind::Internal), (Maker::User, ErrorKind::Config)] {
                let error = refused(4, maker, |folder| {
                    let mut columns = columns(2..4);
                    change(&mut columns);
                    write_part(folder, "part-00001.parquet", columns);
                });
                assert_eq!(error.message(), format!("table `customers` breaks its contract: {said}"));
                assert_eq!(error.kind(), kind);
            }
        }
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(columns(0..1)[3].1.data_type(), &utc, "the parts of the other tests are as contracted");
    }

    #[test]
    fn lost_rows_and_foreign_files_are_refused() {
        let cases: [(u64, fn(&Path), &str); 7] = [
            (3, |_| {}, "table `customers` has 3 rows, and its parts hold 2"),
            (
                2,
                |folder| write_part(folder, "part-00001.parquet", columns(0..1)),
                "table `customers` has 2 rows, and its parts hold 3",
            ),
            (2, |folder| write_part(folder, "0.parquet", columns(0..0)), "`0.parquet` is not a part of a table"),
            (2, |folder| fs::create_dir(folder.join("day=1")).unwrap(), "`day=1` is not a part of a table"),
            (2, |folder| fs::write(folder.join("rows.csv"), b"x").unwrap(), "`rows.csv` is not a part of a table"),
            (
                2,
                |folder| write_part(folder, CONTRACT_FILE, columns(0..1)),
                "`contract.parquet` is not a part of a table",
            ),
            (
                2,
                |folder| fs::write(folder.join("part-00001.parquet"), b"PAR1").unwrap(),
                "could not read a part of a table",
            ),
        ];
        for (rows, fill, said) in cases {
            let error = refused(rows, Maker::User, fill);
            assert_eq!((error.kind(), error.message()), (ErrorKind::Output, said));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_a_part() {
        let error = refused(4, Maker::BuiltIn, |folder| {
            std::os::unix::fs::symlink("part-00000.parquet", folder.join("part-00001.parquet")).unwrap();
        });
        assert_eq!(error.message(), "`part-00001.parquet` is not a part of a table");
    }
}
