//! IPADDR, CIDR and MACADDR. The stored bytes compare as the values do: family, address and prefix length, or the bytes
//! of a MAC address.

use std::net::IpAddr;

/// Family (4 or 6) and address; a version 4 address fills the first four bytes.
pub fn parse_ip(text: &str) -> Option<(u8, [u8; 16])> {
    let mut bytes = [0; 16];
    match text.trim_ascii().parse().ok()? {
        IpAddr::V4(address) => {
            bytes[..4].copy_from_slice(&address.octets());
            Some((4, bytes))
        }
        IpAddr::V6(address) => Some((6, address.octets())),
    }
}

pub fn format_ip(family: u8, bytes: &[u8; 16]) -> String {
    if family == 4 {
        std::net::Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).to_string()
    } else {
        std::net::Ipv6Addr::from(*bytes).to_string()
    }
}

/// Family, prefix length and network. Host bits become zero; a missing length means the whole address.
pub fn parse_cidr(text: &str) -> Option<(u8, u8, [u8; 16])> {
    let text = text.trim_ascii();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let (family, bytes) = parse_ip(address)?;
    let most = width(family)? * 8;
    let prefix = match prefix {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
        None => most,
    };
    (prefix <= most).then(|| (family, prefix, mask(bytes, prefix)))
}

pub fn mask(mut bytes: [u8; 16], prefix: u8) -> [u8; 16] {
    for (at, byte) in bytes.iter_mut().enumerate() {
        let kept = usize::from(prefix).saturating_sub(at * 8).min(8);
        *byte &= (0xff00u16 >> kept) as u8;
    }
    bytes
}

fn width(family: u8) -> Option<u8> {
    match family {
        4 => Some(4),
        6 => Some(16),
        _ => None,
    }
}

pub fn store_ip(family: u8, bytes: &[u8; 16]) -> Option<Vec<u8>> {
    let mut stored = vec![family];
    stored.extend_from_slice(&bytes[..usize::from(width(family)?)]);
    Some(stored)
}

pub fn load_ip(stored: &[u8]) -> Option<(u8, [u8; 16])> {
    let (&family, address) = stored.split_first()?;
    let mut bytes = [0; 16];
    (address.len() == usize::from(width(family)?)).then(|| {
        bytes[..address.len()].copy_from_slice(address);
        (family, bytes)
    })
}

pub fn store_cidr(family: u8, prefix: u8, bytes: &[u8; 16]) -> Option<Vec<u8>> {
    if prefix > width(family)? * 8 {
        return None;
    }
    let mut stored = store_ip(family, &mask(*bytes, prefix))?;
    stored.push(prefix);
    Some(stored)
}

pub fn load_cidr(stored: &[u8]) -> Option<(u8, u8, [u8; 16])> {
    let (&prefix, address) = stored.split_last()?;
    let (family, bytes) = load_ip(address)?;
    Some((family, prefix, bytes))
}

/// Reads six or eight bytes, separated by `:` or `-`, in groups of four digits by `.`, or not separated.
pub fn parse_mac(text: &str) -> Option<(u8, [u8; 8])> {
    let text = text.trim_ascii();
    let separators = text.bytes().filter(|byte| matches!(byte, b':' | b'-' | b'.')).count();
    let separator = text.bytes().find(|byte| matches!(byte, b':' | b'-' | b'.'));
    let group = match separator {
        Some(b'.') => 4,
        Some(_) => 2,
        None => text.len().max(1),
    };
    let (mut bytes, mut nibbles) = ([0u8; 8], 0usize);
    for (at, byte) in text.bytes().enumerate() {
        if Some(byte) == separator {
            if at % (group + 1) != group {
                return None;
            }
            continue;
        }
        let nibble = char::from(byte).to_digit(16)? as u8;
        if nibbles == 16 {
            return None;
        }
        bytes[nibbles / 2] = bytes[nibbles / 2] << 4 | nibble;
        nibbles += 1;
    }
    let groups = if separators == 0 { 1 } else { nibbles / group };
    (matches!(nibbles, 12 | 16) && separators + 1 == groups).then_some((nibbles as u8 / 2, bytes))
}

pub fn format_mac(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_storage_and_order_by_value() {
        let stored = |text| {
            let (family, bytes) = parse_ip(text).unwrap();
            store_ip(family, &bytes).unwrap()
        };
        assert!(stored("9.255.0.1") < stored("10.0.0.1"));
        assert!(stored("255.255.255.255") < stored("::1"));
        let (family, bytes) = load_ip(&stored("2001:db8::1")).unwrap();
        assert_eq!(format_ip(family, &bytes), "2001:db8::1");
        assert_eq!(parse_ip("1.2.3"), None);
        assert_eq!(load_ip(&[4, 1]), None);
    }

    #[test]
    fn networks_lose_their_host_bits() {
        let (family, prefix, bytes) = parse_cidr("10.1.2.3/12").unwrap();
        assert_eq!((format_ip(family, &bytes).as_str(), prefix), ("10.0.0.0", 12));
        assert_eq!(load_cidr(&store_cidr(family, prefix, &bytes).unwrap()), Some((family, prefix, bytes)));
        assert_eq!(parse_cidr("10.0.0.0/33"), None);
        assert_eq!(parse_cidr("10.0.0.0/+8"), None);
    }

    #[test]
    fn macs_in_all_spellings() {
        let expected = (6, [8, 0, 0x2b, 1, 2, 3, 0, 0]);
        for text in ["08:00:2b:01:02:03", "08-00-2B-01-02-03", "0800.2b01.0203", "08002b010203"] {
            assert_eq!(parse_mac(text), Some(expected), "{text}");
        }
        assert_eq!(parse_mac("08:00:2b:01:02:03:04:05"), Some((8, [8, 0, 0x2b, 1, 2, 3, 4, 5])));
        for text in ["", ":", "08:00:2b:01:02", "0:800:2b:01:02:03", "08:00:2b:01:02:0g"] {
            assert_eq!(parse_mac(text), None, "{text}");
        }
    }
}
