//! The structs of `decentdb.h`, taken from the header alone: the suite must not share the structs of the engine.

/// `ddb_value_t` and `ddb_value_view_t`, which differ only in the constness of `data`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct RawValue {
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

impl RawValue {
    pub fn null() -> RawValue {
        // SAFETY: all fields are numbers or pointers, for which zero is a value.
        unsafe { std::mem::zeroed() }
    }

    pub fn bytes(&self) -> &[u8] {
        match self.len {
            0 => &[],
            // SAFETY: the library promises `len` bytes at `data` for as long as the value lives.
            len => unsafe { std::slice::from_raw_parts(self.data, len) },
        }
    }
}
