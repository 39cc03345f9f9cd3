//! Ids as codes. Within a run, an id (of a customer, an order, a product) is a number in the byte order of its text: Polars'
//! `Enum`, whose categories are all ids of one domain, sorted. SQL for which ids are opaque cannot tell, ties fall as they
//! would on text, and every join, grouping and sort works on four bytes or fewer. What leaves the engine is
//! text again.

use std::collections::BTreeMap;

use polars::prelude::*;

/// The domain that a column's ids are of. One name means one thing everywhere, so that the name tells.
pub(super) fn domain(column: &str) -> Option<&'static str> {
    match column {
        "customer_id" => Some("customer"),
        "order_id" | "original_order_id" => Some("order"),
        "product_id" | "variant_of" => Some("product"),
        _ => None,
    }
}

/// The codes of every domain.
#[derive(Default)]
pub(super) struct IdCodes {
    types: BTreeMap<&'static str, DataType>,
}

impl IdCodes {
    /// Codes for all ids that are in `leaves`.
    pub(super) fn of<'a>(leaves: impl Iterator<Item = &'a LazyFrame>) -> PolarsResult<IdCodes> {
        let mut columns: BTreeMap<&'static str, Vec<LazyFrame>> = BTreeMap::new();
        for leaf in leaves {
            let mut leaf = leaf.clone();
            for (name, data_type) in leaf.collect_schema()?.iter() {
                if let (Some(domain), DataType::String) = (domain(name), data_type) {
                    columns.entry(domain).or_default().push(leaf.clone().select([col(name.clone()).alias("id")]));
                }
            }
        }
        let mut types = BTreeMap::new();
        for (domain, columns) in columns {
            let ids = concat(columns, UnionArgs::default())?
                .filter(col("id").is_not_null())
                .unique(None, UniqueKeepStrategy::Any)
                .collect_with_engine(Engine::Streaming)?
                .unwrap_single()
                .sort(["id"], SortMultipleOptions::default())?;
            let ids = FrozenCategories::new(ids.column("id")?.str()?.iter().flatten())?;
            types.insert(domain, DataType::from_frozen_categories(ids));
        }
        Ok(IdCodes { types })
    }

    /// `frame` with its ids as codes; an id that no leaf has is an error of the computation.
    pub(super) fn code(&self, frame: LazyFrame) -> PolarsResult<LazyFrame> {
        let mut frame = frame;
        let schema = frame.collect_schema()?;
        let coded: Vec<Expr> = schema
            .iter()
            .filter(|(_, data_type)| **data_type == DataType::String)
            .filter_map(|(name, _)| Some(col(name.clone()).strict_cast(self.types.get(domain(name)?)?.clone())))
            .collect();
        Ok(if coded.is_empty() { frame } else { frame.with_columns(coded) })
    }
}
