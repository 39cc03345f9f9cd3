//! The graph of tables: who makes each, what it reads, and in which order they are made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::replay::{FEATURES, SNAPSHOTS};
use super::sql_files::{Origin, SqlFile, sql_files};
use crate::contract::{self, Column, ColumnType, Table};
use crate::engine::Statement;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::models::{Model, models};
use crate::names::nearest;

/// Who makes a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maker {
    /// Staged from exports: the input's name.
    Input(&'static str),
    /// Written by the pipeline from the pipeline file, the inputs' reports or the previous run.
    Pipeline,
    /// The published form of another table: what predicates of the pipeline file see.
    Published(String),
    /// A SQL file.
    Sql(SqlFile),
    /// SQL made of the predicates in the pipeline file.
    Predicates(String),
    /// A model: the first table that it makes.
    Model(&'static str),
    /// The model that makes another table makes this one too.
    AlsoModel(&'static str),
}

/// One table of the graph.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its contract; of a table that the user adds, what can be known before it is computed.
    pub table: Table,
    /// Who makes it.
    pub maker: Maker,
    /// Tables that it reads, sorted.
    pub reads: Vec<String>,
    /// Whether it only picks rows and computes columns from them, and so costs nothing to compute twice.
    pub is_projection: bool,
    /// Whether its contract is the user's: a table that we do not know.
    pub added: bool,
    /// Whether a model reads it, which takes rows and no plan.
    pub feeds_model: bool,
}

/// The tables of a run in an order in which each comes after all that it reads.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The tables, in that order.
    pub nodes: Vec<Node>,
}

/// Name under which predicates of the pipeline file read the customers table.
pub const PUBLISHED_CUSTOMERS: &str = "published_customers";

impl Graph {
    /// The graph of a pipeline file in `dir`: our tables, the user's SQL files, and the predicates.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when SQL does not parse, reads a table that nobody makes, or
    /// reads in a circle.
    pub fn new(dir: &Path, predicates: &[(Table, String)]) -> Result<Graph> {
        let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
        let mut add = |node: Node| nodes.insert(node.table.name.to_string(), node);
        for input in contract::inputs() {
            add(leaf(input.table.clone(), Maker::Input(input.name)));
        }
        for table in contract::parameter_tables() {
            add(leaf(table, Maker::Pipeline));
        }
        for (table, sql) in predicates {
            let statement = Statement::parse(&table.name, sql)?;
            add(Node {
                table: table.clone(),
                reads: statement.reads(),
                is_projection: false,
                maker: Maker::Predicates(sql.clone()),
                added: false,
                feeds_model: false,
            });
        }
        let known: BTreeMap<String, Table> =
            contract::made_tables().into_iter().map(|table| (table.name.to_string(), table)).collect();
        if let Some(customers) = known.get("customers") {
            let table = Table { name: PUBLISHED_CUSTOMERS.into(), ..customers.clone() }.internal();
            let reads = vec!["customers".to_owned()];
            let maker = Maker::Published("customers".to_owned());
            add(Node { table, maker, reads, is_projection: false, added: false, feeds_model: false });
        }
        for (name, file) in sql_files(dir)? {
            let statement = Statement::parse(&file.label(), &file.text)?;
            let added = !known.contains_key(&name);
            let table = match known.get(&name) {
                Some(table) => table.clone(),
                None => added_table(&file)?,
            };
            add(Node {
                table,
                reads: statement.reads(),
                is_projection: statement.is_projection(),
                maker: Maker::Sql(file),
                added,
                feeds_model: false,
            });
        }
        for model in models() {
            for node in model_nodes(model, &known)? {
                add(node);
            }
        }
        for read in models().iter().flat_map(|model| model.reads) {
            if let Some(node) = nodes.get_mut(*read) {
                node.feeds_model = true;
            }
        }
        Ok(Graph { nodes: ordered(nodes)? })
    }

    /// The part of the graph that makes `wanted` (all published tables when empty).
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when a wanted table is not in the graph.
    pub fn only(self, wanted: &[String]) -> Result<Graph> {
        let mut needed: BTreeSet<String> = if wanted.is_empty() {
            self.nodes.iter().filter(|node| node.table.published).map(|node| node.table.name.to_string()).collect()
        } else {
            wanted.iter().cloned().collect()
        };
        if let Some(unknown) = wanted.iter().find(|name| self.node(name).is_none()) {
            let names: Vec<&str> = self.nodes.iter().map(|node| &*node.table.name).collect();
            return Err(Error::usage(format!("there is no table `{unknown}`")).hint(suggest_table(unknown, &names)));
        }
        self.extend(&mut needed);
        // They are the same table at earlier days, made by what makes it today.
        if needed.contains(SNAPSHOTS) && needed.insert(FEATURES.to_owned()) {
            self.extend(&mut needed);
        }
        let mut nodes: Vec<Node> = self.nodes.into_iter().filter(|node| needed.contains(&*node.table.name)).collect();
        if !wanted.is_empty() {
            for node in &mut nodes {
                // What was asked for is published, even when a full run would keep it to itself; what predicates read of
                // the published customers table has to be there too.
                let asked = wanted.iter().any(|name| *name == node.table.name);
                node.table.published =
                    asked || (node.table.name == "customers" && needed.contains(PUBLISHED_CUSTOMERS));
            }
        }
        Ok(Graph { nodes })
    }

    /// Adds what these tables are made of.
    fn extend(&self, needed: &mut BTreeSet<String>) {
        for node in self.nodes.iter().rev() {
            if needed.contains(&*node.table.name) {
                needed.extend(node.reads.iter().cloned());
            }
        }
    }

    /// What makes `tables` for the run's own use: nothing of it is published.
    pub fn towards(mut self, tables: &[&str]) -> Graph {
        let mut needed: BTreeSet<String> = tables.iter().map(|table| (*table).to_owned()).collect();
        self.extend(&mut needed);
        self.nodes.retain(|node| needed.contains(&*node.table.name));
        for node in &mut self.nodes {
            node.table.published = false;
            node.feeds_model |= tables.iter().any(|table| node.table.name == *table);
        }
        self
    }

    /// The node of `table`.
    pub fn node(&self, table: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.table.name == table)
    }

    /// Names of the tables that read `table`.
    pub fn readers(&self, table: &str) -> Vec<&str> {
        let reads = |node: &&Node| node.reads.iter().any(|name| name == table);
        self.nodes.iter().filter(reads).map(|node| &*node.table.name).collect()
    }
}

/// The tables of a model: the first reads what the model reads, the others come with it.
fn model_nodes(model: &Model, known: &BTreeMap<String, Table>) -> Result<Vec<Node>> {
    let mut nodes: Vec<Node> = Vec::new();
    for name in model.makes {
        let table = known.get(*name).cloned();
        let table = table.ok_or_else(|| Error::internal(format!("there is no contract of `{name}`")))?;
        nodes.push(match nodes.first() {
            None => Node {
                reads: model.reads.iter().map(ToString::to_string).collect(),
                ..leaf(table, Maker::Model(model.name))
            },
            Some(first) => {
                Node { reads: vec![first.table.name.to_string()], ..leaf(table, Maker::AlsoModel(model.name)) }
            }
        });
    }
    Ok(nodes)
}

fn leaf(table: Table, maker: Maker) -> Node {
    Node { table, maker, reads: Vec::new(), is_projection: false, added: false, feeds_model: false }
}

/// The contract of a table that the user adds: its key is in the head of the file, its columns are what the SQL makes.
fn added_table(file: &SqlFile) -> Result<Table> {
    let key = file.head("Key").ok_or_else(|| {
        Error::config(format!("the head of `{}` does not name the key of the table", file.label()))
            .hint("begin the file with a line such as `-- Key: customer_id.`, naming the columns that identify a row")
    })?;
    // `-- Key: none.` says that nothing identifies a row.
    let key: Vec<std::borrow::Cow<'static, str>> =
        if key == ["none"] { Vec::new() } else { key.into_iter().map(Into::into).collect() };
    Ok(Table {
        name: file.table.clone().into(),
        row: file.text.lines().next().unwrap_or_default().trim_start_matches("-- ").to_owned().into(),
        columns: Vec::new(),
        sort: key.clone(),
        key,
        published: true,
        lookups: false,
    })
}

/// By what the rows of a table without a key are sorted, so that they come in one order: every column, doubles last, where
/// rows that are alike in all else are rare.
pub fn order_without_key(columns: &[Column]) -> Vec<std::borrow::Cow<'static, str>> {
    let (doubles, others): (Vec<&Column>, Vec<&Column>) =
        columns.iter().partition(|column| column.column_type == ColumnType::Double);
    others.into_iter().chain(doubles).map(|column| column.name.clone()).collect()
}

/// The contract's columns for what a user's SQL makes: units are read from the names, as everywhere.
pub fn added_columns(found: &[(String, ColumnType)], key: &[std::borrow::Cow<'static, str>]) -> Vec<Column> {
    let column = |(name, column_type): &(String, ColumnType)| {
        let column_type = match column_type {
            ColumnType::BigInt if name.ends_with("_e4") => ColumnType::Money,
            ColumnType::BigInt if name.ends_with("_us") => ColumnType::Instant,
            ColumnType::Integer if name.ends_with("_day") => ColumnType::Day,
            other => *other,
        };
        Column {
            name: name.clone().into(),
            column_type,
            nullable: !key.iter().any(|key| key == name),
            doc: "".into(),
            published: None,
        }
    };
    found.iter().map(column).collect()
}

/// Kahn's order, taking the tables by name where several could come next.
fn ordered(mut nodes: BTreeMap<String, Node>) -> Result<Vec<Node>> {
    for node in nodes.values() {
        for read in &node.reads {
            if !nodes.contains_key(read) {
                let names: Vec<&str> = nodes.keys().map(String::as_str).collect();
                return Err(Error::config(format!(
                    "`{}` reads the table `{read}`, which nobody makes",
                    node.table.name
                ))
                .hint(suggest_table(read, &names)));
            }
        }
    }
    let mut done = BTreeSet::new();
    let mut order = Vec::with_capacity(nodes.len());
    while !nodes.is_empty() {
        let next = nodes.iter().find(|(_, node)| node.reads.iter().all(|read| done.contains(read)));
        let Some(name) = next.map(|(name, _)| name.clone()) else {
            let circle: Vec<&str> = nodes.keys().map(String::as_str).collect();
            return Err(Error::config(format!("tables read each other in a circle: {}", circle.join(", ")))
                .hint("one of them has to read something else"));
        };
        order.extend(nodes.remove(&name));
        done.insert(name);
    }
    Ok(order)
}

fn suggest_table(name: &str, tables: &[&str]) -> String {
    match nearest(name, tables.iter().copied()) {
        Some(table) => format!("did you mean `{table}`?"),
        None => "`patronage plan` lists the tables".to_owned(),
    }
}

impl Node {
    /// Whether the table is computed once and kept. Only a projection is computed by its readers: an optimiser that sees
    /// through several files prunes what it should not (Polars drops all columns of an aggregate that a CROSS JOIN does
    /// not use, and with them the grouping).
    pub fn is_kept(&self) -> bool {
        match self.maker {
            Maker::Input(_) | Maker::Pipeline | Maker::Published(_) => false,
            Maker::Predicates(_) | Maker::Model(_) | Maker::AlsoModel(_) => true,
            Maker::Sql(_) => self.table.published || self.feeds_model || !self.is_projection,
        }
    }

    /// Whether its rows are sorted, and by that its key is checked: where somebody else reads them, a model sums them up, or
    /// a user wrote the SQL. SQL of ours knows no order, and tests check the keys of our own tables; sorting them
    /// every night was about a tenth of the work.
    pub fn needs_order(&self) -> bool {
        self.table.published || self.feeds_model || self.is_users()
    }

    /// Who makes the table, in a few words.
    pub fn maker_label(&self) -> String {
        match &self.maker {
            Maker::Input(name) => format!("input {name}"),
            Maker::Pipeline => "pipeline".to_owned(),
            Maker::Published(table) => format!("published form of {table}"),
            Maker::Sql(file) => file.label(),
            Maker::Predicates(_) => "predicates of the pipeline file".to_owned(),
            Maker::Model(model) | Maker::AlsoModel(model) => format!("model {model}"),
        }
    }

    /// An error in making the table, as one of the user's when the SQL is theirs: with the file, and to be mended there.
    pub fn blame(&self, error: Error) -> Error {
        match (&self.maker, error.kind()) {
            (Maker::Sql(SqlFile { origin: Origin::User(path), .. }), ErrorKind::Config | ErrorKind::Internal) => {
                let place = match error.place() {
                    Some(place) if place.line.is_some() => Place { file: path.clone(), ..place.clone() },
                    _ => Place::file(path),
                };
                error.with_kind(ErrorKind::Config).at(place)
            }
            (Maker::Predicates(_), ErrorKind::Internal) => error
                .with_kind(ErrorKind::Config)
                .hint("look at the predicates and ranks of `[segments]` and `[campaigns]` in the pipeline file"),
            _ => error,
        }
    }

    /// Whether a mistake in it is the user's to mend.
    pub fn is_users(&self) -> bool {
        match &self.maker {
            Maker::Sql(file) => file.origin != Origin::BuiltIn,
            Maker::Predicates(_) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn built_in() -> Graph {
        Graph::new(Path::new("/nonexistent"), &[]).unwrap()
    }

    #[test]
    fn our_graph_stands_and_each_table_comes_after_what_it_reads() {
        let graph = built_in();
        let place = |name: &str| graph.nodes.iter().position(|node| node.table.name == name).unwrap();
        for node in &graph.nodes {
            for read in &node.reads {
                assert!(place(read) < place(&node.table.name), "{} before {read}", node.table.name);
            }
        }
    }

    #[test]
    fn every_contract_has_its_maker_and_every_file_its_contract() {
        let graph = built_in();
        for table in &contract::made_tables() {
            let maker = graph.node(&table.name).map(|node| &node.maker);
            let made = matches!(maker, Some(Maker::Sql(_) | Maker::Model(_) | Maker::AlsoModel(_)));
            assert!(made, "{}", table.name);
        }
        let added: Vec<&str> = graph.nodes.iter().filter(|node| node.added).map(|node| &*node.table.name).collect();
        assert!(added.is_empty(), "no contract: {added:?}");
    }

    #[test]
    fn models_read_rows_in_a_known_order() {
        let graph = built_in();
        for read in models().iter().flat_map(|model| model.reads) {
            let maker = &graph.node(read).unwrap().maker;
            assert!(!matches!(maker, Maker::Input(_) | Maker::Published(_)), "{read}");
        }
    }

    #[test]
    fn the_head_of_each_file_names_the_contracts_key() {
        for node in &built_in().nodes {
            if let Maker::Sql(file) = &node.maker {
                let key = file.head("Key").unwrap();
                let contracted: Vec<String> = node.table.key.iter().map(ToString::to_string).collect();
                let none = key.first().is_some_and(|key| key == "none");
                assert!(key == contracted || (none && contracted.is_empty()), "{}: {key:?}", node.table.name);
            }
        }
    }

    #[test]
    fn only_keeps_what_is_needed() {
        let graph = built_in().only(&["value_tiers".to_owned()]).unwrap();
        assert!(graph.node("customer_days").is_some());
        assert!(graph.node("product_pairs").is_none());
        assert!(graph.node("value_tiers").unwrap().table.published);
        assert!(built_in().only(&["value_tears".to_owned()]).unwrap_err().hint_text().unwrap().contains("value_tiers"));
    }

    #[test]
    fn features_of_earlier_days_need_what_makes_those_of_today() {
        let graph = built_in().only(&["attrition_labels".to_owned()]).unwrap();
        assert!(graph.node("attrition_features").is_some() && graph.node("attrition_activity").is_some());
        assert!(graph.node("attrition_scores").is_none());
    }

    #[test]
    fn no_night_pays_for_the_other_engines_pair_counts() {
        let nightly = built_in().only(&[]).unwrap();
        assert!(nightly.node("product_pairs").is_none() && nightly.node("affinity_ptp").is_some());
        assert!(built_in().only(&["product_pairs".to_owned()]).is_ok());
    }

    #[test]
    fn our_files_are_within_the_portable_set() {
        for node in &built_in().nodes {
            if let Maker::Sql(file) = &node.maker {
                let statement = Statement::parse(&file.label(), &file.text).unwrap();
                assert_eq!(crate::engine::findings(&statement), [], "{}", file.label());
            }
        }
    }
}
