//! The ranking of full-text search as an auxiliary function of FTS5. The `bm25` of FTS5 ignores words that occur in
//! more than half of the rows, so that small tables stay unordered. Here every word counts, and a better match has a
//! higher rank.

use std::ffi::{c_int, c_void};
use std::ptr;

use rusqlite::{ffi, Connection};

/// How fast repeated words stop adding to the score, and how strongly the length of a text lowers it.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The statistics shared by all rows of a query.
struct Statistics {
    average_length: f64,
    /// The weight of each phrase of the query: the rarer, the higher.
    weights: Vec<f64>,
}

/// Registers `ddb_bm25(table)` with FTS5.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    let failed = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
    // SAFETY: the connection is open for the whole call; the statement is finalized before the pointer target ends, and
    // FTS5 keeps its API as long as the connection lives.
    unsafe {
        let db = connection.handle();
        let mut api: *mut ffi::fts5_api = ptr::null_mut();
        let mut statement = ptr::null_mut();
        let code = ffi::sqlite3_prepare_v2(db, c"SELECT fts5(?1)".as_ptr(), -1, &mut statement, ptr::null_mut());
        if code != ffi::SQLITE_OK {
            return Err(failed(code));
        }
        ffi::sqlite3_bind_pointer(statement, 1, (&raw mut api).cast(), c"fts5_api_ptr".as_ptr(), None);
        ffi::sqlite3_step(statement);
        let code = ffi::sqlite3_finalize(statement);
        if code != ffi::SQLITE_OK {
            return Err(failed(code));
        }
        let Some(create) = api.as_ref().and_then(|api| api.xCreateFunction) else {
            return Err(failed(ffi::SQLITE_ERROR));
        };
        match create(api, c"ddb_bm25".as_ptr(), ptr::null_mut(), Some(bm25), None) {
            ffi::SQLITE_OK => Ok(()),
            code => Err(failed(code)),
        }
    }
}

unsafe extern "C" fn bm25(
    api: *const ffi::Fts5ExtensionApi,
    fts: *mut ffi::Fts5Context,
    context: *mut ffi::sqlite3_context,
    _arguments: c_int,
    _values: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: FTS5 passes its API and the cursor of the current row, which are valid during the call.
    unsafe {
        match (*api).score(fts) {
            Ok(score) => ffi::sqlite3_result_double(context, score),
            Err(code) => ffi::sqlite3_result_error_code(context, code),
        }
    }
}

/// The part of FTS5's interface that ranking needs. Result codes become errors.
trait Ranking {
    unsafe fn score(&self, fts: *mut ffi::Fts5Context) -> Result<f64, c_int>;
    unsafe fn statistics(&self, fts: *mut ffi::Fts5Context) -> Result<&Statistics, c_int>;
}

fn checked(code: Option<c_int>) -> Result<(), c_int> {
    match code {
        Some(ffi::SQLITE_OK) => Ok(()),
        Some(code) => Err(code),
        None => Err(ffi::SQLITE_ERROR),
    }
}

impl Ranking for ffi::Fts5ExtensionApi {
    unsafe fn score(&self, fts: *mut ffi::Fts5Context) -> Result<f64, c_int> {
        // SAFETY: the caller promises that `fts` is the cursor of this API.
        unsafe {
            let statistics = self.statistics(fts)?;
            let mut length = 0;
            checked(self.xColumnSize.map(|size| size(fts, -1, &mut length)))?;
            let mut found = 0;
            checked(self.xInstCount.map(|count| count(fts, &mut found)))?;
            let mut frequencies = vec![0.0; statistics.weights.len()];
            for at in 0..found {
                let (mut phrase, mut column, mut offset) = (0, 0, 0);
                checked(self.xInst.map(|inst| inst(fts, at, &mut phrase, &mut column, &mut offset)))?;
                if let Some(frequency) = usize::try_from(phrase).ok().and_then(|at| frequencies.get_mut(at)) {
                    *frequency += 1.0;
                }
            }
            let relative = f64::from(length) / statistics.average_length;
            let saturation = K1 * (1.0 - B + B * relative);
            let terms = statistics.weights.iter().zip(&frequencies);
            Ok(terms.map(|(weight, found)| weight * found * (K1 + 1.0) / (found + saturation)).sum())
        }
    }

    unsafe fn statistics(&self, fts: *mut ffi::Fts5Context) -> Result<&Statistics, c_int> {
        // SAFETY: as above; auxiliary data of this function is always a `Statistics`, owned by FTS5 until the query
        // ends.
        unsafe {
            let known = self.xGetAuxdata.map_or(ptr::null_mut(), |get| get(fts, 0));
            if let Some(known) = known.cast::<Statistics>().as_ref() {
                return Ok(known);
            }
            let (mut rows, mut words) = (0, 0);
            checked(self.xRowCount.map(|count| count(fts, &mut rows)))?;
            checked(self.xColumnTotalSize.map(|size| size(fts, -1, &mut words)))?;
            let phrases = self.xPhraseCount.map_or(0, |count| count(fts));
            let mut weights = Vec::new();
            for phrase in 0..phrases {
                let mut hits: i64 = 0;
                checked(self.xQueryPhrase.map(|each| each(fts, phrase, (&raw mut hits).cast(), Some(count_row))))?;
                let (rows, hits) = (rows as f64, hits as f64);
                weights.push((1.0 + (rows - hits + 0.5) / (hits + 0.5)).ln());
            }
            let average_length = (words as f64 / (rows as f64).max(1.0)).max(f64::MIN_POSITIVE);
            let made = Box::into_raw(Box::new(Statistics { average_length, weights }));
            // FTS5 frees the data even if it fails to keep it.
            checked(self.xSetAuxdata.map(|set| set(fts, made.cast(), Some(free_statistics))))?;
            Ok(&*made)
        }
    }
}

unsafe extern "C" fn count_row(
    _api: *const ffi::Fts5ExtensionApi,
    _fts: *mut ffi::Fts5Context,
    hits: *mut c_void,
) -> c_int {
    // SAFETY: the counter that `statistics` passes.
    unsafe { *hits.cast::<i64>() += 1 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn free_statistics(made: *mut c_void) {
    // SAFETY: made by `Box::into_raw` in `statistics`; FTS5 calls this once.
    drop(unsafe { Box::from_raw(made.cast::<Statistics>()) });
}
