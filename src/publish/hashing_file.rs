//! A new file whose hash is known once it is written.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::disk;
use super::manifest::FileEntry;
use crate::error::Result;

/// A file that knows the hash of what was written to it.
pub(super) struct HashingFile {
    file: File,
    hasher: blake3::Hasher,
}

impl HashingFile {
    pub fn create(path: &Path) -> Result<HashingFile> {
        Ok(HashingFile { file: disk::create_new(path)?, hasher: blake3::Hasher::new() })
    }

    /// Syncs the file, and returns its size and hash.
    pub fn finish(&self, path: &Path) -> Result<FileEntry> {
        disk::sync_file(&self.file, path)?;
        Ok(FileEntry { bytes: self.hasher.count(), blake3: self.hasher.finalize().to_hex().to_string() })
    }
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = disk::write(&self.file, bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
