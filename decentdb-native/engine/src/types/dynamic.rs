//! Cells whose type depends on their value, such as members of JSON. SQLite's storage class is their type. SQLite has
//! no BOOL, so a BOOL travels as a blob that nothing else produces.

const TRUE: &[u8] = b"\0ddb:bool\x01";
const FALSE: &[u8] = b"\0ddb:bool\x00";

pub fn bool_cell(flag: bool) -> Vec<u8> {
    if flag { TRUE } else { FALSE }.to_vec()
}

/// The BOOL that a blob represents.
pub fn as_bool(bytes: &[u8]) -> Option<bool> {
    match bytes {
        TRUE => Some(true),
        FALSE => Some(false),
        _ => None,
    }
}
