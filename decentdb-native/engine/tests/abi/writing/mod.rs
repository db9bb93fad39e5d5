//! Transactions, the write queue, and what is left of writes afterwards.

mod durability;
mod isolation;
mod queue;
mod queue_contract;
mod transactions;
