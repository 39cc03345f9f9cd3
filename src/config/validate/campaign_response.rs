//! `[campaign_response]`: windows of days that there are, a confidence between none and certainty, and plans that add up to
//! something.

use super::super::CampaignResponse;
use super::super::mistake::Mistakes;
use super::campaigns::channels;
use super::{at_least, one_of_words};

/// Ten years: a longer window is a slip of the keyboard.
const MOST_DAYS: u32 = 3_660;

pub(super) fn validate(response: &CampaignResponse, mistakes: &mut Mistakes<'_>) {
    let section = "campaign_response";
    for (key, days) in [("window_days", response.window_days), ("history_days", response.history_days)] {
        within_days(&[section, key], days, mistakes);
    }
    at_least(mistakes, &[section, "min_units"], response.min_units.into(), 2);
    at_least(mistakes, &[section, "narrowest_at_units"], response.narrowest_at_units.into(), 1);
    if !(0.5..1.0).contains(&response.confidence) {
        mistakes.value(
            &[section, "confidence"],
            format!("{} is not a confidence", response.confidence),
            "write a number from 0.5 to below 1: `0.95` is wrong one time in twenty",
        );
    }
    for (name, campaign) in &response.campaigns {
        if let Some(days) = campaign.window_days {
            within_days(&[section, "campaigns", name, "window_days"], days, mistakes);
        }
        let path = [section, "campaigns", name.as_str(), "arms"];
        let shares_are_off = campaign.arms.values().any(|share| !share.is_finite() || *share <= 0.0);
        if shares_are_off || campaign.arms.len() == 1 {
            mistakes.value(
                &path,
                "these are no planned shares",
                "name every arm with a share above 0, for example `{ treat = 0.9, control = 0.1 }`",
            );
        }
    }
    for (channel, window) in &response.attribution {
        one_of_words(mistakes, &[section, "attribution", channel], channel, channels());
        for (key, hours) in [
            ("click_hours", window.click_hours),
            ("open_hours", window.open_hours),
            ("delivery_hours", window.delivery_hours),
        ] {
            if let Some(hours) = hours.filter(|hours| *hours == 0 || *hours > MOST_DAYS * 24) {
                mistakes.value(
                    &[section, "attribution", channel, key],
                    format!("`{key}` is {hours}"),
                    "write 1 or more, for example `120` for five days, or leave it out for no claim",
                );
            }
        }
    }
}

fn within_days(path: &[&str], days: u32, mistakes: &mut Mistakes<'_>) {
    at_least(mistakes, path, days.into(), 1);
    if days > MOST_DAYS {
        let name = path.last().copied().unwrap_or_default();
        mistakes.value(path, format!("`{name}` is {days}"), format!("write {MOST_DAYS} or less"));
    }
}
