//! The case directory: where everything lies, how it is made and how it is found.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::inside;
use crate::open::Streams;

/// The version of the layout. A case with a higher one is not opened.
const FORMAT: u32 = 1;

/// A directory with everything about one investigation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Case(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    description: Description,
    streams: Mutex<Streams>,
    /// Folders outside the case that its evidence may be read from, by their real paths.
    trusted: RwLock<Vec<PathBuf>>,
}

/// What `case.toml` says.
#[derive(Debug, Serialize, Deserialize)]
struct Description {
    format: u32,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    created: String,
}

/// What a case is told at its beginning.
#[derive(Debug, Clone, Copy)]
pub struct NewCase<'a> {
    /// How people call it.
    pub name: &'a str,
    /// Who works on it.
    pub operator: Option<&'a str>,
    /// The number under which it is known elsewhere.
    pub reference: Option<&'a str>,
    /// When it was made, RFC 3339; the caller reads the clock.
    pub created: &'a str,
}

impl Case {
    /// Makes a case. The directory may exist and hold other things, but no case. On Unix only the owner can enter
    /// what is made here: logs name people and their addresses.
    pub fn init(root: &Path, new: &NewCase<'_>) -> Result<Case> {
        if root.join("case.toml").symlink_metadata().is_ok() {
            return Err(Error::CaseExists { root: root.to_path_buf() });
        }
        let was_empty = match fs::read_dir(root) {
            Ok(mut entries) => entries.next().is_none(),
            Err(_not_there) => false,
        };
        for folder in ["", "evidence", "evidence/objects", "lake", "reports"] {
            make_private_dir(&root.join(folder))?;
        }
        // What lies in it already may be meant for others; whoever calls can ask and say so.
        if was_empty {
            close_to_others(root);
        }
        let description = Description {
            format: FORMAT,
            name: new.name.to_owned(),
            operator: new.operator.map(str::to_owned),
            reference: new.reference.map(str::to_owned),
            created: new.created.to_owned(),
        };
        let path = root.join("case.toml");
        let text = toml::to_string(&description).expect("a flat table of texts is always TOML");
        // Last, and whole or not at all: what has no case.toml is no case.
        inside::replace(root, &path, text.as_bytes()).map_err(Error::io("write", &path))?;
        Case::open(root)
    }

    /// Opens the case in exactly this directory.
    pub fn open(root: &Path) -> Result<Case> {
        let path = root.join("case.toml");
        if !path.is_file() {
            return Err(Error::NoCase { start: root.to_path_buf() });
        }
        let root = fs::canonicalize(root).map_err(Error::io("open", root))?;
        let text = inside::read(&root, &root.join("case.toml")).map_err(Error::io("read", &path))?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let description: Description =
            toml::from_str(&text).map_err(|source| Error::CaseFile { path: path.clone(), source: Box::new(source) })?;
        if description.format > FORMAT {
            return Err(Error::CaseFormat { path, found: description.format, known: FORMAT });
        }
        Ok(Case(Arc::new(Inner { root, description, streams: Mutex::default(), trusted: RwLock::default() })))
    }

    /// Finds the case that a directory belongs to: itself or the nearest above, as git does.
    pub fn find(start: &Path) -> Result<Case> {
        let absolute = fs::canonicalize(start).map_err(|error| no_case(start, error))?;
        let mut refused = None;
        let root = absolute.ancestors().find(|dir| match fs::metadata(dir.join("case.toml")) {
            Ok(about) => about.is_file(),
            Err(error) => {
                refused = refused.take().or((error.kind() == ErrorKind::PermissionDenied).then_some(error));
                false
            }
        });
        match root {
            Some(root) => Case::open(root),
            None => Err(no_case(start, refused.unwrap_or(ErrorKind::NotFound.into()))),
        }
    }

    /// Lets evidence that was added in place be read from these folders and files, given by their real paths. A
    /// manifest names any path of the disk, and it may be somebody else's: whoever calls has asked the analyst.
    pub fn trust(&self, folders: Vec<PathBuf>) {
        self.0.trusted.write().unwrap_or_else(PoisonError::into_inner).extend(folders);
    }

    /// The real path of evidence that is read where it is, if that is in the case or in a folder that is trusted.
    pub(crate) fn in_place(&self, path: &Path) -> Result<PathBuf> {
        let real = fs::canonicalize(path).map_err(Error::io("open", path))?;
        let trusted = self.0.trusted.read().unwrap_or_else(PoisonError::into_inner);
        if real.starts_with(self.root()) || trusted.iter().any(|folder| real.starts_with(folder)) {
            return Ok(real);
        }
        Err(Error::Untrusted { path: path.to_path_buf() })
    }

    /// The directory of the case.
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// How people call it.
    pub fn name(&self) -> &str {
        &self.0.description.name
    }

    /// Who works on it.
    pub fn operator(&self) -> Option<&str> {
        self.0.description.operator.as_deref()
    }

    /// The number under which it is known elsewhere.
    pub fn reference(&self) -> Option<&str> {
        self.0.description.reference.as_deref()
    }

    /// When it was made, RFC 3339.
    pub fn created(&self) -> &str {
        &self.0.description.created
    }

    /// What was collected.
    pub fn evidence_dir(&self) -> PathBuf {
        self.root().join("evidence")
    }

    /// The tables made out of it.
    pub fn lake_dir(&self) -> PathBuf {
        self.root().join("lake")
    }

    /// The reports about it.
    pub fn reports_dir(&self) -> PathBuf {
        self.root().join("reports")
    }

    /// Where a query may put what does not fit into memory.
    pub fn spill_dir(&self) -> PathBuf {
        self.lake_dir().join(".spill")
    }

    pub(crate) fn objects_dir(&self) -> PathBuf {
        self.evidence_dir().join("objects")
    }

    /// Where copies lie until they are complete; on the same disk as the objects.
    pub(crate) fn incoming_dir(&self) -> PathBuf {
        self.evidence_dir().join("incoming")
    }

    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.evidence_dir().join("manifest.jsonl")
    }

    pub(crate) fn custody_path(&self) -> PathBuf {
        self.root().join("custody.jsonl")
    }

    /// The place of an object with this hash. Hashes come from our manifest; anything that is not one names no
    /// file.
    pub(crate) fn object_path(&self, sha256: &str) -> PathBuf {
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
        let name = if is_hash { sha256 } else { "not-a-hash" };
        self.objects_dir().join(&name[..2]).join(name)
    }

    pub(crate) fn streams(&self) -> &Mutex<Streams> {
        &self.0.streams
    }
}

pub(crate) fn make_private_dir(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Error::io("make the folder", path))
}

/// Takes the rights of everybody but the owner from a folder. A disk that knows no rights keeps none, and a folder of
/// somebody else's stays as it is: [`is_open_to_others`] tells.
#[cfg(unix)]
pub(crate) fn close_to_others(folder: &Path) {
    if is_open_to_others(folder) {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        let _as_far_as_the_disk_can = fs::set_permissions(folder, private);
    }
}

/// There is nothing of that kind to take.
#[cfg(not(unix))]
pub(crate) fn close_to_others(_folder: &Path) {}

/// May others than its owner enter, read or change a folder?
#[cfg(unix)]
pub fn is_open_to_others(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|about| std::os::unix::fs::MetadataExt::mode(&about) & 0o077 != 0)
}

/// May others than its owner enter, read or change a folder? Nothing here tells.
#[cfg(not(unix))]
pub fn is_open_to_others(_folder: &Path) -> bool {
    false
}

/// To open a file for writing that, if it is made, only its owner can read, whatever the umask.
pub(crate) fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    fs::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file of our own that only its owner can read. What is there under that name goes: it may be a link.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("write", path)(error)),
        _ => {}
    }
    let mut file = private().create_new(true).open(path).map_err(Error::io("write", path))?;
    file.write_all(bytes).map_err(Error::io("write", path))
}
/// Why there is no case: it may be there for others.
fn no_case(start: &Path, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::PermissionDenied => Error::io("open", start)(error),
        _ => Error::NoCase { start: start.to_path_buf() },
    }
}
