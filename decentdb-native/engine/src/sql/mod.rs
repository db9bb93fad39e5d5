//! The SQL front end: DecentDB's dialect in, typed SQLite statements out.

mod bind;
mod ddl;
mod describe;
mod emit;
mod errors;
mod grammar;
mod numbering;
mod outline;
mod program;

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{DescribeAlias, Query, SchemaName, SetExpr, Statement};
use sqlparser::tokenizer::TokenWithSpan;

use crate::catalog::{Catalog, Change, Table};
use crate::error::{Error, Result};
use crate::stack;
use crate::types;
use crate::value::{Stored, Type, Value};

pub(crate) use self::bind::sequence_name;
pub use self::bind::{Inspection, INSPECTION_ROWS};
pub use self::describe::describe_json;
pub use self::emit::{constraint_error, foreign_key_error, orphans_exist, suspects, Declared};
pub use self::numbering::{Given, Numbered, Numbering, NEXT_ID};
pub use self::program::{Compiled, Program, ResultColumn, SessionCommand, StatementKind, TransactionControl};

use self::bind::{recognize_pragma, Binder, ParamState, Pragma};
use self::ddl::{create_schema, keep_odd_ids, recognize_sequence, recognize_trigger};
use self::ddl::{CreateTrigger, SequenceStatement};
pub use self::errors::too_many_parameters;

use self::errors::refuse;
use self::grammar::{levels, recognize_audit, recognize_transaction, require_one_statement, tokenize, words};
use self::numbering::numbering;
use self::outline::outline;
use self::program::{result_columns, Parts};

/// The function that gives a value of the audit context, by its key.
pub const AUDIT_VALUE: &str = "ddb_audit_value";
/// The function that gives the whole audit context, as a JSON object.
pub const AUDIT_ALL: &str = "ddb_audit_all";

/// The functions of sequences.
pub const NEXT_VALUE: &str = "ddb_nextval";
pub const SET_VALUE: &str = "ddb_setval";
pub const CURRENT_VALUE: &str = "ddb_currval";
pub const LAST_VALUE: &str = "ddb_lastval";

/// The function that gives the name of the application.
pub const APPLICATION_NAME: &str = "ddb_application_name";

/// The most parameters of a statement.
pub const MAX_PARAMETERS: usize = 65_535;

/// Compiles the one statement in `sql`. `params[i]` is the type of the value bound to `$i+1`, `None` where nothing but
/// NULL is bound or the caller only asks for a description; the types decide overloads and the tags of results.
pub fn compile(sql: &str, catalog: &Arc<Catalog>, params: &[Option<Type>], sizes: Sizes) -> Result<Compiled> {
    compile_for(sql, catalog, params, sizes)
}

/// Whether columns that a statement defines hold their values to their declared size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    Described,
    Enforced,
}

/// Brings the value bound to parameter `index` (from 0) into the form SQLite stores.
pub fn bind(compiled: &Compiled, index: usize, value: &Value) -> Result<Stored> {
    let Some(param) = compiled.params.get(index) else {
        return Err(Error::syntax(format!("the statement has no parameter ${}", index + 1)));
    };
    types::encode(value, param.ty.as_ref()).map_err(|error| {
        let error = error.with("parameter", serde_json::json!({ "index": index + 1 }));
        match &param.source {
            Some((table, column)) => types::in_column(error, column).with("relation", table.clone()),
            None => error,
        }
    })
}

fn compile_for(sql: &str, catalog: &Catalog, params: &[Option<Type>], sizes: Sizes) -> Result<Compiled> {
    let tokens = tokenize(sql)?;
    require_one_statement(&tokens)?;
    if let Some(control) = recognize_transaction(&tokens)? {
        return Ok(Compiled {
            kind: StatementKind::Transaction,
            program: Program::Transaction(control),
            columns: Vec::new(),
            params: Vec::new(),
            tables: Vec::new(),
            temporaries: Vec::new(),
            target: None,
            id_only: None,
            writes_temporary: false,
            writes_view: false,
            inspected: Vec::new(),
            numbering: Numbering::default(),
            read_only: false,
            levels: 0,
        });
    }
    let levels = levels(&tokens);
    let opening = opening(&tokens);
    let kept = ["CREATE", "ALTER"].iter().any(|word| opening.starts_with(word));
    stack::require_levels(levels, if kept { stack::MAX_STORED_LEVELS } else { stack::MAX_LEVELS })?;
    stack::with_room(levels, || {
        let compiled = compile_tokens(tokens, &opening, sql, catalog, params, sizes)?;
        Ok(Compiled { levels: levels + catalog.levels(), ..compiled })
    })
}

fn compile_tokens(
    tokens: Vec<TokenWithSpan>,
    opening: &str,
    sql: &str,
    catalog: &Catalog,
    params: &[Option<Type>],
    sizes: Sizes,
) -> Result<Compiled> {
    let statement = Parsed::read(tokens)?;
    let mut decided: Vec<ParamState> = Vec::new();
    // The second pass knows the types that the first one found for parameters used before their type was clear.
    for _ in 0..3 {
        let mut binder = Binder::new(catalog, params, decided);
        binder.enforces_sizes = sizes == Sizes::Enforced;
        let parts = binder.parsed(&statement, sql, opening)?;
        if binder.wants_another_pass() {
            decided = binder.decided();
            continue;
        }
        return finish(binder, parts);
    }
    Err(Error::syntax("the types of the parameters contradict each other").hint("CAST them"))
}

fn finish(mut binder: Binder<'_>, parts: Parts) -> Result<Compiled> {
    let Parts { kind, program, columns, target, id_only } = parts;
    let noted = std::mem::take(&mut binder.numbering);
    let numbering = numbering(binder.catalog, kind, target.as_deref(), noted);
    if kind == StatementKind::Ddl && !binder.params.is_empty() {
        return Err(Error::unsupported("a parameter in a statement that defines the schema"));
    }
    let tables = binder.tables.clone();
    let temporaries = binder.temporaries.clone();
    let inspected = binder.inspected.iter().copied().collect();
    let read_only = match kind {
        StatementKind::Select | StatementKind::Explain => !binder.draws,
        StatementKind::Pragma => matches!(program, Program::Statement(_)),
        _ => false,
    };
    let is_view = |table: &Arc<Table>| !table.temporary && binder.catalog.table(&table.name).is_none();
    let writes_view = target.as_ref().is_some_and(is_view);
    let writes_temporary = match &program {
        Program::Ddl { change, .. } => matches!(change, Change::Temporary(_)),
        _ => target.as_ref().is_some_and(|table| table.temporary),
    };
    Ok(Compiled {
        kind,
        program,
        columns,
        params: binder.finish()?,
        tables,
        temporaries,
        target,
        id_only,
        writes_temporary,
        writes_view,
        inspected,
        numbering,
        read_only,
        levels: 0,
    })
}

/// A statement as it is read: by the grammar, or by its words where the grammar does not know it.
enum Parsed {
    Statement(Box<Statement>),
    Trigger(CreateTrigger),
    Pragma(Pragma),
    Audit(SessionCommand),
    Sequence(SequenceStatement),
}

impl Parsed {
    fn read(tokens: Vec<TokenWithSpan>) -> Result<Self> {
        if let Some(trigger) = recognize_trigger(&tokens)? {
            return Ok(Parsed::Trigger(trigger));
        }
        if let Some(pragma) = recognize_pragma(&tokens)? {
            return Ok(Parsed::Pragma(pragma));
        }
        if let Some(command) = recognize_audit(&tokens)? {
            return Ok(Parsed::Audit(command));
        }
        if let Some(sequence) = recognize_sequence(&tokens)? {
            return Ok(Parsed::Sequence(sequence));
        }
        Ok(Parsed::Statement(Box::new(grammar::statement(tokens)?)))
    }
}

/// The first words of a statement, which name it in a refusal.
fn opening(tokens: &[TokenWithSpan]) -> String {
    use sqlparser::tokenizer::Token;
    let words = words(tokens);
    let mut names = words.iter().map_while(|token| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
        _ => None,
    });
    let first = names.next().unwrap_or_default();
    match (first.as_str(), names.next()) {
        ("CREATE" | "DROP" | "ALTER", Some(second)) => format!("{first} {second}"),
        _ => first,
    }
}

impl Binder<'_> {
    fn parsed(&mut self, parsed: &Parsed, text: &str, opening: &str) -> Result<Parts> {
        match parsed {
            Parsed::Statement(statement) => {
                use Statement::{Delete, Explain, Insert, Query, Update};
                // SQL that is stored, in a view or trigger, must not depend on the indexes that exist now.
                self.index_tables =
                    matches!(statement.as_ref(), Query(_) | Insert(_) | Update(_) | Delete(_) | Explain { .. });
                self.statement(statement, text, opening)
            }
            Parsed::Trigger(create) => self.create_trigger(create, text),
            Parsed::Pragma(pragma) => self.pragma(pragma),
            Parsed::Sequence(sequence) => self.sequence_statement(sequence, text),
            Parsed::Audit(command) => Ok(Parts {
                kind: StatementKind::Session,
                program: Program::Session(command.clone()),
                columns: Vec::new(),
                target: None,
                id_only: None,
            }),
        }
    }

    fn statement(&mut self, statement: &Statement, text: &str, opening: &str) -> Result<Parts> {
        match statement {
            Statement::Query(query) => {
                if let SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) = query.body.as_ref() {
                    return self.with_statement(query, inner, text, opening);
                }
                let bound = self.query(query, None)?;
                let columns = result_columns(bound.columns);
                let program = Program::Statement(bound.sql);
                Ok(Parts { kind: StatementKind::Select, program, columns, target: None, id_only: None })
            }
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Truncate(truncate) => self.truncate(truncate),
            Statement::CreateTable(create) => self.create_table(create, text),
            Statement::CreateIndex(create) => self.create_index(create, text),
            Statement::CreateView(create) => self.create_view(create, text),
            Statement::DropTrigger(drop) => self.drop_trigger(drop),
            Statement::Analyze(analyze) => self.analyze(analyze),
            Statement::AlterTable(alter) if opening == "ALTER VIEW" => self.alter_view(alter),
            Statement::AlterTable(alter) => self.alter_table(alter),
            Statement::Drop { object_type, if_exists, names, cascade, purge, temporary, table, .. } => {
                refuse(*purge || *temporary || table.is_some(), "this form of DROP")?;
                self.drop_object(*object_type, *if_exists, names, *cascade)
            }
            Statement::ShowVariable { variable } => self.show(variable),
            Statement::Set(set) => self.set(set),
            Statement::Merge(_) => Err(Error::unsupported("MERGE").hint(
                "INSERT .. ON CONFLICT .. DO UPDATE does it for one key; else UPDATE .. FROM and INSERT .. SELECT .. WHERE NOT \
                 EXISTS in one transaction",
            )),
            Statement::CreateSchema { schema_name: SchemaName::Simple(schema), if_not_exists, .. } => {
                create_schema(schema, *if_not_exists)
            }
            Statement::Explain {
                describe_alias,
                analyze,
                verbose,
                query_plan,
                estimate,
                statement,
                format,
                options,
            } => {
                refuse(*describe_alias != DescribeAlias::Explain, "DESCRIBE")?;
                let plain = !*verbose && !*query_plan && !*estimate && format.is_none();
                refuse(!plain, "an option of EXPLAIN")?;
                let mut analyze = *analyze;
                for option in options.iter().flatten() {
                    let on = option.arg.as_ref().is_none_or(|on| on.to_string().eq_ignore_ascii_case("true"));
                    refuse(!option.name.value.eq_ignore_ascii_case("analyze") || !on, "an option of EXPLAIN")?;
                    analyze = true;
                }
                self.explain(statement, analyze, text, opening)
            }
            _ => Err(Error::unsupported(opening)),
        }
    }

    /// WITH before INSERT, UPDATE or DELETE.
    fn with_statement(&mut self, query: &Query, inner: &Statement, text: &str, opening: &str) -> Result<Parts> {
        let with = match &query.with {
            Some(with) => self.with(with, None)?,
            None => String::new(),
        };
        let parts = self.statement(inner, text, opening)?;
        let Program::Statement(statement) = parts.program else {
            return Err(Error::internal("WITH before a statement that is no data change"));
        };
        let id_only = parts.id_only.map(|statement| with.clone() + &statement);
        self.numbering.counted = self.numbering.counted.take().map(|statement| with.clone() + &statement);
        Ok(Parts { program: Program::Statement(with + &statement), id_only, ..parts })
    }

    fn explain(&mut self, statement: &Statement, analyze: bool, text: &str, opening: &str) -> Result<Parts> {
        use Statement::{Delete, Insert, Query, Update};
        match statement {
            Query(_) => {}
            Insert(_) | Update(_) | Delete(_) if !analyze => {}
            _ => return Err(Error::unsupported("EXPLAIN of anything but a query or a change of rows")),
        }
        let parts = self.statement(statement, text, opening)?;
        refuse(self.draws, "EXPLAIN of a statement that takes a value of a sequence")?;
        let Program::Statement(query) = parts.program else {
            return Err(Error::internal("a query compiled to no statement"));
        };
        let plan = ResultColumn { name: "plan".to_owned(), ty: Type::Text, nullable: Some(false), source: None };
        let program = Program::Explain { query, outline: outline(statement), analyze };
        Ok(Parts { kind: StatementKind::Explain, program, columns: vec![plan], target: None, id_only: None })
    }
}

/// The statements by which a database that counted on SQLite for its ids has its triggers ask for them, and keeps what
/// SQLite would not count on from.
pub fn keep_all_ids(catalog: &Catalog) -> Result<Vec<String>> {
    let binder = Binder::new(catalog, &[], Vec::new());
    let targets: BTreeSet<&str> = catalog.triggers.values().map(|trigger| trigger.target.as_str()).collect();
    let mut statements = Vec::new();
    for target in targets {
        statements.extend(binder.triggers_sql(catalog, target)?);
    }
    for table in catalog.tables.values() {
        statements.extend(table.row_id().map(|id| keep_odd_ids(table, &id.name)));
    }
    Ok(statements)
}
