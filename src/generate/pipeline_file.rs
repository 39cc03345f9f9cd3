//! The `patronage.toml` that goes with the exports: the one that a newcomer reads first.

use super::options::{GenerateOptions, Layout};

/// The text of the pipeline file.
pub(super) fn text(options: &GenerateOptions) -> String {
    let suffix = if options.gzip { ".csv.gz" } else { ".csv" };
    let transactions = match options.layout {
        Layout::Single => format!("transactions{suffix}"),
        Layout::Monthly => format!("transactions_*{suffix}"),
    };
    let variant_of = if options.model.variant_share > 0.0 { VARIANT_OF } else { "" };
    let mut text = TEMPLATE
        .replace("{transactions}", &transactions)
        .replace("{suffix}", suffix)
        .replace("{variant_of}", variant_of)
        .replace("{clicks}", if options.clicks.is_some() { CLICKS } else { "" });
    if options.model.campaigns > 0 {
        text.push_str(&CONTACTS_SENT.replace("{suffix}", suffix));
    }
    if options.model.foreign_currency {
        text.push_str(&FX.replace("{suffix}", suffix));
    }
    if options.contracts.is_some() {
        text.push_str(&CONTRACTS.replace("{suffix}", suffix));
    }
    text.push_str(DECISIONS);
    text
}

const TEMPLATE: &str = include_str!("pipeline_file/inputs.toml");
const VARIANT_OF: &str = "\nvariant_of = \"VariantOf\"        # another size of the same: the two are never a pair";
const CLICKS: &str = include_str!("pipeline_file/clicks.toml");
const CONTACTS_SENT: &str = include_str!("pipeline_file/contacts_sent.toml");
const CONTRACTS: &str = include_str!("pipeline_file/contracts.toml");
const FX: &str = include_str!("pipeline_file/fx.toml");
const DECISIONS: &str = include_str!("pipeline_file/decisions.toml");
