//! SHOW and SET: the settings that programs written for PostgreSQL ask for and set. Only the name of the application can be changed;
//! SET takes every other one that is in force, in any of its spellings.

use sqlparser::ast::{Expr, Ident, Set, Value};

use crate::error::{Error, Result, Status};
use crate::sql::bind::binder::Binder;
use crate::sql::grammar::{name, object, quote, text_literal};
use crate::sql::program::{Parts, Program, ResultColumn, SessionCommand, StatementKind};
use crate::sql::APPLICATION_NAME;
use crate::value::Type;

const APPLICATION: &str = "application_name";

struct Setting {
    name: &'static str,
    /// The value that SHOW gives.
    value: &'static str,
    /// Further spellings of it, in lower case.
    takes: &'static [&'static str],
}

const fn setting(name: &'static str, value: &'static str, takes: &'static [&'static str]) -> Setting {
    Setting { name, value, takes }
}

const ON: &[&str] = &["on", "true", "yes", "1"];
const OFF: &[&str] = &["off", "false", "no", "0"];
const NONE: &[&str] = &["0ms", "0s"];

const SETTINGS: &[Setting] = &[
    setting("bytea_output", "hex", &[]),
    setting("client_encoding", "UTF8", &["utf-8", "unicode"]),
    setting("datestyle", "ISO, YMD", &["iso"]),
    setting("default_transaction_isolation", "repeatable read", &[]),
    setting("default_transaction_read_only", "off", OFF),
    setting("idle_in_transaction_session_timeout", "0", NONE),
    setting("integer_datetimes", "on", ON),
    setting("intervalstyle", "postgres", &[]),
    setting("lock_timeout", "0", NONE),
    setting("search_path", "main", &["public", "$user, public", "main, public", "public, main"]),
    setting("server_encoding", "UTF8", &["utf-8", "unicode"]),
    setting("server_version", env!("CARGO_PKG_VERSION"), &[]),
    setting("standard_conforming_strings", "on", ON),
    setting("statement_timeout", "0", NONE),
    setting("timezone", "UTC", &["etc/utc", "gmt", "z", "0", "+0", "+00:00"]),
    // A transaction sees one snapshot.
    setting("transaction_isolation", "repeatable read", &[]),
];

fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

fn names() -> String {
    let names: Vec<&str> = [APPLICATION].into_iter().chain(SETTINGS.iter().map(|setting| setting.name)).collect();
    names.join(", ")
}

impl Binder<'_> {
    pub fn show(&self, variable: &[Ident]) -> Result<Parts> {
        let words: Vec<String> = variable.iter().map(|word| name(word).to_ascii_lowercase()).collect();
        let wanted = match words.join(" ").as_str() {
            "transaction isolation level" => "transaction_isolation".to_owned(),
            "time zone" => "timezone".to_owned(),
            other => other.to_owned(),
        };
        let value = match find(&wanted) {
            Some(setting) => text_literal(setting.value),
            None if wanted == APPLICATION => format!("{APPLICATION_NAME}()"),
            None => {
                let message = format!("unknown setting {wanted}");
                return Err(Error::new(Status::Sql, "sql.unknown_setting", Some("42704"), message)
                    .hint(format!("the settings are {}", names())));
            }
        };
        let sql = format!("SELECT {value} AS {}", quote(&wanted));
        let column = ResultColumn { name: wanted, ty: Type::Text, nullable: Some(false), source: None };
        Ok(Parts {
            kind: StatementKind::Select,
            program: Program::Statement(sql),
            columns: vec![column],
            target: None,
            id_only: None,
        })
    }

    pub fn set(&self, set: &Set) -> Result<Parts> {
        let (wanted, values) = match set {
            Set::SingleAssignment { hivevar: false, variable, values, .. } => {
                (object(variable)?.to_ascii_lowercase(), values.iter().map(word).collect::<Result<Vec<_>>>()?)
            }
            Set::SetTimeZone { value, .. } => ("timezone".to_owned(), vec![word(value)?]),
            Set::SetNames { charset_name, collation_name: None } => {
                ("client_encoding".to_owned(), vec![name(charset_name)])
            }
            other => return Err(Error::unsupported(other)),
        };
        let value = values.join(", ");
        if wanted == APPLICATION {
            let value = if value.eq_ignore_ascii_case("default") { String::new() } else { value };
            return Ok(session(SessionCommand::SetApplicationName(value)));
        }
        let Some(setting) = find(&wanted) else {
            return Err(Error::unsupported(format!("SET {wanted}"))
                .hint(format!("the settings that have a meaning are {}; others are options of opening", names())));
        };
        let same = value.to_ascii_lowercase();
        let default = same == "default" || (wanted == "timezone" && same == "local");
        if default || same == setting.value.to_ascii_lowercase() || setting.takes.contains(&same.as_str()) {
            return Ok(session(SessionCommand::ConfirmSetting));
        }
        Err(Error::unsupported(format!("SET {wanted} = {value}")).hint(format!("it is {} and stays so", setting.value)))
    }
}

fn session(command: SessionCommand) -> Parts {
    Parts {
        kind: StatementKind::Session,
        program: Program::Session(command),
        columns: Vec::new(),
        target: None,
        id_only: None,
    }
}

/// A value as it is written, without quotes.
fn word(value: &Expr) -> Result<String> {
    match value {
        Expr::Identifier(ident) => Ok(ident.value.clone()),
        Expr::Value(value) => Ok(match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        }),
        Expr::UnaryOp { .. } => Ok(value.to_string()),
        other => Err(Error::syntax(format!("{other} is no value of a setting"))),
    }
}
