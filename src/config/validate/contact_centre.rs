//! `[contact_centre]`: spans that make sense, cuts of known parts, each once.

use super::super::ContactCentre;
use super::super::mistake::Mistakes;
use super::{at_least, each_once, one_of_words};

/// Longer windows than ten years are a slip of the keyboard.
const MOST_DAYS: u32 = 3_660;

pub(super) fn validate(centre: &ContactCentre, mistakes: &mut Mistakes<'_>) {
    for (key, value, least, most) in [
        ("window_days", centre.window_days, 1, MOST_DAYS),
        ("recent_days", centre.recent_days, 0, MOST_DAYS),
        ("short_abandon_seconds", centre.short_abandon_seconds, 0, 10),
        ("service_level_seconds", centre.service_level_seconds, 0, 86_400),
        ("repeat_days", centre.repeat_days, 1, 30),
        ("attribution_days", centre.attribution_days, 0, 365),
        ("staffing_weeks", centre.staffing_weeks, 1, MOST_DAYS / 7),
        ("life_event_half_life_days", centre.life_event_half_life_days, 1, MOST_DAYS),
    ] {
        if !(least..=most).contains(&value) {
            mistakes.value(
                &["contact_centre", key],
                format!("`{key}` is {value}"),
                format!("write a whole number from {least} to {most}"),
            );
        }
    }
    at_least(mistakes, &["contact_centre", "min_cases"], centre.min_cases.into(), 2);
    cuts(centre, mistakes);
    let mix: Vec<&str> = centre.agent_mix.iter().map(|part| part.name()).collect();
    each_once(mistakes, &["contact_centre", "agent_mix"], &mix);
    let defects: Vec<&str> = centre.defect_reasons.iter().map(String::as_str).collect();
    each_once(mistakes, &["contact_centre", "defect_reasons"], &defects);
    for (event, category) in &centre.life_events {
        if category.trim().is_empty() {
            mistakes.value(
                &["contact_centre", "life_events", event],
                "the category has no name",
                "write the category of products that it may lead to, or remove the line",
            );
        }
    }
}

fn cuts(centre: &ContactCentre, mistakes: &mut Mistakes<'_>) {
    let names: Vec<&str> = centre.cuts.iter().map(String::as_str).collect();
    each_once(mistakes, &["contact_centre", "cuts"], &names);
    if !names.contains(&"all") {
        mistakes.value(
            &["contact_centre", "cuts"],
            "the cut `all` is missing",
            "add `\"all\"`: the parts of every other cut add up to it",
        );
    }
    for (index, cut) in names.iter().enumerate().filter(|(_, cut)| **cut != "all") {
        let index = index.to_string();
        let path = ["contact_centre", "cuts", index.as_str()];
        let parts: Vec<&str> = cut.split(' ').collect();
        for part in &parts {
            one_of_words(mistakes, &path, part, &ContactCentre::DIMENSIONS);
        }
        each_once(mistakes, &path, &parts);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::error::ErrorKind;

    const SMALLEST: &str = "[project]\nname = \"shop\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.interactions]\n\
        files = [\"a.csv\"]\n[inputs.interactions.columns]\nts_start = \"begin\"\n[contact_centre]\n";

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
            ("short_abandon_seconds = 11", "`short_abandon_seconds` is 11"),
            ("repeat_days = 0", "`repeat_days` is 0"),
            ("repeat_days = 31", "`repeat_days` is 31"),
            ("window_days = 0", "`window_days` is 0"),
            ("min_cases = 1", "`min_cases` is 1"),
            ("cuts = ['queue']", "the cut `all` is missing"),
            ("cuts = ['all', 'queue team']", "unknown value `team`"),
            ("cuts = ['all', 'queue queue']", "a second `queue`"),
            ("cuts = ['all', 'all']", "a second `all`"),
            ("agent_mix = ['tier', 'tier']", "a second `tier`"),
            ("life_events = { baby = '' }", "the category has no name"),
        ] {
            assert_eq!(message(more).as_deref(), Some(expected), "{more}");
        }
    }

    #[test]
    fn what_can_be_meant_is_accepted() {
        for more in ["", "short_abandon_seconds = 10", "cuts = ['all', 'site queue hour']", "agent_mix = []"] {
            assert_eq!(message(more), None, "{more}");
        }
    }
}
