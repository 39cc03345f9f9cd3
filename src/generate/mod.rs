//! Synthetic exports of any size, for a shop with a contact centre, with known truth.
//!
//! Each customer's whole life (who they are, when they order and leave, what is in their baskets, whom they call, which
//! campaigns reach them) is drawn from random streams of their own, so lives are made in parallel and in any order. The
//! rows go to disk-backed, sorted [`export`]s. What a test wants to recover is written to `truth/`.
//!
//! ```text
//! model ─▶ catalogue, campaigns, francs ─▶ life (customer, basket, service, campaigns) ─▶ rows ─▶ export ─▶ files
//!                                            └──────────────────────────────────────────▶ truth      ▲
//!                                                                                                  dirt
//! ```

mod basket;
mod calendar;
mod campaigns;
mod catalogue;
mod clicks;
mod contracts;
mod customer;
mod dirt;
mod export;
mod fx;
mod life;
mod model;
mod options;
mod pipeline_file;
mod reach;
mod row;
mod rows;
mod scale;
mod service;
mod streams;
mod truth;

pub use clicks::Clicks;
pub use contracts::{Contracts, Plan};
pub use dirt::{Dirt, DirtKind, Outcome};
pub use model::Model;
pub use options::{GenerateOptions, Layout};

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;

use self::calendar::Calendar;
use self::catalogue::Catalogue;
use self::dirt::Faults;
use self::export::{Export, Written, ranges};
use self::fx::Francs;
use self::life::Shop;
use self::row::Row;
use self::rows::{Sinks, Writer, seconds};
use self::streams::{Purpose, Streams};
use self::truth::Totals;
use crate::error::{Error, IoContext, Result};
use crate::monitor::{Cancel, Event, Monitor};

/// What was generated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GenerateReport {
    /// The folder, with the pipeline file `patronage.toml` in it.
    pub out: PathBuf,
    /// Rows of the transactions export that a reader must stage.
    pub transaction_rows: u64,
    /// Records that dirt added to it, which a reader must set aside.
    pub dirty_rows: u64,
    /// Rows of the interactions export.
    pub interaction_rows: u64,
    /// Rows of the customers export.
    pub customer_rows: u64,
    /// Rows of the consents export.
    pub consent_rows: u64,
    /// Rows of the contacts-sent export.
    pub contact_sent_rows: u64,
    /// Rows of the contracts export, when there is one.
    pub contract_rows: u64,
    /// Bytes of all exports on disk, compressed when that was asked for.
    pub bytes: u64,
}

/// Name of the stage in [`Event`]s.
const STAGE: &str = "generate";

/// Rows of transactions that one piece of work should make: enough to be worth a task, little enough to be held.
const BLOCK_ROWS: f64 = 8_192.0;

/// Generates exports, their truth and their pipeline file.
///
/// Everything is written to a hidden folder beside `options.out`, which is renamed at the end: the folder appears whole
/// or not at all.
///
/// # Errors
/// Usage, when an option is out of range or the folder is not empty; output, when the disk fails; a signal.
pub fn generate(options: &GenerateOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<GenerateReport> {
    check(options)?;
    let started = Instant::now();
    monitor.event(Event::StageStarted { stage: STAGE.into(), total: Some(options.customers), unit: "customers" });
    let folder = Folder::create(&options.out)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.max(1))
        .build()
        .map_err(|error| Error::internal("could not start threads").because(error))?;
    let report = pool.install(|| fill(options, &folder.hidden, monitor, cancel));
    let report = folder.finish(report)?;
    let summary = format!("{} transactions, {} interactions", report.transaction_rows, report.interaction_rows);
    monitor.event(Event::StageFinished { stage: STAGE.into(), summary, elapsed: started.elapsed() });
    Ok(report)
}

fn check(options: &GenerateOptions) -> Result<()> {
    let within = |name: &str, value: u64, least: u64, most: u64| {
        if (least..=most).contains(&value) {
            Ok(())
        } else {
            Err(Error::usage(format!("`{name}` must lie between {least} and {most}")))
        }
    };
    within("customers", options.customers, 1, GenerateOptions::MAX_CUSTOMERS)?;
    within("products", options.products.into(), GenerateOptions::MIN_PRODUCTS.into(), 89_999)?;
    within("days", options.days.into(), GenerateOptions::MIN_DAYS.into(), GenerateOptions::MAX_DAYS.into())?;
    if options.clicks.as_ref().is_some_and(|clicks| !clicks.is_valid()) {
        return Err(Error::usage("the shares of the page events are out of range"));
    }
    options.model.check()
}

/// The folder under construction.
struct Folder {
    out: PathBuf,
    hidden: PathBuf,
}

impl Folder {
    fn create(out: &Path) -> Result<Self> {
        match fs::read_dir(out).map(|mut entries| entries.next().is_some()) {
            Ok(true) => {
                return Err(Error::usage(format!("the folder `{}` is not empty", out.display()))
                    .hint("name a folder that does not exist yet: nothing is ever overwritten"));
            }
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).writing(out),
            _ => {}
        }
        let name = out
            .file_name()
            .ok_or_else(|| Error::usage(format!("`{}` does not name a folder that can be made", out.display())))?;
        let parent = out.parent().unwrap_or(Path::new(""));
        if !parent.as_os_str().is_empty() {
            fs::create_dir_all(parent).writing(parent)?;
        }
        let hidden = parent.join(format!(".{}.generating", name.to_string_lossy()));
        if hidden.exists() {
            // What a killed run left.
            fs::remove_dir_all(&hidden).writing(&hidden)?;
        }
        fs::create_dir(&hidden).writing(&hidden)?;
        Ok(Folder { out: out.to_path_buf(), hidden })
    }

    /// Shows the folder when `result` is good, removes it otherwise.
    fn finish(self, result: Result<GenerateReport>) -> Result<GenerateReport> {
        match result.and_then(|report| fs::rename(&self.hidden, &self.out).writing(&self.out).map(|()| report)) {
            Ok(report) => Ok(GenerateReport { out: self.out, ..report }),
            Err(error) => {
                // The first error is the one to tell; what cannot be removed now is removed by the next run.
                let _ = fs::remove_dir_all(&self.hidden);
                Err(error)
            }
        }
    }
}

fn fill(options: &GenerateOptions, dir: &Path, monitor: &dyn Monitor, cancel: &Cancel) -> Result<GenerateReport> {
    let calendar = Calendar::new(options.end, options.days)?;
    let streams = Streams::new(options.seed);
    let mut shop_stream = streams.get(0, Purpose::Shop);
    let catalogue = Catalogue::new(options, &mut shop_stream)?;
    let francs = Francs::new(&calendar, &mut shop_stream);
    let campaigns = campaigns::plan(&options.model, options.days);
    let mut shop = Shop::new(&options.model, options.days, &streams, &catalogue, &campaigns, &francs)?;
    let rows_a_customer = scale::scale(&mut shop, options.customers, options.lines)?;

    let exports = Exports::new(options, dir, &calendar, rows_a_customer)?;
    let block = (BLOCK_ROWS / rows_a_customer).clamp(1.0, 1_024.0) as u64;
    let totals = Mutex::new(Totals::new(campaigns.len()));
    let blocks = (0..options.customers.div_ceil(block)).into_par_iter();
    blocks.try_for_each_init(
        || exports.sinks(),
        |sinks, number| {
            cancel.check()?;
            let customers = number * block..((number + 1) * block).min(options.customers);
            let done = customers.end - customers.start;
            let part = add(customers, options, &shop, &calendar, sinks)?;
            totals.lock().unwrap_or_else(PoisonError::into_inner).merge(&part);
            monitor.event(Event::StageAdvanced { stage: STAGE.into(), done });
            Ok(())
        },
    )?;
    let totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);

    let future = *calendar.text(options.days - 1 + 40);
    let faults = Faults::plan(&options.dirt, exports.transactions.rows(), future, &streams)?;
    let report = exports.finish(options, &faults, &streams, cancel)?;
    small_files(options, dir, &shop, &calendar, &totals, &report, &faults)?;
    let (contract_rows, bytes) = contracts(options, dir, &streams)?;
    Ok(GenerateReport { contract_rows, bytes: report.bytes + bytes, ..report })
}

/// Makes the lives of `customers` and hands their rows over.
fn add(
    customers: std::ops::Range<u64>,
    options: &GenerateOptions,
    shop: &Shop<'_>,
    calendar: &Calendar,
    sinks: &mut Sinks<'_>,
) -> Result<Totals> {
    let mut totals = Totals::new(shop.campaigns.len());
    let mut writer = Writer::new(shop, calendar, options);
    let mut row = Row::default();
    for index in customers {
        let life = shop.life(index);
        writer.life(&life, sinks);
        truth::customer(&life, &mut row, &mut sinks.truth);
        totals.add(&life, shop);
    }
    sinks.flush()?;
    Ok(totals)
}

/// The exports that grow with the number of customers.
struct Exports {
    transactions: Export,
    interactions: Export,
    customers: Export,
    consents: Export,
    contacts_sent: Export,
    truth: Export,
    spills: PathBuf,
}

impl Exports {
    fn new(options: &GenerateOptions, dir: &Path, calendar: &Calendar, rows_a_customer: f64) -> Result<Self> {
        let spills = dir.join(".spills");
        let truth = dir.join("truth");
        for folder in [&spills, &truth] {
            fs::create_dir(folder).writing(folder)?;
        }
        let (files, borders): (Vec<_>, Vec<_>) = match options.layout {
            Layout::Single => vec![(0, "transactions".to_owned())],
            Layout::Monthly => {
                calendar.months().into_iter().map(|(day, month)| (day, format!("transactions_{month}"))).collect()
            }
        }
        .into_iter()
        .map(|(day, name)| (export_path(dir, &name, options.gzip), seconds(day)))
        .unzip();
        // Bytes a row, roughly: they only decide how many buckets there are.
        let bytes = |rows_a_customer: f64, row: f64| (options.customers as f64 * rows_a_customer * row) as u64;
        let end = seconds(options.days);
        let export = |header, name: &str, keys: u64, bytes: u64| {
            let file = export_path(dir, name, options.gzip);
            Export::new(header, vec![file], ranges(keys, bytes, 1, &[0]), &spills.join(name), options.gzip)
        };
        let orders = rows_a_customer / options.model.basket_mean;
        let (interactions, clicks) = match &options.clicks {
            Some(clicks) => (rows::INTERACTIONS_WITH_CLICKS, orders * (4.0 + 4.0 * clicks.visits_per_order)),
            None => (rows::INTERACTIONS, 0.0),
        };
        let contacts = orders * options.model.contacts_per_order + clicks;
        let customers = options.customers;
        let sent = customers * u64::from(options.model.campaigns);
        Ok(Exports {
            transactions: Export::new(
                rows::TRANSACTIONS,
                files,
                ranges(end, bytes(rows_a_customer, 160.0), seconds(1), &borders),
                &spills.join("transactions"),
                options.gzip,
            ),
            interactions: export(interactions, "interactions", end, bytes(contacts, 200.0)),
            customers: export(rows::CUSTOMERS, "customers", customers, bytes(1.0, 130.0)),
            consents: export(rows::CONSENTS, "consents", end, bytes(2.0, 90.0)),
            contacts_sent: export(rows::CONTACTS_SENT, "contacts_sent", sent, sent * 110),
            truth: Export::new(
                truth::CUSTOMERS,
                vec![truth.join("customers.csv")],
                ranges(customers, bytes(1.0, 140.0), 1, &[0]),
                &spills.join("truth"),
                false,
            ),
            spills,
        })
    }

    /// Where lives put their rows, one for each thread.
    fn sinks(&self) -> Sinks<'_> {
        Sinks {
            transactions: self.transactions.sink(),
            interactions: self.interactions.sink(),
            customers: self.customers.sink(),
            consents: self.consents.sink(),
            contacts_sent: self.contacts_sent.sink(),
            truth: self.truth.sink(),
        }
    }

    fn finish(
        self,
        options: &GenerateOptions,
        faults: &Faults<'_>,
        streams: &Streams,
        cancel: &Cancel,
    ) -> Result<GenerateReport> {
        let clean = Faults::none(streams);
        let finish = |export: Export, faults: &Faults<'_>| export.finish(faults, options.threads, cancel);
        let transactions = finish(self.transactions, faults)?;
        let interactions = finish(self.interactions, &clean)?;
        let customers = finish(self.customers, &clean)?;
        let consents = finish(self.consents, &clean)?;
        let contacts_sent = match options.model.campaigns {
            0 => Written::default(),
            _ => finish(self.contacts_sent, &clean)?,
        };
        finish(self.truth, &clean)?;
        fs::remove_dir(&self.spills).writing(&self.spills)?;
        Ok(GenerateReport {
            out: PathBuf::new(),
            transaction_rows: transactions.rows,
            dirty_rows: faults.records_added(),
            interaction_rows: interactions.rows,
            customer_rows: customers.rows,
            consent_rows: consents.rows,
            contact_sent_rows: contacts_sent.rows,
            contract_rows: 0,
            bytes: [transactions, interactions, customers, consents, contacts_sent].iter().map(|part| part.bytes).sum(),
        })
    }
}

fn small_files(
    options: &GenerateOptions,
    dir: &Path,
    shop: &Shop<'_>,
    calendar: &Calendar,
    totals: &Totals,
    report: &GenerateReport,
    faults: &Faults<'_>,
) -> Result<()> {
    let write = |path: PathBuf, text: &[u8]| fs::write(&path, text).writing(&path);
    let export = |name: &str, text: Vec<u8>| {
        let path = export_path(dir, name, options.gzip);
        let text = if options.gzip { export::compress(&text).writing(&path)? } else { text };
        write(path, &text)
    };
    export("products", rows::products(&shop.catalogue.products, calendar))?;
    if options.model.foreign_currency {
        export("fx", rows::fx(&shop.francs.rates, calendar))?;
    }
    for (name, text) in truth::files(options, shop, calendar, totals, report.transaction_rows, faults) {
        write(dir.join("truth").join(name), &text)?;
    }
    write(dir.join("patronage.toml"), pipeline_file::text(options).as_bytes())
}

/// The contracts and their truth, when they are asked for: their number and bytes.
fn contracts(options: &GenerateOptions, dir: &Path, streams: &Streams) -> Result<(u64, u64)> {
    let Some(contracts) = &options.contracts else { return Ok((0, 0)) };
    let (text, rows) = contracts.export(options.customers, options.end, streams)?;
    let path = export_path(dir, "contracts", options.gzip);
    let text = if options.gzip { export::compress(&text).writing(&path)? } else { text };
    fs::write(&path, &text).writing(&path)?;
    let truth = dir.join("truth").join("contracts.json");
    fs::write(&truth, truth::pretty(&json!({ "contracts": contracts, "rows": rows }))).writing(&truth)?;
    Ok((rows, text.len() as u64))
}

fn export_path(dir: &Path, name: &str, gzip: bool) -> PathBuf {
    dir.join(format!("{name}{}", if gzip { ".csv.gz" } else { ".csv" }))
}
