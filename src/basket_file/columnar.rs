//! Parquet: column beside column, on as many threads. A dictionary of the file is looked up once and not for each row.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit,
    TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Encoding;

use super::days::{BAD_DAY, Days, NO_DAY};
use super::header::{Columns, Role};
use super::interner::MISSING;
use super::table::{Ids, Quantity, Table, is_blank, too_many};
use crate::error::{Error, IoContext, Place, Result};

/// Rows that are decoded as one piece.
const BATCH_ROWS: usize = 1 << 14;

/// Ids that are looked up side by side.
const AHEAD: usize = 64;

const MICROSECONDS_A_DAY: i64 = 86_400_000_000;

fn broken(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::input("the Parquet file is cut, damaged or of an unknown kind")
        .at(Place::file(path))
        .hint("get the file again, and compare its size")
        .because(error)
}

/// One column of a file.
struct Column<'f> {
    path: &'f Path,
    metadata: ArrowReaderMetadata,
    place: usize,
}

/// Reads a file into `table`.
pub fn read(file: &File, path: &Path, number: usize, columns: &Columns, table: &mut Table) -> Result<()> {
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new().with_skip_arrow_metadata(true))
        .map_err(|error| broken(path, error))?;
    let names: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    let wanted = table.wanted;
    let column = |role, is_wanted: bool, required| -> Result<Option<Column<'_>>> {
        let place = if is_wanted { columns.place(role, required, &names, path)? } else { None };
        Ok(place.map(|place| Column { path, metadata: metadata.clone(), place }))
    };
    let basket = column(Role::Basket, wanted.basket, true)?;
    let product = column(Role::Product, true, true)?;
    let customer = column(Role::Customer, wanted.customer, true)?;
    let date = column(Role::Date, wanted.date, true)?;
    let quantity = column(Role::Quantity, true, false)?;
    let from = table.product.numbers.len();
    let Table { basket: baskets, product: products, customer: customers, day: days, .. } = &mut *table;
    let mut quantities = Vec::new();
    let mut done: [Result<()>; 5] = [const { Ok(()) }; 5];
    let [of_basket, of_product, of_customer, of_date, of_quantity] = &mut done;
    rayon::scope(|scope| {
        for (column, ids, done) in
            [(basket, baskets, of_basket), (product, products, of_product), (customer, customers, of_customer)]
        {
            if let Some(column) = column {
                scope.spawn(move |_| *done = column.ids(ids));
            }
        }
        if let Some(column) = date {
            scope.spawn(move |_| *of_date = column.days(days));
        }
        if let Some(column) = quantity {
            let quantities = &mut quantities;
            scope.spawn(move |_| *of_quantity = column.quantities(quantities));
        }
    });
    done.into_iter().collect::<Result<()>>()?;
    table.keep_usable(from, &quantities, number);
    Ok(())
}

impl Column<'_> {
    fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        broken(self.path, error)
    }

    fn field(&self) -> &Field {
        self.metadata.schema().field(self.place)
    }

    fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn rows(&self) -> usize {
        usize::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Reads a row group, in batches. Of one alone, so that a dictionary holds for all of it; `as_type` is how the column is
    /// handed out, if not as it lies there.
    fn group(
        &self,
        group: usize,
        as_type: Option<DataType>,
        mut take: impl FnMut(&ArrayRef) -> Result<()>,
    ) -> Result<()> {
        let metadata = match as_type {
            None => self.metadata.clone(),
            Some(data_type) => {
                let options = ArrowReaderOptions::new().with_schema(self.schema_with(&data_type));
                ArrowReaderMetadata::try_new(self.metadata.metadata().clone(), options)
                    .map_err(|error| self.failed(error))?
            }
        };
        // Opened anew: clones of a file share the place at which they read, and columns are read side by side.
        let file = File::open(self.path).reading(self.path)?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), [self.place]);
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| self.failed(error))?;
        for batch in batches {
            take(batch.map_err(|error| self.failed(error))?.column(0))?;
        }
        Ok(())
    }

    fn schema_with(&self, data_type: &DataType) -> SchemaRef {
        let fields = self.metadata.schema().fields().iter().enumerate().map(|(place, field)| {
            if place == self.place {
                Arc::new(field.as_ref().clone().with_data_type(data_type.clone()))
            } else {
                field.clone()
            }
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// Whether all values of a row group are places in its dictionary.
    fn is_dictionary(&self, group: usize) -> bool {
        let schema = self.metadata.parquet_schema();
        let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == self.place);
        let chunk = leaf.map(|leaf| self.metadata.metadata().row_group(group).column(leaf));
        let mask = chunk.filter(|chunk| chunk.dictionary_page_offset().is_some());
        let mask = mask.and_then(|chunk| chunk.page_encoding_stats_mask());
        mask.is_some_and(|mask| mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY))
    }

    fn unusable(&self, what: &str) -> Error {
        let field = self.field();
        Error::input(format!("`{}` is of type {}, which is no {what}", field.name(), field.data_type()))
            .at(Place::file(self.path))
    }

    fn ids(&self, ids: &mut Ids) -> Result<()> {
        ids.numbers.reserve(self.rows());
        let data_type = self.field().data_type().clone();
        let mut whole = WholeNumbers::default();
        for group in 0..self.groups() {
            match &data_type {
                DataType::Utf8 if self.is_dictionary(group) => {
                    let keyed = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                    let mut known = None;
                    self.group(group, Some(keyed), |array| keyed_ids(ids, array, &mut known))?;
                }
                DataType::Utf8 => self.group(group, Some(DataType::Utf8View), |array| {
                    viewed_ids(ids, &array.as_string_view().clone().to_binary_view())
                })?,
                DataType::Binary => {
                    self.group(group, Some(DataType::BinaryView), |array| viewed_ids(ids, array.as_binary_view()))?;
                }
                kind if kind.is_integer() => self.group(group, None, |array| {
                    let wide = cast(array, &DataType::Int64).map_err(|error| self.failed(error))?;
                    if wide.null_count() > array.null_count() {
                        // Beyond 63 bits.
                        return text_ids(ids, array, self.path);
                    }
                    let numbers = wide.as_primitive::<Int64Type>();
                    for row in 0..numbers.len() {
                        let number =
                            if numbers.is_null(row) { MISSING } else { whole.number(numbers.value(row), ids)? };
                        ids.numbers.push(number);
                    }
                    Ok(())
                })?,
                kind if kind.is_nested() => return Err(self.unusable("id")),
                _ => self.group(group, None, |array| text_ids(ids, array, self.path))?,
            }
        }
        Ok(())
    }

    fn days(&self, days: &mut Vec<i32>) -> Result<()> {
        days.reserve(self.rows());
        let mut texts = Days::default();
        let data_type = self.field().data_type().clone();
        for group in 0..self.groups() {
            match &data_type {
                DataType::Date32 => self.group(group, None, |array| {
                    days.extend(array.as_primitive::<Date32Type>().iter().map(|day| day.unwrap_or(NO_DAY)));
                    Ok(())
                })?,
                DataType::Timestamp(_, zone) => self.group(group, None, |array| {
                    let instants = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
                    let instants = cast(array, &instants).map_err(|error| self.failed(error))?;
                    let day = |instant: i64| i32::try_from(instant.div_euclid(MICROSECONDS_A_DAY)).unwrap_or(BAD_DAY);
                    let instants = instants.as_primitive::<TimestampMicrosecondType>();
                    days.extend(instants.iter().map(|instant| instant.map_or(NO_DAY, day)));
                    Ok(())
                })?,
                DataType::Utf8 => self.group(group, None, |array| {
                    for text in array.as_string::<i32>() {
                        days.push(texts.day(text.unwrap_or("").as_bytes())?);
                    }
                    Ok(())
                })?,
                _ => return Err(self.unusable("date")),
            }
        }
        Ok(())
    }

    fn quantities(&self, quantities: &mut Vec<Quantity>) -> Result<()> {
        quantities.reserve(self.rows());
        let data_type = self.field().data_type().clone();
        for group in 0..self.groups() {
            match &data_type {
                DataType::Utf8 => self.group(group, None, |array| {
                    let texts = array.as_string::<i32>();
                    quantities.extend(texts.iter().map(|text| Quantity::of_text(text.unwrap_or("").as_bytes())));
                    Ok(())
                })?,
                kind if kind.is_numeric() => self.group(group, None, |array| {
                    let numbers = cast(array, &DataType::Float64).map_err(|error| self.failed(error))?;
                    let numbers = numbers.as_primitive::<Float64Type>();
                    quantities.extend(numbers.iter().map(|number| number.map_or(Quantity::Bought, Quantity::of)));
                    Ok(())
                })?,
                _ => return Err(self.unusable("number")),
            }
        }
        Ok(())
    }
}

/// A dictionary, and the number of each of its ids.
type Known = Option<(StringArray, Vec<u32>)>;

fn keyed_ids(ids: &mut Ids, array: &ArrayRef, known: &mut Known) -> Result<()> {
    let keyed = array.as_dictionary::<Int32Type>();
    let values = keyed.values().as_string::<i32>();
    let is_known = |(last, _): &mut (StringArray, _)| {
        last.value_offsets().as_ptr() == values.value_offsets().as_ptr() && last.len() == values.len()
    };
    if !known.as_mut().is_some_and(is_known) {
        let number = |id: Option<&str>| match id {
            Some(id) if !is_blank(id.as_bytes()) => ids.interner.number(id.as_bytes()).ok_or_else(too_many),
            _ => Ok(MISSING),
        };
        let numbers = values.iter().map(number).collect::<Result<Vec<u32>>>()?;
        *known = Some((values.clone(), numbers));
    }
    let Some((_, numbers)) = known else { return Ok(()) };
    let keys = keyed.keys();
    if keys.null_count() == 0 {
        ids.numbers.extend(keys.values().iter().map(|key| numbers[*key as usize]));
    } else {
        ids.numbers.extend(keys.iter().map(|key| key.map_or(MISSING, |key| numbers[key as usize])));
    }
    Ok(())
}

fn viewed_ids(ids: &mut Ids, array: &BinaryViewArray) -> Result<()> {
    for (piece, views) in array.views().chunks(AHEAD).enumerate() {
        // A short id is its view.
        let known = <&[u128; AHEAD]>::try_from(views).map_or([MISSING; AHEAD], |views| ids.interner.glance(views));
        for (row, known) in (piece * AHEAD..).zip(&known[..views.len()]) {
            let number = match *known {
                _ if array.is_null(row) => MISSING,
                MISSING if is_blank(array.value(row)) => MISSING,
                MISSING => ids.interner.number(array.value(row)).ok_or_else(too_many)?,
                known => known,
            };
            ids.numbers.push(number);
        }
    }
    Ok(())
}

fn text_ids(ids: &mut Ids, array: &ArrayRef, path: &Path) -> Result<()> {
    let texts = cast(array, &DataType::Utf8).map_err(|error| broken(path, error))?;
    for text in texts.as_string::<i32>() {
        match text {
            Some(id) if !is_blank(id.as_bytes()) => ids.push(id.as_bytes())?,
            _ => ids.numbers.push(MISSING),
        }
    }
    Ok(())
}

/// Ids that are whole numbers, as text only when they are not at hand.
struct WholeNumbers {
    at_hand: Vec<(i64, u32)>,
    text: Vec<u8>,
}

impl Default for WholeNumbers {
    fn default() -> Self {
        WholeNumbers { at_hand: vec![(0, MISSING); 1 << 16], text: Vec::new() }
    }
}

impl WholeNumbers {
    fn number(&mut self, id: i64, ids: &mut Ids) -> Result<u32> {
        let place = ((id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize;
        let (known, number) = self.at_hand[place];
        if known == id && number != MISSING {
            return Ok(number);
        }
        self.text.clear();
        write!(self.text, "{id}").map_err(|error| Error::internal("cannot write a number").because(error))?;
        let number = ids.interner.number(&self.text).ok_or_else(too_many)?;
        self.at_hand[place] = (id, number);
        Ok(number)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{Date32Array, Float64Array, Int64Array, RecordBatch, TimestampMillisecondArray, UInt64Array};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::basket_file::{Layout, Lines, Reason, Wanted, read as read_files};

    const ALL: Wanted = Wanted { basket: true, customer: true, date: true, ordered: true };

    fn lines(columns: Vec<(&str, ArrayRef)>, wanted: Wanted) -> Result<Lines> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.parquet");
        let rows =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
                .unwrap();
        // Dictionaries of some bytes: a column begins with one and goes on without.
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(700))
            .set_dictionary_page_size_limit(64)
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(50)
            .build();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), rows.schema(), Some(properties)).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        read_files(&[path], Layout::Rows, &Columns::default(), wanted)
    }

    fn texts(texts: impl Iterator<Item = Option<String>>) -> ArrayRef {
        Arc::new(texts.collect::<StringArray>())
    }

    #[test]
    fn ids_are_the_same_text_whatever_they_are_stored_as() {
        let rows = 3_000;
        let number = |row: usize| (row * 7_919 % 500) as i64;
        let product = |row: usize| (row % 11 > 0).then(|| format!("a product with a long name, {}", row % 40));
        let column = |kind: usize| -> ArrayRef {
            let numbers = (0..rows).map(number);
            match kind {
                0 => texts(numbers.map(|number| Some(number.to_string()))),
                1 => Arc::new(Int64Array::from_iter_values(numbers)),
                _ => Arc::new(UInt64Array::from_iter_values(numbers.map(|number| number as u64))),
            }
        };
        let wanted = Wanted { basket: true, ..Wanted::default() };
        let read = |kind| {
            let columns = vec![("order_id", column(kind)), ("product_id", texts((0..rows).map(product)))];
            lines(columns, wanted).unwrap()
        };
        let as_text = read(0);
        assert_eq!((as_text.baskets, as_text.products.len()), (500, 40));
        assert_eq!(as_text.report.count(Reason::NoProduct), rows.div_ceil(11) as u64);
        assert_eq!(as_text.report.used + as_text.report.left_out(), rows as u64);
        for (at, row) in (0..rows).filter(|row| product(*row).is_some()).enumerate() {
            assert_eq!(Some(&as_text.products[as_text.product[at] as usize]), product(row).as_ref(), "row {row}");
        }
        for kind in [1, 2] {
            let other = read(kind);
            assert_eq!((other.basket, other.product), (as_text.basket.clone(), as_text.product.clone()), "kind {kind}");
        }
    }

    #[test]
    fn days_and_quantities_are_read_from_every_type_that_has_them() {
        let ids = || texts((0..4).map(|row| Some(format!("id{row}"))));
        let days: [ArrayRef; 3] = [
            Arc::new(Date32Array::from(vec![Some(-1), Some(0), None, Some(2)])),
            Arc::new(TimestampMillisecondArray::from(vec![Some(-1), Some(86_399_999), None, Some(172_800_000)])),
            texts(
                [Some("1969-12-31"), Some("1970-01-01T23:59"), None, Some("1970-01-03")]
                    .into_iter()
                    .map(|day| day.map(str::to_owned)),
            ),
        ];
        for day in days {
            let quantity: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(1.0), Some(-2.0)]));
            let columns =
                vec![("order_id", ids()), ("sku", ids()), ("user_id", ids()), ("date", day), ("quantity", quantity)];
            let read = lines(columns, ALL).unwrap();
            assert_eq!(read.day, [-1, 0]);
            assert_eq!(read.products, ["id0", "id1"], "what was only returned is no product");
            assert_eq!([Reason::NoDate, Reason::Returned].map(|reason| read.report.count(reason)), [1, 1]);
            assert_eq!(read.report.first_of(Reason::Returned).unwrap().1, 4);
        }
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
        let columns = vec![("order_id", ids()), ("sku", ids()), ("user_id", ids()), ("date", numbers)];
        assert_eq!(lines(columns, ALL).unwrap_err().message(), "`date` is of type Int64, which is no date");
    }
}
