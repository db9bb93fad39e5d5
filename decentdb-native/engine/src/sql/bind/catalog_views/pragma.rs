//! PRAGMA, and the `pragma_*` functions in FROM: questions that tools ask of an SQLite-like engine, answered for this one.

use sqlparser::ast::{FunctionArg, FunctionArgExpr, TableAlias};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::catalog::{index_definitions, Catalog, Column, Index};
use crate::error::{Error, Result};
use crate::sql::bind::binder::{Binder, ExKind};
use crate::sql::bind::scope::Scope;
use crate::sql::grammar::{text_literal, words, Path, Schema};
use crate::sql::program::{result_columns, Parts, Program, SessionCommand, StatementKind};
use crate::value::Type::{Int64, Text};

use super::schema_views::{catalog_relation, rows_sql, Columns};

const SUPPORTED: &[&str] = &[
    "application_id",
    "busy_timeout",
    "cache_size",
    "database_list",
    "encoding",
    "flush_plan_cache",
    "foreign_key_list",
    "foreign_keys",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "journal_mode",
    "locking_mode",
    "page_size",
    "quick_check",
    "schema_version",
    "synchronous",
    "table_info",
    "table_list",
    "table_xinfo",
    "temp_store",
    "user_version",
    "wal_checkpoint",
];

pub(crate) struct Pragma {
    schema: Option<Schema>,
    name: String,
    argument: Argument,
}

enum Argument {
    None,
    /// `= value`
    Value(String),
    /// `(value)`
    Call(Option<String>),
}

/// The PRAGMA in `tokens`, `None` for any other statement.
pub(crate) fn recognize_pragma(tokens: &[TokenWithSpan]) -> Result<Option<Pragma>> {
    let tokens: Vec<&Token> = words(tokens).into_iter().map(|token| &token.token).collect();
    let tokens: Vec<&Token> = tokens.into_iter().filter(|token| **token != Token::SemiColon).collect();
    let [Token::Word(first), rest @ ..] = tokens.as_slice() else { return Ok(None) };
    if first.quote_style.is_some() || !first.value.eq_ignore_ascii_case("PRAGMA") {
        return Ok(None);
    }
    let (schema, rest) = match rest {
        [Token::Word(schema), Token::Period, rest @ ..] => match schema.value.to_ascii_lowercase().as_str() {
            "main" => (Some(Schema::Main), rest),
            "temp" => (Some(Schema::Temp), rest),
            other => {
                let error = Error::unsupported(format!("the schema {other} in PRAGMA"));
                return Err(error.hint("the schemas are main and temp"));
            }
        },
        rest => (None, rest),
    };
    let [Token::Word(named), rest @ ..] = rest else { return Err(Error::syntax("PRAGMA needs a name")) };
    let name = named.value.to_ascii_lowercase();
    let argument = match rest {
        [] => Argument::None,
        [Token::Eq, value @ ..] if !value.is_empty() => Argument::Value(value_text(value)),
        [Token::LParen, Token::RParen] => Argument::Call(None),
        [Token::LParen, value @ .., Token::RParen] => Argument::Call(Some(value_text(value))),
        _ => return Err(Error::syntax(format!("PRAGMA {name} is followed by neither = value nor (value)"))),
    };
    Ok(Some(Pragma { schema, name, argument }))
}

/// A value as one text: a name, a number, a literal, or words like UTF-8.
pub(crate) fn value_text(tokens: &[&Token]) -> String {
    let text = |token: &&Token| match token {
        Token::Word(word) => word.value.clone(),
        Token::SingleQuotedString(text) => text.clone(),
        other => other.to_string(),
    };
    tokens.iter().map(text).collect()
}

/// A setting that cannot be changed while the database is open: its type and the SQL that reads it.
fn setting(name: &str) -> Option<(Columns, &'static str)> {
    Some(match name {
        "page_size" => (&[("page_size", Int64, false)], "SELECT page_size FROM pragma_page_size"),
        "cache_size" => (
            &[("cache_size", Int64, false)],
            "SELECT CASE WHEN cache_size < 0 THEN max(1, -1024 * cache_size / page_size) ELSE cache_size END \
             FROM pragma_cache_size, pragma_page_size",
        ),
        "foreign_keys" => (&[("foreign_keys", Int64, false)], "SELECT foreign_keys FROM pragma_foreign_keys"),
        "journal_mode" => (&[("journal_mode", Text, false)], "SELECT journal_mode FROM pragma_journal_mode"),
        "synchronous" => (&[("synchronous", Int64, false)], "SELECT synchronous FROM pragma_synchronous"),
        "encoding" => (&[("encoding", Text, false)], "SELECT encoding FROM pragma_encoding"),
        "locking_mode" => (&[("locking_mode", Text, false)], "SELECT locking_mode FROM pragma_locking_mode"),
        "temp_store" => (&[("temp_store", Int64, false)], "SELECT temp_store FROM pragma_temp_store"),
        _ => return None,
    })
}

/// The value that a word in an assignment stands for.
fn spelt(name: &str, value: &str) -> String {
    let upper = value.to_ascii_uppercase();
    let number = match (name, upper.as_str()) {
        ("foreign_keys", "ON" | "TRUE" | "YES") => "1",
        ("foreign_keys", "OFF" | "FALSE" | "NO") => "0",
        ("synchronous", "OFF") | ("temp_store", "DEFAULT") => "0",
        ("synchronous", "NORMAL") | ("temp_store", "FILE") => "1",
        ("synchronous", "FULL") | ("temp_store", "MEMORY") => "2",
        ("synchronous", "EXTRA") => "3",
        ("encoding", "UTF8") => "UTF-8",
        _ => return value.to_owned(),
    };
    number.to_owned()
}

const TABLE_INFO: Columns = &[
    ("cid", Int64, false),
    ("name", Text, false),
    ("type", Text, false),
    ("notnull", Int64, false),
    ("dflt_value", Text, true),
    ("pk", Int64, false),
    ("hidden", Int64, false),
];
const TABLE_LIST: Columns = &[
    ("schema", Text, false),
    ("name", Text, false),
    ("type", Text, false),
    ("ncol", Int64, false),
    ("wr", Int64, false),
    ("strict", Int64, false),
];
const INDEX_LIST: Columns = &[
    ("seq", Int64, false),
    ("name", Text, false),
    ("unique", Int64, false),
    ("origin", Text, false),
    ("partial", Int64, false),
];
const INDEX_INFO: Columns = &[
    ("seqno", Int64, false),
    ("cid", Int64, false),
    ("name", Text, false),
    ("desc", Int64, false),
    ("coll", Text, false),
    ("key", Int64, false),
];
const FOREIGN_KEYS: Columns = &[
    ("id", Int64, false),
    ("seq", Int64, false),
    ("table", Text, false),
    ("from", Text, false),
    ("to", Text, false),
    ("on_update", Text, false),
    ("on_delete", Text, false),
    ("match", Text, false),
];
const DATABASE_LIST: Columns = &[("seq", Int64, false), ("name", Text, false), ("file", Text, false)];

impl Binder<'_> {
    pub fn pragma(&mut self, pragma: &Pragma) -> Result<Parts> {
        let Pragma { schema, name, argument } = pragma;
        if !SUPPORTED.contains(&name.as_str()) {
            return Err(Error::unsupported(format!("PRAGMA {name}"))
                .hint(format!("the supported ones are {}", SUPPORTED.join(", "))));
        }
        let session = |command| Ok(parts(Program::Session(command), &[]));
        match (name.as_str(), argument) {
            ("flush_plan_cache", Argument::None | Argument::Call(None)) => session(SessionCommand::FlushPlans),
            ("flush_plan_cache", Argument::Value(value)) if value.eq_ignore_ascii_case("local") => {
                session(SessionCommand::FlushPlans)
            }
            ("busy_timeout", Argument::None) => {
                let columns: Columns = &[("busy_timeout", Int64, false)];
                Ok(parts(Program::Session(SessionCommand::ShowBusyTimeout), columns))
            }
            ("busy_timeout", Argument::Value(value)) => match value.parse() {
                Ok(millis) => session(SessionCommand::BusyTimeout(millis)),
                Err(_) => Err(wrong_value(name, value).hint("it takes milliseconds, zero or more")),
            },
            ("wal_checkpoint", Argument::None | Argument::Call(_)) => {
                let mode = match argument {
                    Argument::Call(Some(mode)) => mode.to_ascii_uppercase(),
                    _ => "PASSIVE".to_owned(),
                };
                if !["PASSIVE", "FULL", "RESTART", "TRUNCATE"].contains(&mode.as_str()) {
                    let error = wrong_value(name, &mode);
                    return Err(error.hint("the modes are PASSIVE, FULL, RESTART and TRUNCATE"));
                }
                let columns: Columns = &[("busy", Int64, false), ("log", Int64, false), ("checkpointed", Int64, false)];
                Ok(parts(Program::Session(SessionCommand::Checkpoint(mode)), columns))
            }
            ("schema_version", Argument::None) => {
                let sql = match schema {
                    Some(Schema::Temp) => format!("SELECT {}", self.catalog.temp().cookie),
                    _ => "SELECT value FROM __ddb_meta WHERE key = 'schema_cookie'".to_owned(),
                };
                Ok(parts(Program::Statement(sql), &[("schema_version", Int64, false)]))
            }
            ("user_version" | "application_id", Argument::None) => {
                // SQLite's own, in the header of the file, identify its maker.
                let sql = format!("SELECT coalesce((SELECT value FROM __ddb_meta WHERE key = '{name}'), 0)");
                let user: Columns = &[("user_version", Int64, false)];
                let application: Columns = &[("application_id", Int64, false)];
                Ok(parts(Program::Statement(sql), if name == "user_version" { user } else { application }))
            }
            ("user_version" | "application_id", Argument::Value(value)) => match value.parse::<i32>() {
                Ok(number) => {
                    let sql = format!("INSERT OR REPLACE INTO __ddb_meta VALUES ('{name}', {number})");
                    Ok(parts(Program::Script(vec![sql]), &[]))
                }
                Err(_) => Err(wrong_value(name, value).hint("it takes an integer of 32 bits")),
            },
            ("integrity_check" | "quick_check", Argument::None) => {
                let sql = format!("SELECT {name} FROM pragma_{name}");
                Ok(parts(Program::Statement(sql), &[("integrity_check", Text, false)]))
            }
            ("database_list" | "table_list", Argument::None) => {
                let (columns, sql) = self.listing(name, *schema, "")?.ok_or_else(|| wrong_use(name))?;
                Ok(parts(Program::Statement(sql), columns))
            }
            (_, Argument::Call(Some(of))) => {
                let listing = self.listing(name, *schema, of)?;
                let (columns, sql) = match (listing, setting(name)) {
                    (Some(found), _) => found,
                    (None, Some(_)) => return Err(wrong_use(name)),
                    (None, None) if name.starts_with("index_") && name != "index_list" => {
                        return Err(Error::unknown_relation(of).hint("it takes the name of an index"));
                    }
                    (None, None) => return Err(Error::unknown_relation(of)),
                };
                Ok(parts(Program::Statement(sql), columns))
            }
            (_, Argument::None) => match setting(name) {
                Some((columns, sql)) => Ok(parts(Program::Statement(sql.to_owned()), columns)),
                None => Err(wrong_use(name)),
            },
            (_, Argument::Value(value)) => match setting(name) {
                Some((_, query)) => session(SessionCommand::Confirm {
                    pragma: name.clone(),
                    query: query.to_owned(),
                    value: spelt(name, value),
                }),
                None => Err(wrong_use(name)),
            },
            _ => Err(wrong_use(name)),
        }
    }

    /// The relation that a PRAGMA about the schema returns, and its rows; `None` if its subject does not exist.
    fn listing(&self, name: &str, schema: Option<Schema>, of: &str) -> Result<Option<(Columns, String)>> {
        let home = self.home(&Path { schema, name: of.to_owned() });
        let (columns, rows) = match name {
            "table_info" | "table_xinfo" => {
                let rows: Vec<Vec<String>> = match (home.table(of), home.view(of)) {
                    (Some(table), _) => {
                        let primary = |column: &Column| table.primary_key.contains(&column.name);
                        let rows = table.columns.iter().enumerate();
                        rows.map(|(at, column)| table_info(at, column, primary(column))).collect()
                    }
                    (None, Some(view)) => {
                        let columns = view.columns.iter().enumerate();
                        columns
                            .map(|(at, column)| {
                                let notnull = u8::from(!column.nullable).to_string();
                                let (name, ty) = (text_literal(&column.name), text_literal(column.ty.name()));
                                vec![at.to_string(), name, ty, notnull, "NULL".into(), "0".into(), "0".into()]
                            })
                            .collect()
                    }
                    (None, None) => return Ok(None),
                };
                (if name == "table_info" { &TABLE_INFO[..6] } else { TABLE_INFO }, rows)
            }
            "table_list" => (TABLE_LIST, self.table_list(schema)),
            "index_list" => {
                if home.table(of).is_none() {
                    return Ok(None);
                }
                let indexes =
                    index_definitions(home).into_values().filter(|index| index.table.eq_ignore_ascii_case(of));
                let rows = indexes.enumerate().map(|(seq, index)| {
                    let origin = text_literal(if index.unique { "u" } else { "c" });
                    let flag = |flag: bool| u8::from(flag).to_string();
                    let partial = flag(index.predicate_sql.is_some());
                    vec![seq.to_string(), text_literal(&index.name), flag(index.unique), origin, partial]
                });
                (INDEX_LIST, rows.collect())
            }
            "index_info" | "index_xinfo" => {
                let temp = index(self.catalog.temp(), of).map(|found| (self.catalog.temp(), found));
                let main = || index(self.catalog, of).map(|found| (self.catalog, found));
                let found = match schema {
                    Some(Schema::Temp) => temp,
                    Some(Schema::Main) => main(),
                    None => temp.or_else(main),
                };
                let Some((home, index)) = found else { return Ok(None) };
                (if name == "index_info" { &INDEX_INFO[..3] } else { INDEX_INFO }, index_info(home, &index))
            }
            "foreign_key_list" => match home.table(of) {
                Some(table) => {
                    let keys = table.foreign_keys.iter().enumerate();
                    let rows = keys.flat_map(|(id, key)| {
                        let pairs = key.columns.iter().zip(&key.referenced_columns).enumerate();
                        pairs.map(move |(seq, (from, to))| {
                            let texts = [&key.referenced_table, from, to, &key.on_update, &key.on_delete];
                            let mut row = vec![id.to_string(), seq.to_string()];
                            row.extend(texts.map(|text| text_literal(text)));
                            row.push(text_literal("NONE"));
                            row
                        })
                    });
                    (FOREIGN_KEYS, rows.collect())
                }
                None => return Ok(None),
            },
            "database_list" => {
                let sql = "SELECT seq, name, CASE file WHEN '' THEN ':memory:' ELSE file END AS file \
                           FROM pragma_database_list WHERE name = 'main'";
                return Ok(Some((DATABASE_LIST, sql.to_owned())));
            }
            _ => return Ok(None),
        };
        Ok(Some((columns, rows_sql(columns, rows))))
    }

    fn table_list(&self, schema: Option<Schema>) -> Vec<Vec<String>> {
        let row = |temporary: bool, name: &str, kind: &str, columns: usize| {
            let texts = [if temporary { "temp" } else { "main" }, name, kind];
            let mut row: Vec<String> = texts.iter().map(|text| text_literal(text)).collect();
            row.push(columns.to_string());
            row.extend(["0".to_owned(), u8::from(kind == "table").to_string()]);
            row
        };
        let wanted = |temporary: bool| schema.is_none_or(|schema| (schema == Schema::Temp) == temporary);
        let tables = self.catalog.all_tables().into_iter().filter(|table| wanted(table.temporary));
        let views = self.catalog.all_views().into_iter().filter(|view| wanted(view.temporary));
        let tables = tables.map(|table| row(table.temporary, &table.name, "table", table.columns.len()));
        tables.chain(views.map(|view| row(view.temporary, &view.name, "view", view.columns.len()))).collect()
    }

    /// `pragma_table_info('t')` and its likes in FROM; one that asks about something that is not there is empty.
    pub fn pragma_function(
        &mut self,
        function: &Path,
        arguments: &[FunctionArg],
        alias: Option<&TableAlias>,
        scope: &mut Scope<'_>,
    ) -> Result<String> {
        let pragma = function.name.strip_prefix("pragma_").unwrap_or_default();
        let unsupported = || Error::unsupported(format!("the table function {}", function.name));
        let columns: Columns = match pragma {
            "table_info" => &TABLE_INFO[..6],
            "table_xinfo" => TABLE_INFO,
            "table_list" => TABLE_LIST,
            "index_list" => INDEX_LIST,
            "index_info" => &INDEX_INFO[..3],
            "index_xinfo" => INDEX_INFO,
            "foreign_key_list" => FOREIGN_KEYS,
            "database_list" => DATABASE_LIST,
            _ => return Err(unsupported()),
        };
        let of = match (pragma, arguments) {
            ("table_list" | "database_list", []) => String::new(),
            ("table_list" | "database_list", _) => {
                return Err(Error::syntax(format!("{} takes no argument", function.name)));
            }
            (_, [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))]) => {
                match self.expr(expr, &Scope::default())?.kind {
                    ExKind::Text(text) => text,
                    _ => {
                        let what = format!("an argument of {} that is no text literal", function.name);
                        return Err(Error::unsupported(what));
                    }
                }
            }
            _ => return Err(Error::syntax(format!("{} takes one argument", function.name))),
        };
        let sql = match self.listing(pragma, function.schema, &of)? {
            Some((_, sql)) => sql,
            None => rows_sql(columns, Vec::new()),
        };
        self.saw_system = true;
        self.system(catalog_relation(&function.name, columns), &sql, alias, scope)
    }
}

fn parts(program: Program, columns: Columns) -> Parts {
    let columns = result_columns(catalog_relation("pragma", columns).columns);
    Parts { kind: StatementKind::Pragma, program, columns, target: None, id_only: None }
}

fn wrong_use(name: &str) -> Error {
    Error::syntax(format!("PRAGMA {name} is not used like this")).hint(match name {
        "table_info" | "table_xinfo" | "index_list" | "foreign_key_list" => format!("write PRAGMA {name}(table)"),
        "index_info" | "index_xinfo" => format!("write PRAGMA {name}(index)"),
        _ => format!("write PRAGMA {name}"),
    })
}

fn wrong_value(name: &str, value: &str) -> Error {
    Error::syntax(format!("{value} is no value of PRAGMA {name}"))
}

fn index(catalog: &Catalog, name: &str) -> Option<Index> {
    index_definitions(catalog).into_values().find(|index| index.name.eq_ignore_ascii_case(name))
}

fn table_info(at: usize, column: &Column, primary: bool) -> Vec<String> {
    let flag = |flag: bool| u8::from(flag).to_string();
    // As SQLite has it: 3 is a stored generated column.
    let hidden = if column.generated_sql.is_some() { "3" } else { "0" };
    vec![
        at.to_string(),
        text_literal(&column.name),
        text_literal(column.ty.name()),
        flag(!column.nullable),
        column.default_sql.as_ref().map_or_else(|| "NULL".to_owned(), |default| text_literal(default)),
        flag(primary),
        hidden.to_owned(),
    ]
}

fn index_info(home: &Catalog, index: &Index) -> Vec<Vec<String>> {
    let table = home.table(&index.table);
    let rows = index.columns.iter().enumerate().map(|(at, column)| {
        let position = table.and_then(|table| table.columns.iter().position(|other| other.name == *column));
        let index = text_literal(&index.name);
        vec![
            at.to_string(),
            // As SQLite has it: -2 is an expression.
            position.map_or_else(|| "-2".to_owned(), |at| at.to_string()),
            text_literal(column),
            format!("coalesce((SELECT x.\"desc\" FROM pragma_index_xinfo({index}) AS x WHERE x.seqno = {at}), 0)"),
            text_literal("BINARY"),
            "1".to_owned(),
        ]
    });
    rows.collect()
}
