//! The binary `coldtrail`: arguments, then settings, then one file per verb.

mod args;
mod commands;
mod diagnostics;
mod file;
mod output;
mod own;
mod screen;
mod settings;
mod terminal;
mod trusted;
mod waiting;

use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::Arguments;
use crate::settings::Settings;

// Ingest allocates and frees columns of many sizes on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_to_ourselves();
    let arguments = args::parsed(&Arguments::command());
    let json = arguments.common.json;
    let arguments = match commands::read_again(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return diagnostics::fail(&error, json),
    };
    let json = arguments.common.json;
    match Settings::new(&arguments).and_then(|settings| commands::run(arguments.command, &settings)) {
        Ok(status) => status.into(),
        Err(error) => diagnostics::fail(&error, json),
    }
}

/// What is made is for its owner only, also by libraries that write into the case: Delta's logs, DataFusion's spill.
fn keep_to_ourselves() {
    #[cfg(unix)]
    {
        use rustix::fs::Mode;
        let _of_who_called = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    }
}
