//! Functions of this engine beside the DecentDB C ABI. Their names begin with `ddb_ext_`; a binding must do without them where a
//! library does not export them.

use std::ffi::c_void;

use super::db::session;
use super::{array, call};
use crate::c_layout::WriteQueueMetrics;

/// `uint32_t ddb_ext_db_interrupt(ddb_db_t *db)`: ends the call that runs on the handle, or on one of its statements, at this
/// moment; does nothing if there is none. Any thread may call it. It waits for nothing and returns before the call has ended.
///
/// The call fails with status CANCELED (11), SQLSTATE `57014`, and nothing of its statement stays. If it read, or waited for a lock,
/// an open transaction stays open; if it had begun to write, SQLite rolls the transaction back, and `ddb_db_in_transaction` reports
/// none. A call that has begun to commit succeeds.
///
/// A request meets the running call or none: no call that begins after this function has returned is ever ended by it. It does
/// not end a wait for the lock of another process, which `process_coordination_timeout_ms` bounds, nor one for a turn in the write
/// queue. During a batch of the queue it ends the statement that runs, and the batch goes on without it.
#[no_mangle]
pub extern "C" fn ddb_ext_db_interrupt(db: *mut c_void) -> u32 {
    call(|| {
        session(db)?.interrupt();
        Ok(())
    })
}

/// `uint32_t ddb_ext_db_report_write_queue(ddb_db_t *db, const ddb_write_queue_metrics_t *metrics)`: a program that queues and groups
/// writes itself reports its counters, and `sys.write_queue_metrics` shows these on all handles of the database in this process from now
/// on. A counter of `UINT64_MAX` is one that the program does not keep; the view shows NULL. With NULL for `metrics` the view shows
/// the engine's own queue again, as `ddb_db_write_queue_metrics` always does. Waits for nothing.
///
/// # Safety
/// `metrics` is NULL or readable.
#[no_mangle]
pub unsafe extern "C" fn ddb_ext_db_report_write_queue(db: *mut c_void, metrics: *const WriteQueueMetrics) -> u32 {
    call(|| {
        let session = session(db)?;
        // SAFETY: the caller's promise.
        let reported = if metrics.is_null() { None } else { Some(unsafe { array(metrics, 1, "metrics") }?[0]) };
        session.shared.report_queue(reported);
        Ok(())
    })
}
