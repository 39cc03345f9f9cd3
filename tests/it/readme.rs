//! The README is true: its commands run on the sample and print what it shows, its pipeline files are valid, its links and
//! test names lead somewhere, and continuous integration runs its test command.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_patronage");
const RUN: &str = "cargo run --release --locked --";
const TEST: &str = "cargo test --release --locked";

/// A fenced block: its language, and its lines.
#[derive(Debug, PartialEq)]
struct Block {
    language: String,
    text: String,
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

/// The part of a page from the heading `## title` to the next one of that rank.
fn section<'p>(page: &'p str, title: &str) -> &'p str {
    let start = page.find(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("the README has no section `{title}`"));
    let body = &page[start + 1..];
    &body[..body.find("\n## ").unwrap_or(body.len())]
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(language), None) => open = Some(Block { language: language.to_owned(), text: String::new() }),
            (None, Some(block)) => open = Some(Block { text: block.text + line + "\n", ..block }),
            (None, None) => {}
        }
    }
    assert_eq!(open, None, "a block of the README is not closed");
    blocks
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        // What somebody ran in the repository is no part of it.
        if entry.file_name() == "out" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// The repository as the README's reader sees it: the sample and the SQL files.
fn clone() -> tempfile::TempDir {
    let clone = tempfile::tempdir().unwrap();
    for folder in ["sample-data", "sql"] {
        copy(&repository().join(folder), &clone.path().join(folder));
    }
    clone
}

/// What bash prints for `script` in `folder`, stdout and stderr in one text; it must end well.
fn shell(script: &str, folder: &Path) -> String {
    let binary = Path::new(BINARY).parent().unwrap();
    let path = format!("{}:{}", binary.display(), env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PATRONAGE_")) {
        command.env_remove(name);
    }
    let script = format!("exec 2>&1\n{script}");
    let output = command.args(["-euc", &script]).current_dir(folder).env("PATH", path).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{script}ended with {}:\n{said}", output.status);
    said
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether `line` is `shown`, where `...` stands for anything.
fn is_shown(line: &str, shown: &str) -> bool {
    let Some((head, rest)) = shown.split_once("...") else { return line == shown };
    let Some(tail) = line.strip_prefix(head) else { return false };
    tail.char_indices().map(|(at, _)| at).chain([tail.len()]).any(|at| is_shown(&tail[at..], rest))
}

/// Every line that the README shows must be among those that were printed; blanks count as one.
fn assert_shown(said: &str, shown: &str) {
    let said: Vec<String> = said.lines().map(words).collect();
    for wanted in shown.lines().map(words).filter(|line| !line.is_empty()) {
        let found = said.iter().any(|line| is_shown(line, &wanted));
        assert!(found, "the README shows\n{wanted}\nbut this was printed:\n{}", said.join("\n"));
    }
}

#[test]
fn the_first_command_runs_the_sample() {
    let readme = page("README.md");
    let blocks = blocks(section(&readme, "Two commands"));
    let clone = clone();
    let run = blocks[0].text.trim().strip_prefix(RUN).expect("the first command is another");
    assert_shown(&shell(&format!("patronage{run}\n"), clone.path()), &blocks[1].text);
    assert_eq!(blocks[2].text.trim(), TEST);
}

#[test]
fn the_tour_prints_what_it_shows() {
    let readme = page("README.md");
    let blocks = blocks(section(&readme, "A tour on the sample"));
    let clone = clone();
    let sample = clone.path().join("sample-data");
    shell("patronage run\n", &sample);
    let mut said = String::new();
    let mut commands = 0;
    // The first block enters the folder.
    for block in &blocks[1..] {
        match block.language.as_str() {
            "sh" => {
                said = shell(&block.text, &sample);
                commands += 1;
            }
            "text" => assert_shown(&said, &block.text),
            other => panic!("a block of the tour is `{other}`"),
        }
    }
    assert!(commands >= 8, "only {commands} blocks of commands were found");
}

#[test]
fn what_the_readme_maps_is_a_valid_pipeline_file() {
    const PROJECT: &str = "[project]\nname = \"shop\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Berlin\"\n";
    const TRANSACTIONS: &str =
        "[inputs.transactions]\nfiles = [\"a.csv\"]\n[inputs.transactions.columns]\nts = \"t\"\namount = \"a\"\n";
    let readme = page("README.md");
    let blocks = blocks(section(&readme, "Your own exports"));
    let files: Vec<&Block> = blocks.iter().filter(|block| block.language == "toml").collect();
    assert!(files.len() >= 5, "{} pipeline files were found", files.len());
    for block in files {
        let mut text = block.text.clone();
        for (header, part) in [("[project]", PROJECT), ("[inputs.transactions]", TRANSACTIONS)] {
            if !text.contains(header) {
                text = format!("{part}{text}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("patronage.toml"), text).unwrap();
        // The mapping is resolved before the exports are looked for, and here there are none: exit code 4, and not 3.
        let said = shell("patronage plan || echo \"exit code $?\"\n", folder.path());
        assert_shown(&said, "exit code 4");
    }
}

/// Targets of `[text](target)` that are no web addresses.
fn links(page: &str) -> BTreeSet<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets
        .filter(|target| !target.contains("://"))
        .map(|target| target.split('#').next().unwrap().to_owned())
        .collect()
}

#[test]
fn links_lead_to_files() {
    let docs = [
        "docs/affinity.md",
        "docs/attrition.md",
        "docs/decisions.md",
        "docs/lifetime-value.md",
        "docs/three-customers.md",
    ];
    for name in ["README.md", "ARCHITECTURE.md", "sample-data/README.md"].into_iter().chain(docs) {
        let links = links(&page(name));
        assert!(!links.is_empty(), "{name} has no links");
        let folder = repository().join(name).parent().unwrap().to_path_buf();
        for link in links.iter().filter(|link| !link.is_empty()) {
            assert!(folder.join(link).exists(), "{name} links to `{link}`, which is not there");
        }
    }
}

/// The source file that holds the module `path`, and what follows it in the path.
fn source(path: &str) -> Option<(PathBuf, String)> {
    let names: Vec<&str> = path.split("::").collect();
    let (root, names) = match names[0] {
        "it" | "faults" => (repository().join("tests").join(names[0]), &names[1..]),
        _ => (repository().join("src"), &names[..]),
    };
    (1..=names.len()).rev().find_map(|length| {
        let module = names[..length].iter().fold(root.clone(), |path, name| path.join(name));
        let file = [module.with_extension("rs"), module.join("mod.rs")].into_iter().find(|file| file.is_file())?;
        Some((file, names[length..].join("::")))
    })
}

#[test]
fn each_promise_names_tests_that_exist() {
    let readme = page("README.md");
    let promises = section(&readme, "Promises, and what proves them");
    let mut proofs = 0;
    for row in promises.lines().filter(|line| line.starts_with("| ")) {
        let proof = row.rsplit('|').nth(1).unwrap();
        for name in proof.split('`').skip(1).step_by(2).filter(|name| name.contains("::")) {
            let (file, rest) = source(name).unwrap_or_else(|| panic!("no file holds `{name}`"));
            let text = fs::read_to_string(&file).unwrap();
            let found = match rest.as_str() {
                "" => text.contains("#[test]"),
                "tests" => text.contains("mod tests"),
                test => text.contains(&format!("fn {test}(")),
            };
            assert!(found, "`{name}` is not in {}", file.display());
            proofs += 1;
        }
    }
    assert!(proofs >= 15, "only {proofs} proofs were found");
}

#[test]
fn continuous_integration_runs_the_test_command() {
    let script = page(".ci/run");
    assert!(script.lines().any(|line| line == TEST), "`.ci/run` does not run `{TEST}`");
}

#[test]
fn shown_lines_are_compared_word_by_word() {
    for (line, shown) in
        [("a b", "a b"), ("run 1-x published", "run 1-... published"), ("a b c", "a ..."), ("x a b", "... b")]
    {
        assert!(is_shown(line, shown), "{shown}");
    }
    for (line, shown) in
        [("a b c", "a b"), ("run 1-x held", "run 1-... published"), ("b a", "a ..."), ("a b c", "... b")]
    {
        assert!(!is_shown(line, shown), "{shown}");
    }
}
