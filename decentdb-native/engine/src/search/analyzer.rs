//! Splits texts into words.

use serde::{Deserialize, Serialize};
use serde_json::{json, Value as Json};

/// Words that `stopwords = 'builtin'` leaves out.
const STOPWORDS: [&str; 6] = ["a", "an", "and", "of", "the", "to"];

/// Precedes a capital where case matters, because FTS5 folds the case of its input.
const CAPITAL: char = '^';

/// The options of a full-text index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analyzer {
    /// Whether to leave out common words.
    pub stopwords: bool,
    pub case_folded: bool,
    /// Whether `é` matches `e`.
    pub diacritics_removed: bool,
    /// The lengths to which a prefix in a query may be shortened. Without lengths, prefixes are not allowed.
    pub prefix: Vec<u8>,
}

impl Default for Analyzer {
    fn default() -> Self {
        Self { stopwords: false, case_folded: true, diacritics_removed: false, prefix: Vec::new() }
    }
}

impl Analyzer {
    /// The words of a text, in order.
    pub fn words(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        for word in text.split(|c| !is_word_character(c)).filter(|word| !word.is_empty()) {
            let folded = word.to_lowercase();
            if self.stopwords && STOPWORDS.contains(&folded.as_str()) {
                continue;
            }
            words.push(if self.case_folded { folded } else { mark_capitals(word) });
        }
        words
    }

    /// The form of a text that FTS5 receives.
    pub fn document(&self, text: &str) -> String {
        self.words(text).join(" ")
    }

    /// The tokenizer of FTS5 that splits documents only at spaces.
    pub fn tokenizer(&self) -> String {
        let removed = if self.diacritics_removed { 2 } else { 0 };
        format!("unicode61 remove_diacritics {removed} tokenchars '_{CAPITAL}'")
    }

    /// The options in the form of DecentDB's metadata.
    pub fn options_json(&self) -> Json {
        json!({
            "analyzer_id": "decentdb.fulltext.v1",
            "analyzer_version": 1,
            "tokenizer": "unicode",
            "language": "simple",
            "stopwords": if self.stopwords { "builtin" } else { "none" },
            "stemming": "none",
            "case_folded": self.case_folded,
            "diacritics": if self.diacritics_removed { "remove" } else { "preserve" },
            "prefix": { "enabled": !self.prefix.is_empty(), "lengths": self.prefix },
            "field_position_gap": 256,
        })
    }
}

/// Letters, digits, the underscore, and marks that follow a letter.
fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || ('\u{300}'..='\u{36f}').contains(&c)
}

fn mark_capitals(word: &str) -> String {
    let mut marked = String::with_capacity(word.len());
    for c in word.chars() {
        if c.is_uppercase() {
            marked.push(CAPITAL);
        }
        marked.push(c);
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_anything_but_letters_digits_and_the_underscore() {
        let analyzer = Analyzer::default();
        assert_eq!(analyzer.words("The snake_case, e.g. Größe-2!"), ["the", "snake_case", "e", "g", "größe", "2"]);
        assert_eq!(analyzer.words(" \u{0}\"'* "), [""; 0]);
    }

    #[test]
    fn options_change_the_words() {
        let stopped = Analyzer { stopwords: true, ..Analyzer::default() };
        assert_eq!(stopped.words("The art of war"), ["art", "war"]);
        let exact = Analyzer { case_folded: false, ..Analyzer::default() };
        assert_eq!(exact.words("The DB"), ["^The", "^D^B"]);
    }
}
