//! Constructs of the dialect that the grammar of the parser lacks: taken out of the tokens before they are parsed, and put
//! into the tree after.

use sqlparser::ast::{
    AlterTableOperation, ColumnDef, ColumnOption, DataType, GeneratedAs, GeneratedExpressionMode, Ident, Statement,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

#[derive(Default)]
pub(crate) struct Extensions {
    /// Of every generated column, in their order, whether it is VIRTUAL.
    virtuals: Vec<bool>,
    /// The names of the columns in `CREATE TABLE t (a, b) AS ...`.
    columns: Vec<Ident>,
}

/// The tokens that are neither white space nor comments.
struct Words<'t> {
    tokens: &'t [TokenWithSpan],
    at: Vec<usize>,
}

impl<'t> Words<'t> {
    fn new(tokens: &'t [TokenWithSpan]) -> Self {
        let at = (0..tokens.len()).filter(|at| !matches!(tokens[*at].token, Token::Whitespace(_))).collect();
        Self { tokens, at }
    }

    fn token(&self, word: usize) -> Option<&'t TokenWithSpan> {
        self.at.get(word).map(|at| &self.tokens[*at])
    }

    fn is(&self, word: usize, token: &Token) -> bool {
        self.token(word).is_some_and(|found| found.token == *token)
    }

    fn keywords(&self, from: usize, wanted: &[Keyword]) -> bool {
        wanted.iter().enumerate().all(|(at, wanted)| {
            self.token(from + at).is_some_and(
                |found| matches!(&found.token, Token::Word(word) if word.quote_style.is_none() && word.keyword == *wanted),
            )
        })
    }

    /// The word behind the parenthesis that opens at `word`.
    fn behind(&self, word: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in word..self.at.len() {
            match self.token(at).map(|found| &found.token) {
                Some(Token::LParen) => depth += 1,
                Some(Token::RParen) if depth == 1 => return Some(at + 1),
                Some(Token::RParen) => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }

    /// Where the list of names in `CREATE TABLE t (a, b) AS` begins and ends.
    fn column_list(&self) -> Option<(usize, usize)> {
        let mut at = if self.keywords(0, &[Keyword::CREATE, Keyword::TABLE]) { 2 } else { 3 };
        let temporary = self.keywords(1, &[Keyword::TEMP]) || self.keywords(1, &[Keyword::TEMPORARY]);
        if at == 3 && !(temporary && self.keywords(2, &[Keyword::TABLE])) {
            return None;
        }
        if self.keywords(at, &[Keyword::IF, Keyword::NOT, Keyword::EXISTS]) {
            at += 3;
        }
        at += 1;
        while self.is(at, &Token::Period) {
            at += 2;
        }
        let end = self.is(at, &Token::LParen).then(|| self.behind(at)).flatten()?;
        let named = (at + 1..end - 1).all(|word| match self.token(word).map(|found| &found.token) {
            Some(Token::Word(_)) => (word - at) % 2 == 1,
            Some(Token::Comma) => (word - at) % 2 == 0,
            _ => false,
        });
        (named && self.keywords(end, &[Keyword::AS])).then_some((at, end))
    }
}

/// Takes the constructs that the parser does not know out of the tokens.
pub(super) fn take_extensions(tokens: &mut Vec<TokenWithSpan>) -> Extensions {
    let mut lifted = Extensions::default();
    let words = Words::new(tokens);
    if !words.keywords(0, &[Keyword::CREATE]) && !words.keywords(0, &[Keyword::ALTER]) {
        return lifted;
    }
    let mut replaced: Vec<(usize, &str)> = Vec::new();
    for word in 0..words.at.len() {
        if words.keywords(word, &[Keyword::GENERATED, Keyword::ALWAYS, Keyword::AS])
            && words.is(word + 3, &Token::LParen)
        {
            let mode = words.behind(word + 3).filter(|mode| words.keywords(*mode, &[Keyword::VIRTUAL]));
            lifted.virtuals.push(mode.is_some());
            replaced.extend(mode.map(|mode| (words.at[mode], "STORED")));
        }
    }
    let renamed = |name: usize| words.keywords(name + 1, &[Keyword::RENAME, Keyword::TO]);
    let if_exists = words.keywords(2, &[Keyword::IF, Keyword::EXISTS]);
    if words.keywords(0, &[Keyword::ALTER, Keyword::VIEW]) && renamed(if if_exists { 4 } else { 2 }) {
        replaced.push((words.at[1], "TABLE"));
    }
    let mut cut = None;
    if let Some((from, to)) = words.column_list() {
        let names = (from..to).filter_map(|word| words.token(word));
        lifted.columns = names
            .filter_map(|token| match &token.token {
                Token::Word(word) => Some(word.clone().into_ident(token.span)),
                _ => None,
            })
            .collect();
        cut = Some(words.at[from]..words.at[to]);
    }
    for (at, word) in replaced {
        tokens[at].token = Token::make_word(word, None);
    }
    if let Some(cut) = cut {
        tokens.drain(cut);
    }
    lifted
}

impl Extensions {
    /// Puts the constructs taken out into the tree.
    pub fn put_into(self, statement: &mut Statement) {
        let mut virtuals = self.virtuals.into_iter();
        let mut mark = |definition: &mut ColumnDef| {
            for option in &mut definition.options {
                if let ColumnOption::Generated {
                    generated_as, generation_expr: Some(_), generation_expr_mode, ..
                } = &mut option.option
                {
                    if virtuals.next() == Some(true) {
                        *generated_as = GeneratedAs::Always;
                        *generation_expr_mode = Some(GeneratedExpressionMode::Virtual);
                    }
                }
            }
        };
        match statement {
            Statement::CreateTable(create) => {
                create.columns.iter_mut().for_each(&mut mark);
                create.columns.extend(self.columns.into_iter().map(|name| ColumnDef {
                    name,
                    data_type: DataType::Unspecified,
                    options: Vec::new(),
                }));
            }
            Statement::AlterTable(alter) => {
                for operation in &mut alter.operations {
                    if let AlterTableOperation::AddColumn { column_def, .. } = operation {
                        mark(column_def);
                    }
                }
            }
            _ => {}
        }
    }
}
