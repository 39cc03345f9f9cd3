//! What makes probabilities of scores, as rows: whoever has the points of a customer can work out their probability.

use super::super::attrition::recalibration::Recalibration;
use super::super::{Rows, Values};
use super::rows::{Found, double, text, whole};

/// A piece of a recalibration: all of a logistic one, or where an isotonic one bends.
struct Piece {
    model: &'static str,
    place: i64,
    method: &'static str,
    line: Option<(f64, f64)>,
    knot: Option<(f64, f64)>,
}

/// Rows of `attrition_recalibration`.
pub fn rows(outcome: &Found) -> Rows {
    let mut pieces = Vec::new();
    for finding in outcome.iter().flat_map(|outcome| &outcome.findings) {
        let (model, method) = (finding.kind.name(), finding.recalibration.name());
        match &finding.recalibration {
            Recalibration::Logistic { intercept, slope } => {
                pieces.push(Piece { model, place: 1, method, line: Some((*intercept, *slope)), knot: None });
            }
            Recalibration::Isotonic(curve) => pieces.extend((1..).zip(curve.knots()).map(|(place, knot)| Piece {
                model,
                place,
                method,
                line: None,
                knot: Some(*knot),
            })),
        }
    }
    pieces.sort_by_key(|piece| (piece.model, piece.place));
    let pair = |of: fn(&Piece) -> Option<f64>| -> Values { double(&pieces, of) };
    vec![
        text(&pieces, |piece| piece.model.to_owned()),
        whole(&pieces, |piece| piece.place),
        text(&pieces, |piece| piece.method.to_owned()),
        pair(|piece| Some(piece.line?.0)),
        pair(|piece| Some(piece.line?.1)),
        pair(|piece| Some(piece.knot?.0)),
        pair(|piece| Some(piece.knot?.1)),
    ]
}
