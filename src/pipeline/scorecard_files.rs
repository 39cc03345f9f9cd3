//! The rule files of a run whose scores are those of a scorecard: the card as SQL and as a decision table.

use arrow::array::{Array, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use super::rule_files::{FOLDER, column};
use crate::config::AttritionModel;
use crate::engine::ask;
use crate::error::{Error, Result};
use crate::models::attrition::calibration::logit;
use crate::publish::{Building, table_path};
use crate::rule_files::{Card, CardFeature, CardLine, Curve, scorecard_jdm, scorecard_sql};

/// What the model is called in the tables.
const SCORECARD: &str = "scorecard";

/// What the points that everybody has are called among the features.
const INTERCEPT: &str = "intercept";

/// Writes the scorecard of the run that is being built, when it is what scores; says why not, when something else does.
///
/// # Errors
/// What reading the run's own tables or writing may say.
pub fn write(building: &Building<'_>, model: &AttritionModel) -> Result<Option<String>> {
    let rows = |table: &str, question: &str| -> Result<Option<Vec<RecordBatch>>> {
        let path = table_path(building.path(), table);
        path.exists().then(|| ask(&[(table.to_owned(), path)], question)).transpose()
    };
    let Some(grades) = rows("attrition_grades", "SELECT model, chosen FROM attrition_grades ORDER BY model")? else {
        return Ok(None);
    };
    let mut chosen = None;
    for batch in &grades {
        let (models, is_chosen) = (column::<StringArray>(batch, "model")?, column::<BooleanArray>(batch, "chosen")?);
        chosen =
            (0..batch.num_rows()).find(|row| is_chosen.value(*row)).map(|row| models.value(row).to_owned()).or(chosen);
    }
    match chosen.as_deref() {
        None => return Ok(None),
        Some(SCORECARD) => {}
        Some(other) => return Ok(Some(format!("attrition is scored by {other}, which is no rule file"))),
    }
    let lines = "SELECT feature, bin, below_value, points FROM attrition_model \
                 WHERE model = 'scorecard' AND status = 'used' ORDER BY feature, bin";
    let pieces = "SELECT place, intercept, slope, score, probability FROM attrition_recalibration \
                  WHERE model = 'scorecard' ORDER BY place";
    let (Some(lines), Some(pieces)) = (rows("attrition_model", lines)?, rows("attrition_recalibration", pieces)?)
    else {
        return Ok(None);
    };
    let (intercept, features) = features(&lines)?;
    let card = Card {
        intercept,
        features,
        curve: curve(&pieces)?,
        most_log_odds: logit(1.0),
        eligible_days: model.eligible_days,
    };
    building.add_file(&format!("{FOLDER}/attrition_scorecard.sql"), scorecard_sql(&card).as_bytes())?;
    building.add_file(&format!("{FOLDER}/attrition_scorecard.jdm.json"), scorecard_jdm(&card).as_bytes())?;
    Ok(None)
}

fn features(batches: &[RecordBatch]) -> Result<(i64, Vec<CardFeature>)> {
    let (mut intercept, mut found) = (0, Vec::<CardFeature>::new());
    for batch in batches {
        let names = column::<StringArray>(batch, "feature")?;
        let bins = column::<Int32Array>(batch, "bin")?;
        let below = column::<Float64Array>(batch, "below_value")?;
        let points = column::<Int64Array>(batch, "points")?;
        for row in 0..batch.num_rows() {
            let (name, points) = (names.value(row), points.value(row));
            if name == INTERCEPT {
                intercept = points;
                continue;
            }
            if found.last().is_none_or(|feature| feature.name != name) {
                found.push(CardFeature { name: name.to_owned(), lines: Vec::new(), missing: 0 });
            }
            let Some(feature) = found.last_mut() else { continue };
            if bins.value(row) == 0 {
                feature.missing = points;
            } else {
                feature.lines.push(CardLine { below: below.is_valid(row).then(|| below.value(row)), points });
            }
        }
    }
    Ok((intercept, found))
}

fn curve(batches: &[RecordBatch]) -> Result<Curve> {
    let mut knots = Vec::new();
    for batch in batches {
        let double = |name| column::<Float64Array>(batch, name);
        let (intercepts, slopes) = (double("intercept")?, double("slope")?);
        let (scores, probabilities) = (double("score")?, double("probability")?);
        for row in 0..batch.num_rows() {
            if slopes.is_valid(row) {
                return Ok(Curve::Logistic { intercept: intercepts.value(row), slope: slopes.value(row) });
            }
            knots.push((scores.value(row), probabilities.value(row)));
        }
    }
    if knots.is_empty() {
        return Err(Error::internal("the scorecard that scores has no recalibration"));
    }
    Ok(Curve::Isotonic(knots))
}
