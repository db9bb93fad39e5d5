//! UUID: sixteen bytes in the order of the text.

/// Reads the canonical form, also without hyphens or in braces.
pub fn parse(text: &str) -> Option<[u8; 16]> {
    let text = text.trim_ascii();
    let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    let mut bytes = [0; 16];
    let mut nibbles = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'-' {
            if text.len() == 36 && matches!(at, 8 | 13 | 18 | 23) {
                continue;
            }
            return None;
        }
        let nibble = char::from(byte).to_digit(16)? as u8;
        if nibbles == 32 {
            return None;
        }
        bytes[nibbles / 2] = bytes[nibbles / 2] << 4 | nibble;
        nibbles += 1;
    }
    (nibbles == 32 && matches!(text.len(), 32 | 36)).then_some(bytes)
}

pub fn format(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_canonical_form() {
        let text = "550e8400-e29b-41d4-a716-446655440000";
        let bytes = parse(text).unwrap();
        assert_eq!(bytes[..2], [0x55, 0x0e]);
        assert_eq!(format(&bytes), text);
        assert_eq!(parse(&text.replace('-', "").to_uppercase()), Some(bytes));
        assert_eq!(parse(&["{", text, "}"].concat()), Some(bytes));
        for wrong in ["", "550e8400", "550e8400-e29b-41d4-a716-44665544000g", "550e-8400e29b-41d4-a716-446655440000"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
