//! Handles: opaque pointers that are checked on every call.
//!
//! A handle is a number that is never reused, not an address, so the engine detects a handle that was freed or never
//! existed instead of following it. A call keeps its object alive, so freeing a handle that another thread is using is
//! safe: the object is dropped when the last call ends.

use std::collections::HashMap;
use std::ffi::c_void;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use parking_lot::RwLock;

use crate::engine::{QueryResult, Session, StatementHandle, WatchHandle};
use crate::error::{Error, Result};

const SHARDS: usize = 64;
/// Handles look like aligned pointers.
const STEP: usize = 16;

/// All kinds share this counter, so that a handle of one kind is never taken for a handle of another kind.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// Handles are distinct already, so spreading their bits is a sufficient hash.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(31).wrapping_add(u64::from(*byte));
        }
    }

    fn write_usize(&mut self, id: usize) {
        self.0 = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type Shard<T> = RwLock<HashMap<usize, Arc<T>, BuildHasherDefault<IdHasher>>>;

pub struct Registry<T> {
    shards: [Shard<T>; SHARDS],
}

impl<T> Registry<T> {
    fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Shard::default()) }
    }

    fn shard(&self, id: usize) -> &Shard<T> {
        &self.shards[id / STEP % SHARDS]
    }
}

/// A kind of object behind a handle.
pub trait HandleKind: Sized + Send + Sync + 'static {
    const NAME: &'static str;
    fn registry() -> &'static Registry<Self>;
}

macro_rules! kind {
    ($type:ty, $name:literal) => {
        impl HandleKind for $type {
            const NAME: &'static str = $name;

            fn registry() -> &'static Registry<Self> {
                static REGISTRY: LazyLock<Registry<$type>> = LazyLock::new(Registry::new);
                &REGISTRY
            }
        }
    };
}

kind!(Session, "database");
kind!(StatementHandle, "statement");
kind!(QueryResult, "result");
kind!(WatchHandle, "watch");

pub fn insert<T: HandleKind>(object: Arc<T>) -> *mut c_void {
    let id = NEXT.fetch_add(1, Ordering::Relaxed) * STEP;
    T::registry().shard(id).write().insert(id, object);
    id as *mut c_void
}

pub fn get<T: HandleKind>(handle: *mut c_void) -> Result<Arc<T>> {
    let id = handle as usize;
    match T::registry().shard(id).read().get(&id) {
        Some(object) => Ok(Arc::clone(object)),
        None => Err(dead::<T>(handle)),
    }
}

/// Ends the handle in `place` and sets it to NULL. Accepts NULL; fails for a handle that is not alive.
///
/// # Safety
/// `place` is NULL or points to a handle.
pub unsafe fn take<T: HandleKind>(place: *mut *mut c_void) -> Result<Option<Arc<T>>> {
    if place.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let handle = unsafe { place.read_unaligned() };
    if handle.is_null() {
        return Ok(None);
    }
    let id = handle as usize;
    let Some(object) = T::registry().shard(id).write().remove(&id) else {
        return Err(dead::<T>(handle));
    };
    // SAFETY: the caller's promise.
    unsafe { place.write_unaligned(std::ptr::null_mut()) };
    Ok(Some(object))
}

#[cold]
fn dead<T: HandleKind>(handle: *mut c_void) -> Error {
    if handle.is_null() {
        Error::misuse(format!("the {} handle must not be NULL", T::NAME))
    } else {
        Error::misuse(format!("{handle:?} is not an open {} handle: it was freed, or is of another kind", T::NAME))
    }
}
