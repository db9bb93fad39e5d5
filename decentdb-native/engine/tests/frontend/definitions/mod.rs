//! Statements that create, change, fill and drop tables, views and indexes.

mod altering;
mod generated;
mod statements;
