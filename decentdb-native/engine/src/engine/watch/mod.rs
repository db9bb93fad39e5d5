//! Watches: row changes are captured during a write and published to subscriptions after its commit.

mod event;
mod hub;
mod key_range;
mod row_changes;
mod subscribe;

pub(crate) use self::hub::{CommitEvent, Hub, Source};
pub(crate) use self::row_changes::{Capture, Mark};
pub(crate) use self::subscribe::{parse_request, WatchHandle};
