//! EWKB, and WKB in the forms of ISO and OGC.

use super::{wrong, Dimensions, Geometry, GeometryKind, Part, Position, GEOMETRY_KINDS};
use crate::error::{Error, Result};

const FLAG_Z: u32 = 0x8000_0000;
const FLAG_M: u32 = 0x4000_0000;
const FLAG_SRID: u32 = 0x2000_0000;

impl Geometry {
    /// Writes little endian, with the SRID.
    pub fn to_ewkb(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        self.header(self.kind, Some(self.srid), &mut bytes);
        if self.kind.is_multi() {
            count(self.parts.len(), &mut bytes);
        }
        for part in &self.parts {
            if self.kind.is_multi() {
                self.header(self.kind.part(), None, &mut bytes);
            }
            if self.kind.part() == GeometryKind::Polygon {
                count(part.len(), &mut bytes);
            }
            for line in part {
                if self.kind.part() != GeometryKind::Point {
                    count(line.len(), &mut bytes);
                }
                for ordinate in line.iter().flat_map(|position| position.ordinates(self.dimensions)) {
                    bytes.extend_from_slice(&ordinate.to_le_bytes());
                }
            }
        }
        bytes
    }

    fn header(&self, kind: GeometryKind, srid: Option<u32>, bytes: &mut Vec<u8>) {
        let mut code = kind.code();
        for (set, flag) in [(self.dimensions.z, FLAG_Z), (self.dimensions.m, FLAG_M), (srid.is_some(), FLAG_SRID)] {
            if set {
                code |= flag;
            }
        }
        bytes.push(1);
        bytes.extend_from_slice(&code.to_le_bytes());
        if let Some(srid) = srid {
            bytes.extend_from_slice(&srid.to_le_bytes());
        }
    }
}

/// A shape with more parts than fit into 32 bits would not fit into memory as bytes.
fn count(count: usize, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(count as u32).to_le_bytes());
}

struct Header {
    kind: GeometryKind,
    dimensions: Dimensions,
    srid: Option<u32>,
}

struct Reader<'a> {
    rest: &'a [u8],
    little: bool,
}

fn cut_off() -> Error {
    wrong("invalid WKB: it ends too early")
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u32> {
        let bytes = self.take::<4>()?;
        Ok(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// Reads a count of items of at least `size` bytes each, and checks that the input is long enough for them.
    fn count(&mut self, size: usize) -> Result<usize> {
        let count = self.number()? as usize;
        if count > self.rest.len() / size {
            return Err(cut_off());
        }
        Ok(count)
    }

    fn header(&mut self) -> Result<Header> {
        self.little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            [other] => return Err(wrong(format!("invalid WKB: {other} is not a byte order"))),
        };
        let code = self.number()?;
        // ISO encodes dimensions in thousands, EWKB in bits.
        let iso = (code & !(FLAG_Z | FLAG_M | FLAG_SRID)) / 1000;
        let base = (code & !(FLAG_Z | FLAG_M | FLAG_SRID)) % 1000;
        let kind = GEOMETRY_KINDS.into_iter().find(|kind| kind.code() == base && iso <= 3);
        let kind = kind.ok_or_else(|| wrong(format!("WKB of type {code} is not supported")))?;
        let dimensions =
            Dimensions { z: code & FLAG_Z != 0 || matches!(iso, 1 | 3), m: code & FLAG_M != 0 || matches!(iso, 2 | 3) };
        let srid = if code & FLAG_SRID != 0 { Some(self.number()?) } else { None };
        Ok(Header { kind, dimensions, srid })
    }

    fn line(&mut self, count: usize, dimensions: Dimensions) -> Result<Vec<Position>> {
        let mut line = Vec::with_capacity(count);
        for _ in 0..count {
            let mut ordinates = [0.0; 4];
            for ordinate in &mut ordinates[..dimensions.count()] {
                let bytes = self.take::<8>()?;
                *ordinate = if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
            }
            line.extend(Position::of(dimensions, &ordinates[..dimensions.count()]));
        }
        Ok(line)
    }

    fn part(&mut self, kind: GeometryKind, dimensions: Dimensions) -> Result<Part> {
        let size = 8 * dimensions.count();
        let lines = if kind == GeometryKind::Polygon { self.count(4)? } else { 1 };
        let mut part = Vec::with_capacity(lines);
        for _ in 0..lines {
            let positions = if kind == GeometryKind::Point { 1 } else { self.count(size)? };
            part.push(self.line(positions, dimensions)?);
        }
        Ok(part)
    }
}

pub(super) fn read(bytes: &[u8], srid: u32) -> Result<Geometry> {
    let mut reader = Reader { rest: bytes, little: true };
    let outer = reader.header()?;
    let srid = outer.srid.unwrap_or(srid);
    let Header { kind, dimensions, .. } = outer;
    let mut parts = Vec::new();
    if kind.is_multi() {
        for _ in 0..reader.count(9)? {
            let inner = reader.header()?;
            if inner.kind != kind.part() || inner.dimensions != dimensions {
                return Err(wrong(format!("invalid WKB: a part of a {} is of another kind", kind.name())));
            }
            if inner.srid.is_some_and(|inner| inner != srid) {
                return Err(wrong("invalid WKB: the SRID of a part differs from that of the whole"));
            }
            parts.push(reader.part(inner.kind, dimensions)?);
        }
    } else {
        parts.push(reader.part(kind, dimensions)?);
    }
    if !reader.rest.is_empty() {
        return Err(wrong("invalid WKB: there are bytes after its end"));
    }
    Ok(Geometry { srid, dimensions, kind, parts })
}
