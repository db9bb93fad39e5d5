//! INSERT, UPDATE, DELETE and TRUNCATE.

use std::sync::Arc;

use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, DoUpdate, Expr, FromTable, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, Insert, ObjectName, OnConflict, OnConflictAction, OnInsert, Query, SelectItem,
    SetExpr, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind, Values,
};

use crate::catalog::{Column, Identity, Table, TriggerEvent, View};
use crate::error::{Error, Result, Status};
use crate::sql::bind::binder::{same, Aggregates, Binder, Ex};
use crate::sql::bind::query::{table_columns, Bound};
use crate::sql::bind::scope::{Relation, Scope};
use crate::sql::errors::{cannot_write, given_twice, refuse};
use crate::sql::grammar::{expression, name, object, path, quote, require_user_name};
use crate::sql::numbering::{counted_defaults, Given, Rows};
use crate::sql::program::{Parts, Program, ResultColumn, StatementKind};
use crate::value::Type;

impl Binder<'_> {
    /// The table a statement writes; a view is one if it has a trigger that stands in for the event.
    fn target(&mut self, written: &ObjectName, event: TriggerEvent) -> Result<Arc<Table>> {
        let path = path(written)?;
        let written = path.name.as_str();
        let unknown = || Error::unknown_relation(written);
        require_user_name(written).map_err(|_| unknown())?;
        let home = self.home(&path);
        if let Some(view) = home.view(written) {
            if !view.temporary && self.catalog.triggers_of(written, event).next().is_some() {
                view.dependencies.iter().for_each(|table| self.uses(table));
                self.views.push(view.name.clone());
                return Ok(Arc::new(as_table(view)));
            }
            let message = format!("{written} is a view and cannot be written");
            let error = Error::new(Status::Sql, "sql.not_updatable", Some("42809"), message);
            let hint = format!("create a trigger INSTEAD OF {} on it", event.sql());
            return Err(error.with("relation", written).hint(hint));
        }
        let table = home.table(written).cloned().ok_or_else(unknown)?;
        if table.temporary {
            self.uses_temporary(&table.name);
        } else {
            self.uses(&table.name);
        }
        Ok(table)
    }

    pub fn insert(&mut self, insert: &Insert) -> Result<Parts> {
        refuse_insert(insert)?;
        let TableObject::TableName(table) = &insert.table else {
            return Err(Error::unsupported("INSERT into anything but a table"));
        };
        let table = self.target(table, TriggerEvent::Insert)?;
        let columns = insert_columns(insert, &table)?;
        let names_id = table.row_id().is_some_and(|id| columns.iter().any(|column| column.name == id.name));
        let mut sql = format!("INSERT INTO {}", self.relation_sql(&table.name, table.temporary));
        let mut qualifier = table.name.clone();
        if let Some(alias) = &insert.table_alias {
            qualifier = name(&alias.alias);
            sql.push_str(&format!(" AS {}", quote(&qualifier)));
        }
        let mut counted = sql.clone();
        let id = self.default_id(insert, &table, names_id)?;
        let gives_id = id.is_some() || (names_id && insert.source.is_some());
        match &insert.source {
            None if insert.columns.is_empty() && id.is_some() => {
                let mut rows = Rows::Values(vec![Vec::new()]);
                let names: Vec<&str> = id.iter().map(|(name, _)| name.as_str()).collect();
                rows.add(id.as_ref().map(|(_, value)| value));
                sql.push_str(&rows.sql(&names, None));
                counted.push_str(&rows.sql(&names, Some(&table)));
            }
            None if insert.columns.is_empty() => {
                sql.push_str(" DEFAULT VALUES");
                counted.extend(counted_defaults(&table));
            }
            None => return Err(Error::syntax("INSERT is missing its source rows")),
            Some(query) => {
                let mut rows = match plain_values(query) {
                    Some(values) => Rows::Values(self.insert_values(values, &table, &columns)?),
                    None => self.insert_query(query, &table, &columns)?,
                };
                rows.add(id.as_ref().map(|(_, value)| value));
                let names = columns.iter().map(|column| &column.name).chain(id.iter().map(|(name, _)| name));
                let names: Vec<&str> = names.map(String::as_str).collect();
                sql.push_str(&rows.sql(&names, None));
                counted.push_str(&rows.sql(&names, Some(&table)));
            }
        }
        let written = sql.len();
        match &insert.on {
            None => {}
            Some(OnInsert::OnConflict(conflict)) => {
                refuse(insert.source.is_none(), "ON CONFLICT with DEFAULT VALUES")?;
                refuse(self.is_view(&table), "ON CONFLICT of a view")?;
                sql.push_str(&self.on_conflict(conflict, &table, &qualifier)?);
            }
            Some(_) => return Err(Error::unsupported("ON DUPLICATE KEY")),
        }
        let scope = Scope::of(Relation::new(&qualifier, table_columns(&table)));
        let bare = sql.len();
        let columns = self.returning(insert.returning.as_deref(), &scope, &table, &mut sql)?;
        let id_only = (adds_one_row(insert) && is_id(&columns, &table)).then(|| sql[..bare].to_owned());
        if table.row_id().is_some() && !table.temporary {
            counted.push_str(id_only.as_ref().map_or(&sql[written..], |_| &sql[written..bare]));
            self.numbering.counted = Some(counted);
            self.numbering.given = match gives_id {
                false => Given::None,
                true if adds_one_row(insert) => Given::One,
                true => Given::Several,
            };
        }
        let program = Program::Statement(sql);
        Ok(Parts { kind: StatementKind::Insert, program, columns, target: Some(table), id_only })
    }

    /// The id and its default, if rows get that: SQLite gives ids without asking for one.
    fn default_id(&mut self, insert: &Insert, table: &Table, named: bool) -> Result<Option<(String, String)>> {
        let Some(id) = table.row_id().filter(|_| insert.source.is_none() || !named) else { return Ok(None) };
        let Some(default) = &id.default_sql else { return Ok(None) };
        Ok(Some((id.name.clone(), self.default_value(default, id)?.sql)))
    }

    fn insert_values(&mut self, values: &Values, table: &Table, columns: &[&Column]) -> Result<Vec<Vec<String>>> {
        let scope = Scope::default();
        let mut rows = Vec::with_capacity(values.rows.len());
        self.aggregates = Aggregates::Inside("VALUES");
        for row in &values.rows {
            if row.content.len() != columns.len() {
                return Err(wrong_width("INSERT", table, columns.len(), row.content.len()));
            }
            let mut cells = Vec::with_capacity(columns.len());
            for (expr, column) in row.content.iter().zip(columns) {
                cells.push(self.stored(expr, table, column, &scope)?);
            }
            rows.push(cells);
        }
        Ok(rows)
    }

    /// A value as it is stored in a column; the word DEFAULT stands for the column's default.
    fn stored(&mut self, expr: &Expr, table: &Table, column: &Column, scope: &Scope<'_>) -> Result<String> {
        if is_default(expr) {
            return match &column.default_sql {
                None => Ok("NULL".to_owned()),
                Some(default) => Ok(self.default_value(default, column)?.sql),
            };
        }
        require_assignable(column)?;
        let ex = self.expr(expr, scope)?;
        let source = (table.name.clone(), column.name.clone());
        let nullable = column.nullable || column.auto_increment;
        let position = |error| crate::sql::grammar::position(error, sqlparser::ast::Spanned::span(expr).start);
        let ex = self.assign(ex, &column.ty, &column.name, Some(&source), nullable).map_err(position)?;
        Ok(self.shaped(ex, column).sql)
    }

    pub fn default_value(&mut self, default: &str, column: &Column) -> Result<Ex> {
        let expr = expression(default)?;
        // Positions would count within the default alone.
        let ex = self.expr(&expr, &Scope::default()).map_err(crate::sql::grammar::without_position)?;
        let ex = self.assign(ex, &column.ty, &column.name, None, column.nullable)?;
        Ok(self.shaped(ex, column))
    }

    fn insert_query(&mut self, query: &Query, table: &Table, columns: &[&Column]) -> Result<Rows> {
        let bound = self.query(query, None)?;
        if bound.columns.len() != columns.len() {
            return Err(wrong_width("INSERT", table, columns.len(), bound.columns.len()));
        }
        self.stored_query(bound, columns)
    }

    /// A query whose columns are brought to the types of those they are stored in.
    fn stored_query(&mut self, bound: Bound, columns: &[&Column]) -> Result<Rows> {
        let made_up = self.invent();
        let mut items = Vec::with_capacity(columns.len());
        for (from, to) in bound.columns.iter().zip(columns) {
            require_assignable(to)?;
            let sql = format!("{made_up}.{}", quote(&from.sql_name));
            let ex = Ex::new(sql, from.ty.clone(), from.nullable);
            let ex = if same(&from.ty, &to.ty) { ex } else { self.assign(ex, &to.ty, &to.name, None, to.nullable)? };
            items.push(self.shaped(ex, to).sql);
        }
        Ok(Rows::Query { items, query: bound.sql, name: made_up })
    }

    fn on_conflict(&mut self, conflict: &OnConflict, table: &Table, qualifier: &str) -> Result<String> {
        let target = match &conflict.conflict_target {
            None => String::new(),
            Some(ConflictTarget::Columns(columns)) => {
                let names = columns.iter().map(|column| known(table, &name(column)).map(|column| column.name.clone()));
                let names: Vec<String> = names.collect::<Result<_>>()?;
                self.require_unique(table, &names)?;
                format!(" ({})", names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", "))
            }
            Some(ConflictTarget::OnConstraint(constraint)) => {
                let columns = constraint_columns(table, &object(constraint)?)?;
                let names: Vec<String> = columns.iter().map(|column| quote(column)).collect();
                format!(" ({})", names.join(", "))
            }
        };
        match &conflict.action {
            OnConflictAction::DoNothing => Ok(format!(" ON CONFLICT{target} DO NOTHING")),
            OnConflictAction::DoUpdate(_) if target.is_empty() => {
                Err(Error::syntax("ON CONFLICT DO UPDATE needs the columns in conflict"))
            }
            OnConflictAction::DoUpdate(DoUpdate { assignments, selection }) => {
                let mut excluded = Relation::new("excluded", table_columns(table));
                // Bare names mean the row that is there.
                excluded.merged = table.columns.iter().map(|column| column.name.clone()).collect();
                let mut scope = Scope::of(Relation::new(qualifier, table_columns(table)));
                scope.add(excluded)?;
                let assignments = self.assignments(assignments, table, &scope)?;
                let filter = self.condition(selection.as_ref(), &scope)?;
                Ok(format!(" ON CONFLICT{target} DO UPDATE SET {assignments}{filter}"))
            }
        }
    }

    /// The columns in conflict must be those of a key, in any order.
    fn require_unique(&self, table: &Table, columns: &[String]) -> Result<()> {
        let same = |key: &[String]| key.len() == columns.len() && key.iter().all(|column| columns.contains(column));
        let indexes = self.catalog.indexes.values().chain(self.catalog.temp().indexes.values());
        let mut keys = indexes.filter(|index| {
            index.unique && !index.expression && index.predicate_sql.is_none() && index.table == table.name
        });
        let declared = same(&table.primary_key) || table.uniques.iter().any(|unique| same(&unique.columns));
        if declared || keys.any(|index| same(&index.columns)) {
            return Ok(());
        }
        let message = format!("table {} has no unique constraint on ({})", table.name, columns.join(", "));
        Err(Error::new(Status::Sql, "sql.unknown_constraint", Some("42P10"), message).with("relation", &*table.name))
    }

    fn assignments(&mut self, assignments: &[Assignment], table: &Table, scope: &Scope<'_>) -> Result<String> {
        self.aggregates = Aggregates::Inside("SET");
        let mut seen: Vec<&str> = Vec::with_capacity(assignments.len());
        let mut texts = Vec::with_capacity(assignments.len());
        for assignment in assignments {
            let targets = match &assignment.target {
                AssignmentTarget::ColumnName(target) => std::slice::from_ref(target),
                AssignmentTarget::Tuple(targets) => targets,
            };
            let mut columns = Vec::with_capacity(targets.len());
            for target in targets {
                let column = known(table, &object(target)?)?;
                if seen.contains(&column.name.as_str()) {
                    return Err(assigned_twice(&column.name, "UPDATE"));
                }
                seen.push(&column.name);
                if column.generated_sql.is_some() {
                    return Err(cannot_write(column));
                }
                columns.push(column);
            }
            match (&assignment.target, &assignment.value) {
                (AssignmentTarget::ColumnName(_), value) => {
                    let value = self.stored(value, table, columns[0], scope)?;
                    texts.push(format!("{} = {value}", quote(&columns[0].name)));
                }
                (_, value) if row_of(value).is_some() => {
                    let values = row_of(value).unwrap_or_default();
                    if values.len() != columns.len() {
                        return Err(wrong_width("SET", table, columns.len(), values.len()));
                    }
                    for (column, value) in columns.into_iter().zip(values) {
                        let value = self.stored(value, table, column, scope)?;
                        texts.push(format!("{} = {value}", quote(&column.name)));
                    }
                }
                (_, Expr::Subquery(query)) => {
                    let bound = self.query(query, Some(scope))?;
                    if bound.columns.len() != columns.len() {
                        return Err(wrong_width("SET", table, columns.len(), bound.columns.len()));
                    }
                    let names: Vec<String> = columns.iter().map(|column| quote(&column.name)).collect();
                    let query = self.stored_query(bound, &columns)?.source();
                    texts.push(format!("({}) = ({query})", names.join(", ")));
                }
                (_, other) => return Err(Error::unsupported(format!("SET of several columns to {other}"))),
            }
        }
        let assigned = seen.into_iter().map(str::to_owned).collect();
        self.numbering.assigned = assigned;
        Ok(texts.join(", "))
    }

    fn condition(&mut self, selection: Option<&Expr>, scope: &Scope<'_>) -> Result<String> {
        let Some(condition) = selection else { return Ok(String::new()) };
        self.aggregates = Aggregates::Inside("WHERE");
        let sql = self.condition_expr(condition, scope, "the condition of WHERE")?.sql;
        Ok(format!(" WHERE {}", self.narrowed(condition, sql, scope)?))
    }

    fn returning(
        &mut self,
        returning: Option<&[SelectItem]>,
        scope: &Scope<'_>,
        table: &Table,
        sql: &mut String,
    ) -> Result<Vec<ResultColumn>> {
        let Some(items) = returning else { return Ok(Vec::new()) };
        refuse(self.is_view(table), "RETURNING of a view")?;
        self.aggregates = Aggregates::Inside("RETURNING");
        // The written row is not the one that was found.
        self.searches.clear();
        // SQLite knows the written row by the name of the table, whatever its alias.
        let relation = scope.relations.first().ok_or_else(|| Error::internal("RETURNING without a table"))?;
        let mut relation = relation.clone();
        relation.qualifier = quote(&table.name);
        let (text, columns) = self.list(items, &Scope::of(relation))?;
        sql.push_str(" RETURNING ");
        sql.push_str(&text);
        Ok(crate::sql::program::result_columns(columns))
    }

    /// The table of an UPDATE or DELETE and the scope of its expressions.
    fn written(&mut self, table: &TableWithJoins, event: TriggerEvent) -> Result<(Arc<Table>, Relation, String)> {
        let TableFactor::Table { name: written, alias, args: None, .. } = &table.relation else {
            return Err(Error::unsupported("writing to anything but a table"));
        };
        refuse(!table.joins.is_empty(), "a join in UPDATE or DELETE")?;
        crate::sql::bind::query::refuse_table_options(&table.relation)?;
        let found = self.target(written, event)?;
        let mut sql = self.relation_sql(&found.name, found.temporary);
        let mut relation = Relation::table(&found, table_columns(&found));
        if let Some(alias) = alias {
            refuse(!alias.columns.is_empty(), "column names in the alias of a written table")?;
            relation.name = name(&alias.name);
            relation.qualifier = quote(&relation.name);
            sql.push_str(&format!(" AS {}", relation.qualifier));
        }
        Ok((found, relation, sql))
    }

    pub fn update(&mut self, update: &Update) -> Result<Parts> {
        refuse(!update.order_by.is_empty() || update.limit.is_some(), "ORDER BY or LIMIT in UPDATE")?;
        refuse(update.or.is_some() || update.output.is_some(), "this form of UPDATE")?;
        refuse(!update.optimizer_hints.is_empty(), "a hint")?;
        let (table, relation, target) = self.written(&update.table, TriggerEvent::Update)?;
        let mut scope = Scope::of(relation);
        let from = match &update.from {
            Some(UpdateTableFromKind::AfterSet(from)) => {
                self.from(from, &mut scope)?.map(|from| format!(" FROM {from}")).unwrap_or_default()
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(Error::unsupported("FROM before SET")),
            None => String::new(),
        };
        let assignments = self.assignments(&update.assignments, &table, &scope)?;
        let filter = self.condition(update.selection.as_ref(), &scope)?;
        let mut sql = format!("UPDATE {target} SET {assignments}{from}{filter}");
        let columns = self.returning(update.returning.as_deref(), &scope, &table, &mut sql)?;
        let program = Program::Statement(sql);
        Ok(Parts { kind: StatementKind::Update, program, columns, target: Some(table), id_only: None })
    }

    pub fn delete(&mut self, delete: &Delete) -> Result<Parts> {
        refuse(!delete.order_by.is_empty() || delete.limit.is_some(), "ORDER BY or LIMIT in DELETE")?;
        refuse(!delete.tables.is_empty() || delete.output.is_some(), "this form of DELETE")?;
        refuse(!delete.optimizer_hints.is_empty(), "a hint")?;
        let FromTable::WithFromKeyword(tables) = &delete.from else {
            return Err(Error::syntax("DELETE needs FROM"));
        };
        let [table] = tables.as_slice() else { return Err(Error::unsupported("DELETE from several tables")) };
        let (table, relation, target) = self.written(table, TriggerEvent::Delete)?;
        let scope = Scope::of(relation);
        let filter = match &delete.using {
            None => self.condition(delete.selection.as_ref(), &scope)?,
            // A row goes if it has any match.
            Some(using) => {
                let mut inner = Scope::within(Some(&scope));
                let from = self.from(using, &mut inner)?.unwrap_or_default();
                if let Some(twice) = inner.relations.iter().find(|known| scope.relation(&known.name).is_ok()) {
                    return Err(given_twice(&twice.name));
                }
                let filter = self.condition(delete.selection.as_ref(), &inner)?;
                format!(" WHERE EXISTS (SELECT 1 FROM {from}{filter})")
            }
        };
        let mut sql = format!("DELETE FROM {target}{filter}");
        let columns = self.returning(delete.returning.as_deref(), &scope, &table, &mut sql)?;
        let program = Program::Statement(sql);
        Ok(Parts { kind: StatementKind::Delete, program, columns, target: Some(table), id_only: None })
    }

    /// Whether a statement writes to a view.
    fn is_view(&self, table: &Table) -> bool {
        !table.temporary && self.catalog.view(&table.name).is_some()
    }
}

/// A view as the statements see it that write to it.
fn as_table(view: &View) -> Table {
    let columns = view.columns.iter().map(|column| Column::new(&column.name, column.ty.clone()));
    Table {
        name: view.name.clone(),
        columns: columns.collect(),
        primary_key: Vec::new(),
        primary_key_name: String::new(),
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        ddl: view.ddl.clone(),
        temporary: false,
    }
}

fn refuse_insert(insert: &Insert) -> Result<()> {
    refuse(insert.or.is_some() || insert.ignore || insert.overwrite || insert.replace_into, "this form of INSERT")?;
    refuse(!insert.assignments.is_empty() || insert.partitioned.is_some(), "INSERT ... SET")?;
    refuse(insert.insert_alias.is_some() || insert.output.is_some(), "this form of INSERT")?;
    refuse(insert.multi_table_insert_type.is_some() || insert.priority.is_some(), "this form of INSERT")?;
    refuse(insert.settings.is_some() || insert.format_clause.is_some(), "this form of INSERT")?;
    refuse(!insert.after_columns.is_empty() || !insert.optimizer_hints.is_empty(), "this form of INSERT")?;
    refuse(insert.has_table_keyword || !insert.into, "INSERT without INTO")
}

/// Whether it adds one row or fails.
fn adds_one_row(insert: &Insert) -> bool {
    let values = insert.source.as_deref().map(plain_values);
    let one = values.is_none_or(|values| values.is_some_and(|values| values.rows.len() == 1));
    one && insert.on.is_none()
}

/// Whether a row of `columns` is the id of a row of `table`.
fn is_id(columns: &[ResultColumn], table: &Table) -> bool {
    let [ResultColumn { ty: Type::Int64, source: Some((relation, column)), .. }] = columns else { return false };
    *relation == table.name && table.row_id().is_some_and(|id| id.name == *column)
}

fn insert_columns<'t>(insert: &Insert, table: &'t Table) -> Result<Vec<&'t Column>> {
    if insert.columns.is_empty() {
        return Ok(table.columns.iter().filter(|column| column.generated_sql.is_none()).collect());
    }
    let mut columns: Vec<&Column> = Vec::with_capacity(insert.columns.len());
    for written in &insert.columns {
        let column = known(table, &object(written)?)?;
        if columns.iter().any(|seen| seen.name == column.name) {
            return Err(assigned_twice(&column.name, "INSERT"));
        }
        if column.generated_sql.is_some() {
            return Err(cannot_write(column));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// An identity column that is always generated takes no value but DEFAULT.
fn require_assignable(column: &Column) -> Result<()> {
    match column.identity {
        Some(Identity::Always) => Err(cannot_write(column).hint("write DEFAULT, or leave the column out")),
        _ => Ok(()),
    }
}

fn known<'t>(table: &'t Table, written: &str) -> Result<&'t Column> {
    table.column(written).ok_or_else(|| Error::unknown_column(written).with("relation", table.name.clone()))
}

fn assigned_twice(column: &str, statement: &str) -> Error {
    let message = format!("column {column} was assigned more than once in {statement}");
    Error::new(Status::Sql, "sql.duplicate_column", Some("42701"), message).with("column", column)
}

fn wrong_width(clause: &str, table: &Table, expected: usize, received: usize) -> Error {
    Error::syntax(format!("{clause} on {} expected {expected} values but received {received}", table.name))
        .with("relation", table.name.clone())
}

/// VALUES and nothing around it, where the word DEFAULT may stand.
fn plain_values(query: &Query) -> Option<&Values> {
    match query {
        Query { with: None, order_by: None, limit_clause: None, fetch: None, body, .. } => match body.as_ref() {
            SetExpr::Values(values) => Some(values),
            _ => None,
        },
        _ => None,
    }
}

/// The values of `(a, b)` and `ROW(a, b)`.
fn row_of(expr: &Expr) -> Option<Vec<&Expr>> {
    match expr {
        Expr::Tuple(values) => Some(values.iter().collect()),
        Expr::Function(Function { name, args: FunctionArguments::List(list), .. })
            if name.to_string().eq_ignore_ascii_case("row") =>
        {
            let values = list.args.iter().map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
                _ => None,
            });
            values.collect()
        }
        _ => None,
    }
}

fn is_default(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"))
}

fn constraint_columns(table: &Table, constraint: &str) -> Result<Vec<String>> {
    if table.primary_key_name.eq_ignore_ascii_case(constraint) && !table.primary_key.is_empty() {
        return Ok(table.primary_key.clone());
    }
    let unique = table.uniques.iter().find(|unique| unique.name.eq_ignore_ascii_case(constraint));
    unique.map(|unique| unique.columns.clone()).ok_or_else(|| {
        let message = format!("table {} has no unique constraint {constraint}", table.name);
        Error::new(Status::Sql, "sql.unknown_constraint", Some("42704"), message).with("constraint", constraint)
    })
}

/// Whether a column of this type can be declared.
pub(crate) fn require_column_type(ty: &Type, column: &str) -> Result<()> {
    if *ty == Type::Dynamic {
        return Err(Error::type_mismatch(format!("column {column} has no type")).hint("CAST the expression"));
    }
    Ok(())
}
