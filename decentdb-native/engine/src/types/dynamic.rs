//! Cells whose type only their value tells, such as members of JSON. SQLite's storage class is their type, but for BOOL,
//! which SQLite does not know: it travels as a blob that nothing else makes.

const TRUE: &[u8] = b"\0ddb:bool\x01";
const FALSE: &[u8] = b"\0ddb:bool\x00";

pub fn bool_cell(flag: bool) -> Vec<u8> {
    if flag { TRUE } else { FALSE }.to_vec()
}

/// The BOOL a blob stands for.
pub fn as_bool(bytes: &[u8]) -> Option<bool> {
    match bytes {
        TRUE => Some(true),
        FALSE => Some(false),
        _ => None,
    }
}
