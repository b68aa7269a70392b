//! The logs that the user defines: files `<name>.toml` in the folder that COLDTRAIL_SOURCES names, and in the folder
//! `sources` of the case. What is wrong with one of them is said, and costs nothing else.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use coldtrail_evidence::inside::{self, Use};
use coldtrail_evidence::{Case, hash};
use coldtrail_query::{OwnColumn, OwnView};
use coldtrail_sources::{Definition, Definitions, FieldType};
use serde_json::{Value, json};

use crate::settings::Settings;
use crate::terminal;

/// The folder of a case.
const FOLDER: &str = "sources";

/// The most bytes of a file that can be a definition.
const MAX: u64 = 1 << 20;

/// The most files that are looked at in a folder.
const FILES: usize = 1_000;

/// A file with a definition.
pub(crate) struct OwnFile {
    pub(crate) path: PathBuf,
    /// Of its bytes.
    pub(crate) sha256: String,
    pub(crate) definition: Arc<Definition>,
    view: OwnView,
}

/// The definitions that are in force.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) files: Vec<OwnFile>,
}

impl Own {
    /// Those of the user, then those of the case, which may be somebody else's: of two of one name, the first counts.
    pub(crate) fn of(case: Option<&Case>, settings: &Settings) -> Result<Own> {
        let (mut own, mut refused) = (Own::default(), Vec::new());
        if let Some(folder) = &settings.sources {
            own.add(folder, |path| fs_err::File::open(path), &mut refused);
        }
        if let Some(case) = case {
            let (root, folder) = (case.root(), case.root().join(FOLDER));
            match inside::has_folder(root, &folder) {
                Ok(true) => own.add(&folder, |path| inside::open(root, path, Use::Read), &mut refused),
                Ok(false) => {}
                Err(error) => refused.push(format!("{}: {error}", folder.display())),
            }
        }
        for what in refused {
            terminal::warn(settings, format!("a definition of a log is left aside: {what}"))?;
        }
        Ok(own)
    }

    /// Adds the definitions of a folder, by name of file.
    fn add(&mut self, folder: &Path, open: impl Fn(&Path) -> std::io::Result<fs_err::File>, refused: &mut Vec<String>) {
        let paths = match files(folder) {
            Ok(paths) => paths,
            Err(error) => return refused.push(format!("{}: {error}", folder.display())),
        };
        if paths.len() > FILES {
            refused.push(format!("{} has more than {FILES} of them", folder.display()));
        }
        for path in paths.into_iter().take(FILES) {
            match open(&path).map_err(|error| error.to_string()).and_then(text) {
                Ok(text) => match OwnFile::new(path, &text) {
                    Ok(file) => self.push(file, refused),
                    Err(what) => refused.push(what),
                },
                Err(what) => refused.push(format!("{}: {what}", path.display())),
            }
        }
    }

    fn push(&mut self, file: OwnFile, refused: &mut Vec<String>) {
        match self.files.iter().find(|other| other.definition.name() == file.definition.name()) {
            Some(other) => refused.push(format!(
                "{}: the name `{}` is that of {}",
                file.path.display(),
                file.definition.name(),
                other.path.display()
            )),
            None => self.files.push(file),
        }
    }

    pub(crate) fn definitions(&self) -> Definitions {
        Definitions::of(self.files.iter().map(|file| Arc::clone(&file.definition)))
    }

    pub(crate) fn views(&self) -> Vec<OwnView> {
        self.files.iter().map(|file| file.view.clone()).collect()
    }

    /// For the custody log: which definitions an action goes by.
    pub(crate) fn noted(&self) -> Value {
        if self.files.is_empty() {
            return json!({});
        }
        let one = |file: &OwnFile| json!({ "name": file.definition.name(), "sha256": file.sha256 });
        json!({ "own_sources": self.files.iter().map(one).collect::<Vec<_>>() })
    }
}

impl OwnFile {
    /// A definition out of a file; else what is wrong with it.
    pub(crate) fn new(path: PathBuf, text: &str) -> std::result::Result<OwnFile, String> {
        let wrong = |what: String| format!("{}: {what}", path.display());
        let definition = Definition::parse(text).map_err(|error| wrong(error.to_string()))?;
        let columns: Vec<_> = definition.fields().map(|(name, kind)| (name.to_owned(), column(kind))).collect();
        let view = OwnView::new(definition.name(), definition.title(), &columns);
        let taken = || wrong(format!("`name`: `{}` is a table or a view already", definition.name()));
        let view = view.ok_or_else(taken)?;
        Ok(OwnFile { sha256: hash::sha256(text.as_bytes()), definition: Arc::new(definition), view, path })
    }

    /// The same of a file that the user names.
    pub(crate) fn read(path: &Path) -> std::result::Result<OwnFile, String> {
        let failed = |what: String| format!("{}: {what}", path.display());
        let file = fs_err::File::open(path).map_err(|error| error.to_string())?;
        OwnFile::new(path.to_owned(), &text(file).map_err(failed)?)
    }
}

fn column(kind: FieldType) -> OwnColumn {
    match kind {
        FieldType::Text => OwnColumn::Text,
        FieldType::Integer => OwnColumn::Integer,
        FieldType::Number => OwnColumn::Number,
        FieldType::Boolean => OwnColumn::Boolean,
        FieldType::Time => OwnColumn::Time,
        FieldType::Json => OwnColumn::Json,
    }
}

/// The files in a folder that may be definitions, by name.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a file of a modest size.
fn text(file: fs_err::File) -> std::result::Result<String, String> {
    let mut bytes = Vec::new();
    file.take(MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX {
        return Err("it has more than 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_bytes| "it is not UTF-8".to_owned())
}
