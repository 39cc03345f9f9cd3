//! `[lifetime_value]`: which models are fitted to whom, how they are judged, and what a future purchase is worth today
//! (`spec/lifetime-value.md`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lifetime value: which models are fitted to whom, how they are judged, and what the future is worth today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LifetimeValue {
    /// Whether lifetime values are computed at all.
    pub enabled: bool,
    /// Days after the last day read over which purchases and value are expected.
    pub horizon_days: u32,
    /// What a year discounts, in decimal text: `"0.10"` makes 1.10 in a year (365.25 days) worth 1 today.
    pub annual_discount_rate: String,
    /// The unit of time of published parameters, as papers differ. All computation is in days.
    pub time_unit: TimeUnit,
    /// The model: `auto` is the candidate that is best in the holdouts.
    pub model: ModelChoice,
    /// The models that are fitted and compared for `model = "auto"`.
    pub candidates: Vec<Candidate>,
    /// Days of a holdout: a fit to what was before is judged by them. 0 takes a third of the history, in whole weeks and at
    /// most `horizon_days`.
    pub holdout_days: u32,
    /// How many holdouts there are. The last ends with the data, each other half a holdout earlier.
    pub holdout_origins: u32,
    /// First day that the published fit does not read, such as `1997-10-01`: what comes after is its holdout, and there is
    /// no other one. For reproducing what was published elsewhere; left out, every day is read.
    pub calibration_end: Option<String>,
    /// Whether the first purchase counts in a customer's mean spend. Often it differs from later ones.
    pub first_purchase_in_spend: bool,
    /// Fewest customers with a purchase for a fit.
    pub min_customers: u32,
    /// Fewest customers with a second purchase for a fit.
    pub min_repeaters: u32,
    /// Groups of customers with fits of their own, drawn towards the fit of everybody.
    pub stratum: Stratum,
    /// Groups of fewer customers than this are put together as `other`.
    pub stratum_min_customers: u32,
    /// What of a customer's beginning may move the rates: `region`, `channel`, `category` of the first order.
    pub covariates: Vec<Covariate>,
    /// Values of a covariate that fewer customers have are put together as `other`.
    pub covariate_min_customers: u32,
    /// Days of one opportunity to buy, for the model `bg_bb`: 365 where people give or renew once a year. 0 is off.
    pub opportunity_days: u32,
    /// Draws of the parameters for the intervals of totals.
    pub draws: u32,
    /// Seed of the draws.
    pub seed: u32,
}

impl Default for LifetimeValue {
    fn default() -> Self {
        LifetimeValue {
            enabled: true,
            horizon_days: 365,
            annual_discount_rate: "0.10".into(),
            time_unit: TimeUnit::Day,
            model: ModelChoice::Auto,
            candidates: Candidate::ALL.to_vec(),
            holdout_days: 0,
            holdout_origins: 2,
            calibration_end: None,
            first_purchase_in_spend: false,
            min_customers: 200,
            min_repeaters: 50,
            stratum: Stratum::None,
            stratum_min_customers: 30,
            covariates: Vec::new(),
            covariate_min_customers: 100,
            opportunity_days: 0,
            draws: 100,
            seed: 1,
        }
    }
}

/// A type with one name a variant, in the pipeline file and in tables alike.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant),+
        }

        impl $type {
            /// Every one, in the order of the list.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// The name in the pipeline file and in tables.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }
        }
    };
}
pub(super) use named;

named! {
    /// The unit of time of published parameters.
    TimeUnit {
        /// Days.
        Day = "day",
        /// Weeks of seven days.
        Week = "week",
    }
}

impl TimeUnit {
    /// Days in one.
    pub fn days(self) -> i32 {
        match self {
            TimeUnit::Day => 1,
            TimeUnit::Week => 7,
        }
    }
}

named! {
    /// A model of purchases in continuous time.
    Candidate {
        /// Everybody buys for ever (Ehrenberg).
        Nbd = "nbd",
        /// A customer may leave after a repeat purchase (Fader, Hardie and Lee).
        BgNbd = "bg_nbd",
        /// A customer may leave after any purchase, also the first (Batislam and others).
        MbgNbd = "mbg_nbd",
        /// A customer may leave at any time (Schmittlein, Morrison and Colombo).
        ParetoNbd = "pareto_nbd",
        /// `bg_nbd` with gaps that are twice as regular (Platzer and Reutterer).
        BgCnbd2 = "bg_cnbd_2",
        /// `bg_nbd` with more regular gaps.
        BgCnbd3 = "bg_cnbd_3",
        /// `bg_nbd` with still more regular gaps.
        BgCnbd4 = "bg_cnbd_4",
        /// `mbg_nbd` with gaps that are twice as regular.
        MbgCnbd2 = "mbg_cnbd_2",
        /// `mbg_nbd` with more regular gaps.
        MbgCnbd3 = "mbg_cnbd_3",
        /// `mbg_nbd` with still more regular gaps.
        MbgCnbd4 = "mbg_cnbd_4",
    }
}

named! {
    /// The model that is used: the best of the candidates, or always the same.
    ModelChoice {
        /// The candidate that is best in the holdouts.
        Auto = "auto",
        /// See `candidates`.
        Nbd = "nbd",
        /// See `candidates`.
        BgNbd = "bg_nbd",
        /// See `candidates`.
        MbgNbd = "mbg_nbd",
        /// See `candidates`.
        ParetoNbd = "pareto_nbd",
        /// See `candidates`.
        BgCnbd2 = "bg_cnbd_2",
        /// See `candidates`.
        BgCnbd3 = "bg_cnbd_3",
        /// See `candidates`.
        BgCnbd4 = "bg_cnbd_4",
        /// See `candidates`.
        MbgCnbd2 = "mbg_cnbd_2",
        /// See `candidates`.
        MbgCnbd3 = "mbg_cnbd_3",
        /// See `candidates`.
        MbgCnbd4 = "mbg_cnbd_4",
        /// Purchases or none at regular opportunities (Fader, Hardie and Shang); needs `opportunity_days`.
        BgBb = "bg_bb",
    }
}

named! {
    /// What groups of customers have fits of their own.
    Stratum {
        /// None: one fit of everybody.
        None = "none",
        /// The customer's region, or else the first order's.
        Region = "region",
        /// The channel of the first order.
        Channel = "channel",
        /// The category of most of the first order day's spend.
        Category = "category",
        /// The month of the first order.
        AcquisitionMonth = "acquisition_month",
    }
}

named! {
    /// What may move the rates of a customer.
    Covariate {
        /// The customer's region, or else the first order's.
        Region = "region",
        /// The channel of the first order.
        Channel = "channel",
        /// The category of most of the first order day's spend.
        Category = "category",
    }
}
