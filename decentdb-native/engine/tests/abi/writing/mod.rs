//! Transactions, the write queue, and the durability of writes.

mod durability;
mod ids;
mod isolation;
mod queue;
mod queue_contract;
mod transactions;
