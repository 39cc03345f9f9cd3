//! Making the tables of a graph: in parallel, each after what it reads, written as soon as it is there.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::graph::{Graph, Maker, Node, added_columns, order_without_key};
use super::memory::PeakMeter;
use super::modelling::{Around, run_model};
use crate::contract::Table;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::models::Secrets;
use crate::monitor::{Cancel, Event, Monitor};
use crate::publish::{self, Building, TableCost, TableEntry, TableMetadata};

/// What came of a graph.
#[derive(Debug, Default)]
pub struct Executed {
    /// Every table that was kept, in the order of the graph.
    pub tables: Vec<TableEntry>,
    /// What each of them cost.
    pub costs: BTreeMap<String, TableCost>,
    /// A sentence for each model that is off, in the order of the graph.
    pub notes: Vec<String>,
}

/// What all tables need to be made.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    /// Where SQL runs; it knows the inputs and the pipeline's own tables already.
    pub engine: &'a dyn Engine,
    /// The run that published tables are written to; a graph without any has none.
    pub building: Option<&'a Building<'a>>,
    /// Tables that somebody wants after the graph is made.
    pub keep: &'a [&'a str],
    /// What published tables say about their making.
    pub metadata: &'a TableMetadata,
    /// How many tables may be made at once.
    pub threads: usize,
    /// What models need and no table may hold.
    pub secrets: &'a Secrets,
    /// Bytes to stay within, for models that can.
    pub memory_limit: Option<u64>,
    /// Most rows of one table that a model may take at once: as many as there are, without.
    pub model_rows: Option<u64>,
    /// Measures memory.
    pub memory: &'a PeakMeter,
    /// Listens.
    pub monitor: &'a dyn Monitor,
    /// Asks to stop.
    pub cancel: &'a Cancel,
}

/// Says of each table with one row a customer how many of the known customers it leaves out, and why.
fn count_left_out(graph: &Graph, tables: &mut [TableEntry]) {
    let Some(known) = tables.iter().find(|table| table.name == "customer_summary").map(|table| table.rows) else {
        return;
    };
    for table in tables.iter_mut().filter(|table| table.rows < known) {
        let Some(node) = graph.node(&table.name).filter(|node| node.table.key == ["customer_id"]) else { continue };
        if let Maker::Sql(file) = &node.maker {
            let reason = file.left_out().unwrap_or_else(|| "not said in the head of the SQL file".to_owned());
            table.left_out.insert(reason, known - table.rows);
        }
    }
}

/// Progress shared by the workers.
struct Progress {
    /// For each node, how many of the tables that it reads are still missing.
    missing: Vec<usize>,
    /// Nodes that can be made now; the last is taken first.
    ready: Vec<usize>,
    /// Readers that a table still has, by name.
    readers: BTreeMap<String, usize>,
    /// Nodes that are not through.
    open: usize,
    /// The first failure: nothing new is begun after it.
    failure: Option<Error>,
    made: BTreeMap<usize, Made>,
}

/// What came of one node.
#[derive(Default)]
struct Made {
    /// The table and what it cost, when it was kept.
    table: Option<(TableEntry, TableCost)>,
    /// Why its model is off.
    note: Option<String>,
}

impl Progress {
    /// How many rows there are in each table that the node reads and that was kept.
    fn rows_read(&self, node: &Node) -> BTreeMap<String, u64> {
        let entries = self.made.values().filter_map(|made| made.table.as_ref());
        let read = entries.filter(|(entry, _)| node.reads.contains(&entry.name));
        read.map(|(entry, _)| (entry.name.clone(), entry.rows)).collect()
    }
}

impl Workshop<'_> {
    /// Makes every table of `graph` that is not there yet.
    ///
    /// # Errors
    /// The first failure of any table; a panic in one is [`ErrorKind::Internal`](crate::error::ErrorKind::Internal).
    pub fn make(&self, graph: &Graph) -> Result<Executed> {
        let progress = Mutex::new(self.start(graph));
        let changed = Condvar::new();
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| self.work(graph, &progress, &changed));
            }
        });
        let progress = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = progress.failure {
            return Err(error);
        }
        let mut executed = Executed::default();
        for made in progress.made.into_values() {
            executed.notes.extend(made.note);
            if let Some((entry, cost)) = made.table {
                executed.costs.insert(entry.name.clone(), cost);
                executed.tables.push(entry);
            }
        }
        count_left_out(graph, &mut executed.tables);
        Ok(executed)
    }

    fn start(&self, graph: &Graph) -> Progress {
        let missing: Vec<usize> = graph.nodes.iter().map(|node| node.reads.len()).collect();
        let mut readers: BTreeMap<String, usize> = BTreeMap::new();
        for read in graph.nodes.iter().flat_map(|node| &node.reads) {
            *readers.entry(read.clone()).or_default() += 1;
        }
        let ready = (0..graph.nodes.len()).rev().filter(|&index| missing[index] == 0).collect();
        Progress { missing, ready, readers, open: graph.nodes.len(), failure: None, made: BTreeMap::new() }
    }

    fn work(&self, graph: &Graph, progress: &Mutex<Progress>, changed: &Condvar) {
        let lock = || progress.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (index, rows) = {
                let mut state = lock();
                loop {
                    if state.open == 0 || state.failure.is_some() {
                        return;
                    }
                    match state.ready.pop() {
                        Some(index) => break (index, state.rows_read(&graph.nodes[index])),
                        None => state = changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                    }
                }
            };
            let node = &graph.nodes[index];
            let made = self.cancel.check().and_then(|()| self.make_one(graph, node, &rows));
            let mut state = lock();
            match made {
                Ok(made) => {
                    state.made.insert(index, made);
                    self.finish(graph, index, &mut state);
                }
                Err(error) => {
                    state.failure.get_or_insert(error);
                }
            }
            changed.notify_all();
        }
    }

    /// Counts a node as through: its readers come nearer, and what only it still read is let go.
    fn finish(&self, graph: &Graph, index: usize, state: &mut Progress) {
        let node = &graph.nodes[index];
        state.open -= 1;
        for (reader, other) in graph.nodes.iter().enumerate() {
            if other.reads.iter().any(|read| *read == node.table.name) {
                state.missing[reader] -= 1;
                if state.missing[reader] == 0 {
                    state.ready.push(reader);
                }
            }
        }
        for read in &node.reads {
            if let Some(left) = state.readers.get_mut(read) {
                *left -= 1;
                if *left == 0 && !self.keep.contains(&read.as_str()) {
                    self.engine.forget(read);
                }
            }
        }
        if !state.readers.contains_key(&*node.table.name) && !self.keep.contains(&&*node.table.name) {
            self.engine.forget(&node.table.name);
        }
    }

    fn building(&self) -> Result<&Building<'_>> {
        self.building.ok_or_else(|| Error::internal("a published table in a graph that publishes nothing"))
    }

    fn make_one(&self, graph: &Graph, node: &Node, rows: &BTreeMap<String, u64>) -> Result<Made> {
        // A panic inside the engine must not take the run's clean-up with it.
        let made = std::panic::catch_unwind(AssertUnwindSafe(|| self.make_node(graph, node, rows)));
        made.map(|made| made.map_err(|error| node.blame(error))).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned())).unwrap_or_default();
            Err(Error::internal(format!("making `{}` panicked: {said}", node.table.name))
                .hint("this is a fault of patronage: please report it with the pipeline file"))
        })
    }

    fn make_node(&self, graph: &Graph, node: &Node, rows_read: &BTreeMap<String, u64>) -> Result<Made> {
        let started = Instant::now();
        let mut made = Made::default();
        self.memory.start(&node.table.name);
        let table = match &node.maker {
            Maker::Input(_) => None,
            Maker::Pipeline => node.table.published.then(|| node.table.clone()),
            Maker::Published(of) => {
                let path = publish::table_path(self.building()?.path(), of);
                self.engine.attach(&node.table.name, &publish::table_files(&path)?)?;
                None
            }
            Maker::Sql(file) => Some(self.define(node, &file.text)?),
            Maker::Predicates(sql) => Some(self.define(node, sql)?),
            Maker::Model(model) => {
                let around = Around {
                    secrets: self.secrets,
                    memory: self.memory_limit,
                    model_rows: self.model_rows,
                    monitor: self.monitor,
                };
                made.note = run_model(self.engine, graph, model, rows_read, &around)?;
                Some(node.table.clone())
            }
            Maker::AlsoModel(_) => Some(node.table.clone()),
        };
        let kept = node.table.published || node.is_kept();
        let Some(mut table) = table.filter(|_| kept) else {
            self.memory.finish(&node.table.name);
            return Ok(made);
        };
        if !node.needs_order() {
            table.sort.clear();
            table.key.clear();
        }
        let rows = self.engine.materialise(&table)?;
        let mut entry = TableEntry {
            name: table.name.to_string(),
            published: table.published,
            rows,
            columns: table.columns.iter().map(|column| column.name.to_string()).collect(),
            file: None,
            left_out: BTreeMap::new(),
        };
        if table.published {
            let maker = if node.is_users() { publish::Maker::User } else { publish::Maker::BuiltIn };
            let file = if self.engine.writes_published() {
                self.building()?.adopt_table(&table, maker, self.metadata, rows)?
            } else {
                let batches = self.engine.batches(&table)?;
                self.building()?.write_table(&table, maker, self.metadata, batches)?
            };
            entry.file = Some(file.path);
            entry.columns = file.columns;
        }
        let elapsed = started.elapsed();
        let peak_memory_bytes = self.memory.finish(&node.table.name);
        self.monitor.event(Event::TableFinished { table: table.name.to_string(), rows, elapsed });
        made.table = Some((entry, TableCost { seconds: elapsed.as_secs_f64(), peak_memory_bytes }));
        Ok(made)
    }

    /// Makes the SQL of a node known to the engine, and says under which contract.
    fn define(&self, node: &Node, sql: &str) -> Result<Table> {
        let mut table = node.table.clone();
        if node.added {
            table.columns = added_columns(&self.engine.columns(&table.name, sql)?, &table.key);
            if table.key.is_empty() {
                table.sort = order_without_key(&table.columns);
            }
        }
        self.engine.define(&table, sql)?;
        Ok(table)
    }
}
