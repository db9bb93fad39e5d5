//! The structs of the C header. The tests assert every offset.

use std::ffi::c_char;
use std::{ptr, slice};

use crate::value::{Tag, Value};

/// `ddb_value_view_t`, and `ddb_value_t`, which differs only in the constness of `data`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ValueView {
    pub tag: u32,
    pub bool_value: u8,
    pub reserved0: [u8; 7],
    pub int64_value: i64,
    pub float64_value: f64,
    pub decimal_scaled: i64,
    pub decimal_scale: u8,
    pub reserved1: [u8; 7],
    pub data: *const u8,
    pub len: usize,
    pub uuid_bytes: [u8; 16],
    pub timestamp_micros: i64,
    pub enum_type_id: u64,
    pub enum_label_id: u64,
    pub ip_family: u8,
    pub cidr_prefix_len: u8,
    pub reserved2: [u8; 6],
    pub ip_cidr_addr_bytes: [u8; 16],
    pub date_days: i32,
    pub time_micros: i64,
    pub timestamptz_micros: i64,
    pub interval_months: i32,
    pub interval_days: i32,
    pub interval_micros: i64,
}

impl Default for ValueView {
    fn default() -> Self {
        Self {
            tag: Tag::Null as u32,
            bool_value: 0,
            reserved0: [0; 7],
            int64_value: 0,
            float64_value: 0.0,
            decimal_scaled: 0,
            decimal_scale: 0,
            reserved1: [0; 7],
            data: ptr::null(),
            len: 0,
            uuid_bytes: [0; 16],
            timestamp_micros: 0,
            enum_type_id: 0,
            enum_label_id: 0,
            ip_family: 0,
            cidr_prefix_len: 0,
            reserved2: [0; 6],
            ip_cidr_addr_bytes: [0; 16],
            date_days: 0,
            time_micros: 0,
            timestamptz_micros: 0,
            interval_months: 0,
            interval_days: 0,
            interval_micros: 0,
        }
    }
}

impl ValueView {
    /// Whether values with this tag use `data` and `len`.
    pub fn has_data(&self) -> bool {
        [Tag::Text, Tag::Blob, Tag::Geometry, Tag::Geography].iter().any(|tag| *tag as u32 == self.tag)
    }

    /// # Safety
    /// `data` points to `len` bytes that live for `'a`, unless `len` is 0.
    pub unsafe fn bytes<'a>(&self) -> &'a [u8] {
        if self.len == 0 || self.data.is_null() {
            &[]
        } else {
            // SAFETY: the caller's promise.
            unsafe { slice::from_raw_parts(self.data, self.len) }
        }
    }

    /// Sets the tag and its fields for every value without `data`; the other fields stay as they are.
    pub fn set_fixed(&mut self, value: &Value) {
        self.tag = value.tag() as u32;
        match value {
            Value::Null | Value::Text(_) | Value::Blob(_) | Value::Geometry(_) | Value::Geography(_) => {}
            Value::Int64(number) => self.int64_value = *number,
            Value::Float64(number) => self.float64_value = *number,
            Value::Bool(flag) => self.bool_value = u8::from(*flag),
            Value::Decimal { unscaled, scale } => {
                self.decimal_scaled = *unscaled;
                self.decimal_scale = *scale;
            }
            Value::Uuid(bytes) => self.uuid_bytes = *bytes,
            Value::Timestamp(micros) => self.timestamp_micros = *micros,
            Value::TimestampTz(micros) => self.timestamptz_micros = *micros,
            Value::Date(days) => self.date_days = *days,
            Value::Time(micros) => self.time_micros = *micros,
            Value::Interval { months, days, micros } => {
                self.interval_months = *months;
                self.interval_days = *days;
                self.interval_micros = *micros;
            }
            Value::Enum { type_id, label_id } => {
                self.enum_type_id = *type_id;
                self.enum_label_id = *label_id;
            }
            Value::IpAddr { family, bytes } => {
                self.ip_family = *family;
                self.ip_cidr_addr_bytes = *bytes;
            }
            Value::Cidr { family, prefix, bytes } => {
                self.ip_family = *family;
                self.cidr_prefix_len = *prefix;
                self.ip_cidr_addr_bytes = *bytes;
            }
            Value::MacAddr { len, bytes } => {
                self.ip_family = *len;
                self.ip_cidr_addr_bytes = [0; 16];
                self.ip_cidr_addr_bytes[..8].copy_from_slice(bytes);
            }
        }
    }
}

/// `ddb_row_i64_text_f64_view_t`
#[derive(Clone, Copy)]
#[repr(C)]
pub struct RowI64TextF64 {
    pub int64_value: i64,
    pub text_data: *const u8,
    pub text_len: usize,
    pub float64_value: f64,
}

/// `ddb_write_queue_metrics_t`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct WriteQueueMetrics {
    pub capacity: usize,
    pub current_depth: usize,
    pub admitted: u64,
    pub rejected: u64,
    pub timed_out: u64,
    pub canceled: u64,
    pub executed: u64,
    pub committed: u64,
    pub failed: u64,
    pub group_commit_batches: u64,
    pub group_commit_syncs: u64,
    pub group_commit_max_batch: u64,
    pub group_commit_commits_covered: u64,
    pub physical_syncs_saved: u64,
    pub total_queue_wait_ns: u64,
}

/// `ddb_plan_cache_summary_t`
#[derive(Clone, Copy)]
#[repr(C)]
pub struct PlanCacheSummary {
    pub scope: *const c_char,
    pub total_entries: u64,
    pub total_hits: u64,
    pub total_misses: u64,
    pub total_evictions: u64,
    pub total_size_bytes: u64,
    pub max_size_bytes: u64,
    pub total_oversized_refusals: u64,
    pub hit_rate: f64,
}
