//! Does a run folder hold exactly what its manifest says?

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::manifest::{FileEntry, MANIFEST_FILE, Manifest};
use super::parts::part_names;
use crate::error::{Error, ErrorKind, Result};

/// Name of the file that is written last into a run folder: it holds the manifest's hash, as `b3sum` prints it.
pub const SUCCESS_FILE: &str = "_SUCCESS";

/// What [`verify`] found.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The run folder.
    pub run: PathBuf,
    /// Files that were compared with the manifest, and the manifest itself.
    pub files: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What is wrong, sorted by path; empty when the run is whole.
    pub problems: Vec<Problem>,
}

/// One file of a run folder that is not as its manifest says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path inside the run folder, with `/`.
    pub path: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What is wrong with a file of a run folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemKind {
    /// In the manifest, not in the folder.
    Missing,
    /// Its content is not the content that was published.
    Changed,
    /// In the folder, not in the manifest.
    Extra,
    /// The system could not read it.
    Unreadable,
    /// A symbolic link: what it names is not part of the run.
    Symlink,
    /// The manifest cannot be understood.
    NotAManifest,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ProblemKind::Missing => "is missing",
            ProblemKind::Changed => "is not what was published",
            ProblemKind::Extra => "is not in the manifest",
            ProblemKind::Unreadable => "cannot be read",
            ProblemKind::Symlink => "is a symbolic link",
            ProblemKind::NotAManifest => "is not a manifest that this version can read",
        };
        write!(f, "`{}` {what}", self.path.escape_debug())
    }
}

impl Verification {
    /// Whether the run holds exactly what was published.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }

    /// Nothing for a whole run, an error that names the first problems for another.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when the run is not whole.
    pub fn into_result(self) -> Result<()> {
        const SHOWN: usize = 5;
        if self.is_whole() {
            return Ok(());
        }
        let mut words: Vec<String> = self.problems.iter().take(SHOWN).map(Problem::to_string).collect();
        if self.problems.len() > SHOWN {
            words.push(format!("and {} more", self.problems.len() - SHOWN));
        }
        let message = format!("run `{}` is damaged: {}", self.run.display(), words.join(", "));
        Err(Error::new(ErrorKind::Verify, message).hint("restore it from a backup, or make the run again"))
    }
}

/// Hashes every file of the run folder `run` and compares it with the manifest, and the manifest with `_SUCCESS`.
///
/// Whatever is wrong with the folder is a [`Problem`], including that there is none.
pub fn verify(run: &Path) -> Verification {
    let Listing { files: mut present, problems } = Listing::of(run);
    let mut verification = Verification { run: run.to_path_buf(), files: 0, bytes: 0, problems };

    let Some(manifest) = checked_manifest(run, &mut verification) else {
        return verification;
    };
    let compared: Vec<_> = manifest.files.par_iter().map(|(path, entry)| (path, compare(run, path, entry))).collect();
    for (path, outcome) in compared {
        present.remove(path);
        verification.record(path, outcome);
    }
    present.remove(MANIFEST_FILE);
    present.remove(SUCCESS_FILE);
    verification.problems.extend(present.into_iter().map(|path| Problem { path, kind: ProblemKind::Extra }));
    verification.problems.sort();
    verification.problems.dedup();
    verification
}

/// The same for these files of the run alone, or for the parts in folders of these names: for who reads no others.
pub fn verify_files(run: &Path, files: &[String]) -> Verification {
    let mut verification = Verification { run: run.to_path_buf(), files: 0, bytes: 0, problems: Vec::new() };
    if let Some(manifest) = checked_manifest(run, &mut verification) {
        for file in files {
            for (path, entry) in manifest.files_of(file) {
                verification.record(path, compare(run, path, entry));
            }
            // What a reader would take for the file or for a part.
            let parts = part_names(&run.join(file)).ok().flatten();
            let parts = parts.map(|names| names.into_iter().map(|name| format!("{file}/{name}")).collect());
            for path in parts.unwrap_or_else(|| vec![file.clone()]) {
                if !manifest.files.contains_key(&path) {
                    verification.record(&path, Err(ProblemKind::Extra));
                }
            }
        }
    }
    verification.problems.sort();
    verification
}

impl Verification {
    fn record(&mut self, path: &str, outcome: Result<u64, ProblemKind>) {
        match outcome {
            Ok(bytes) => {
                self.files += 1;
                self.bytes += bytes;
            }
            Err(kind) => self.problems.push(Problem { path: path.to_owned(), kind }),
        }
    }
}

/// The manifest, if it is the one that `_SUCCESS` vouches for.
fn checked_manifest(run: &Path, verification: &mut Verification) -> Option<Manifest> {
    let outcome = fs::read(run.join(MANIFEST_FILE)).map_err(|error| kind_of(&error));
    let text = match outcome {
        Ok(text) => text,
        Err(kind) => {
            verification.record(MANIFEST_FILE, Err(kind));
            return None;
        }
    };
    match fs::read(run.join(SUCCESS_FILE)) {
        Ok(success) if success == success_text(&text).as_bytes() => {
            verification.record(MANIFEST_FILE, Ok(text.len() as u64));
        }
        // One of the two was changed; which one cannot be told.
        Ok(_) => {
            verification.record(SUCCESS_FILE, Err(ProblemKind::Changed));
            verification.record(MANIFEST_FILE, Err(ProblemKind::Changed));
        }
        Err(error) => verification.record(SUCCESS_FILE, Err(kind_of(&error))),
    }
    let manifest = Manifest::parse(&text).ok();
    if manifest.is_none() {
        verification.record(MANIFEST_FILE, Err(ProblemKind::NotAManifest));
    }
    manifest
}

/// Content of `_SUCCESS` for this manifest: a line that `b3sum --check _SUCCESS` understands.
pub(super) fn success_text(manifest: &[u8]) -> String {
    format!("{}  {MANIFEST_FILE}\n", blake3::hash(manifest).to_hex())
}

/// Every file of a run folder, as paths from it with `/`, and what stood in the way of finding them.
#[derive(Default)]
struct Listing {
    files: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Listing {
    fn of(run: &Path) -> Listing {
        let mut listing = Listing::default();
        if let Err(error) = listing.add_folder(run, "") {
            listing.problems.push(Problem { path: ".".to_owned(), kind: kind_of(&error) });
        }
        listing
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let file_type = entry.file_type()?;
            if file_type.is_symlink() {
                self.problems.push(Problem { path, kind: ProblemKind::Symlink });
            } else if file_type.is_dir() {
                if let Err(error) = self.add_folder(&entry.path(), &format!("{path}/")) {
                    self.problems.push(Problem { path, kind: kind_of(&error) });
                }
            } else {
                self.files.insert(path);
            }
        }
        Ok(())
    }
}

/// The file's size, if it is as the manifest says.
pub(super) fn compare(run: &Path, path: &str, entry: &FileEntry) -> Result<u64, ProblemKind> {
    let actual = hash_file(&run.join(path)).map_err(|error| kind_of(&error))?;
    if actual == *entry { Ok(actual.bytes) } else { Err(ProblemKind::Changed) }
}

/// Size and hash of a file.
pub(super) fn hash_file(path: &Path) -> io::Result<FileEntry> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        };
    }
    Ok(FileEntry { bytes: hasher.count(), blake3: hasher.finalize().to_hex().to_string() })
}

fn kind_of(error: &io::Error) -> ProblemKind {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ProblemKind::Missing,
        _ => ProblemKind::Unreadable,
    }
}
