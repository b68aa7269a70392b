//! What can be written about kinds of logs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Sources {
    /// List the kinds of logs that are known, and those that you defined.
    List,
    /// Show what a definition would read of a log; nothing is written.
    Check(SourcesCheck),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail sources check sources/secure.toml /mnt/host-1/var/log/secure
  coldtrail sources check nginx.toml access.log access.log.2.gz --json

A definition is a file `sources/<name>.toml` in the case, or in the folder that COLDTRAIL_SOURCES names; docs/own-sources.md
tells what stands in it. Exit status: 0 each record is a row with a time; 2 the definition is wrong; 3 some are not.")]
pub(crate) struct SourcesCheck {
    /// The definition.
    pub(crate) file: PathBuf,
    /// Logs, packed or not.
    #[arg(required = true, value_name = "SAMPLE")]
    pub(crate) samples: Vec<PathBuf>,
}
