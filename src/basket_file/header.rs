//! Which column of a basket file is what: named by the caller, or found by what such columns are usually called.

use std::path::Path;

use crate::error::{Error, Place, Result};
use crate::names::suggest;

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The basket: an order, a receipt.
    Basket,
    /// The product.
    Product,
    /// Who bought it.
    Customer,
    /// The day.
    Date,
    /// How many; 0 or less is a return.
    Quantity,
}

impl Role {
    /// Its name: that of the option, and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Role::Basket => "basket",
            Role::Product => "product",
            Role::Customer => "customer",
            Role::Date => "date",
            Role::Quantity => "quantity",
        }
    }

    /// What such a column is called, in small letters and without anything between them; earlier ones first.
    fn aliases(self) -> &'static [&'static str] {
        match self {
            Role::Basket => &[
                "basketid",
                "basket",
                "transactionid",
                "transaction",
                "orderid",
                "order",
                "ordernumber",
                "orderno",
                "invoiceid",
                "invoice",
                "invoiceno",
                "invoicenumber",
                "receiptid",
                "receipt",
                "receiptno",
                "ticketid",
                "ticket",
                "cartid",
                "tid",
            ],
            Role::Product => &[
                "productid",
                "product",
                "itemid",
                "item",
                "items",
                "sku",
                "skuid",
                "stockcode",
                "articleid",
                "article",
                "articleno",
                "productcode",
                "itemcode",
                "upc",
                "ean",
                "gtin",
                "asin",
            ],
            Role::Customer => &[
                "customerid",
                "customer",
                "customerno",
                "userid",
                "user",
                "clientid",
                "client",
                "householdid",
                "householdkey",
                "household",
                "memberid",
                "member",
                "accountid",
            ],
            Role::Date => &[
                "date",
                "day",
                "orderdate",
                "orderedat",
                "invoicedate",
                "transactiondate",
                "transactiontimestamp",
                "purchasedate",
                "purchasedat",
                "timestamp",
                "datetime",
                "ts",
                "createdat",
                "soldat",
            ],
            Role::Quantity => &["quantity", "qty", "units", "pieces"],
        }
    }
}

/// Names of columns that the caller gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The basket.
    pub basket: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// The day.
    pub date: Option<String>,
    /// The quantity.
    pub quantity: Option<String>,
}

impl Columns {
    fn named(&self, role: Role) -> Option<&str> {
        let name = match role {
            Role::Basket => &self.basket,
            Role::Product => &self.product,
            Role::Customer => &self.customer,
            Role::Date => &self.date,
            Role::Quantity => &self.quantity,
        };
        name.as_deref()
    }

    /// The place of the column of `role` in `header`. One that may be absent is `None` when no name was given and none is
    /// found.
    ///
    /// # Errors
    /// Input, when it is not there, or is there twice.
    pub fn place(&self, role: Role, required: bool, header: &[String], path: &Path) -> Result<Option<usize>> {
        if let Some(name) = self.named(role) {
            let mut found = places(header, |column| column == name);
            return match (found.next(), found.next()) {
                (Some(place), None) => Ok(Some(place)),
                (Some(_), Some(_)) => {
                    Err(Error::input(format!("two columns are called `{name}`")).at(Place::file(path)))
                }
                (None, _) => {
                    let names: Vec<&str> = header.iter().map(String::as_str).collect();
                    Err(Error::input(format!("no column is called `{name}`"))
                        .at(Place::file(path))
                        .hint(suggest(name, &names)))
                }
            };
        }
        for alias in role.aliases() {
            let mut found = places(header, |column| plain(column) == *alias);
            match (found.next(), found.next()) {
                (Some(place), None) => return Ok(Some(place)),
                (Some(one), Some(other)) => {
                    let message = format!("`{}` and `{}` may both be the {}", header[one], header[other], role.name());
                    return Err(Error::input(message)
                        .at(Place::file(path))
                        .hint(format!("say which one with `--{}`", role.name())));
                }
                (None, _) => {}
            }
        }
        if !required {
            return Ok(None);
        }
        let hint = if header.len() == 1 {
            format!("the only column is `{}`; a file with a basket a line needs `--layout lines`", header[0])
        } else {
            format!("the columns are {}; say which one with `--{}`", header.join(", "), role.name())
        };
        Err(Error::input(format!("no column looks like the {}", role.name())).at(Place::file(path)).hint(hint))
    }
}

fn places<'h>(header: &'h [String], is_it: impl Fn(&str) -> bool + 'h) -> impl Iterator<Item = usize> + 'h {
    header.iter().enumerate().filter(move |(_, column)| is_it(column)).map(|(place, _)| place)
}

/// A name in small letters, without anything between them.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn place(columns: &Columns, role: Role, header: &[&str]) -> Result<Option<usize>> {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        columns.place(role, true, &header, Path::new("f.csv"))
    }

    #[test]
    fn columns_are_found_by_their_usual_names() {
        let none = Columns::default();
        assert_eq!(place(&none, Role::Basket, &["InvoiceNo", "StockCode"]).unwrap(), Some(0));
        assert_eq!(place(&none, Role::Product, &["Order ID", "Product-Id"]).unwrap(), Some(1));
        assert_eq!(place(&none, Role::Customer, &["order_id", "user_id", "customer_id"]).unwrap(), Some(2));
        let error = place(&none, Role::Basket, &["order_id", "Order Id"]).unwrap_err();
        assert_eq!(error.message(), "`order_id` and `Order Id` may both be the basket");
        let error = place(&none, Role::Customer, &["order_id", "what"]).unwrap_err();
        assert_eq!(error.message(), "no column looks like the customer");
        assert_eq!(error.hint_text(), Some("the columns are order_id, what; say which one with `--customer`"));
    }

    #[test]
    fn a_given_name_is_taken_as_it_is() {
        let given = Columns { basket: Some("no".to_owned()), ..Columns::default() };
        assert_eq!(place(&given, Role::Basket, &["basket_id", "no"]).unwrap(), Some(1));
        let error = place(&given, Role::Basket, &["basket_id", "on"]).unwrap_err();
        assert_eq!(error.message(), "no column is called `no`");
        assert_eq!(place(&given, Role::Basket, &["no", "no"]).unwrap_err().message(), "two columns are called `no`");
    }
}
