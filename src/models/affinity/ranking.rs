//! What a product's partners are ranked by.

use std::str::FromStr;

use super::measures::PairCounts;

/// A measure that ranks. Of the simple ones the log-likelihood ratio foretells best what customers buy next, and raw lift
/// worse than no personalisation at all (`spec/affinity.md` 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RankBy {
    /// Evidence that they go together.
    #[default]
    LogLikelihoodRatio,
    /// Units with both of those with either.
    Jaccard,
    /// Normalised pointwise mutual information times the root of the count.
    NpmiSqrtCount,
    /// Cosine of the two columns.
    Cosine,
    /// Share of the first product's units that have the second.
    Confidence,
    /// Share of units beyond chance.
    Leverage,
    /// Units with both.
    Count,
    /// Times as often as by chance.
    Lift,
    /// The lower bound of lift.
    LiftLower,
    /// Normalised pointwise mutual information.
    Npmi,
    /// Mean of both confidences.
    Kulczynski,
    /// Chi-square.
    ChiSquared,
    /// Correlation.
    Phi,
    /// Zhang's measure.
    Zhang,
    /// Certainty factor.
    Certainty,
}

impl RankBy {
    /// All of them, the default first.
    pub const ALL: [RankBy; 15] = [
        RankBy::LogLikelihoodRatio,
        RankBy::Jaccard,
        RankBy::NpmiSqrtCount,
        RankBy::Cosine,
        RankBy::Confidence,
        RankBy::Leverage,
        RankBy::Count,
        RankBy::Lift,
        RankBy::LiftLower,
        RankBy::Npmi,
        RankBy::Kulczynski,
        RankBy::ChiSquared,
        RankBy::Phi,
        RankBy::Zhang,
        RankBy::Certainty,
    ];

    /// Its name in options and in the column `score_name`.
    pub fn name(self) -> &'static str {
        match self {
            RankBy::LogLikelihoodRatio => "llr",
            RankBy::Jaccard => "jaccard",
            RankBy::NpmiSqrtCount => "npmi_sqrt_count",
            RankBy::Cosine => "cosine",
            RankBy::Confidence => "confidence",
            RankBy::Leverage => "leverage",
            RankBy::Count => "count",
            RankBy::Lift => "lift",
            RankBy::LiftLower => "lift_lo",
            RankBy::Npmi => "npmi",
            RankBy::Kulczynski => "kulczynski",
            RankBy::ChiSquared => "chi_squared",
            RankBy::Phi => "phi",
            RankBy::Zhang => "zhang",
            RankBy::Certainty => "certainty",
        }
    }

    /// The score: higher is better. Finite for every counts.
    pub fn score(self, pair: &PairCounts) -> f64 {
        self.score_of_parts(pair, 1.0)
    }

    /// The score of counts in parts of a unit (`parts` of them are 1): weighted counts. The bound of lift is that of the
    /// counts rounded to whole units.
    pub(super) fn score_of_parts(self, pair: &PairCounts, parts: f64) -> f64 {
        match self {
            RankBy::LogLikelihoodRatio => pair.log_likelihood_ratio() / parts,
            RankBy::Jaccard => pair.jaccard(),
            RankBy::NpmiSqrtCount => pair.npmi() * (pair.n_ab as f64 / parts).sqrt(),
            RankBy::Cosine => pair.cosine(),
            RankBy::Confidence => pair.confidence(),
            RankBy::Leverage => pair.leverage(),
            RankBy::Count => pair.n_ab as f64 / parts,
            RankBy::Lift => pair.lift(),
            RankBy::LiftLower => {
                let whole = |count: u64| (count as f64 / parts).round() as u64;
                PairCounts {
                    n_ab: whole(pair.n_ab),
                    n_a: whole(pair.n_a),
                    n_b: whole(pair.n_b),
                    n_total: whole(pair.n_total),
                }
                .lift_lower()
            }
            RankBy::Npmi => pair.npmi(),
            RankBy::Kulczynski => pair.kulczynski(),
            RankBy::ChiSquared => pair.chi_squared() / parts,
            RankBy::Phi => pair.phi(),
            RankBy::Zhang => pair.zhang(),
            RankBy::Certainty => pair.certainty(),
        }
    }
}

impl FromStr for RankBy {
    type Err = String;

    fn from_str(text: &str) -> Result<RankBy, String> {
        RankBy::ALL.into_iter().find(|measure| measure.name() == text).ok_or_else(|| {
            let names: Vec<&str> = RankBy::ALL.iter().map(|measure| measure.name()).collect();
            format!("'{text}' is not a measure to rank by; there are {}", names.join(", "))
        })
    }
}
