//! What holds for every possible history and for parameters far from what data could say, in all models.

use proptest::prelude::*;

use super::bg_nbd::BgNbd;
use super::gamma_gamma::GammaGamma;
use super::history::{Histories, History};
use super::nbd::Nbd;
use super::pareto_nbd::ParetoNbd;
use super::process::PurchaseModel;
use super::value::ValueGrid;

fn models() -> Vec<Box<dyn PurchaseModel>> {
    let mut models: Vec<Box<dyn PurchaseModel>> = vec![Box::new(Nbd), Box::new(ParetoNbd)];
    for regularity in 1..=4 {
        for modified in [false, true] {
            models.push(Box::new(BgNbd { regularity, modified }));
        }
    }
    models
}

/// Evenly in the logarithm.
fn between(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low.ln()..high.ln()).prop_map(f64::exp)
}

/// Possible histories: also those who bought today, and those who bought on their first day only.
fn history() -> impl Strategy<Value = History> {
    let frequency = prop_oneof![Just(0_u32), 1..20_u32, 20..2_000_u32];
    let place = prop_oneof![Just(1.0), 1e-9..1.0, Just(1.0 - 1e-12)];
    (frequency, place, between(1e-3, 1e5))
        .prop_map(|(frequency, place, age)| History::new(frequency, if frequency > 0 { place * age } else { 0.0 }, age))
}

/// Shapes and scales in the order of a model's parameters.
fn parameters(model: &dyn PurchaseModel, shapes: [f64; 3], scales: [f64; 2]) -> Vec<f64> {
    let (mut shapes, mut scales) = (shapes.into_iter(), scales.into_iter());
    let all = 0..model.parameters().len();
    all.map(|at| if model.scales().contains(&at) { scales.next() } else { shapes.next() }.unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_possible(
        history in history(),
        shapes in [between(1e-3, 1e3), between(1e-3, 1e3), between(1e-3, 1e3)],
        scales in [between(1e-3, 1e5), between(1e-3, 1e5)],
        t in between(1e-3, 1e5),
        rate in between(1e-6, 1e2),
    ) {
        prop_assert_eq!(history.fault(), None);
        for model in models() {
            let parameters = parameters(model.as_ref(), shapes, scales);
            let name = format!("{} {parameters:?}", model.name());
            let process = model.process(&parameters);
            let alive = process.p_alive(&history);
            prop_assert!((0.0..=1.0).contains(&alive), "{}: P(alive) {}", name, alive);
            let mut weights = vec![0.0; process.phases()];
            process.phase_weights(&history, &mut weights);
            prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12 && weights.iter().all(|weight| *weight >= 0.0));
            // Thousands of times longer than anything was observed, regular timing is an approximation (bg_nbd.rs).
            let exact = if t < 1_000.0 * (scales[0] + history.age) { 1e-5 } else { 1e-3 };
            for phase in 0..process.phases() {
                let outlook = process.outlook(history.frequency, history.age, phase);
                let (expected, less) = (outlook.expected(t), outlook.expected(t / 2.0));
                prop_assert!(expected.is_finite() && less >= 0.0, "{}: expected {}", name, expected);
                prop_assert!(expected >= less * (1.0 - 1e-9), "{}: {} then {}", name, less, expected);
                for (what, chance, before) in [
                    ("none", outlook.p_none(t), outlook.p_none(t / 2.0)),
                    ("alive", outlook.p_alive_after(t), outlook.p_alive_after(t / 2.0)),
                ] {
                    prop_assert!((0.0..=1.0).contains(&chance), "{}: {} {}", name, what, chance);
                    // Below the smallest normal double, digits are lost.
                    prop_assert!(chance <= before * (1.0 + 1e-9) + f64::MIN_POSITIVE, "{}: {} {} {}", name, what, before, chance);
                }
                let (endless, within) = (outlook.discounted(rate), outlook.discounted_within(t, rate));
                prop_assert!(endless.is_finite() && endless >= 0.0 && within >= 0.0, "{}: {} {}", name, endless, within);
                prop_assert!(within <= endless * (1.0 + exact), "{}: within {} endless {}", name, within, endless);
                prop_assert!(within <= expected * (1.0 + exact), "{}: within {} expected {}", name, within, expected);
            }
        }
    }

    #[test]
    fn distributions_are_distributions(
        history in history(),
        shapes in [between(1e-3, 1e3), between(1e-3, 1e3), between(1e-3, 1e3)],
        scales in [between(1e-2, 1e4), between(1e-2, 1e4)],
        share in between(1e-4, 10.0),
    ) {
        for model in models() {
            let parameters = parameters(model.as_ref(), shapes, scales);
            let name = format!("{} {parameters:?}", model.name());
            let process = model.process(&parameters);
            let outlook = process.outlook(history.frequency, history.age, process.phases() - 1);
            // Some thousand purchases at most.
            let t = share * (scales[0] + history.age);
            let counts = outlook.distribution(t);
            let sum: f64 = counts.iter().sum();
            prop_assert!(counts.iter().all(|count| *count >= 0.0) && (sum - 1.0).abs() < 1e-9, "{} {}: {}", name, t, sum);
            let mean: f64 = counts.iter().enumerate().map(|(n, count)| n as f64 * count).sum();
            let expected = outlook.expected(t);
            prop_assert!((mean - expected).abs() <= 1e-8 * expected.max(1.0), "{} {}: {} {}", name, t, mean, expected);
            prop_assert!((counts[0] - outlook.p_none(t)).abs() < 1e-9, "{}: {} {}", name, counts[0], outlook.p_none(t));
        }
    }

    #[test]
    fn likelihoods_are_numbers(
        histories in prop::collection::vec(history(), 1..40),
        shapes in [between(1e-3, 1e3), between(1e-3, 1e3), between(1e-3, 1e3)],
        scales in [between(1e-3, 1e5), between(1e-3, 1e5)],
    ) {
        for model in models() {
            let at: Vec<f64> = parameters(model.as_ref(), shapes, scales).into_iter().map(f64::ln).collect();
            let mut gradient = vec![0.0; at.len()];
            let value = model.log_likelihood(&Histories::new(&histories), &at, &mut gradient);
            prop_assert!(value.is_finite() && gradient.iter().all(|by| by.is_finite()), "{} {:?}: {} {:?}", model.name(), at, value, gradient);
        }
    }

    #[test]
    fn values_rise_with_the_level(
        shapes in [between(1e-2, 1e2), between(1e-2, 1e2)],
        frequency in 0..300_u32,
        counts in prop::collection::vec(0.0..1.0_f64, 1..100),
        p_alive in 1e-6..1.0,
    ) {
        let model = GammaGamma { p: shapes[0], q: shapes[1], gamma: 10.0 };
        let all: f64 = counts.iter().sum::<f64>() + 1e-9;
        let mut counts: Vec<f64> = counts.iter().map(|count| count / all).collect();
        counts[0] += 1e-9 / all;
        let grid = ValueGrid::new(&model, frequency, counts.len() - 1);
        let mixture = grid.mixture(&counts);
        let values: Vec<f64> =
            (1..100).map(|level| grid.quantile(&[(1.0, &mixture)], p_alive, f64::from(level) / 100.0)).collect();
        prop_assert!(values.iter().all(|value| value.is_finite() && *value >= 0.0), "{:?}", values);
        prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", values);
    }
}
