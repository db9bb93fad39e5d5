//! Which foreign key a statement violated: SQLite does not say, so the statement is run again without consequences.

use crate::engine::translate_error::{explain, is_foreign_key};
use crate::error::{Error, Result};
use crate::sql;
use crate::sql::Declared;
use crate::value::Value;

use super::core::Core;
use super::execute::{bind, no_statement};
use super::plan::Plan;

impl Core {
    /// The error of a write in the words of the dialect.
    pub(in crate::engine) fn explain_write(&mut self, plan: &mut Plan, params: &[Value], error: Error) -> Error {
        if is_foreign_key(&error) && !self.connection.is_autocommit() {
            let suspects = sql::suspects(&plan.compiled, &self.catalog);
            if suspects.len() > 1 {
                // An error on the way does not change the violation.
                let violated = self.find_violated(plan, params, &suspects).ok().flatten();
                return sql::foreign_key_error(&plan.compiled, violated);
            }
        }
        explain(error, Some(&plan.compiled), &self.catalog)
    }

    fn find_violated<'s>(
        &mut self,
        plan: &mut Plan,
        params: &[Value],
        suspects: &'s [Declared],
    ) -> Result<Option<&'s Declared>> {
        self.capture.pause(true);
        self.connection.execute("SAVEPOINT __ddb_blame; PRAGMA defer_foreign_keys = ON")?;
        let found = self.run_deferred(plan, params, suspects);
        let undone = self.connection.execute("ROLLBACK TO __ddb_blame; RELEASE __ddb_blame");
        self.connection.execute("PRAGMA defer_foreign_keys = OFF")?;
        self.capture.pause(false);
        undone.and(found)
    }

    /// The first of `suspects` that the statement breaks when foreign keys wait for the end of the transaction.
    fn run_deferred<'s>(
        &mut self,
        plan: &mut Plan,
        params: &[Value],
        suspects: &'s [Declared],
    ) -> Result<Option<&'s Declared>> {
        bind(plan, params)?;
        plan.statement.as_mut().ok_or_else(no_statement)?.run()?;
        for suspect in suspects {
            if self.connection.query_i64(&sql::orphans_exist(suspect))? != 0 {
                return Ok(Some(suspect));
            }
        }
        Ok(None)
    }
}
