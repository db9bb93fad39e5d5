//! Functions of the interface that this engine does not support. Each checks its handle and fails with "not supported".

use std::ffi::{c_char, c_void};

use super::db::session;
use super::{call, text};
use crate::c_layout::ValueView;
use crate::error::{Error, Result};

fn refuse(db: *mut c_void, what: &str) -> u32 {
    call(|| {
        session(db)?;
        Err(unsupported(what))
    })
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(what).hint("load libdecentdb, the DecentDB engine, to use it")
}

macro_rules! unsupported_json {
    ($($name:ident => $what:literal,)*) => {$(
        /// Not supported by this engine.
        #[no_mangle]
        pub extern "C" fn $name(db: *mut c_void, _request: *const c_char, _out_json: *mut *mut c_char) -> u32 {
            refuse(db, $what)
        }
    )*};
}

unsupported_json! {
    ddb_db_sync_execute_json => "synchronisation",
    ddb_db_branch_execute_json => "branching",
    ddb_sync_changeset_create_json => "creating a changeset",
    ddb_sync_changeset_apply_json => "applying a changeset",
    ddb_sync_changeset_inspect_json => "inspecting a changeset",
    ddb_sync_changeset_invert_json => "inverting a changeset",
    ddb_extension_install_json => "installing an extension",
    ddb_extension_enable_json => "enabling an extension",
    ddb_extension_disable_json => "disabling an extension",
    ddb_extension_list_json => "listing extensions",
    ddb_extension_dependencies_json => "listing the dependencies of an extension",
    ddb_extension_rebuild_json => "rebuilding an extension",
    ddb_extension_purge_json => "purging an extension",
}

/// Not supported by this engine.
#[no_mangle]
pub extern "C" fn ddb_extension_validate_json(_request: *const c_char, _out_json: *mut *mut c_char) -> u32 {
    call(|| Err(unsupported("validating an extension")))
}

/// Not supported by this engine.
#[no_mangle]
pub extern "C" fn ddb_db_execute_on_branch(
    db: *mut c_void,
    _branch_name: *const c_char,
    _sql: *const c_char,
    _params: *const ValueView,
    _params_len: usize,
    _out_result: *mut *mut c_void,
) -> u32 {
    refuse(db, "executing on a branch")
}

/// # Safety
/// `kind` is a C string.
unsafe fn tracing(db: *mut c_void, kind: *const c_char) -> Result<()> {
    session(db)?;
    // SAFETY: the caller's promise.
    let kind = unsafe { text(kind, "kind") }?;
    Err(unsupported(&format!("the runtime trace {kind}")))
}

/// Not supported by this engine.
///
/// # Safety
/// `kind` is a C string.
#[no_mangle]
pub unsafe extern "C" fn ddb_runtime_tracing_snapshot(
    db: *mut c_void,
    kind: *const c_char,
    _out_json: *mut *mut c_char,
) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { tracing(db, kind) })
}

/// Not supported by this engine.
///
/// # Safety
/// `kind` is a C string.
#[no_mangle]
pub unsafe extern "C" fn ddb_runtime_tracing_reset(db: *mut c_void, kind: *const c_char) -> u32 {
    // SAFETY: the caller's promise.
    call(|| unsafe { tracing(db, kind) })
}
