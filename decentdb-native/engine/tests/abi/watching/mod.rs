//! Watches, change streams and their events.

mod watch_events;
mod watches;
