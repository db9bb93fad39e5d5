//! CREATE TRIGGER and DROP TRIGGER.
//!
//! The actions of all triggers of one table or view for one event are the body of one trigger of SQLite's, in the order of their
//! names.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{DropTrigger, ObjectName, Statement, TableFactor, TableWithJoins};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::catalog::{key, Catalog, Change, Trigger, TriggerEvent, TriggerTiming};
use crate::error::{Error, Result, Status};
use crate::sql::bind::Binder;
use crate::sql::emit::qualified_name;
use crate::sql::errors::{already_exists, depends, refuse};
use crate::sql::grammar::{
    levels, object, path, quote, require_one_statement, require_user_name, statement, syntax, tokenize,
    without_position, Schema,
};
use crate::sql::program::{Parts, Program};
use crate::stack::{require_levels, MAX_STORED_LEVELS};

use super::stored_expr::written;

/// The one function that a trigger may call.
const ACTION: &str = "decentdb_exec_sql";

/// A CREATE TRIGGER, whose call with a literal the grammar does not know.
pub(crate) struct CreateTrigger {
    name: ObjectName,
    timing: TriggerTiming,
    events: Vec<TriggerEvent>,
    target: ObjectName,
    action: String,
}

/// The CREATE TRIGGER in `tokens`, `None` for any other statement.
pub(crate) fn recognize_trigger(tokens: &[TokenWithSpan]) -> Result<Option<CreateTrigger>> {
    let dialect = PostgreSqlDialect {};
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens.to_vec());
    if !parser.parse_keyword(Keyword::CREATE) {
        return Ok(None);
    }
    let replace = parser.parse_keywords(&[Keyword::OR, Keyword::REPLACE]);
    let temporary = parser.parse_one_of_keywords(&[Keyword::TEMP, Keyword::TEMPORARY]).is_some();
    let constraint = parser.parse_keyword(Keyword::CONSTRAINT);
    if !parser.parse_keyword(Keyword::TRIGGER) {
        return Ok(None);
    }
    refuse(replace, "CREATE OR REPLACE TRIGGER")?;
    refuse(temporary, "CREATE TEMP TRIGGER")?;
    refuse(constraint, "CREATE CONSTRAINT TRIGGER")?;
    definition(&mut parser).map(Some)
}

fn definition(parser: &mut Parser<'_>) -> Result<CreateTrigger> {
    let syntax = |error: ParserError| syntax(&error);
    let name = parser.parse_object_name(false).map_err(syntax)?;
    let timing = match parser.parse_one_of_keywords(&[Keyword::AFTER, Keyword::INSTEAD, Keyword::BEFORE]) {
        Some(Keyword::AFTER) => TriggerTiming::After,
        Some(Keyword::INSTEAD) => {
            parser.expect_keyword(Keyword::OF).map_err(syntax)?;
            TriggerTiming::InsteadOf
        }
        Some(_) => return Err(Error::unsupported("a BEFORE trigger").hint("write AFTER, or a CHECK constraint")),
        None => return Err(Error::syntax("a trigger needs AFTER or INSTEAD OF")),
    };
    let mut events = Vec::new();
    loop {
        let event = match parser.expect_one_of_keywords(&[
            Keyword::INSERT,
            Keyword::UPDATE,
            Keyword::DELETE,
            Keyword::TRUNCATE,
        ]) {
            Ok(Keyword::INSERT) => TriggerEvent::Insert,
            Ok(Keyword::UPDATE) => TriggerEvent::Update,
            Ok(Keyword::DELETE) => TriggerEvent::Delete,
            Ok(_) => return Err(Error::unsupported("a trigger on TRUNCATE")),
            Err(error) => return Err(syntax(error)),
        };
        refuse(parser.parse_keyword(Keyword::OF), "UPDATE OF in a trigger")?;
        if !events.contains(&event) {
            events.push(event);
        }
        if !parser.parse_keyword(Keyword::OR) {
            break;
        }
    }
    events.sort();
    parser.expect_keyword(Keyword::ON).map_err(syntax)?;
    let target = parser.parse_object_name(false).map_err(syntax)?;
    let row = parser.parse_keywords(&[Keyword::FOR, Keyword::EACH, Keyword::ROW]);
    refuse(!row, "a trigger that is not FOR EACH ROW")?;
    refuse(parser.parse_keyword(Keyword::WHEN), "WHEN in a trigger")?;
    parser.expect_keyword(Keyword::EXECUTE).map_err(syntax)?;
    parser.expect_one_of_keywords(&[Keyword::FUNCTION, Keyword::PROCEDURE]).map_err(syntax)?;
    let function = object(&parser.parse_object_name(false).map_err(syntax)?)?;
    if function != ACTION {
        return Err(Error::unsupported(format!("the trigger function {function}"))
            .hint(format!("a trigger calls {ACTION}('<one INSERT, UPDATE or DELETE>')")));
    }
    parser.expect_token(&Token::LParen).map_err(syntax)?;
    let action = parser.parse_literal_string().map_err(syntax)?;
    parser.expect_token(&Token::RParen).map_err(syntax)?;
    while parser.consume_token(&Token::SemiColon) {}
    parser.expect_token(&Token::EOF).map_err(syntax)?;
    Ok(CreateTrigger { name, timing, events, target, action })
}

/// The action of a trigger, for SQLite, and the objects it needs.
struct Action {
    sql: String,
    tables: Vec<String>,
    views: Vec<String>,
}

impl Binder<'_> {
    pub fn create_trigger(&mut self, create: &CreateTrigger, text: &str) -> Result<Parts> {
        let (name, target) = (path(&create.name)?, path(&create.target)?);
        require_user_name(&name.name)?;
        refuse(name.schema == Some(Schema::Temp), "a temporary trigger")?;
        let home = self.home(&target);
        let unknown = || Error::unknown_relation(&target.name);
        let (table, view) = (home.table(&target.name), home.view(&target.name));
        let temporary = table.is_some_and(|table| table.temporary) || view.is_some_and(|view| view.temporary);
        refuse(temporary, "a trigger on a temporary table or view")?;
        let target = match create.timing {
            TriggerTiming::After if view.is_some() => {
                return Err(Error::unsupported("an AFTER trigger on a view").hint("write INSTEAD OF"));
            }
            TriggerTiming::InsteadOf if table.is_some() => {
                return Err(Error::unsupported("an INSTEAD OF trigger on a table").hint("write AFTER"));
            }
            TriggerTiming::After => table.ok_or_else(unknown)?.name.clone(),
            TriggerTiming::InsteadOf => view.ok_or_else(unknown)?.name.clone(),
        };
        if self.catalog.contains(&name.name) || self.catalog.trigger(&name.name).is_some() {
            return Err(already_exists(&name.name));
        }
        let action = self.action(&create.action)?;
        let change = Change::PutTrigger(Arc::new(Trigger {
            name: name.name,
            target: target.clone(),
            timing: create.timing,
            events: create.events.clone(),
            action_sql: create.action.clone(),
            dependencies: action.tables,
            views: action.views,
            ddl: written(text),
        }));
        let statements = self.triggers_sql(&self.catalog.with(&change), &target)?;
        Ok(Parts::ddl(statements, change))
    }

    pub fn drop_trigger(&mut self, drop: &DropTrigger) -> Result<Parts> {
        refuse(drop.option.is_some(), "CASCADE or RESTRICT in DROP TRIGGER")?;
        let name = path(&drop.trigger_name)?.name;
        let target = drop.table_name.as_ref().ok_or_else(|| Error::syntax("DROP TRIGGER needs ON and a table"))?;
        let target = path(target)?.name;
        let wrong = |message: String| Error::new(Status::Sql, "sql.unknown_trigger", Some("42704"), message);
        let Some(trigger) = self.catalog.trigger(&name) else {
            if drop.if_exists {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            return Err(wrong(format!("unknown trigger {name}")));
        };
        if !trigger.target.eq_ignore_ascii_case(&target) {
            return Err(wrong(format!("trigger {name} is defined on {}, not {target}", trigger.target)));
        }
        let change = Change::DropTrigger(trigger.name.clone());
        let statements = self.triggers_sql(&self.catalog.with(&change), &trigger.target)?;
        Ok(Parts::ddl(statements, change))
    }

    /// The statements that give a table or view of the database SQLite triggers for the triggers it has in `catalog`, in
    /// place of those it may have.
    pub fn triggers_sql(&self, catalog: &Catalog, target: &str) -> Result<Vec<String>> {
        let mut statements = Vec::new();
        for event in [TriggerEvent::Insert, TriggerEvent::Update, TriggerEvent::Delete] {
            let name = qualified_name(&format!("{}.{}", key(target), event.name()), false);
            statements.push(format!("DROP TRIGGER IF EXISTS {name}"));
            let mut actions = String::new();
            let mut when = "";
            for trigger in catalog.triggers_of(target, event) {
                let action = self.action(&trigger.action_sql)?;
                actions.push_str(&action.sql);
                actions.push_str("; ");
                when = trigger.timing.sql();
            }
            if !actions.is_empty() {
                let (event, on) = (event.sql(), quote(target));
                statements
                    .push(format!("CREATE TRIGGER {name} {when} {event} ON {on} FOR EACH ROW BEGIN {actions}END"));
            }
        }
        Ok(statements)
    }

    /// Binds the action of a trigger against the objects of the database, since the handle that fires it may have other temporary ones.
    fn action(&self, text: &str) -> Result<Action> {
        let bind = || {
            let tokens = tokenize(text)?;
            require_one_statement(&tokens)?;
            require_levels(levels(&tokens), MAX_STORED_LEVELS)?;
            let statement = statement(tokens)?;
            require_plain(&statement)?;
            let database = Arc::new(self.catalog.clone()).without_temp();
            let mut binder = Binder::new(&database, &[], Vec::new());
            let parts = binder.statement(&statement, text, "")?;
            refuse(binder.draws, "a trigger that takes a value of a sequence")?;
            refuse(!binder.params.is_empty(), "a parameter in the action of a trigger")?;
            let Program::Statement(sql) = parts.program else {
                return Err(Error::internal("the action of a trigger compiled to no statement"));
            };
            // The next change of the rows may come when ids are kept, or not.
            let sql = binder.numbering.counted.take().unwrap_or(sql);
            Ok(Action { sql, tables: binder.tables.clone(), views: binder.views.clone() })
        };
        // Positions would count within the action alone.
        bind().map_err(without_position)
    }
}

/// Makes anew the triggers of the relations `changed`, and those whose actions use one of them; `next` holds all as it will
/// be. A change that a trigger cannot follow is refused with `because`.
pub(super) fn follow_triggers(next: &Catalog, changed: &[String], because: &str) -> Result<Vec<String>> {
    let binder = Binder::new(next, &[], Vec::new());
    let concerned = next.triggers.values().filter(|trigger| {
        let mut used = trigger.dependencies.iter().chain(&trigger.views).chain([&trigger.target]);
        used.any(|name| changed.contains(name))
    });
    let targets: BTreeSet<&String> = concerned.map(|trigger| &trigger.target).collect();
    let mut statements = Vec::new();
    for target in targets {
        statements.extend(binder.triggers_sql(next, target).map_err(|error| {
            let reason = format!("because a trigger on {target} needs it as it is: {}", error.message);
            depends(format!("{because} {reason}")).with("relation", target.as_str())
        })?);
    }
    Ok(statements)
}

/// Refuses statements that SQLite does not run inside a trigger.
fn require_plain(statement: &Statement) -> Result<()> {
    let aliased = |table: &TableWithJoins| matches!(&table.relation, TableFactor::Table { alias: Some(_), .. });
    let (returning, alias, defaults) = match statement {
        Statement::Insert(insert) => {
            (insert.returning.is_some(), insert.table_alias.is_some(), insert.source.is_none())
        }
        Statement::Update(update) => (update.returning.is_some(), aliased(&update.table), false),
        Statement::Delete(delete) => {
            let sqlparser::ast::FromTable::WithFromKeyword(tables) = &delete.from else {
                return Err(Error::syntax("DELETE needs FROM"));
            };
            (delete.returning.is_some(), tables.iter().any(aliased), false)
        }
        _ => {
            let message = "the action of a trigger must be one INSERT, UPDATE or DELETE statement";
            return Err(Error::new(Status::Sql, "sql.invalid_trigger", Some("42P17"), message));
        }
    };
    refuse(returning, "RETURNING in the action of a trigger")?;
    refuse(alias, "an alias of the table written by a trigger")?;
    refuse(defaults, "DEFAULT VALUES in the action of a trigger")
}
