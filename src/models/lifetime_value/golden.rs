//! The reference cases of `spec/lifetime-value.md`, on the files of `../shared/reference` where they are.

use std::path::PathBuf;

use super::bg_nbd::BgNbd;
use super::fit::Termination;
use super::history::{Histories, History};
use super::nbd::Nbd;
use super::population::{Population, fit};
use super::process::PurchaseModel;

/// A reference file's rows, or nothing where the files are missing (then the test says that it was skipped).
pub fn reference(name: &str) -> Option<Vec<csv::StringRecord>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/lifetime_value").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {name} is not there");
        return None;
    };
    Some(csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect())
}

pub fn number(record: &csv::StringRecord, column: usize) -> f64 {
    record[column].parse().unwrap()
}

/// CDNOW 1/10, in weeks (durations are whole days).
pub fn cdnow() -> Option<Vec<History>> {
    let days = |weeks: f64| (weeks * 7.0).round() / 7.0;
    let rows = reference("cdnowSummary_cbs.csv")?;
    Some(
        rows.iter()
            .map(|row| History::new(number(row, 1) as u32, days(number(row, 2)), days(number(row, 3))))
            .collect(),
    )
}

pub fn close(found: f64, wanted: f64, relative: f64, what: &str) {
    assert!((found / wanted - 1.0).abs() < relative, "{what}: {found} is not {wanted}");
}

/// spec/lifetime-value.md 2.1
#[test]
fn cdnow_parameters() {
    let Some(histories) = cdnow() else { return };
    let distinct = Histories::new(&histories);
    assert_eq!(distinct.len(), 1016);
    let cases: [(&dyn PurchaseModel, &[f64], f64); 3] = [
        (
            &BgNbd { regularity: 1, modified: false },
            &[0.2425945224314596, 4.413602019040733, 0.7929220172641543, 2.425906776978417],
            -9582.42920667393,
        ),
        (
            &BgNbd { regularity: 1, modified: true },
            &[0.5248431590799588, 6.183085279398157, 0.8913593908031969, 1.6140022404088803],
            -9582.13571555375,
        ),
        (&Nbd, &[0.38476613576872293, 12.072022844821976], -9763.657614672615),
    ];
    for (model, parameters, log_likelihood) in cases {
        let fit = fit(model, &Population::plain(distinct.clone()), None, None);
        assert_eq!(fit.termination, Termination::Converged, "{fit:?}");
        close(fit.log_likelihood, log_likelihood, 1e-12, model.name());
        for (found, wanted) in fit.parameters().iter().zip(parameters) {
            close(*found, *wanted, 2e-7, model.name());
        }
    }
}
