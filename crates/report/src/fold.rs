//! Lines that fit a width: broken between words, and inside one only where it is wider than a line.

use textwrap::{Options, WordSeparator, WordSplitter};

/// Below this width, text is left as it is.
const NARROW: usize = 20;

/// The text in lines of at most `width`, all but the first behind `indent` spaces. Text that does not begin at the edge
/// keeps its own spaces in front.
pub fn lines(text: &str, width: Option<usize>, indent: usize) -> Vec<String> {
    let Some(width) = width.filter(|width| *width >= NARROW) else { return vec![text.to_owned()] };
    // Deep below, half of the line is still for words.
    let indent = " ".repeat(indent.min(width / 2));
    let options = Options::new(width)
        .subsequent_indent(&indent)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole() {
        let text = "cannot say: what changed and was changed back on days of which no Config file is here";
        let folded = lines(text, Some(40), 2);
        assert!(folded.len() > 1 && folded.iter().all(|line| line.len() <= 40), "{folded:?}");
        assert_eq!(folded.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "), text);
        assert!(folded.iter().skip(1).all(|line| line.starts_with("  ")));
        assert_eq!(lines(text, None, 2), [text]);
    }

    #[test]
    fn a_word_wider_than_a_line_is_broken() {
        let folded = lines(&format!("a {}", "x".repeat(100)), Some(40), 2);
        assert!(folded.iter().all(|line| line.len() <= 40), "{folded:?}");
    }
}
