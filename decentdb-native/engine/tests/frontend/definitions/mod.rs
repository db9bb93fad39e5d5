//! Tables, views and indexes: made, changed, filled and dropped.

mod altering;
mod generated;
mod statements;
