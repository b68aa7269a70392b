//! What a person sees at a terminal: golden screens at three widths, and the shell as it is typed into.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, open};

use crate::support::{golden, root, run, sample_case, sample_folders, skipped};

/// As many lines as any screen here has, so that nothing is paged or scrolls away.
const ROWS: u16 = 1_500;
/// So many lines of a screen stand in its golden file.
const SHOWN: usize = 60;
const BELOW: usize = 12;
const WIDTHS: [u16; 3] = [80, 100, 160];

/// A program at a pseudo-terminal, and what it has written so far.
struct Terminal {
    pty: std::sync::Arc<pty_process::blocking::Pty>,
    child: std::process::Child,
    coming: mpsc::Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    fn new(directory: &Path, arguments: &[&str], (rows, width): (u16, u16), colour: bool, state: &Path) -> Terminal {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, width)).unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
            .args(arguments)
            .current_dir(directory)
            .env_remove("COLDTRAIL_CASE")
            .env_remove("LESS")
            .env("TERM", "xterm-256color")
            .env("USER", "tester")
            // `coldtrail` is found, wherever it was built.
            .env("PATH", path())
            .env("XDG_STATE_HOME", state);
        let command = if colour { command.env_remove("NO_COLOR") } else { command.env("NO_COLOR", "1") };
        let child = command.spawn(pts).unwrap();
        let pty = std::sync::Arc::new(pty);
        let (send, coming) = mpsc::channel();
        let reader = std::sync::Arc::clone(&pty);
        std::thread::spawn(move || {
            let mut bytes = [0; 65_536];
            // At the end of the program the terminal is gone, which is an error here.
            while let Ok(count @ 1..) = (&*reader).read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { pty, child, coming, screen: vt100::Parser::new(rows, width, 0), raw: Vec::new() }
    }

    fn took(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.raw.extend_from_slice(bytes);
    }

    /// Reads to the end of the program; its exit status.
    fn end(&mut self) -> i32 {
        while let Ok(bytes) = self.coming.recv_timeout(Duration::from_secs(120)) {
            self.took(&bytes);
        }
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    fn send(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the screen has this text below what it had when `clear` was last called.
    fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |lines| lines.join("\n").contains(text));
    }

    /// Waits until the shell can be typed into: what is typed before is lost.
    fn wait_for_prompt(&mut self) {
        self.wait_until("prompt", |lines| lines.last().is_some_and(|line| line.ends_with("case>")));
    }

    fn wait_until(&mut self, what: &str, is: impl Fn(&[String]) -> bool) {
        let until = Instant::now() + Duration::from_secs(60);
        while !is(&self.lines()) {
            let left = until.saturating_duration_since(Instant::now());
            match self.coming.recv_timeout(left) {
                Ok(bytes) => self.took(&bytes),
                Err(_) => panic!("no {what} on the screen:\n{}", self.lines().join("\n")),
            }
        }
    }

    fn clear(&mut self) {
        let (rows, width) = self.screen.screen().size();
        self.screen = vt100::Parser::new(rows, width, 0);
    }

    /// The lines of the screen, without what is empty below.
    fn lines(&self) -> Vec<String> {
        let (_, width) = self.screen.screen().size();
        let mut lines: Vec<String> =
            self.screen.screen().rows(0, width).map(|line| line.trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// Is there a line that went over the edge?
    fn wraps(&self) -> bool {
        (0..ROWS.min(self.screen.screen().size().0)).any(|row| self.screen.screen().row_wrapped(row))
    }
}

fn path() -> std::ffi::OsString {
    let here = Path::new(env!("CARGO_BIN_EXE_coldtrail")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(here).chain(std::env::split_paths(&others))).unwrap()
}

/// Is there a pseudo-terminal to be had? Where there is none, the test says so.
fn has_terminal(test: &str) -> bool {
    let has = open().is_ok();
    if !has {
        skipped(test, "a pseudo-terminal");
    }
    has
}

fn screen(directory: &Path, arguments: &[&str], width: u16) -> (String, bool) {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::new(directory, arguments, (ROWS, width), false, state.path());
    terminal.end();
    let mut lines = terminal.lines();
    if lines.len() > SHOWN {
        // What stands below a long table counts too.
        let below = lines.split_off(lines.len() - BELOW);
        let more = lines.split_off(SHOWN - BELOW).len();
        lines.push(format!("({more} more lines)"));
        lines.extend(below);
    }
    (lines.join("\n") + "\n", terminal.wraps())
}

const SCREENS: &[(&str, &[&str])] = &[
    ("status", &["status"]),
    ("failed_actions", &["query", "run", "triage/failed_actions", "-q"]),
    ("key_activity", &["query", "run", "triage/key_activity", "--key", "AKIABACKUP2XXEXAMPLE", "-q"]),
    ("successful_writes", &["query", "run", "triage/successful_writes", "-q"]),
    ("assume_role_edges", &["query", "run", "privilege_escalation/assume_role_edges", "-q"]),
    ("secrets_read", &["query", "run", "credential_access/secrets_read", "-q"]),
    ("open_security_groups", &["query", "run", "config/open_security_groups", "-q"]),
    ("cloudtrail_tampering", &["query", "run", "defense_evasion/cloudtrail_tampering", "-q"]),
    ("bytes_out", &["query", "run", "exfiltration/bytes_out_by_requester", "-q"]),
    ("attack_strings", &["query", "run", "edge/attack_strings", "-q"]),
    ("log_problems", &["query", "run", "evidence/log_problems", "-q"]),
    ("timeline", &["timeline", "--ip", "203.0.113.66", "-q"]),
    ("actor_tree", &["actor", "AKIABACKUP2XXEXAMPLE", "--tree"]),
    ("diff", &["config", "diff", "--all", "--from", "2026-04-08", "--to", "2026-04-10"]),
    ("error", &["sql", "select evntname from cloudtrail"]),
];

#[test]
fn screens_fit_their_terminal() {
    if !has_terminal("screens_fit_their_terminal") {
        return;
    }
    for (name, arguments) in SCREENS {
        for width in WIDTHS {
            let (text, wraps) = screen(sample_case(), arguments, width);
            assert!(!wraps, "{name} at {width}:\n{text}");
            golden(&format!("screens/{name}.{width}.txt"), &text);
        }
    }
}

#[test]
fn the_verdict_fits_its_terminal() {
    if !has_terminal("the_verdict_fits_its_terminal") {
        return;
    }
    // A case of its own: `verify` writes into it.
    let directory = tempfile::tempdir().unwrap();
    let case = crate::support::case_of(directory.path(), &sample_folders(), &[]);
    let keys = root().join("sample-data/public-keys.json");
    for width in WIDTHS {
        let (text, wraps) = screen(&case, &["verify", "-q", "--keys", &keys.to_string_lossy()], width);
        assert!(!wraps, "verify at {width}:\n{text}");
        golden(&format!("screens/verify.{width}.txt"), &text);
    }
}

#[test]
fn the_demonstration_fits_its_terminal() {
    if !has_terminal("the_demonstration_fits_its_terminal") {
        return;
    }
    for width in WIDTHS {
        let directory = tempfile::tempdir().unwrap();
        let sample = root().join("sample-data");
        let (text, wraps) =
            screen(directory.path(), &["demo", "case", "--sample-data", &sample.to_string_lossy(), "-q"], width);
        assert!(!wraps, "demo at {width}:\n{text}");
        let text = text.replace(&*directory.path().canonicalize().unwrap().to_string_lossy(), "<here>");
        golden(&format!("screens/demo.{width}.txt"), &text);
    }
}

#[test]
fn help_fits_and_has_examples() {
    if !has_terminal("help_fits_and_has_examples") {
        return;
    }
    let all = run(sample_case(), &["--help"]).expect(0).stdout;
    let verbs = all.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let verbs: Vec<&str> = verbs
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .collect();
    let verbs: Vec<&str> = verbs.into_iter().filter(|verb| !verb.is_empty()).collect();
    assert!(verbs.contains(&"shell") && verbs.len() > 18, "{verbs:?}");
    for verb in verbs.iter().filter(|verb| **verb != "help") {
        for width in WIDTHS {
            let (text, wraps) = screen(sample_case(), &[verb, "--help"], width);
            assert!(!wraps, "{verb} --help at {width}:\n{text}");
            let whole = run(sample_case(), &[verb, "--help"]).expect(0).stdout;
            assert!(whole.contains("Example") || whole.contains("Commands:"), "{whole}");
            if width == 100 {
                golden(&format!("screens/help/{verb}.txt"), &text);
            }
        }
    }
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    if !has_terminal("colour_is_for_terminals_that_want_it") {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let shown = |arguments: &[&str], colour: bool| {
        let mut terminal = Terminal::new(sample_case(), arguments, (ROWS, 100), colour, state.path());
        terminal.end();
        String::from_utf8_lossy(&terminal.raw).into_owned()
    };
    let question = ["query", "run", "triage/failed_actions", "-q"];
    assert!(shown(&question, true).contains("\u{1b}[31mdenied"));
    assert!(!shown(&question, false).contains('\u{1b}'));
    golden("screens/failed_actions.100.colour.txt", &shown(&question, true).replace('\r', "").replace('\u{1b}', "ESC"));
    let diff = ["config", "diff", "--all", "--from", "2026-04-08", "--to", "2026-04-10"];
    assert!(shown(&diff, true).contains("\u{1b}[32m"), "what is new is green");
    let sample = root().join("sample-data").to_string_lossy().into_owned();
    let demo = tempfile::tempdir().unwrap();
    let case = demo.path().join("case").to_string_lossy().into_owned();
    let demo = shown(&["demo", &case, "--sample-data", &sample, "-q"], true);
    assert!(demo.contains("\u{1b}[1m") && !demo.contains("\\u{1b}["), "{demo}");
    // At a terminal too, JSON is one object, and no pager takes a part of it.
    let json = shown(&["query", "run", "triage/failed_actions", "--json"], false);
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
    assert!(!run(sample_case(), &question).stdout.contains('\u{1b}'), "a pipe is no terminal");
}

/// What is typed into the shell, and what it answers.
#[test]
fn the_shell_as_it_is_typed_into() {
    if !has_terminal("the_shell_as_it_is_typed_into") {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let once = state.path().join("once.csv");
    let begin = || {
        let mut terminal = Terminal::new(sample_case(), &["shell"], (40, 100), false, state.path());
        terminal.wait_for_prompt();
        terminal
    };
    let mut shell = begin();
    // What is ended by Enter or Ctrl-C brings the prompt back.
    let ask = |shell: &mut Terminal, text: &str, answer: &str| {
        shell.clear();
        shell.send(text);
        shell.wait_for(answer);
        if text.ends_with(['\r', '\u{3}']) && answer != "here" {
            shell.wait_for_prompt();
        }
    };
    // A table, a field, a question, its parameter and its values.
    ask(&mut shell, "select * from cloudtrail_d\t", "from cloudtrail_digests");
    // Ctrl-C takes back what was written, and what was typed ahead.
    ask(&mut shell, "\u{3}", "case>");
    ask(&mut shell, "select useridentity.accessk\t", "useridentity.accesskeyid");
    ask(&mut shell, "\u{3}", "case>");
    ask(&mut shell, ".run triage/iocs\t", ".run triage/iocs_first_last");
    ask(&mut shell, " --ki\t", "--kind");
    ask(&mut shell, " res\t", "--kind resource");
    ask(&mut shell, "\u{3}", "case>");
    ask(&mut shell, "select evntname from cloudtrail;\r", "did you mean `eventname`");
    // A statement over two lines, and one that is ended by Ctrl-C.
    ask(&mut shell, "select count(*) as here\r", "here");
    ask(&mut shell, "from cloudtrail;\r", "7222");
    let long = "select count(*) from cloudtrail a, cloudtrail b, cloudtrail c where a.eventid < b.eventid and b.eventid < c.eventid;\r";
    shell.clear();
    shell.send(long);
    std::thread::sleep(Duration::from_millis(1_500));
    ask(&mut shell, "\u{3}", "interrupted");
    ask(&mut shell, "select 41 + 1 as answer;\r", "42");
    ask(&mut shell, "\\x\r", "one column below the other");
    ask(&mut shell, "select 1 as one, 2 as two;\r", "two  2");
    ask(&mut shell, ".mode jsonl\r", "case>");
    ask(&mut shell, "select 3 as three;\r", "{\"three\":3}");
    ask(&mut shell, &format!(".once {}\r", once.display()), "case>");
    ask(&mut shell, "select 5 as five;\r", "1 rows written");
    ask(&mut shell, ".nope\r", "did you mean");
    ask(&mut shell, ".timer on\r", "case>");
    ask(&mut shell, "select 6 as six;\r", " s\n");
    shell.send(".quit\r");
    assert_eq!(shell.end(), 0);
    assert_eq!(std::fs::read_to_string(&once).unwrap(), "five\n5\n");

    // The arrow up brings back what was asked in the run before.
    let mut shell = begin();
    ask(&mut shell, "\u{1b}[A\u{1b}[A", "select 6 as six;");
    ask(&mut shell, "\u{3}", "case>");
    shell.send("\u{4}");
    assert_eq!(shell.end(), 0);

    // From a pipe it is a script, and the first error ends it.
    let script = state.path().join("script.sql");
    std::fs::write(&script, "select 1\n as a;\n.mode jsonl\nselect 2 as b;\n.nope\nselect 3 as c;\n").unwrap();
    let mut command = crate::support::command(sample_case());
    let ran =
        crate::support::Ran::of(command.arg("shell").stdin(std::fs::File::open(&script).unwrap()).output().unwrap());
    let ran = ran.expect(2);
    assert!(ran.stdout.ends_with("{\"b\":2}\n") && ran.stderr.contains("`.nope` is no command"), "{}", ran.stdout);
}
