//! What `[recommendations]` says, out of `run_params`.

use crate::error::{Error, Result};
use crate::models::Inputs;
use crate::models::affinity::recommend::{AlsOptions, EaseOptions, Method, Options};

/// Methods for what is bought again: always compared, since they cost next to nothing.
const OWN_METHODS: [Method; 3] = [Method::OwnFrequency, Method::OwnDecayed, Method::Replenishment];

/// The share of a short history that the back-test may take.
const HOLDOUT_SHARE: i32 = 4;

/// The section as numbers.
#[derive(Debug)]
pub(super) struct Settings {
    /// Whether there are lists at all.
    pub enabled: bool,
    /// The first day that is not known.
    pub as_of_day: i32,
    /// Days without a sale after which a product is no longer sold; none when that does not matter.
    pub unsold_days: Option<i32>,
    /// All that the mathematics wants to know.
    pub options: Options,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when a parameter is missing.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Settings> {
        let params = inputs.table("run_params")?;
        let missing = |name: &str| Error::internal(format!("`run_params.{name}` has no value"));
        let whole = |name: &str| params.whole(name)?.first().copied().flatten().ok_or_else(|| missing(name));
        let size = |name: &str| whole(name).map(|value| usize::try_from(value).unwrap_or_default());
        let days = |name: &str| whole(name).map(|value| u32::try_from(value).unwrap_or_default());
        let enabled = params.boolean("rec_enabled")?.first().copied().flatten();
        let enabled = enabled.ok_or_else(|| missing("rec_enabled"))?;
        let names = params.text("rec_candidates")?.first().copied().flatten().unwrap_or_default();
        let mut methods: Vec<Method> = OWN_METHODS.to_vec();
        for name in names.split(' ').filter(|name| !name.is_empty()) {
            methods.push(Method::parse(name).ok_or_else(|| Error::internal(format!("there is no method `{name}`")))?);
        }
        let as_of_day = i32::try_from(whole("as_of_day")?).unwrap_or_default();
        let unsold_days = i32::try_from(whole("rec_unsold_days")?).unwrap_or(i32::MAX);
        let defaults = Options::default();
        Ok(Settings {
            enabled,
            as_of_day,
            unsold_days: (unsold_days > 0).then_some(unsold_days),
            options: Options {
                as_of_day,
                holdout_days: days("rec_horizon_days")?,
                min_buyers: days("rec_min_buyers")?,
                min_test_customers: size("rec_min_test_customers")?,
                methods,
                neighbours: size("rec_neighbours")?,
                half_life_days: f64::from(days("rec_half_life_days")?),
                ease: EaseOptions {
                    lambda: f64::from(days("rec_ease_lambda")?),
                    max_products: size("rec_ease_max_products")?,
                    ..defaults.ease
                },
                als: AlsOptions {
                    factors: size("rec_als_factors")?,
                    iterations: size("rec_als_iterations")?,
                    seed: u64::from(days("rec_seed")?),
                    ..defaults.als
                },
                list_size: size("rec_list_size")?,
                targets_per_product: size("rec_ctp_size")?,
                contact_cap: size("rec_contact_cap")?,
            },
        })
    }

    /// The horizon and back-test of a history that begins on `first_day`: no longer than a quarter of it, and a day at least.
    pub(super) fn shorten_for(&mut self, first_day: i32) {
        let most = (self.as_of_day - first_day).max(0) / HOLDOUT_SHARE;
        let most = u32::try_from(most).unwrap_or_default().max(1);
        self.options.holdout_days = self.options.holdout_days.min(most);
    }
}
