//! Changing a table in ways SQLite cannot: its rows move into a new table of the same name.
//!
//! These statements run while foreign keys are not enforced, so that renaming and dropping the old table touches none
//! of the tables that reference it.

use crate::catalog::Table;
use crate::error::Result;
use crate::sql::bind::Binder;
use crate::sql::emit::drop_shadow_indexes;
use crate::sql::errors::depends;
use crate::sql::grammar::{quote, text_literal, without_position};

use super::alter::Alteration;

/// The name of the old table while its rows move.
const OLD: &str = "__ddb_old";

impl Binder<'_> {
    /// The statements that move the rows; the binder knows the catalogue as it will be.
    pub fn rebuild(&mut self, altered: &Alteration) -> Result<Vec<String>> {
        let Alteration { old, new, fill, .. } = altered;
        let (target, source) = (quote(&new.name), quote(OLD));
        let mut columns: Vec<String> = fill.iter().map(|(column, _)| quote(column)).collect();
        let mut values: Vec<String> = fill.iter().map(|(_, sql)| sql.clone()).collect();
        if new.row_id().is_none() {
            // Rows that are ordered by nothing else keep their order.
            if let (Some(from), Some(to)) = (hidden_row_id(old), hidden_row_id(new)) {
                columns.push(to.to_owned());
                values.push(from.to_owned());
            }
        }
        let mut statements = drop_shadow_indexes(self.catalog, &new.name);
        statements.extend([
            // By default it leaves references by other tables and views unchanged.
            "PRAGMA legacy_alter_table = ON".to_owned(),
            format!("ALTER TABLE {target} RENAME TO {source}"),
            "PRAGMA legacy_alter_table = OFF".to_owned(),
            self.table_sql(new)?,
            format!("INSERT INTO {target} ({}) SELECT {} FROM {source}", columns.join(", "), values.join(", ")),
        ]);
        statements.push(match new.row_id() {
            Some(id) => keep_odd_ids(new, &id.name),
            None => forget_ids(&new.name),
        });
        statements.push(format!("DROP TABLE {source}"));
        for index in self.catalog.indexes.values().filter(|index| index.table == new.name) {
            let sql = self.index_sql(index, new).map_err(without_position).map_err(|error| {
                let because = format!("because index {} needs it as it is: {}", index.name, error.message);
                depends(format!("cannot alter table {} {because}", new.name)).with("relation", new.name.clone())
            })?;
            statements.extend(sql);
        }
        Ok(statements)
    }
}

/// Keeps the highest id of a table that SQLite would not count on from: below 0 it goes on with negative numbers, and after
/// the largest one it takes any.
pub(crate) fn keep_odd_ids(table: &Table, id: &str) -> String {
    format!(
        "INSERT INTO __ddb_ids SELECT {}, max(id, 0) FROM (SELECT max({}) AS id FROM {}) WHERE id < 0 OR id = {} \
         ON CONFLICT DO UPDATE SET highest = max(highest, excluded.highest)",
        text_literal(&table.name),
        quote(id),
        quote(&table.name),
        i64::MAX
    )
}

/// The ids of a table that goes, or that numbers its rows no more, need no keeping.
pub(super) fn forget_ids(table: &str) -> String {
    format!("DELETE FROM __ddb_ids WHERE name = {}", text_literal(table))
}

/// SQLite's name for the number of a row where no column holds it; a column may take any of its names.
fn hidden_row_id(table: &Table) -> Option<&'static str> {
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| table.column(name).is_none())
}
