//! Why a model or a figure cannot be had: a status with a reason, never a guess.

use std::fmt;

/// What speaks against fitting or judging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Columns, labels and hashes are not of one length.
    Lengths,
    /// A score, a probability or a weight is not a finite number.
    NotANumber,
    /// There are no rows.
    NoRows,
    /// There are not two earlier days with customers: one to learn from and one to judge by.
    ShortHistory,
    /// Too few customers who left.
    TooFewLeft {
        /// How many there are.
        found: u64,
        /// How many there have to be.
        least: u64,
    },
    /// Too few customers who stayed.
    TooFewStayed {
        /// How many there are.
        found: u64,
        /// How many there have to be.
        least: u64,
    },
    /// No feature tells those who left from those who stayed.
    NoFeature,
    /// The search for the weights did not end.
    NotConverged,
    /// What a model says for itself.
    Refused(String),
}

impl Unfit {
    /// Its name in a `status` column.
    pub fn status(&self) -> &'static str {
        match self {
            Unfit::Lengths | Unfit::NotANumber => "bad_input",
            Unfit::NoRows | Unfit::TooFewLeft { .. } | Unfit::TooFewStayed { .. } => "insufficient_data",
            Unfit::ShortHistory => "insufficient_history",
            Unfit::NoFeature => "no_feature",
            Unfit::NotConverged => "not_converged",
            Unfit::Refused(_) => "refused",
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Lengths => write!(out, "columns and labels are not of one length"),
            Unfit::NotANumber => write!(out, "a score is not a finite number"),
            Unfit::NoRows => write!(out, "there are no customers to learn from"),
            Unfit::ShortHistory => write!(
                out,
                "the exports are too short: a model learns from one earlier day and is judged on another, each with \
                 `eligible_days` of history before it and a horizon after it"
            ),
            Unfit::TooFewLeft { found, least } => {
                write!(out, "{found} of the customers left, at least {least} have to")
            }
            Unfit::TooFewStayed { found, least } => {
                write!(out, "{found} of the customers stayed, at least {least} have to")
            }
            Unfit::NoFeature => write!(out, "no feature tells those who left from those who stayed"),
            Unfit::NotConverged => write!(out, "the search for the weights did not end"),
            Unfit::Refused(reason) => write!(out, "{reason}"),
        }
    }
}

impl std::error::Error for Unfit {}

/// Counts who left and who stayed, and refuses fewer than `least` of either. At least one of each is always asked for.
///
/// # Errors
/// [`Unfit::NoRows`], [`Unfit::TooFewLeft`] or [`Unfit::TooFewStayed`].
pub fn least_of_each(labels: &[bool], least: u64) -> Result<(), Unfit> {
    let least = least.max(1);
    let left = labels.iter().filter(|left| **left).count() as u64;
    let stayed = labels.len() as u64 - left;
    if labels.is_empty() {
        Err(Unfit::NoRows)
    } else if left < least {
        Err(Unfit::TooFewLeft { found: left, least })
    } else if stayed < least {
        Err(Unfit::TooFewStayed { found: stayed, least })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_of_one_kind_are_refused_with_their_number() {
        assert_eq!(least_of_each(&[], 0), Err(Unfit::NoRows));
        assert_eq!(least_of_each(&[true, true], 0), Err(Unfit::TooFewStayed { found: 0, least: 1 }));
        assert_eq!(least_of_each(&[true, false, false], 2), Err(Unfit::TooFewLeft { found: 1, least: 2 }));
        assert_eq!(least_of_each(&[true, false], 1), Ok(()));
        let refusal = Unfit::TooFewLeft { found: 12, least: 200 };
        assert_eq!(refusal.to_string(), "12 of the customers left, at least 200 have to");
        assert_eq!(refusal.status(), "insufficient_data");
    }
}
