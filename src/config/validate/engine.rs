//! `[engine]`: what a cluster needs to be found, and what only a cluster needs.

use super::super::mistake::Mistakes;
use super::super::{Engine, EngineKind};

pub(super) fn validate(engine: &Engine, mistakes: &mut Mistakes<'_>) {
    match engine.kind {
        EngineKind::Polars => {
            let settings = [("url", &engine.url), ("token_env", &engine.token_env), ("tables", &engine.tables)];
            for (key, value) in settings {
                if value.is_some() {
                    let message = format!("`engine.{key}` is for a cluster, and SQL runs in this process");
                    mistakes.value(&["engine", key], &message, "set `kind = \"spark\"`, or leave it out");
                }
            }
        }
        EngineKind::Spark => {
            if !cfg!(feature = "spark") {
                let message = "this build of patronage has no client for Spark";
                mistakes.value(&["engine", "kind"], message, "build it with `cargo build --release --features spark`");
            }
            match &engine.url {
                None => {
                    let hint = "add `url = \"sc://host:15002\"`, the address of the Spark Connect server";
                    mistakes.value(&["engine", "kind"], "the address of the cluster is missing", hint);
                }
                Some(url) if url.contains("token=") => {
                    let hint = "put the token into an environment variable and name that in `engine.token_env`";
                    mistakes.value(&["engine", "url"], "a token does not belong into the pipeline file", hint);
                }
                Some(_) => {}
            }
        }
    }
    super::at_least(mistakes, &["engine", "model_rows"], engine.model_rows, 1);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    /// What is said of a pipeline file with this section; nothing of a right one.
    fn mistakes(engine: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patronage.toml");
        let text = format!(
            "[project]\nname = \"x\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\nfiles = [\"a.csv\"]\n\
             [inputs.transactions.columns]\nts = \"t\"\namount = \"a\"\n[engine]\n{engine}\n"
        );
        std::fs::write(&path, text).unwrap();
        crate::config::load(&path).err().map(|error| format!("{error:?}")).unwrap_or_default()
    }

    #[test]
    fn what_is_for_a_cluster_needs_one() {
        assert!(mistakes("url = \"sc://h\"").contains("for a cluster"));
        assert!(mistakes("model_rows = 0").contains("model_rows"));
        assert_eq!(mistakes("model_rows = 5"), "");
    }

    #[test]
    fn a_cluster_has_an_address_and_no_secret_in_the_file() {
        let cases = [
            ("kind = \"spark\"", "address of the cluster"),
            ("kind = \"spark\"\nurl = \"sc://h/;token=abc\"", "does not belong"),
            ("kind = \"spark\"\nurl = \"sc://h\"", ""),
        ];
        for (engine, said) in cases {
            // Of several mistakes the first is shown.
            let said = if cfg!(feature = "spark") { said } else { "no client" };
            let found = mistakes(engine);
            assert!(found.contains(said) && found.is_empty() == said.is_empty(), "{engine}: {found}");
        }
    }
}
