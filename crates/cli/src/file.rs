//! Files that the user wants answers in: a whole one or none, and none that was there is lost.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use coldtrail_evidence::inside;
use coldtrail_report::Out;

use crate::diagnostics::Usage;

/// Refuses a file that is there, unless it may be written over.
pub(crate) fn free(file: &Path, force: bool) -> Result<()> {
    // A link that leads nowhere is there too.
    let is_there = fs_err::symlink_metadata(file).is_ok() && !is_special(file);
    if is_there && !force { Err(there(file)) } else { Ok(()) }
}

fn there(file: &Path) -> anyhow::Error {
    let hint = Some("name another one; --force writes over it".to_owned());
    anyhow!(Usage { what: format!("{} is there already", file.display()), hint })
}

/// Something that is there and no plain file.
pub(crate) fn is_special(file: &Path) -> bool {
    fs_err::metadata(file).is_ok_and(|metadata| !metadata.is_file())
}

/// Writes a file under another name beside it, and gives it its own when it is whole. What is no plain file, such as a
/// pipe, is written as it is.
pub(crate) fn into_file<T>(file: &Path, force: bool, write: impl FnOnce(Out<'_>) -> Result<T>) -> Result<T> {
    free(file, force)?;
    // A link stays a link.
    let target = if file.exists() { fs_err::canonicalize(file)? } else { file.to_owned() };
    if is_special(&target) {
        let mut out = BufWriter::new(fs_err::OpenOptions::new().write(true).open(&target)?);
        let value = write(Box::new(&mut out))?;
        out.flush().with_context(|| target.display().to_string())?;
        return Ok(value);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // For its owner alone, as everything that is made.
    let part = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder);
    let part = part.with_context(|| target.display().to_string())?;
    let mut out = BufWriter::with_capacity(1 << 16, part);
    let value = write(Box::new(&mut out))?;
    let part = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    // The custody log may name it next.
    part.as_file().sync_all().with_context(|| target.display().to_string())?;
    let named = if force { part.persist(&target) } else { part.persist_noclobber(&target) };
    match named {
        Ok(_) => {
            // A folder that one may write into and not read cannot be flushed, and the file is there all the same.
            let _as_far_as_it_goes = inside::sync_folder(folder);
            Ok(value)
        }
        // It came while the answer was written.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(there(file)),
        Err(error) => Err(error.error).with_context(|| target.display().to_string()),
    }
}
