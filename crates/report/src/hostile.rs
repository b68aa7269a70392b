//! What attackers write into logs, and how the tests look at what came out.

/// One for each reader that could be made to act: terminal, spreadsheet, browser, Markdown, parser of lines.
pub(crate) const STRINGS: &[&str] = &[
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]52;c;ZWNobyBwd25lZA==\u{7}",
    "\u{1b}]8;;http://x\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "\u{9b}31mred",
    "\u{90}q\u{9c}",
    "user\u{202e}gnp.exe\u{2066}x\u{2069}\u{200f}",
    "zero\u{200b}width\u{feff}\u{2060}",
    "line\u{2028}para\u{2029}",
    "=cmd|'/c calc'!A1",
    "  =1+1",
    "\"=1+1",
    "'@SUM(1)",
    "＝1+1",
    "\u{feff}\t+1",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</table></div></details><h1>all clear</h1>",
    "</pre></style></title><svg/onload=x>",
    "<!-- x --><![CDATA[x]]>",
    "&lt;script&gt;",
    "{{ 7*7 }}{% raw %}",
    "![](http://x)",
    "[click](javascript:alert(1))",
    "<http://x> http://x www.x.com a@b.example",
    "a|b||c",
    "a\\|b",
    "a\\\\|b\\",
    "`",
    "``` ```` ` code `",
    "`|`",
    "*bold* _it_ ~~s~~ # head",
    "# head",
    "- item\n- item\n\n| a |\n|---|\n| b |",
    "a\r\nb\n\nc",
    "nul\0nul",
    "\u{e0041}\u{e0042}tag\u{fe0f}",
    "\\u{1b} and \\x1b",
    "",
    " ",
    "\u{7f}\u{85}",
    "```\n</details>\n```sql",
];

/// Nothing that a terminal obeys, that turns the direction, or that cannot be seen; line ends are the format's.
#[track_caller]
pub(crate) fn assert_quiet(out: &str) {
    let loud = out.char_indices().find(|(_, c)| crate::escape::is_active(*c) && !matches!(c, '\n' | '\r'));
    assert_eq!(loud.map(|(at, _)| out[at..].chars().take(40).collect::<String>()), None);
    assert!(!out.contains('\u{1b}') && !out.contains('\u{9b}') && !out.contains('\u{202e}'));
}

/// Every tag of an HTML document, attributes and all. Escaped text has no `<`.
pub(crate) fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|rest| rest.split_inclusive('>').next().unwrap_or(rest)).collect()
}

/// What a CommonMark parser with GitHub's extensions makes of it: the events without texts and code spans.
pub(crate) fn nodes(markdown: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Options, Parser};
    let structure = |event| match event {
        Event::Text(_) | Event::Code(_) => None,
        Event::InlineHtml(text) | Event::Html(text) => Some(format!("html {text}")),
        other => Some(format!("{other:?}")),
    };
    Parser::new_ext(markdown, Options::all()).filter_map(structure).collect()
}

/// The code spans of a Markdown document.
pub(crate) fn codes(markdown: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Options, Parser};
    let code = |event| if let Event::Code(text) = event { Some(text.into_string()) } else { None };
    Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(code).collect()
}
