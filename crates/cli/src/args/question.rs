//! `coldtrail query run NAME`: the parameters of a saved question as options, made from its head.
//!
//! Which question it is, and so which options there are, is known once the name is read. So the command line is read
//! twice: first any name is taken as it is, with all that follows; then again, with the question as a subcommand.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, Error, FromArgMatches};
use coldtrail_query::{Catalogue, Parameter, Question};
use coldtrail_report::escape;

use super::{Arguments, Output, Reading, parsed};
use crate::diagnostics::Usage;

/// Asking a saved question.
#[derive(Debug)]
pub(crate) struct QueryRun {
    /// area/name, or the name alone.
    pub(crate) name: String,
    /// The parameters that were given, with their values.
    pub(crate) given: Vec<(String, String)>,
    /// What follows the name, as long as the question is not known.
    pub(crate) rest: Vec<OsString>,
    pub(crate) reading: Reading,
    pub(crate) output: Output,
}

const EXAMPLES: &str = "Examples:
  coldtrail query run triage/failed_actions
  coldtrail query run triage/key_activity --help
  coldtrail query run triage/key_activity --key AKIAIOSFODNN7EXAMPLE --from end-7d
  coldtrail query run exfiltration/objects_read --output csv -o read.csv

`coldtrail query list` lists the questions. Times are 2026-05-01, 2026-05-01T10:00:00Z, start, end, end-7d, or 7d
(before the end of the data).";

/// Names of parameters, and those of before, which some have in their scripts.
pub(crate) const NAMES_BEFORE: &[(&str, &str)] = &[("from", "since"), ("to", "until"), ("actor", "principal")];

/// Tells parameters of the question from options of the program.
const PARAMETER: &str = "parameter ";

impl Args for QueryRun {
    fn augment_args(command: Command) -> Command {
        // Options of reading and output stand before the name or after it.
        Output::augment_args(Reading::augment_args(command))
            .mut_args(|arg| arg.global(true))
            .subcommand_required(true)
            .allow_external_subcommands(true)
            .subcommand_value_name("NAME")
            .override_usage("coldtrail query run [OPTIONS] <NAME> [--PARAMETER VALUE]...")
            .after_help(EXAMPLES)
    }

    fn augment_args_for_update(command: Command) -> Command {
        QueryRun::augment_args(command)
    }
}

impl FromArgMatches for QueryRun {
    fn from_arg_matches(matches: &ArgMatches) -> Result<QueryRun, Error> {
        let (name, of_question) = matches.subcommand().ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        let mut given = Vec::new();
        let mut rest = Vec::new();
        for id in of_question.ids().map(|id| id.as_str()) {
            if id.is_empty() {
                rest.extend(of_question.get_many::<OsString>(id).into_iter().flatten().cloned());
            } else if let Some(parameter) = id.strip_prefix(PARAMETER)
                && of_question.value_source(id) == Some(ValueSource::CommandLine)
            {
                let value: Option<&String> = of_question.get_one(id);
                given.extend(value.map(|value| (parameter.to_owned(), value.clone())));
            }
        }
        let (reading, output) = (Reading::from_arg_matches(matches)?, Output::from_arg_matches(matches)?);
        Ok(QueryRun { name: name.to_owned(), given, rest, reading, output })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = QueryRun::from_arg_matches(matches)?;
        Ok(())
    }
}

impl QueryRun {
    /// The case that is named behind the question.
    pub(crate) fn case(&self) -> Option<PathBuf> {
        let mut words = self.rest.iter();
        while let Some(word) = words.next() {
            if word == OsStr::new("--case") {
                return words.next().map(PathBuf::from);
            }
            if let Some(case) = word.to_str().and_then(|word| word.strip_prefix("--case=")) {
                return Some(PathBuf::from(case));
            }
        }
        None
    }
}

/// Changes `query run`.
fn changed(change: impl FnOnce(Command) -> Command) -> Command {
    Arguments::command().mut_subcommand("query", |query| query.mut_subcommand("run", change))
}

/// The command line, read again with the question that it names; without one, only for the options that every question
/// has. Prints and ends, as clap does, where it is wrong or asks for help.
pub(crate) fn with_question(name: &str, question: Option<&Question>) -> Result<Arguments, Usage> {
    let of_question = match question {
        Some(question) => command(name, question)?,
        // Any options: that there is no such question is said later.
        None => Command::new(name.to_owned()).arg(
            Arg::new("")
                .value_parser(clap::value_parser!(OsString))
                .num_args(0..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .hide(true),
        ),
    };
    let command = changed(|run| run.allow_external_subcommands(false).subcommand(of_question));
    Ok(parsed(&command))
}

/// The command line with the names of the questions as values, and all their parameters as options, for completion:
/// which question has which is not told there.
pub(crate) fn with_names(catalogue: &Catalogue) -> Command {
    let value = |q: &Question| PossibleValue::new(q.name.clone()).help(escape::terminal(&q.title).into_owned());
    let names = PossibleValuesParser::new(catalogue.questions.iter().map(value));
    let mut parameters: Vec<&Parameter> =
        catalogue.questions.iter().flat_map(|question| &question.parameters).collect();
    parameters.sort_by_key(|parameter| &parameter.name);
    parameters.dedup_by_key(|parameter| &parameter.name);
    changed(|run| {
        run.allow_external_subcommands(false)
            .subcommand_required(false)
            .arg(Arg::new("name").value_name("NAME").value_parser(names))
            .args(parameters.into_iter().map(|parameter| option(parameter).required(false)))
    })
}

/// A question as a command. Its texts may be those of a case that came from somebody else.
fn command(name: &str, question: &Question) -> Result<Command, Usage> {
    let taken = |parameter: &Parameter| {
        let common = Arguments::command();
        let own = QueryRun::augment_args(Command::new("run"));
        let is = |arg: &Arg| arg.get_long() == Some(&*parameter.name);
        parameter.name == "help"
            || parameter.name == "version"
            || common.get_arguments().chain(own.get_arguments()).any(is)
    };
    let safe = |text: &str| escape::terminal(text).into_owned();
    let mut command = Command::new(name.to_owned())
        .about(safe(&question.title))
        .long_about(format!("{}\n{}", safe(&question.title), safe(&question.question)))
        .after_help(question.traps.iter().map(|trap| format!("Trap: {}", safe(trap))).collect::<Vec<_>>().join("\n"));
    for parameter in &question.parameters {
        if taken(parameter) {
            return Err(Usage {
                what: format!("the question `{}` has a parameter `{}`", question.name, parameter.name),
                hint: Some("that is an option of every question; give it another name in the file".to_owned()),
            });
        }
        command = command.arg(option(parameter));
    }
    Ok(command)
}

fn option(parameter: &Parameter) -> Arg {
    let mut about = escape::terminal(&parameter.about).into_owned();
    if let Some(default) = &parameter.default {
        about.push_str(&format!(" [default: {}]", escape::terminal(default)));
    }
    let option = Arg::new(format!("{PARAMETER}{}", parameter.name));
    let option = match parameter.values.as_slice() {
        [] => option,
        values => {
            let known =
                values.iter().map(String::as_str).chain(["null"]).map(|value| PossibleValue::new(value.to_owned()));
            option.value_parser(PossibleValuesParser::new(known))
        }
    };
    let before = NAMES_BEFORE.iter().find(|(now, _)| *now == parameter.name).map(|(_, before)| *before);
    option
        .long(parameter.name.clone())
        .aliases(before)
        .value_name(parameter.kind.name().to_uppercase())
        .help(about)
        .help_heading("Parameters")
        .required(parameter.default.is_none())
        // Whatever stands in a log can be asked for.
        .allow_hyphen_values(true)
        .overrides_with(format!("{PARAMETER}{}", parameter.name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_built_in_question_is_a_command() {
        for question in &Catalogue::built_in().unwrap().questions {
            let of_question = command(&question.name, question).unwrap();
            changed(|run| run.allow_external_subcommands(false).subcommand(of_question)).debug_assert();
        }
        with_names(&Catalogue::built_in().unwrap()).debug_assert();
    }

    #[test]
    fn a_parameter_that_is_an_option_already_is_refused() {
        for name in ["output", "json", "memory", "help", "case"] {
            let head =
                format!("-- title: t\n-- question: q?\n-- sources: cloudtrail\n-- parameter: {name} text\nselect 1");
            let question = Question::parse("own/x", &head).unwrap();
            assert!(command("x", &question).is_err(), "{name}");
        }
    }
}
