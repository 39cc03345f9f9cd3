//! Hierarchies: the scopes that a leaf of a dimension belongs to, from itself up to the children of the whole.
//!
//! Regions and products are paths split at `/`: what is sold in `all/cn/east` is sold in `all/cn` too. The other
//! dimensions are flat: a channel that happens to hold a slash is one channel.

use std::collections::{BTreeMap, BTreeSet};

use super::{Inputs, Model, Rows, Takes, Values};
use crate::error::Result;

/// The model: from the leaves of `summary_cells` to `scope_paths`.
pub const MODEL: Model = Model {
    name: "hierarchies",
    reads: &["run_params", "summary_cells"],
    makes: &["scope_paths"],
    takes: Takes::Compact,
    compute: scope_paths,
};

/// What the exports do not say.
const UNKNOWN: &str = "unknown";

/// A scope and how deep it lies: 0 is the whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Its name: `all`, `all/cn/east`, `product:food/dairy`, `channel:web`.
    pub name: String,
    /// Its depth.
    pub level: i64,
}

/// The scopes of `leaf`, the outermost first. The whole is a dimension of its own, so that no other one repeats it.
pub fn scopes(dimension: &str, leaf: &str) -> Vec<Scope> {
    match dimension {
        "all" => vec![Scope { name: "all".to_owned(), level: 0 }],
        "region" => {
            let leaf = if leaf == "all" { "" } else { leaf.strip_prefix("all/").unwrap_or(leaf) };
            ancestors("all/", leaf)
        }
        "product" => ancestors("product:", leaf),
        _ => vec![Scope { name: format!("{dimension}:{leaf}"), level: 1 }],
    }
}

/// Every beginning of the path, each after `root`. Empty segments are slips of the keyboard; a path of nothing is unknown.
fn ancestors(root: &str, path: &str) -> Vec<Scope> {
    let mut segments: Vec<&str> = path.split('/').map(str::trim).filter(|segment| !segment.is_empty()).collect();
    if segments.is_empty() {
        segments.push(UNKNOWN);
    }
    (1..=segments.len())
        .map(|depth| Scope { name: format!("{root}{}", segments[..depth].join("/")), level: depth as i64 })
        .collect()
}

/// Rows `(dimension, leaf, scope, level)` of the whole and of the dimensions that the pipeline file asks for, without those
/// of which the exports say nothing.
fn scope_paths(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let asked = inputs.table("run_params")?.text("summary_dimensions")?;
    let asked: Vec<&str> = asked.into_iter().flatten().flat_map(str::split_whitespace).chain(["all"]).collect();
    let cells = inputs.table("summary_cells")?;
    let mut leaves: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (dimension, leaf) in cells.text("dimension")?.into_iter().zip(cells.text("leaf")?) {
        if let (Some(dimension), Some(leaf)) = (dimension, leaf) {
            leaves.entry(dimension).or_default().insert(leaf);
        }
    }
    let (mut dimensions, mut names, mut scope_names, mut levels) = (vec![], vec![], vec![], vec![]);
    for (dimension, leaves) in leaves {
        if !asked.contains(&dimension) || leaves.iter().all(|leaf| *leaf == UNKNOWN) {
            continue;
        }
        for leaf in leaves {
            for scope in scopes(dimension, leaf) {
                dimensions.push(Some(dimension.to_owned()));
                names.push(Some(leaf.to_owned()));
                scope_names.push(Some(scope.name));
                levels.push(Some(scope.level));
            }
        }
    }
    Ok(vec![vec![Values::Text(dimensions), Values::Text(names), Values::Text(scope_names), Values::Whole(levels)]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dimension: &str, leaf: &str) -> Vec<(String, i64)> {
        scopes(dimension, leaf).into_iter().map(|scope| (scope.name, scope.level)).collect()
    }

    fn pairs(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
        expected.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect()
    }

    #[test]
    fn a_region_belongs_to_all_above_it_with_or_without_the_root() {
        let expected = pairs(&[("all/cn", 1), ("all/cn/east", 2), ("all/cn/east/shanghai", 3)]);
        assert_eq!(names("region", "all/cn/east/shanghai"), expected);
        assert_eq!(names("region", "cn/east/shanghai"), expected);
        assert_eq!(names("region", "/cn//east/ shanghai/"), expected);
    }

    #[test]
    fn a_name_that_only_begins_like_the_root_is_a_name() {
        assert_eq!(names("region", "allgaeu"), pairs(&[("all/allgaeu", 1)]));
        assert_eq!(names("region", "United Kingdom"), pairs(&[("all/United Kingdom", 1)]));
    }

    #[test]
    fn a_path_of_nothing_is_unknown() {
        for leaf in ["all", "all/", "/", ""] {
            assert_eq!(names("region", leaf), pairs(&[("all/unknown", 1)]), "{leaf:?}");
        }
        assert_eq!(names("product", "/"), pairs(&[("product:unknown", 1)]));
    }

    #[test]
    fn products_have_all_levels_and_the_whole_is_none_of_them() {
        assert_eq!(names("product", "food/dairy"), pairs(&[("product:food", 1), ("product:food/dairy", 2)]));
        assert_eq!(names("product", "all/food"), pairs(&[("product:all", 1), ("product:all/food", 2)]));
        assert_eq!(names("all", "all"), pairs(&[("all", 0)]));
    }

    #[test]
    fn flat_dimensions_are_not_split() {
        assert_eq!(names("team", "north/7"), pairs(&[("team:north/7", 1)]));
        assert_eq!(names("tier", "1"), pairs(&[("tier:1", 1)]));
        assert_eq!(names("channel", "all"), pairs(&[("channel:all", 1)]));
        assert_eq!(names("store", ""), pairs(&[("store:", 1)]));
    }
}
