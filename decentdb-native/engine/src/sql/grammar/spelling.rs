//! Spellings of PostgreSQL that the grammar does not read, written as it reads them; and words that are keywords to the
//! grammar, but names where they stand.

use sqlparser::keywords::Keyword as K;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Rewrites the tokens of a statement.
pub(super) fn respell(tokens: &mut Vec<TokenWithSpan>) {
    let blank = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    let mut following: Vec<Next> = vec![Next::Other; tokens.len()];
    let mut next = Next::Other;
    for (at, token) in tokens.iter().enumerate().rev().filter(|(_, token)| !blank(token)) {
        following[at] = next;
        next = Next::of(&token.token);
    }
    let mut respelled: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 2);
    let (mut before, mut last) = (Place::Start, Place::Start);
    for (mut token, next) in std::mem::take(tokens).into_iter().zip(following) {
        if blank(&token) {
            respelled.push(token);
            continue;
        }
        let place = Place::of(&token.token);
        let mut instead: &[&str] = &[];
        if let Token::Word(word) = &mut token.token {
            if word.quote_style.is_none() && last != Place::Period {
                match word.keyword {
                    K::TABLE if begins_query(last, before) => instead = &["SELECT", "*", "FROM"],
                    _ if word.value.eq_ignore_ascii_case("ISNULL") && follows_operand(last) => {
                        instead = &["IS", "NULL"];
                    }
                    keyword if is_name(keyword, last, before, next) => word.keyword = K::NoKeyword,
                    _ => {}
                }
            }
        }
        if instead.is_empty() {
            respelled.push(token);
        } else {
            respelled.extend(instead.iter().map(|text| TokenWithSpan {
                token: if *text == "*" { Token::Mul } else { Token::make_word(text, None) },
                span: token.span,
            }));
        }
        (before, last) = (last, place);
    }
    *tokens = respelled;
}

/// The token before the one at hand.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Start,
    Keyword(K),
    Name,
    Opening,
    Closing,
    Period,
    Literal,
    Other,
}

impl Place {
    fn of(token: &Token) -> Self {
        match token {
            Token::Word(word) if word.quote_style.is_none() && word.keyword != K::NoKeyword => {
                Place::Keyword(word.keyword)
            }
            Token::Word(_) => Place::Name,
            Token::LParen => Place::Opening,
            Token::RParen => Place::Closing,
            Token::Period => Place::Period,
            Token::SemiColon => Place::Start,
            Token::Number(..) | Token::SingleQuotedString(_) | Token::Placeholder(_) => Place::Literal,
            _ => Place::Other,
        }
    }
}

/// The token behind the one at hand.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Opening,
    Literal,
    From,
    Other,
}

impl Next {
    fn of(token: &Token) -> Self {
        match token {
            Token::LParen => Next::Opening,
            Token::Number(..) | Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) => Next::Literal,
            Token::Word(word) if word.keyword == K::FROM => Next::From,
            _ => Next::Other,
        }
    }
}

/// Whether TABLE at this place is the query `TABLE name`.
fn begins_query(last: Place, before: Place) -> bool {
    let set = |place| matches!(place, Place::Keyword(K::UNION | K::EXCEPT | K::INTERSECT));
    match last {
        Place::Start | Place::Opening | Place::Keyword(K::EXPLAIN) => true,
        Place::Keyword(K::ALL | K::DISTINCT) => set(before),
        last => set(last),
    }
}

/// Whether an operand ends here: the many keywords that are names elsewhere may be one.
fn follows_operand(last: Place) -> bool {
    match last {
        Place::Name | Place::Closing | Place::Literal => true,
        Place::Keyword(K::AS | K::SELECT | K::FROM | K::JOIN | K::TABLE | K::INTO | K::UPDATE | K::COLUMN) => false,
        Place::Keyword(K::AND | K::OR | K::NOT | K::WHERE | K::ON | K::BY | K::SET | K::HAVING | K::WHEN) => false,
        Place::Keyword(_) => true,
        _ => false,
    }
}

/// Whether a keyword of the grammar is a name to PostgreSQL at this place.
fn is_name(keyword: K, last: Place, before: Place, next: Next) -> bool {
    match keyword {
        K::EXISTS => {
            let conditional =
                last == Place::Keyword(K::IF) || (last == Place::Keyword(K::NOT) && before == Place::Keyword(K::IF));
            next != Next::Opening && !conditional
        }
        K::TRIM | K::UNNEST | K::CUBE | K::ROLLUP => next != Next::Opening,
        K::INTERVAL => !matches!(next, Next::Literal | Next::Opening),
        // A label without AS.
        K::ANALYZE
        | K::AND
        | K::BETWEEN
        | K::COLLATE
        | K::EXPLAIN
        | K::ILIKE
        | K::IN
        | K::IS
        | K::LATERAL
        | K::LIKE => next == Next::From && follows_operand(last),
        K::OPERATOR | K::OR | K::SELECT | K::SIMILAR | K::VALUES | K::VIEW => {
            next == Next::From && follows_operand(last)
        }
        _ => false,
    }
}
