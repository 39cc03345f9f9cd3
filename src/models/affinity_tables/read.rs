//! What the affinity models read: the catalogue, and lines of baskets in numbers.

use rayon::prelude::*;

use super::super::Inputs;
use super::super::affinity::Purchase;
use crate::error::{Error, Result};

/// A product without a category, and whatever else has no number.
pub const NONE: u32 = u32::MAX;

/// All products, by number from 0 in the order of their ids.
pub struct Catalogue<'a> {
    /// Their ids.
    pub ids: Vec<&'a str>,
    /// A number that the variants of one product share.
    pub roots: Vec<u32>,
    /// Their categories, from 0; [`NONE`] without one.
    pub categories: Vec<u32>,
    /// Their brands.
    pub brands: Vec<Option<&'a str>>,
    /// Whether they can be offered: `status` is `ok`.
    pub eligible: Vec<bool>,
    /// `ok`, or why they cannot be offered.
    pub status: Vec<&'a str>,
    /// Names of the categories, by number.
    pub category_names: Vec<&'a str>,
}

/// A number of SQL, which begins with 1, as one that begins with 0.
fn from_zero(number: i32) -> Result<u32> {
    let number = u32::try_from(number).ok().and_then(|number| number.checked_sub(1));
    number.ok_or_else(|| Error::internal("a number of a product, basket or customer is below 1"))
}

fn all<'a>(values: Vec<Option<&'a str>>, column: &str) -> Result<Vec<&'a str>> {
    let values: Option<Vec<&str>> = values.into_iter().collect();
    values.ok_or_else(|| Error::internal(format!("`{column}` has no value in some row")))
}

/// Reads `offered_products` and `product_categories`.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when they are not as contracted.
pub fn catalogue<'a>(inputs: &'a Inputs<'_>) -> Result<Catalogue<'a>> {
    let products = inputs.table("offered_products")?;
    let names = inputs.table("product_categories")?;
    let has_category = products.boolean("has_category")?;
    let categories = products.integers("category_no")?.iter().zip(has_category);
    let status = all(products.text("status")?, "offered_products.status")?;
    Ok(Catalogue {
        ids: all(products.text("product_id")?, "offered_products.product_id")?,
        roots: products.integers("root_no")?.iter().map(|root| from_zero(*root)).collect::<Result<_>>()?,
        categories: categories
            .map(|(number, has)| if has == Some(true) { from_zero(*number) } else { Ok(NONE) })
            .collect::<Result<_>>()?,
        brands: products.text("brand")?,
        eligible: status.iter().map(|status| *status == "ok").collect(),
        status,
        category_names: all(names.text("category")?, "product_categories.category")?,
    })
}

/// The distinct days on which known customers bought products, sorted, of `basket_lines`. What was given back is not there.
///
/// # Errors
/// As [`catalogue`].
pub fn purchases(inputs: &Inputs<'_>) -> Result<Vec<Purchase>> {
    let lines = inputs.table("basket_lines")?;
    let customers = lines.integers("customer_no")?.iter();
    let products = lines.integers("product_no")?.iter();
    let days = lines.integers("order_day")?.iter();
    let is_taken = |customer: i32| customer > 0 && u64::from(customer.unsigned_abs()) % inputs.every() == 0;
    let known = customers.zip(products).zip(days).filter(|((customer, _), _)| is_taken(**customer));
    let purchase = |((customer, product), day): ((&i32, &i32), &i32)| {
        Ok(Purchase { customer: from_zero(*customer)?, product: from_zero(*product)?, day: *day })
    };
    let mut purchases = known.map(purchase).collect::<Result<Vec<Purchase>>>()?;
    purchases.par_sort_unstable();
    purchases.dedup();
    Ok(purchases)
}
