//! EXPLAIN: the plan of a statement as a tree, and with ANALYZE what running it took.

use std::collections::HashMap;
use std::time::Instant;

use crate::engine::translate_error;
use crate::error::{Error, Result};
use crate::sql::Program;
use crate::sqlite::{Cell, Step};
use crate::value::Value;

use super::core::Core;
use super::execute::{no_statement, Written};
use super::plan::Plan;

/// Of the rows in which SQLite explains a plan: the number of a node, that of the one above it, and what it does.
const NODE: usize = 0;
const PARENT: usize = 1;
const DETAIL: usize = 3;

impl Core {
    /// Reports the plan; with ANALYZE it also runs the query to its end, and reports how many rows it gave and how long
    /// that took.
    pub(in crate::engine) fn explain(&mut self, plan: &mut Box<Plan>, params: &[Value]) -> Result<Written> {
        let Program::Explain { analyze, .. } = plan.compiled.program else {
            return Err(Error::internal("EXPLAIN of no statement"));
        };
        let ran = if analyze { Some(self.run_to_end(plan, params)?) } else { None };
        let Program::Explain { query, outline, .. } = &plan.compiled.program else {
            return Err(Error::internal("EXPLAIN became another statement"));
        };
        let mut lines: Vec<String> =
            outline.iter().enumerate().map(|(depth, node)| format!("{}{node}", indent(depth))).collect();
        let mut depths: HashMap<i64, usize> = HashMap::new();
        let text = format!("EXPLAIN QUERY PLAN {query}");
        let mut explained = self.connection.prepare_deep(&text, plan.compiled.levels)?;
        while explained.step()? == Step::Row {
            let number = |column| match explained.cell(column) {
                Cell::Integer(number) => number,
                _ => 0,
            };
            let depth = depths.get(&number(PARENT)).map_or(outline.len(), |above| above + 1);
            depths.insert(number(NODE), depth);
            if let Cell::Text(detail) = explained.cell(DETAIL) {
                let detail = String::from_utf8_lossy(detail);
                lines.push(format!("{}{}({detail})", indent(depth), node_name(&detail)));
            }
        }
        if let Some((count, elapsed)) = ran {
            lines.push(format!("Actual Rows: {count}"));
            lines.push(format!("Actual Time: {elapsed:.3} ms"));
        }
        let json = serde_json::Value::from(lines).to_string();
        self.rows_of(&format!("SELECT value FROM json_each('{}')", json.replace('\'', "''")), 1)
    }

    /// The number of rows, and the milliseconds it took.
    fn run_to_end(&mut self, plan: &mut Box<Plan>, params: &[Value]) -> Result<(u64, f64)> {
        let begun = Instant::now();
        let mut step = self.start_read(plan, params)?;
        let statement = plan.statement.as_mut().ok_or_else(no_statement)?;
        let mut count = 0u64;
        while step == Step::Row {
            count += 1;
            step = statement.step().map_err(|error| translate_error::explain(error, None, &self.catalog))?;
        }
        statement.reset();
        Ok((count, begun.elapsed().as_secs_f64() * 1_000.0))
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// DecentDB's name for a node of SQLite's plan.
fn node_name(detail: &str) -> &'static str {
    let first = detail.split(' ').next().unwrap_or_default();
    match first {
        "SCAN" if detail.starts_with("SCAN CONSTANT ROW") => "Empty",
        "SCAN" if detail.contains(" USING ") => "IndexScan",
        "SCAN" => "TableScan",
        "SEARCH" => "IndexSeek",
        "USE" if detail.ends_with("GROUP BY") => "Aggregate",
        "USE" if detail.ends_with("DISTINCT") => "Distinct",
        "USE" => "Sort",
        "COMPOUND" | "LEFT-MOST" | "UNION" | "EXCEPT" | "INTERSECT" | "MERGE" | "LEFT" | "RIGHT" => "SetOp",
        "CO-ROUTINE" | "MATERIALIZE" | "SETUP" | "RECURSIVE" => "Materialize",
        "MULTI-INDEX" | "INDEX" => "IndexUnion",
        "BLOOM" => "Filter",
        _ => "Subquery",
    }
}
