//! The state of one compilation: parameters, tables touched, and the known properties of emitted expressions.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, NamedWindowDefinition, Spanned};
use sqlparser::tokenizer::Location;

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::functions::type_code;
use crate::sql::bind::catalog_views::Inspection;
use crate::sql::emit::qualified_name;
use crate::sql::grammar::{blob_literal, position, quote, real_literal, text_literal, Path, Schema};
use crate::sql::numbering::Noted;
use crate::sql::program::Param;
use crate::sql::{too_many_parameters, MAX_PARAMETERS};
use crate::types::{self, Conversion};
use crate::value::{Stored, Type, Value};

pub(crate) use super::scope::Aggregates;
use super::scope::{Relation, Scope};

/// An emitted expression.
#[derive(Clone, Debug)]
pub(crate) struct Ex {
    pub sql: String,
    pub ty: Type,
    pub nullable: bool,
    /// The base table and column it passes on unchanged.
    pub source: Option<(String, String)>,
    pub kind: ExKind,
    /// A collation stands somewhere inside.
    pub collated: bool,
    /// The qualifiers of the relations whose columns it names, in any query inside it too.
    pub relations: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExKind {
    /// A literal whose type the context may still decide: text, or a number.
    Text(String),
    Number(String),
    Null,
    /// `$n`, counted from 0.
    Param(usize),
    Column,
    /// TEXT to be compared or ordered by this collation of SQLite.
    Collated(&'static str),
    /// TEXT that is JSON.
    Json,
    /// A literal of a type that is decided, as SQLite stores it.
    Value(Stored),
    Other,
}

impl Ex {
    pub fn new(sql: impl Into<String>, ty: Type, nullable: bool) -> Self {
        let kind = ExKind::Other;
        Self { sql: sql.into(), ty, nullable, source: None, kind, collated: false, relations: BTreeSet::new() }
    }

    pub fn null() -> Self {
        Self { kind: ExKind::Null, ..Self::new("NULL", Type::Dynamic, true) }
    }

    /// The name of its type in messages.
    pub fn type_name(&self) -> &'static str {
        self.ty.name()
    }

    /// The collation it needs where its order or equality matters. An index with the same collation is still used.
    pub fn collation(&self) -> Option<&'static str> {
        match (&self.kind, &self.ty) {
            (ExKind::Collated(collation), _) => Some(*collation),
            // SQLite would take the collation of an operand somewhere inside.
            (_, Type::Text | Type::Dynamic) if self.collated => Some("BINARY"),
            (_, ty) => ty.collation(),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ParamState {
    /// The type that the context decided.
    pub fixed: Option<Type>,
    pub source: Option<(String, String)>,
    /// Whether NULL is accepted where the parameter stands.
    pub nullable: Option<bool>,
    /// It was emitted before its type was decided.
    pub open: bool,
    pub used: bool,
}

/// The repeated query of WITH RECURSIVE while it is bound.
#[derive(Clone, Debug)]
pub(crate) struct RepeatedQuery {
    /// SQLite's name for the relation it extends.
    pub relation: String,
    /// How many queries surround its FROM clause.
    pub depth: usize,
    pub reads: usize,
}

/// A `fulltext_match` in the query block at hand, for its `bm25`.
pub(crate) struct Search {
    pub index: String,
    /// Where the searched rows come from.
    pub qualifier: String,
    /// The query as FTS5 is given it.
    pub query: String,
}

pub(crate) struct Binder<'a> {
    pub catalog: &'a Catalog,
    given: &'a [Option<Type>],
    pub params: Vec<ParamState>,
    pub tables: Vec<String>,
    /// Views read by name.
    pub views: Vec<String>,
    /// Temporary tables and views read or written by name.
    pub temporaries: Vec<String>,
    /// The statement outlives the names of today: an object of the database is never emitted by its name alone.
    pub qualify: bool,
    pub ctes: Vec<Relation>,
    /// Names a WITH RECURSIVE defines, but that cannot be read yet.
    pub unready: Vec<String>,
    /// How many queries surround the place at hand.
    pub depth: usize,
    /// The repeated query of WITH RECURSIVE it is in.
    pub repeated: Option<RepeatedQuery>,
    /// Whether aggregates may stand here, and why not.
    pub aggregates: Aggregates,
    pub saw_aggregate: bool,
    /// Whether window functions may stand here, and why not.
    pub windows: Aggregates,
    pub saw_window: bool,
    /// The WINDOW clause of the SELECT at hand.
    pub named_windows: Vec<NamedWindowDefinition>,
    /// Where results must not change from call to call, and so clocks and random numbers are refused.
    pub steady: Option<&'static str>,
    /// Whether the expression stands where SQLite takes no subquery.
    pub alone: bool,
    /// Counts the calls bound so far whose results change from call to call.
    pub volatile: usize,
    /// Whether new columns hold their values to their declared size.
    pub enforces_sizes: bool,
    /// It takes or sets a value of a sequence, and so writes.
    pub draws: bool,
    /// It reads the present state of the schema or the engine, which a view could not follow.
    pub saw_system: bool,
    /// The views about the engine itself it reads, whose rows are made before it runs.
    pub inspected: BTreeSet<Inspection>,
    /// The full-text searches of the query block at hand.
    pub searches: Vec<Search>,
    /// Whether the emitted SQL may read the tables behind indexes.
    pub index_tables: bool,
    /// Counts the relations the binder makes up.
    pub made_up: usize,
    /// Notes about the ids that the statement touches.
    pub numbering: Noted,
    /// The columns of a query that queries inside it name, by the address of its scope, outside aggregates.
    pub outer_columns: Vec<(usize, String)>,
    /// Counts the columns that expressions name of their own query.
    pub own_columns: usize,
    /// Counts the collations emitted so far.
    collations: usize,
    /// The qualifiers of the columns emitted so far.
    named: Vec<String>,
}

/// A moment of the compilation, from which emitted SQL is observed.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    collations: usize,
    named: usize,
}

impl<'a> Binder<'a> {
    pub fn new(catalog: &'a Catalog, given: &'a [Option<Type>], params: Vec<ParamState>) -> Self {
        Self {
            catalog,
            given,
            params,
            tables: Vec::new(),
            views: Vec::new(),
            temporaries: Vec::new(),
            qualify: false,
            ctes: Vec::new(),
            unready: Vec::new(),
            depth: 0,
            repeated: None,
            aggregates: Aggregates::Inside("this place"),
            saw_aggregate: false,
            windows: Aggregates::Inside("this place"),
            saw_window: false,
            named_windows: Vec::new(),
            steady: None,
            alone: false,
            volatile: 0,
            enforces_sizes: false,
            draws: false,
            saw_system: false,
            inspected: BTreeSet::new(),
            searches: Vec::new(),
            index_tables: false,
            made_up: 0,
            numbering: Noted::default(),
            outer_columns: Vec::new(),
            own_columns: 0,
            collations: 0,
            named: Vec::new(),
        }
    }

    /// Whether some parameter was emitted before its type was decided, so that another pass gives better types.
    pub fn wants_another_pass(&self) -> bool {
        self.params.iter().any(|param| param.open && param.fixed.is_some())
    }

    /// The decided types, for the next pass.
    pub fn decided(&self) -> Vec<ParamState> {
        self.params.iter().map(|param| ParamState { open: false, ..param.clone() }).collect()
    }

    pub fn finish(self) -> Result<Vec<Param>> {
        if let Some(missing) = self.params.iter().position(|param| !param.used) {
            return Err(Error::syntax(format!("parameter ${} is missing: parameters count from $1", missing + 1)));
        }
        Ok(self
            .params
            .into_iter()
            .map(|param| Param { ty: param.fixed, source: param.source, nullable: param.nullable })
            .collect())
    }

    pub fn param(&mut self, placeholder: &str, at: Location) -> Result<Ex> {
        let number = placeholder.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
        if number.is_some_and(|number| number > MAX_PARAMETERS) {
            return Err(position(too_many_parameters(placeholder), at));
        }
        let Some(number) = number.filter(|number| *number > 0) else {
            let error = Error::syntax(format!("{placeholder} is no parameter"));
            return Err(position(error.hint("parameters are $1, $2, ..."), at));
        };
        let index = number - 1;
        if self.params.len() < number {
            self.params.resize_with(number, ParamState::default);
        }
        let given = self.given.get(index).cloned().flatten();
        let state = &mut self.params[index];
        state.used = true;
        let ty = match &state.fixed {
            Some(fixed) => fixed.clone(),
            None => {
                state.open = true;
                given.unwrap_or(Type::Dynamic)
            }
        };
        let kind = if state.fixed.is_some() { ExKind::Other } else { ExKind::Param(index) };
        Ok(Ex { kind, ..Ex::new(format!("?{number}"), ty, true) })
    }

    /// Decides the type of a parameter that is still open.
    pub fn fix(&mut self, ex: Ex, ty: &Type, source: Option<&(String, String)>, nullable: Option<bool>) -> Ex {
        let ExKind::Param(index) = ex.kind else { return ex };
        let state = &mut self.params[index];
        if state.fixed.is_none() {
            state.fixed = Some(ty.clone());
            state.source = source.cloned();
            state.nullable = nullable;
        }
        match &state.fixed {
            // Another use in the same statement decided otherwise; this one converts.
            Some(fixed) => Ex { ty: fixed.clone(), kind: ExKind::Other, ..ex },
            None => ex,
        }
    }

    pub fn uses(&mut self, table: &str) {
        if !self.tables.iter().any(|known| known == table) {
            self.tables.push(table.to_owned());
        }
    }

    pub fn uses_temporary(&mut self, name: &str) {
        if !self.temporaries.iter().any(|known| known == name) {
            self.temporaries.push(name.to_owned());
        }
    }

    /// The catalogue a table or view is found in.
    pub fn home(&self, path: &Path) -> &'a Catalog {
        match path.schema {
            None => self.catalog.home(&path.name),
            Some(Schema::Main) => self.catalog,
            Some(Schema::Temp) => self.catalog.temp(),
        }
    }

    /// A table or view as it is called in the emitted SQL, where a bare name means the temporary one first.
    pub fn relation_sql(&self, name: &str, temporary: bool) -> String {
        if temporary || self.qualify || !std::ptr::eq(self.catalog.home(name), self.catalog) {
            qualified_name(name, temporary)
        } else {
            quote(name)
        }
    }

    pub fn mark(&self) -> Mark {
        Mark { collations: self.collations, named: self.named.len() }
    }

    /// `ex` with the properties of the SQL emitted for it, which is all SQL since `mark`.
    pub fn observed(&self, mark: Mark, mut ex: Ex) -> Ex {
        ex.collated |= self.collations > mark.collations;
        ex.relations.extend(self.named[mark.named..].iter().cloned());
        ex
    }

    /// Notes that a column of the relation with this qualifier is emitted.
    pub fn names(&mut self, qualifier: &str) {
        self.named.push(qualifier.to_owned());
    }

    /// An expression as it must stand where its order or equality matters.
    pub fn collate(&mut self, ex: &Ex) -> String {
        match ex.collation() {
            Some(collation) => self.with_collation(&ex.sql, collation),
            None => ex.sql.clone(),
        }
    }

    pub fn with_collation(&mut self, sql: &str, collation: &str) -> String {
        self.collations += 1;
        format!("{sql} COLLATE {collation}")
    }

    pub fn invent(&mut self) -> String {
        self.made_up += 1;
        format!("__q{}", self.made_up)
    }

    /// Emits a value as a literal of `ty`.
    pub fn literal(&self, value: &Value, ty: &Type) -> Result<Ex> {
        let stored = types::store(value, Some(ty))?;
        let sql = match &stored {
            Stored::Null => return Ok(Ex { ty: ty.clone(), ..Ex::null() }),
            Stored::Integer(i64::MIN) => "(-9223372036854775807 - 1)".to_owned(),
            Stored::Integer(number) => number.to_string(),
            Stored::Real(number) => real_literal(*number),
            Stored::Text(text) => text_literal(text),
            Stored::Blob(bytes) => blob_literal(bytes),
        };
        Ok(Ex { kind: ExKind::Value(stored), ..Ex::new(sql, ty.clone(), false) })
    }

    /// A literal whose type is open, read as `ty`.
    fn reread(&self, ex: &Ex, ty: &Type, how: Conversion) -> Result<Option<Ex>> {
        let value = match &ex.kind {
            ExKind::Null => Value::Null,
            ExKind::Text(text) => Value::Text(text.clone()),
            // Exact where the target is: 0.1 as DECIMAL is not a double.
            ExKind::Number(text) if *ty == Type::Decimal => Value::Text(text.clone()),
            ExKind::Number(text) if ex.ty == Type::Int64 => match text.parse() {
                Ok(number) => Value::Int64(number),
                Err(_) => return Ok(None),
            },
            ExKind::Number(text) => match text.parse() {
                Ok(number) => Value::Float64(number),
                Err(_) => return Ok(None),
            },
            _ => return Ok(None),
        };
        let converted = types::convert(&value, ty, how)?;
        self.literal(converted.as_ref().unwrap_or(&value), ty).map(Some)
    }

    /// Brings an expression to the type of a column it is stored in.
    pub fn assign(
        &mut self,
        ex: Ex,
        ty: &Type,
        column: &str,
        source: Option<&(String, String)>,
        nullable: bool,
    ) -> Result<Ex> {
        let ex = self.fix(ex, ty, source, Some(nullable));
        let named = |error| types::in_column(error, column);
        if let Some(literal) = self.reread(&ex, ty, Conversion::Assignment).map_err(named)? {
            return Ok(literal);
        }
        self.convert(ex, ty, Conversion::Assignment, column).map_err(|error| {
            if error.sqlstate == Some("42804") {
                error.with("column", column)
            } else {
                error
            }
        })
    }

    pub fn cast(&mut self, ex: Ex, ty: &Type) -> Result<Ex> {
        // A parameter of another type is bound as it is and converted: CAST goes further than assignment.
        let ex = match (&ex.kind, &ex.ty) {
            (ExKind::Param(_), Type::Dynamic | Type::Text) => self.fix(ex, ty, None, None),
            _ => ex,
        };
        if let Some(literal) = self.reread(&ex, ty, Conversion::Explicit)? {
            return Ok(literal);
        }
        self.convert(ex, ty, Conversion::Explicit, "")
    }

    fn convert(&mut self, ex: Ex, ty: &Type, how: Conversion, column: &str) -> Result<Ex> {
        if same(&ex.ty, ty) || *ty == Type::Dynamic {
            return Ok(ex);
        }
        let sql = match (&ex.ty, ty) {
            (Type::Text | Type::Dynamic, Type::Enum(of)) => {
                let labels: Vec<String> = of.labels.iter().map(|label| text_literal(label)).collect();
                format!("ddb_enum({}, {}, {})", ex.sql, text_literal(column), labels.join(", "))
            }
            (Type::Enum(of), Type::Text) if how == Conversion::Explicit => {
                let arms: Vec<String> = of
                    .labels
                    .iter()
                    .enumerate()
                    .map(|(at, label)| format!("WHEN {at} THEN {}", text_literal(label)))
                    .collect();
                format!("CASE {} {} END", ex.sql, arms.join(" "))
            }
            (Type::Enum(_), Type::Int64) if how == Conversion::Explicit => ex.sql.clone(),
            (Type::Int64, Type::Float64) => format!("CAST({} AS REAL)", ex.sql),
            (Type::Int64, Type::Decimal | Type::Text) => format!("CAST({} AS TEXT)", ex.sql),
            (Type::Bool, Type::Int64) => ex.sql.clone(),
            (Type::Decimal, Type::Float64) => format!("ddb_dec_float({})", ex.sql),
            (from, Type::Text) if types::convertible(from, ty, how) => match how {
                Conversion::Explicit => format!("ddb_as_text({}, {})", ex.sql, type_code(from)),
                Conversion::Assignment => {
                    format!("ddb_as_text({}, {}, {})", ex.sql, type_code(from), text_literal(column))
                }
            },
            (from, to) if types::convertible(from, to, how) => {
                let (from, to) = (type_code(from), type_code(to));
                match how {
                    Conversion::Explicit => format!("ddb_cast({}, {from}, {to})", ex.sql),
                    Conversion::Assignment => {
                        format!("ddb_assign({}, {from}, {to}, {})", ex.sql, text_literal(column))
                    }
                }
            }
            (from, to) => {
                return Err(match how {
                    Conversion::Explicit => types::no_conversion(from.name(), to),
                    Conversion::Assignment => {
                        let message = format!(
                            "column {column} is of type {} but the value is of type {}",
                            to.name(),
                            from.name()
                        );
                        let hint = types::remedy(from, to).map(str::to_owned);
                        Error { hint, ..Error::type_mismatch(message) }
                    }
                });
            }
        };
        Ok(Ex { sql, ty: ty.clone(), source: None, kind: ExKind::Other, ..ex })
    }

    /// Brings an expression to a type it shares with others (CASE, UNION, IN, comparisons): numbers widen, open
    /// literals are read as that type, nothing else changes.
    pub fn widen(&mut self, ex: Ex, ty: &Type) -> Result<Ex> {
        if same(&ex.ty, ty) || *ty == Type::Dynamic {
            return Ok(ex);
        }
        if let ExKind::Param(_) = ex.kind {
            if self.param_takes(&ex.ty, ty) {
                return Ok(self.fix(ex, ty, None, None));
            }
        }
        let open = match &ex.kind {
            ExKind::Text(_) | ExKind::Null => true,
            ExKind::Number(_) => ty.is_numeric(),
            _ => false,
        };
        if open {
            if let Some(literal) = self.reread(&ex, ty, Conversion::Explicit)? {
                return Ok(literal);
            }
        }
        match (&ex.ty, ty) {
            (Type::Int64, Type::Float64 | Type::Decimal)
            | (Type::Decimal, Type::Float64)
            | (Type::Date, Type::Timestamp | Type::TimestampTz)
            | (Type::Timestamp, Type::TimestampTz)
            | (Type::TimestampTz, Type::Timestamp)
            | (Type::Dynamic, _) => {
                if ex.ty == Type::Dynamic {
                    return Ok(match ex.kind {
                        ExKind::Null | ExKind::Param(_) => Ex { ty: ty.clone(), ..ex },
                        _ if matches!(ty, Type::Enum(_)) => return self.convert(ex, ty, Conversion::Explicit, ""),
                        _ => {
                            let sql = format!("ddb_dynamic({}, {})", ex.sql, type_code(ty));
                            Ex { sql, ty: ty.clone(), source: None, kind: ExKind::Other, ..ex }
                        }
                    });
                }
                self.convert(ex, ty, Conversion::Assignment, "")
            }
            (from, to) => Err(Error::type_mismatch(format!("types {} and {} do not match", from.name(), to.name()))),
        }
    }

    /// Whether a value of type `given` bound to an open parameter may be read as `wanted` where it is compared.
    pub fn param_takes(&self, given: &Type, wanted: &Type) -> bool {
        match (given, wanted) {
            (Type::Dynamic | Type::Text, _) | (Type::Uuid, Type::Text) => true,
            (_, Type::Text | Type::Bool) => false,
            (given, wanted) if given.is_numeric() && wanted.is_numeric() => false,
            (given, wanted) => types::convertible(given, wanted, Conversion::Assignment),
        }
    }

    /// The type two expressions can both be brought to.
    pub fn common(&self, left: &Ex, right: &Ex) -> Result<Type> {
        let open = |ex: &Ex| matches!(ex.kind, ExKind::Null | ExKind::Text(_)) || ex.ty == Type::Dynamic;
        let soft = |ex: &Ex| matches!(ex.kind, ExKind::Param(_));
        Ok(match (&left.ty, &right.ty) {
            (a, b) if same(a, b) => a.clone(),
            (Type::Dynamic, b) => b.clone(),
            (a, Type::Dynamic) => a.clone(),
            // INT64 becomes whatever is beside it. DECIMAL stays exact beside a literal, and becomes FLOAT64 beside a value
            // of that type only: that one is not exact to begin with.
            (a, b) if a.is_numeric() && b.is_numeric() => match (a, b) {
                (Type::Decimal, Type::Float64) if matches!(right.kind, ExKind::Number(_)) => Type::Decimal,
                (Type::Float64, Type::Decimal) if matches!(left.kind, ExKind::Number(_)) => Type::Decimal,
                (Type::Float64, _) | (_, Type::Float64) => Type::Float64,
                _ => Type::Decimal,
            },
            (a, Type::Text) if open(right) => a.clone(),
            (Type::Text, b) if open(left) => b.clone(),
            (a, b) if soft(right) && self.param_takes(b, a) => a.clone(),
            (a, b) if soft(left) && self.param_takes(a, b) => b.clone(),
            (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => Type::Timestamp,
            (Type::Date | Type::Timestamp, Type::TimestampTz) | (Type::TimestampTz, Type::Date | Type::Timestamp) => {
                Type::TimestampTz
            }
            (a, b) => return Err(Error::type_mismatch(format!("types {} and {} do not match", a.name(), b.name()))),
        })
    }

    /// A condition: an expression of type BOOL.
    pub fn condition_expr(&mut self, expr: &Expr, scope: &Scope<'_>, place: &str) -> Result<Ex> {
        let ex = self.expr(expr, scope)?;
        self.require_bool(ex, place).map_err(|error| position(error, expr.span().start))
    }

    pub fn require_bool(&mut self, ex: Ex, place: &str) -> Result<Ex> {
        let ex = self.fix(ex, &Type::Bool, None, None);
        let ex = match ex.kind {
            ExKind::Text(_) | ExKind::Null => self.widen(ex, &Type::Bool)?,
            _ if ex.ty == Type::Dynamic => self.widen(ex, &Type::Bool)?,
            _ => ex,
        };
        match ex.ty {
            Type::Bool | Type::Dynamic => Ok(ex),
            _ => Err(Error::type_mismatch(format!("{place} must be BOOL, not {}", ex.type_name()))),
        }
    }

    pub fn require_int(&mut self, ex: Ex, place: &str) -> Result<Ex> {
        let ex = self.fix(ex, &Type::Int64, None, None);
        match ex.ty {
            Type::Int64 | Type::Dynamic => Ok(ex),
            _ => Err(Error::type_mismatch(format!("{place} must be INT64, not {}", ex.type_name()))),
        }
    }
}

/// Whether two types are stored and compared alike.
pub(crate) fn same(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::Enum(a), Type::Enum(b)) => a.labels == b.labels,
        _ => left == right,
    }
}
