//! Metadata as JSON documents and DDL.

use std::ffi::{c_char, c_void};

use serde_json::Value as Json;

use super::db::session;
use super::{call, memory, out, text};
use crate::engine::Core;
use crate::error::Result;

/// # Safety
/// `out_text` is writable.
unsafe fn give(
    db: *mut c_void,
    out_text: *mut *mut c_char,
    document: impl FnOnce(&mut Core) -> Result<String>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    let place = unsafe { out(out_text, "out_json") }?;
    place.set(std::ptr::null_mut());
    let document = document(&mut session(db)?.core())?;
    place.set(memory::string(&document)?);
    Ok(())
}

fn json(document: Result<Json>) -> Result<String> {
    document.map(|json| json.to_string())
}

/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_list_tables_json(db: *mut c_void, out_json: *mut *mut c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { give(db, out_json, |core| json(core.list_tables())) })
}

/// # Safety
/// `name` is a C string, `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_describe_table_json(
    db: *mut c_void,
    name: *const c_char,
    out_json: *mut *mut c_char,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller's promise.
        unsafe { give(db, out_json, |core| json(core.describe_table(name))) }
    })
}

/// # Safety
/// `name` is a C string, `out_ddl` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_get_table_ddl(db: *mut c_void, name: *const c_char, out_ddl: *mut *mut c_char) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller's promise.
        unsafe { give(db, out_ddl, |core| core.table_ddl(name)) }
    })
}

/// # Safety
/// `name` is a C string, `out_ddl` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_get_view_ddl(db: *mut c_void, name: *const c_char, out_ddl: *mut *mut c_char) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller's promise.
        unsafe { give(db, out_ddl, |core| core.view_ddl(name)) }
    })
}

/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_list_indexes_json(db: *mut c_void, out_json: *mut *mut c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { give(db, out_json, |core| json(core.list_indexes())) })
}

/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_list_views_json(db: *mut c_void, out_json: *mut *mut c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { give(db, out_json, |core| json(core.list_views())) })
}

/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_list_triggers_json(db: *mut c_void, out_json: *mut *mut c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { give(db, out_json, |core| json(core.list_triggers())) })
}

/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_get_schema_snapshot_json(db: *mut c_void, out_json: *mut *mut c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { give(db, out_json, |core| json(core.schema_snapshot())) })
}

/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_get_tooling_metadata_json(db: *mut c_void, out_json: *mut *mut c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { give(db, out_json, |core| json(core.tooling_metadata())) })
}

/// Describes the parameters and the result of a statement without executing it.
///
/// # Safety
/// `sql` is a C string, `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_describe_query_json(
    db: *mut c_void,
    sql: *const c_char,
    out_json: *mut *mut c_char,
) -> u32 {
    call(|| {
        // SAFETY: the caller's promise.
        let sql = unsafe { text(sql, "sql") }?;
        // SAFETY: the caller's promise.
        unsafe { give(db, out_json, |core| json(core.describe_query(sql))) }
    })
}

/// # Safety
/// `out_json` is writable.
#[no_mangle]
pub unsafe extern "C" fn ddb_db_inspect_storage_state_json(db: *mut c_void, out_json: *mut *mut c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { give(db, out_json, |core| json(core.storage_state())) })
}
