//! The structs and symbols match the C header.

use std::mem::{align_of, offset_of, size_of};
use std::path::PathBuf;
use std::process::Command;

use decentdb::testing::c_layout::{PlanCacheSummary, RowI64TextF64, ValueView, WriteQueueMetrics};

#[test]
fn values_have_168_bytes_and_the_offsets_of_the_header() {
    assert_eq!((size_of::<ValueView>(), align_of::<ValueView>()), (168, 8));
    let offsets = [
        offset_of!(ValueView, tag),
        offset_of!(ValueView, bool_value),
        offset_of!(ValueView, int64_value),
        offset_of!(ValueView, float64_value),
        offset_of!(ValueView, decimal_scaled),
        offset_of!(ValueView, decimal_scale),
        offset_of!(ValueView, data),
        offset_of!(ValueView, len),
        offset_of!(ValueView, uuid_bytes),
        offset_of!(ValueView, timestamp_micros),
        offset_of!(ValueView, enum_type_id),
        offset_of!(ValueView, enum_label_id),
        offset_of!(ValueView, ip_family),
        offset_of!(ValueView, cidr_prefix_len),
        offset_of!(ValueView, ip_cidr_addr_bytes),
        offset_of!(ValueView, date_days),
        offset_of!(ValueView, time_micros),
        offset_of!(ValueView, timestamptz_micros),
        offset_of!(ValueView, interval_months),
        offset_of!(ValueView, interval_days),
        offset_of!(ValueView, interval_micros),
    ];
    let expected = [0, 4, 16, 24, 32, 40, 48, 56, 64, 80, 88, 96, 104, 105, 112, 128, 136, 144, 152, 156, 160];
    assert_eq!(offsets, expected);
}

#[test]
fn the_other_structs_have_the_sizes_of_the_header() {
    assert_eq!(size_of::<WriteQueueMetrics>(), 120);
    assert_eq!(offset_of!(WriteQueueMetrics, admitted), 16);
    assert_eq!(offset_of!(WriteQueueMetrics, total_queue_wait_ns), 112);
    assert_eq!(size_of::<PlanCacheSummary>(), 72);
    assert_eq!(offset_of!(PlanCacheSummary, hit_rate), 64);
    assert_eq!(size_of::<RowI64TextF64>(), 32);
    assert_eq!(offset_of!(RowI64TextF64, float64_value), 24);
}

/// The shared library built together with the tests, beside their executable.
fn library() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.join(format!("{}decentdb{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX))
}

#[test]
#[cfg(target_os = "linux")]
fn the_library_exports_every_symbol() {
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library()).output().expect("nm runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    let exported: Vec<&str> =
        table.lines().filter_map(|line| line.split_once(" T ").map(|(_, name)| name.trim())).collect();
    let listed: Vec<&str> = include_str!("symbols.txt").lines().collect();
    assert_eq!(listed.len(), 104);
    let missing: Vec<&&str> = listed.iter().filter(|name| !exported.contains(name)).collect();
    assert!(missing.is_empty(), "not exported: {missing:?}");
    let unlisted: Vec<&&str> =
        exported.iter().filter(|name| name.starts_with("ddb_") && !listed.contains(name)).collect();
    assert!(unlisted.is_empty(), "exported but not listed: {unlisted:?}");
}

#[test]
fn the_library_carries_the_digest_of_its_sources() {
    let digest =
        unsafe { std::ffi::CStr::from_ptr(decentdb::testing::abi::ddb_engine_source_digest()) }.to_str().unwrap();
    assert_eq!(digest.len(), 64);
    assert!(digest.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()));
    let wanted = format!("ddb-engine-source-digest:{digest}");
    let file = std::fs::read(library()).unwrap();
    assert!(file.windows(wanted.len()).any(|window| window == wanted.as_bytes()));
}

#[test]
fn the_version_names_the_bundled_engine() {
    assert_eq!(decentdb::testing::abi::ddb_abi_version(), 7);
    let version = unsafe { std::ffi::CStr::from_ptr(decentdb::testing::abi::ddb_version()) }.to_str().unwrap();
    assert_eq!(version, format!("{}+bundled", env!("CARGO_PKG_VERSION")));
}
