//! `cargo xtask simulate`: an organisation with known truth, of any size.

use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use coldtrail_testkit::simulate::{Settings, simulate};

const USAGE: &str = "cargo xtask simulate --seed N --changes N --out DIR [--background N] [--accounts N] [--no-truth]";

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    known(arguments)?;
    let seed = number(arguments, "--seed")?.with_context(|| format!("--seed is missing: {USAGE}"))?;
    let changes = number(arguments, "--changes")?.with_context(|| format!("--changes is missing: {USAGE}"))?;
    let out = value(arguments, "--out").with_context(|| format!("--out is missing: {USAGE}"))?;
    let out = Path::new(out);
    fs_err::create_dir_all(out)?;
    if fs_err::read_dir(out)?.next().is_some() {
        bail!("{} is not empty", out.display());
    }
    let mut settings = Settings::new(seed, changes);
    settings.background = number(arguments, "--background")?;
    settings.accounts = number(arguments, "--accounts")?.unwrap_or(settings.accounts);
    settings.truth = !arguments.iter().any(|argument| argument == "--no-truth");
    let started = Instant::now();
    let summary = simulate(&settings, out)?;
    for (name, count) in summary.counts() {
        println!("{name}: {count}");
    }
    println!("written in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Refuses what is no option, so that a typing error does not simulate something else.
fn known(arguments: &[String]) -> Result<()> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seed" | "--changes" | "--out" | "--background" | "--accounts" => {
                rest.next().with_context(|| format!("{argument} takes a value: {USAGE}"))?;
            }
            "--no-truth" => {}
            other => bail!("`{other}` is no option: {USAGE}"),
        }
    }
    Ok(())
}

fn value<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(String::as_str)
}

fn number<N: FromStr>(arguments: &[String], name: &str) -> Result<Option<N>> {
    let Some(text) = value(arguments, name) else { return Ok(None) };
    let number = text.parse().ok().with_context(|| format!("{name} takes a number, not `{text}`"))?;
    Ok(Some(number))
}
