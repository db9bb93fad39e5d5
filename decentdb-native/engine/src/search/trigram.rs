//! Substring search: finds the rows that can match a LIKE pattern by the trigrams of its literal parts.

use super::quoted;

/// This many trigrams select few rows; more would only cost time.
const MAX_TRIGRAMS: usize = 32;

/// The indexed form of a text. It is equal for texts that ILIKE does not distinguish.
pub fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The query of FTS5 for the rows that may match a LIKE or ILIKE pattern; `None` if no literal part has three
/// characters.
pub fn trigram_query(pattern: &str, escape: Option<char>) -> Option<String> {
    let mut trigrams: Vec<String> = Vec::new();
    let mut part: Vec<char> = Vec::new();
    let mut close = |part: &mut Vec<char>| {
        for window in part.windows(3).filter(|window| !window.contains(&'\0')) {
            let trigram = quoted(&window.iter().collect::<String>());
            if trigrams.len() < MAX_TRIGRAMS && !trigrams.contains(&trigram) {
                trigrams.push(trigram);
            }
        }
        part.clear();
    };
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if Some(c) == escape {
            match chars.next() {
                Some(literal) => part.extend(literal.to_lowercase()),
                // LIKE itself decides the meaning of a lone escape.
                None => close(&mut part),
            }
        } else if c == '%' || c == '_' {
            close(&mut part);
        } else {
            part.extend(c.to_lowercase());
        }
    }
    close(&mut part);
    (!trigrams.is_empty()).then(|| trigrams.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literal_parts_of_three_characters_count() {
        let query = |pattern| trigram_query(pattern, Some('\\'));
        assert_eq!(query("%Smith%").unwrap(), "\"smi\" AND \"mit\" AND \"ith\"");
        assert_eq!(query("%ab%cd_"), None);
        assert_eq!(query("a\"\\%b%").unwrap(), "\"a\"\"%\" AND \"\"\"%b\"");
    }
}
