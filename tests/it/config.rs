//! Every mistake in a pipeline file is shown with its place and the next step.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use patronage::config::{self, Config, Metric};
use patronage::error::{Error, ErrorKind};

const SMALLEST: &str = r#"[project]
name = "shop"
currency = "EUR"
time_zone = "Europe/Berlin"

[inputs.transactions]
files = ["orders.csv"]
[inputs.transactions.columns]
ts = "date"
amount = "paid"
"#;

fn load(text: &[u8]) -> Result<Config, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patronage.toml");
    fs::write(&path, text).unwrap();
    config::load(&path).map(|loaded| loaded.config)
}

/// The error as a reader sees it: message, place with caret, hint.
fn shown(error: &Error) -> String {
    assert_eq!(error.kind(), ErrorKind::Config);
    let place = error.place().expect("a mistake has a place");
    let (line, column) = (place.line.unwrap(), place.column.unwrap() as usize);
    let text = place.text.as_deref().unwrap();
    let caret = format!("{}{}", " ".repeat(column - 1), "^".repeat(place.length));
    format!(
        "{}\n{line} | {text}\n{} | {caret}\nhint: {}\n",
        error.message(),
        " ".repeat(line.to_string().len()),
        error.hint_text().unwrap()
    )
}

#[test]
fn the_smallest_pipeline_file_is_valid_and_has_the_documented_defaults() {
    let config = load(SMALLEST.as_bytes()).unwrap();
    assert_eq!(config.value.metric, Metric::NetRevenue);
    assert_eq!(config.rfm.grid, "grid125");
    assert_eq!(config.output.dir, "out");
    assert_eq!(config.routing.levels.len(), 4);
}

/// Each mistake alone, in a file that is otherwise right: `replace` (or nothing, for text at the end) becomes `with`.
const MISTAKES: &[(&str, &str)] = &[
    // Syntax.
    ("name = \"shop\"", "name = shop"),
    ("name = \"shop\"", "name = \"shop\"\nname = \"other\""),
    ("[project]", "[project"),
    // Keys and types.
    ("currency", "curency"),
    ("currency = \"EUR\"\n", ""),
    ("[project]", "[projects]"),
    ("", "[gates]\nmax_reject_rato = 0.01"),
    ("", "[gates]\nmax_reject_ratio = \"1 %\""),
    ("", "[affinity]\nmin_count = -1"),
    ("", "[value]\nmetric = \"revenue\""),
    ("", "[rfm]\nmethod = \"quantiles\""),
    ("[inputs.transactions]\n", "[inputs.transactions]\nencoding = \"utf8\"\n"),
    ("ts = \"date\"", "ts = { colum = \"date\" }"),
    ("ts = \"date\"", "ts = { column = \"date\", constant = \"x\" }"),
    ("ts = \"date\"", "ts = 5"),
    ("", "[segments.vip]\nwere = \"value > 0\""),
    // Project.
    ("name = \"shop\"", "name = \"\""),
    ("EUR", "Euro"),
    ("Europe/Berlin", "Europe/Berln"),
    ("Europe/Berlin", "CET+1"),
    // Inputs.
    ("", "[inputs.transaction]\nfiles = [\"x\"]\ncolumns = {}"),
    ("inputs.transactions", "inputs.products"),
    ("[\"orders.csv\"]", "[]"),
    ("orders.csv", "orders_[.csv"),
    ("[inputs.transactions]\n", "[inputs.transactions]\ndelimiter = \";;\"\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\ndelimiter = 'tab'\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\nquote = \",\"\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\ndecimal = \"'\"\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\ndecimal = \",\"\nthousands = \",\"\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\nheader = false\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\nheader = false\nnames = [\"date\", \"pay\"]\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\nwidths = { date = [1, 8], paid = [12, 9] }\n"),
    ("[inputs.transactions]\n", "[inputs.transactions]\nmax_fields = 0\n"),
    ("amount = \"paid\"", "amount = \"paid\"\ncustmer_id = \"who\""),
    ("ts = \"date\"\n", ""),
    ("amount = \"paid\"", "amount = { column = \"paid\", format = \"%d\" }"),
    ("ts = \"date\"", "ts = { column = \"date\", format = \"%Y-%!\" }"),
    ("ts = \"date\"", "ts = { column = \"date\", time_zone = \"Europe/Pari\" }"),
    ("amount = \"paid\"", "amount = \"paid\"\nline_type = { column = \"t\", map = { R = \"refnd\" } }"),
    ("amount = \"paid\"", "amount = \"paid\"\nstatus = { constant = \"complete\" }"),
    // Value, periods, scores.
    ("", "[value]\nmetric = \"gross_margin\""),
    ("", "[periods]\ncount = 0"),
    ("", "[rfm]\nbins = 12"),
    ("", "[rfm]\nbins = 4"),
    ("", "[rfm]\ngrid = \"grid-125\""),
    ("", "[rfm.thresholds]\nrecency = [1, 2, 3, 4]"),
    ("", "[rfm]\nmethod = \"thresholds\"\nthresholds.recency = [30, 60]"),
    (
        "",
        "[rfm]\nbins = 2\nsegments = [{ name = \"a\" }]\nmethod = \"thresholds\"\nthresholds = { recency = [9], frequency = [1], monetary = [\"1,5\"] }",
    ),
    (
        "",
        "[rfm]\nbins = 3\nsegments = [{ name = \"a\" }]\nmethod = \"thresholds\"\nthresholds = { recency = [9, 8], frequency = [1, 2], monetary = [\"1\", \"2\"] }",
    ),
    ("", "[[rfm.segments]]\nname = \"best\"\nr = [4, 5]"),
    ("", "[[rfm.segments]]\nname = \"all\"\n[[rfm.segments]]\nname = \"best\"\nr = [4, 5]"),
    ("", "[[rfm.segments]]\nname = \"all\"\ncodes = [\"111\", \"116\"]"),
    ("", "[[rfm.segments]]\nname = \"all\"\nm = [3, 2]"),
    // Segments and campaigns.
    ("", "[segments.\"Sleeping stars\"]\nwhere = \"net_revenue > 0\""),
    ("", "[segments.vip]\nwhere = \"net_revenue >\""),
    ("", "[segments.vip]\nwhere = \"net_revenue > 0; DROP TABLE customers\""),
    ("", "[campaigns.wake_up]\nwhere = \"orders = 1\"\nlimit = 0"),
    ("", "[campaigns.wake_up]\nwhere = \"orders = 1\"\nchannel = \"mail\""),
    ("", "[campaigns.wake_up]\nwhere = \"orders = 1\"\ncontrol_share = 10"),
    ("", "[campaigns.wake_up]\nwhere = \"orders = 1\"\noffer_cost = \"5,00\""),
    ("", "[campaigns.wake_up]\nwhere = \"orders = 1\"\nexpected_value = \"net_revnue * 0.1\""),
    ("", "[campaigns.wake_up]\nwhere = \"orders = 1\"\nscript_vars = { segment = \"rfm_segmnt\" }"),
    ("", "[campaigns.wake_up]\nwhere = \"orders = 1\"\n[experiments]\nholdout_seed = \"wake_up\""),
    ("", "[experiments]\nglobal_holdout_share = 2.0"),
    ("", "[[contact_rules]]\nname = \"weekly\"\nchannels = [\"email\"]\nmax = 1"),
    ("", "[[contact_rules]]\nname = \"weekly\"\nchannels = [\"email\"]\nmax = 1\nwindow_days = 7\ncalendar = \"week\""),
    ("", "[[contact_rules]]\nname = \"weekly\"\nchannels = [\"email\"]\nmax = 0\nwindow_days = 7"),
    ("", "[[contact_rules]]\nname = \"weekly\"\nchannels = [\"e-mail\"]\nmax = 1\nwindow_days = 7"),
    ("", "[[contact_rules]]\nname = \"weekly\"\nchannels = []\nmax = 1\nwindow_days = 7"),
    ("", "[[contact_rules]]\nname = \"weekly\"\nscope = \"family\"\nchannels = [\"email\"]\nmax = 1\nwindow_days = 7"),
    (
        "",
        "[[contact_rules]]\nname = \"a\"\nchannels = [\"email\"]\nmax = 1\nwindow_days = 7\n\
         [[contact_rules]]\nname = \"a\"\nchannels = [\"sms\"]\nmax = 1\nwindow_days = 7",
    ),
    (
        "",
        "[inputs.contacts_sent]\nfiles = [\"sent.csv\"]\n[inputs.contacts_sent.columns]\ncampaign_id = \"c\"\n\
         customer_id = \"n\"\nsent = \"t\"\nunsubscribed = \"u\"",
    ),
    // Routing.
    ("", "[routing]\ndefault_level = \"gold\""),
    ("", "[routing.caps]\ndimond = 0.02"),
    ("", "[routing.caps]\ndiamond = -0.02"),
    ("", "[routing.caps]\ncz = 0.5"),
    ("", "[routing.cells]\nHH = \"diamond\""),
    ("", "[routing]\nprice_tier = true"),
    ("", "[routing]\nopaque_keys = true\nkey_env = \"\""),
    ("", "[routing]\nvalid_days = 0"),
    // Lifetime value.
    ("", "[lifetime_value]\nmodel = \"pareto\""),
    ("", "[lifetime_value]\nmodel = \"bg_bb\""),
    ("", "[lifetime_value]\ncandidates = []"),
    ("", "[lifetime_value]\ncandidates = [\"nbd\", \"bg_nbd\", \"nbd\"]"),
    ("", "[lifetime_value]\ncovariates = [\"region\", \"region\"]"),
    ("", "[lifetime_value]\nannual_discount_rate = \"10 %\""),
    ("", "[lifetime_value]\nannual_discount_rate = \"-0.1\""),
    ("", "[lifetime_value]\ncalibration_end = \"30.09.1997\""),
    ("", "[lifetime_value]\nhorizon_days = 0"),
    ("", "[lifetime_value]\nholdout_days = 40000"),
    ("", "[lifetime_value]\ndraws = 1000000"),
    ("", "[value]\nmetric = \"clv\""),
    (
        "amount = \"paid\"",
        "amount = \"paid\"\ncost = \"cost\"\n[value]\nmetric = \"clv\"\n[lifetime_value]\nenabled = false",
    ),
    // The model of attrition.
    ("", "[attrition.model]\nbands = [0.66, 0.33]"),
    ("", "[attrition.model]\nbands = [33, 66]"),
    ("", "[attrition.model]\nbands = [0.5]"),
    ("", "[attrition.actions]\ncomplaints_open = \"call\""),
    ("", "[attrition.actions]\ncomplaint_open = \"\""),
    // Affinity.
    ("", "[affinity]\nmax_q = \"five per cent\""),
    ("", "[affinity]\nmax_q = \"0.5\""),
    ("", "[affinity]\nrule_min_confidence = \"1.5\""),
    ("", "[affinity]\nrule_max_length = 1"),
    ("", "[affinity]\nhalf_life_days = 0"),
    ("", "[affinity]\nrank_by = \"lif\""),
    ("", "[affinity]\nlevels = [\"basket\", \"basket\"]"),
    // Recommendations.
    ("", "[recommendations]\ncandidates = [\"lift\"]"),
    ("", "[recommendations]\ncandidates = []"),
    ("", "[recommendations]\ncandidates = [\"ease\", \"als\", \"ease\"]"),
    ("", "[recommendations]\nlist_size = 0"),
    ("", "[recommendations]\nlist_size = 100000"),
    ("", "[recommendations]\nease_max_products = 100000"),
    ("", "[recommendations]\nmuted_categories = [\"food/\"]"),
    ("", "[recommendations]\nmuted_categories = [\"food\", \"food\"]"),
    // Gates and output.
    ("", "[gates]\nmax_reject_ratio = 1.5"),
    ("", "[gates]\nmax_reject_ratio = nan"),
    ("", "[gates]\nmax_population_change = -1.0"),
    ("", "[output]\nkeep_runs = 0"),
];

#[test]
fn every_mistake_has_its_place_and_the_next_step() {
    let mut all = String::new();
    for (replace, with) in MISTAKES {
        let text = if replace.is_empty() { format!("{SMALLEST}{with}\n") } else { SMALLEST.replacen(replace, with, 1) };
        let error = load(text.as_bytes()).expect_err(with);
        writeln!(all, "{}", shown(&error)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_first_of_several_mistakes_in_the_file_is_reported() {
    let text = SMALLEST.replace("EUR", "Euro").replace("ts =", "tz =").replace("Europe/Berlin", "Mars");
    let error = load(text.as_bytes()).unwrap_err();
    assert_eq!(error.place().unwrap().line, Some(3));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_mistake() {
    load(format!("\u{feff}{}", SMALLEST.replace('\n', "\r\n")).as_bytes()).unwrap();
}

#[test]
fn a_file_that_is_not_utf8_is_refused_at_its_line() {
    let error = load(b"[project]\nname = \"caf\xe9\"\n").unwrap_err();
    assert_eq!((error.kind(), error.place().unwrap().line), (ErrorKind::Config, Some(2)));
}

#[test]
fn a_folder_stands_for_its_pipeline_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = config::find(Some(folder.path())).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Config);
    let file = folder.path().join("patronage.toml");
    fs::write(&file, SMALLEST).unwrap();
    assert_eq!(config::find(Some(folder.path())).unwrap(), file);
    assert_eq!(config::find(Some(&file)).unwrap(), file);
    assert_eq!(config::find(Some(Path::new("nowhere.toml"))).unwrap_err().kind(), ErrorKind::Config);
    let loaded = config::load(&file).unwrap();
    assert_eq!((loaded.path, loaded.dir, loaded.text), (file, folder.path().to_path_buf(), SMALLEST.to_owned()));
    assert_eq!(PathBuf::from("patronage.toml").parent(), Some(Path::new("")), "why load() has to look at the parent");
}

/// The schema that editors use is reviewed like code: a changed key shows here.
#[test]
fn the_json_schema_is_current() {
    insta::assert_snapshot!(config::schema());
}
