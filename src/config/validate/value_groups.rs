//! `[value_groups]` and `[business_case]`: bands that ascend, tiers that exist, shares that are shares.

use super::super::decimal::decimal_e4;
use super::super::mistake::Mistakes;
use super::super::{BusinessCase, Config, ValueGroups};
use super::{at_least, share};

/// The longest tenure that a band may begin at: a hundred years.
const LONGEST_TENURE_DAYS: u32 = 36_525;

pub(super) fn validate(config: &Config, mistakes: &mut Mistakes<'_>) {
    groups(&config.value_groups, mistakes);
    business_case(&config.business_case, mistakes);
}

fn groups(groups: &ValueGroups, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["value_groups", key];
    let bands = &groups.tenure_bands;
    let ascending = bands.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || bands.first() == Some(&0) || bands.last().is_some_and(|&last| last > LONGEST_TENURE_DAYS) {
        mistakes.value(
            &path("tenure_bands"),
            "the bands do not ascend from 1",
            format!("write days that grow, up to {LONGEST_TENURE_DAYS}: `[90, 365, 1095]` makes four bands"),
        );
    }
    at_least(mistakes, &path("peer_weight"), groups.peer_weight.into(), 1);
    at_least(mistakes, &path("min_peers"), groups.min_peers.into(), 1);
    if decimal_e4(&groups.bz_threshold).is_none() {
        mistakes.value(
            &path("bz_threshold"),
            format!("`{}` is not an amount of money", groups.bz_threshold),
            "write decimal text, for example `\"0\"` or `\"-5\"`",
        );
    }
    tiers(&path("mvc_tiers"), &groups.mvc_tiers, mistakes);
    tiers(&path("mgc_tiers"), &groups.mgc_tiers, mistakes);
    share(mistakes, &path("mgc_min_unrealised"), groups.mgc_min_unrealised);
}

fn tiers(path: &[&str], tiers: &[u8], mistakes: &mut Mistakes<'_>) {
    if let Some(tier) = tiers.iter().find(|tier| !(1..=5).contains(*tier)) {
        mistakes.value(path, format!("there is no tier {tier}"), "tiers run from 1 (best) to 5");
    }
}

fn business_case(case: &BusinessCase, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["business_case", key];
    // Without a discount, customers who never lapse would be worth infinitely much.
    if !(case.discount_rate > 0.0 && case.discount_rate <= 1.0) {
        mistakes.value(
            &path("discount_rate"),
            format!("{} is not a discount", case.discount_rate),
            "write more than 0 and at most 1: `0.1` is ten per cent a year",
        );
    }
    share(mistakes, &path("lapse_fall"), case.lapse_fall);
    share(mistakes, &path("order_size_rise"), case.order_size_rise);
    share(mistakes, &path("cost_fall"), case.cost_fall);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::error::ErrorKind;

    const SMALLEST: &str = "[project]\nname = \"shop\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\n\
        files = [\"a.csv\"]\n[inputs.transactions.columns]\nts = \"date\"\namount = \"paid\"\n";

    fn message(more: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patronage.toml");
        std::fs::write(&path, format!("{SMALLEST}{more}\n")).unwrap();
        let error = crate::config::load(&path).err()?;
        assert_eq!(error.kind(), ErrorKind::Config);
        Some(error.message().to_owned())
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (more, expected) in [
            ("[value_groups]\ntenure_bands = [365, 90]", "the bands do not ascend from 1"),
            ("[value_groups]\ntenure_bands = [0, 90]", "the bands do not ascend from 1"),
            ("[value_groups]\ntenure_bands = [90, 4000000000]", "the bands do not ascend from 1"),
            ("[value_groups]\npeer_weight = 0", "`peer_weight` is 0"),
            ("[value_groups]\nmin_peers = 0", "`min_peers` is 0"),
            ("[value_groups]\nbz_threshold = \"none\"", "`none` is not an amount of money"),
            ("[value_groups]\nmvc_tiers = [0]", "there is no tier 0"),
            ("[value_groups]\nmgc_tiers = [1, 6]", "there is no tier 6"),
            ("[value_groups]\nmgc_min_unrealised = 1.5", "1.5 is not a share"),
            ("[business_case]\ndiscount_rate = 0.0", "0 is not a discount"),
            ("[business_case]\ndiscount_rate = nan", "NaN is not a discount"),
            ("[business_case]\nlapse_fall = -0.1", "-0.1 is not a share"),
        ] {
            assert_eq!(message(more).as_deref(), Some(expected), "{more}");
        }
    }

    #[test]
    fn what_can_be_meant_is_taken() {
        for more in [
            "[value_groups]\ntenure_bands = []",
            "[value_groups]\nbz_threshold = \"-5.50\"\nmvc_tiers = []\nmgc_tiers = [1, 2, 3]\nhysteresis = true",
            "[business_case]\ndiscount_rate = 1.0\nlapse_fall = 0.0",
        ] {
            assert_eq!(message(more), None, "{more}");
        }
    }
}
