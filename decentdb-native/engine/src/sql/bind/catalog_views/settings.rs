//! SHOW: the settings that programs written for PostgreSQL ask for. None of them can be changed.

use sqlparser::ast::Ident;

use crate::error::{Error, Result, Status};
use crate::sql::bind::binder::Binder;
use crate::sql::grammar::{name, quote, text_literal};
use crate::sql::program::{Parts, Program, ResultColumn, StatementKind};
use crate::value::Type;

const SETTINGS: &[(&str, &str)] = &[
    ("client_encoding", "UTF8"),
    ("datestyle", "ISO, YMD"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("search_path", "main"),
    ("server_encoding", "UTF8"),
    ("server_version", env!("CARGO_PKG_VERSION")),
    ("standard_conforming_strings", "on"),
    ("timezone", "UTC"),
    // A transaction sees one snapshot.
    ("transaction_isolation", "repeatable read"),
];

impl Binder<'_> {
    pub fn show(&self, variable: &[Ident]) -> Result<Parts> {
        let words: Vec<String> = variable.iter().map(|word| name(word).to_ascii_lowercase()).collect();
        let wanted = match words.join(" ").as_str() {
            "transaction isolation level" => "transaction_isolation".to_owned(),
            "time zone" => "timezone".to_owned(),
            other => other.to_owned(),
        };
        let Some((setting, value)) = SETTINGS.iter().find(|(setting, _)| *setting == wanted) else {
            let message = format!("unknown setting {wanted}");
            let known: Vec<&str> = SETTINGS.iter().map(|(setting, _)| *setting).collect();
            return Err(Error::new(Status::Sql, "sql.unknown_setting", Some("42704"), message)
                .hint(format!("the settings are {}", known.join(", "))));
        };
        let column = ResultColumn { name: (*setting).to_owned(), ty: Type::Text, nullable: Some(false), source: None };
        Ok(Parts {
            kind: StatementKind::Select,
            program: Program::Statement(format!("SELECT {} AS {}", text_literal(value), quote(setting))),
            columns: vec![column],
            target: None,
            id_only: None,
        })
    }
}
