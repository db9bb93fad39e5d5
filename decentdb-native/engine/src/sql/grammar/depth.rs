//! How deep the trees of a statement may nest, counted before they are built.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Keywords that may begin a statement within a statement, which takes the grammar as much stack as so many levels.
const STATEMENTS: &[Keyword] = &[
    Keyword::BEGIN,
    Keyword::CASE,
    Keyword::CREATE,
    Keyword::DESC,
    Keyword::DESCRIBE,
    Keyword::EXPLAIN,
    Keyword::IF,
    Keyword::PREPARE,
    Keyword::WHILE,
];
const STATEMENT: usize = 8;

/// Within one pair of parentheses: what nests in the expression or clause that stands there, and in the chain of queries.
#[derive(Clone, Copy, Default)]
struct Open {
    expression: usize,
    queries: usize,
}

/// A bound of the depth: a tree nests at most once for each keyword, operator and parenthesis on the way to a leaf. An
/// expression ends at a comma, a chain of queries (`UNION`) does not.
pub(crate) fn levels(tokens: &[TokenWithSpan]) -> usize {
    let mut open = vec![Open::default()];
    let (mut outer, mut deepest) = (0, 0);
    for token in tokens {
        let last = open.len() - 1;
        let own = &mut open[last];
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                own.expression += 1;
                outer += own.expression + own.queries;
                open.push(Open::default());
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                if last > 0 {
                    open.pop();
                    let own = open[last - 1];
                    outer -= own.expression + own.queries;
                }
            }
            Token::Comma => own.expression = 0,
            Token::SemiColon => *own = Open::default(),
            Token::Word(word) => match word.keyword {
                Keyword::NoKeyword => {}
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT => own.queries += 1,
                word if STATEMENTS.contains(&word) => own.expression += STATEMENT,
                _ => own.expression += 1,
            },
            Token::Whitespace(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::Placeholder(_) => {}
            Token::Period | Token::EOF => {}
            _ => own.expression += 1,
        }
        let own = open[open.len() - 1];
        deepest = deepest.max(outer + own.expression + own.queries);
    }
    deepest
}

/// How deep parentheses, CASE and prefix operators nest. The grammar tries some of them in several ways, the next time from the
/// beginning if it fails at its own bound, so this one must come first.
pub(crate) fn nesting(tokens: &[TokenWithSpan]) -> usize {
    let (mut depth, mut prefixes, mut deepest) = (0usize, 0, 0);
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Word(word) if word.keyword == Keyword::CASE => depth += 1,
            Token::Word(word) if word.keyword == Keyword::END => depth = depth.saturating_sub(1),
            _ => {}
        }
        prefixes = match &token.token {
            Token::Plus | Token::Minus | Token::Tilde => prefixes + 1,
            Token::Word(word) if word.keyword == Keyword::NOT => prefixes + 1,
            Token::Word(word) if STATEMENTS.contains(&word.keyword) => prefixes + 1,
            _ => 0,
        };
        deepest = deepest.max(depth + prefixes);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::levels;
    use crate::sql::grammar::tokenize;

    #[test]
    fn lists_do_not_nest_and_chains_do() {
        let levels = |sql: &str| levels(&tokenize(sql).unwrap());
        assert_eq!(levels("SELECT a, b, c"), levels("SELECT a"));
        assert_eq!(levels("SELECT a IN (1, 2, 3, 4)"), levels("SELECT a IN (1)"));
        assert_eq!(levels("SELECT a + b + c"), levels("SELECT a") + 2);
        assert_eq!(levels("SELECT ((a)), (b)"), levels("SELECT a") + 2);
        assert!(levels("SELECT a, b UNION SELECT a, b UNION SELECT a, b") >= levels("SELECT a, b") + 2);
    }
}
