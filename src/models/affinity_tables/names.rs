//! What is paired, under one numbering: products, and the groups that they are in.

use std::collections::BTreeMap;

use super::super::{Rows, Values};
use super::read::{Catalogue, NONE};
use super::settings::Settings;

/// Groups of products: by category, by the first parts of its path, or by brand. A product is in one of them or in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Its name in tables: `category`, `category_1`, ..., `brand`.
    pub granularity: String,
    /// The group of each product, [`NONE`] without one.
    pub of: Vec<u32>,
    /// Names of the groups, in their order.
    pub names: Vec<String>,
    /// The name number of the first group.
    pub first: u32,
}

/// All names: products first, then the groups of each grouping.
#[derive(Debug)]
pub struct Names {
    products: Vec<String>,
    /// The groupings, categories first.
    pub groupings: Vec<Grouping>,
}

impl Names {
    /// Names of products and of the groups that are asked for. Categories are always there: products without partners
    /// fall back on theirs.
    pub fn new(catalogue: &Catalogue<'_>, settings: &Settings) -> Names {
        let labelled = |label: &dyn Fn(usize) -> Option<String>| grouped(catalogue.ids.len(), label);
        let path = |product: usize| catalogue.category_names.get(catalogue.categories[product] as usize).copied();
        let mut groupings = vec![("category".to_owned(), labelled(&|product| path(product).map(str::to_owned)))];
        if settings.attributes.iter().any(|attribute| attribute == "category_path") {
            let deepest =
                (0..catalogue.ids.len()).filter_map(path).map(|path| path.split('/').count()).max().unwrap_or(0);
            for depth in 1..deepest {
                let label = |product| path(product).map(|path: &str| beginning(path, depth).to_owned());
                groupings.push((format!("category_{depth}"), labelled(&label)));
            }
        }
        if settings.attributes.iter().any(|attribute| attribute == "brand") {
            groupings.push(("brand".to_owned(), labelled(&|product| catalogue.brands[product].map(str::to_owned))));
        }
        let products: Vec<String> = catalogue.ids.iter().map(|id| (*id).to_owned()).collect();
        let mut first = count(products.len());
        let groupings = groupings.into_iter().map(|(granularity, (of, names))| {
            let grouping = Grouping { granularity, of, first, names };
            first += count(grouping.names.len());
            grouping
        });
        Names { groupings: groupings.collect(), products }
    }

    /// The grouping by category.
    pub fn categories(&self) -> &Grouping {
        // It is always the first.
        &self.groupings[0]
    }

    /// The name of a number.
    pub fn name(&self, number: u32) -> &str {
        if let Some(product) = self.products.get(number as usize) {
            return product;
        }
        let last = self.groupings.iter().rfind(|grouping| grouping.first <= number);
        last.and_then(|grouping| grouping.names.get((number - grouping.first) as usize)).map_or("", String::as_str)
    }

    /// `affinity_names`.
    pub fn rows(&self) -> Rows {
        let groups = self.groupings.iter().flat_map(|grouping| &grouping.names);
        let names: Vec<Option<String>> = self.products.iter().chain(groups).cloned().map(Some).collect();
        let product = |number: i64| Some(number + 1).filter(|_| number < self.products.len() as i64);
        let numbers = 0..names.len() as i64;
        vec![
            Values::Whole(numbers.clone().map(Some).collect()),
            Values::Text(names),
            Values::Whole(numbers.map(product).collect()),
        ]
    }
}

fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap_or(u32::MAX)
}

/// The first `depth` parts of a path; all of a shorter one.
fn beginning(path: &str, depth: usize) -> &str {
    match path.match_indices('/').nth(depth - 1) {
        Some((end, _)) => &path[..end],
        None => path,
    }
}

/// The group of each product, and the names of the groups in the order of their bytes.
fn grouped(products: usize, label: &dyn Fn(usize) -> Option<String>) -> (Vec<u32>, Vec<String>) {
    let labels: Vec<Option<String>> = (0..products).map(label).collect();
    let mut numbers: BTreeMap<&str, u32> = labels.iter().flatten().map(|label| (label.as_str(), 0)).collect();
    for (number, group) in (0..).zip(numbers.values_mut()) {
        *group = number;
    }
    let of = labels.iter().map(|label| label.as_deref().map_or(NONE, |label| numbers[label])).collect();
    (of, numbers.keys().map(|name| (*name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_sorted_and_paths_are_cut_at_every_depth() {
        let paths = ["food/dairy/milk", "food/dairy/cheese", "drink"];
        let label =
            |depth: usize| grouped(4, &|product| paths.get(product).map(|path| beginning(path, depth).to_owned()));
        assert_eq!(label(1), (vec![1, 1, 0, NONE], vec!["drink".to_owned(), "food".to_owned()]));
        assert_eq!(label(2), (vec![1, 1, 0, NONE], vec!["drink".to_owned(), "food/dairy".to_owned()]));
        assert_eq!(label(3).1, ["drink", "food/dairy/cheese", "food/dairy/milk"]);
    }

    #[test]
    fn every_number_has_its_name() {
        let grouping = |granularity: &str, names: &[&str], first| Grouping {
            granularity: granularity.to_owned(),
            of: vec![0, NONE],
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            first,
        };
        let names = Names {
            products: vec!["p".to_owned(), "q".to_owned()],
            groupings: vec![grouping("category", &["c", "d"], 2), grouping("brand", &[], 4)],
        };
        let all: Vec<&str> = (0..5).map(|number| names.name(number)).collect();
        assert_eq!(all, ["p", "q", "c", "d", ""]);
        let Values::Whole(products) = &names.rows()[2] else { panic!("numbers") };
        assert_eq!(products, &[Some(1), Some(2), None, None]);
    }
}
