//! Compiled statements kept for their next execution.

use std::collections::HashMap;
use std::sync::Arc;

use crate::sql::Compiled;
use crate::sqlite::Statement;
use crate::value::{Tag, Type, Value};

/// A statement compiled for parameters of certain types against a certain schema.
pub struct Plan {
    pub sql: Arc<str>,
    pub compiled: Arc<Compiled>,
    /// The types of the result columns.
    pub types: Arc<[Type]>,
    /// `None` for DDL and transaction control.
    pub statement: Option<Statement>,
    /// The statement in the form that counts ids itself, once it was needed.
    pub counted: Option<Statement>,
    /// Gives the highest ids of the tables whose ids the statement may touch, once they were needed.
    pub highest: Vec<Option<Statement>>,
    pub tags: Vec<Tag>,
    /// The session's epoch: a plan of an earlier one is compiled again.
    pub epoch: u64,
    pub bytes: u64,
}

impl Plan {
    /// Whether the plan serves these parameters: NULL is of every type.
    pub fn accepts(&self, params: &[Value]) -> bool {
        self.tags.len() == params.len()
            && self.tags.iter().zip(params).all(|(tag, value)| matches!(value, Value::Null) || *tag == value.tag())
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct PlanCacheStats {
    pub entries: u64,
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub bytes: u64,
    pub max_bytes: u64,
    pub oversized: u64,
}

/// Idle plans by their SQL text, the least recently used dropped first. A plan in use is not in here.
pub struct PlanCache {
    plans: HashMap<Arc<str>, Vec<(u64, Box<Plan>)>>,
    tick: u64,
    enabled: bool,
    stats: PlanCacheStats,
}

impl PlanCache {
    pub fn new(enabled: bool, max_bytes: u64) -> Self {
        Self {
            plans: HashMap::new(),
            tick: 0,
            enabled,
            stats: PlanCacheStats { max_bytes, ..PlanCacheStats::default() },
        }
    }

    pub fn stats(&self) -> PlanCacheStats {
        self.stats
    }

    /// Takes out a plan of this text, epoch and, unless they are unknown yet, parameters.
    pub fn take(&mut self, sql: &str, params: Option<&[Value]>, epoch: u64) -> Option<Box<Plan>> {
        let found = self.plans.get_mut(sql).and_then(|plans| {
            let at = plans
                .iter()
                .rposition(|(_, plan)| plan.epoch == epoch && params.is_none_or(|params| plan.accepts(params)))?;
            Some(plans.swap_remove(at).1)
        });
        match &found {
            Some(plan) => {
                self.stats.hits += 1;
                self.forget(plan.bytes);
            }
            None => self.stats.misses += 1,
        }
        found
    }

    fn forget(&mut self, bytes: u64) {
        self.stats.entries -= 1;
        self.stats.bytes -= bytes;
    }

    /// Keeps an idle plan; its statement must be reset.
    pub fn put(&mut self, plan: Box<Plan>, epoch: u64) {
        if !self.enabled || plan.epoch != epoch {
            return;
        }
        if plan.bytes > self.stats.max_bytes {
            self.stats.oversized += 1;
            return;
        }
        while self.stats.bytes + plan.bytes > self.stats.max_bytes {
            self.evict();
        }
        self.tick += 1;
        self.stats.entries += 1;
        self.stats.bytes += plan.bytes;
        // An emptied entry keeps its key, so that a plan going out and in allocates nothing.
        match self.plans.get_mut(&plan.sql) {
            Some(plans) => plans.push((self.tick, plan)),
            None => drop(self.plans.insert(Arc::clone(&plan.sql), vec![(self.tick, plan)])),
        }
        if self.plans.len() > 2 * self.stats.entries as usize + 64 {
            self.plans.retain(|_, plans| !plans.is_empty());
        }
    }

    fn evict(&mut self) {
        let oldest = self
            .plans
            .values_mut()
            .filter_map(|plans| {
                let at = (0..plans.len()).min_by_key(|at| plans[*at].0)?;
                Some((plans[at].0, at, plans))
            })
            .min_by_key(|(tick, ..)| *tick);
        match oldest {
            Some((_, at, plans)) => {
                let bytes = plans.swap_remove(at).1.bytes;
                self.stats.evictions += 1;
                self.forget(bytes);
            }
            None => self.stats.bytes = 0,
        }
    }

    pub fn clear(&mut self) {
        self.plans.clear();
        self.stats.entries = 0;
        self.stats.bytes = 0;
    }
}
