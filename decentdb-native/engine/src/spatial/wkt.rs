//! WKT, and EWKT, which starts with the SRID.

use std::fmt::Write;

use super::{wrong, Dimensions, Geometry, GeometryKind, Part, Position};
use crate::error::{Error, Result};

impl Geometry {
    /// `SRID=4326;POINT(1 2)`
    pub fn to_ewkt(&self) -> String {
        let mut text = format!("SRID={};{}", self.srid, self.kind.name());
        if self.dimensions != Dimensions::default() {
            text.push(' ');
            text.push_str(self.dimensions.suffix());
        }
        let list = |items: Vec<String>| format!("({})", items.join(","));
        let parts = self.parts.iter().map(|part| {
            let lines: Vec<String> = part.iter().map(|line| self.line_text(line)).collect();
            if self.kind.part() == GeometryKind::Polygon {
                list(lines)
            } else {
                lines.concat()
            }
        });
        let parts: Vec<String> = parts.collect();
        text.push_str(&if self.kind.is_multi() { list(parts) } else { parts.concat() });
        text
    }

    fn line_text(&self, line: &[Position]) -> String {
        let mut text = "(".to_owned();
        for (at, position) in line.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            for (at, ordinate) in position.ordinates(self.dimensions).enumerate() {
                // Writing into a String does not fail.
                let _ = write!(text, "{}{ordinate}", if at > 0 { " " } else { "" });
            }
        }
        text.push(')');
        text
    }
}

/// Splits `POINTZM` into its kind and the dimensions of its suffix; `MULTIPOINT` has no such suffix.
pub(super) fn split_dimensions(name: &str) -> (&str, Dimensions) {
    for (suffix, z, m) in [("ZM", true, true), ("Z", true, false), ("M", false, true)] {
        if let Some(kind) = name.strip_suffix(suffix) {
            return (kind, Dimensions { z, m });
        }
    }
    (name, Dimensions::default())
}

struct Reader<'a> {
    rest: &'a str,
    /// Taken from the first position if the text does not name them.
    dimensions: Option<Dimensions>,
}

fn expected(what: &str, rest: &str) -> Error {
    let found: String = rest.chars().take(20).collect();
    if found.is_empty() {
        wrong(format!("invalid WKT: it ends where {what} should be"))
    } else {
        wrong(format!("invalid WKT: {what} should be at \"{found}\""))
    }
}

impl Reader<'_> {
    fn accept(&mut self, wanted: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(wanted) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn require(&mut self, wanted: char) -> Result<()> {
        if self.accept(wanted) {
            Ok(())
        } else {
            Err(expected(&wanted.to_string(), self.rest.trim_start()))
        }
    }

    /// `(item, item, ...)`
    fn list<T>(&mut self, item: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.require('(')?;
        let mut items = vec![item(self)?];
        while self.accept(',') {
            items.push(item(self)?);
        }
        self.require(')')?;
        Ok(items)
    }

    fn position(&mut self) -> Result<Position> {
        let rest = self.rest.trim_start();
        let end = rest.find([',', '(', ')']).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        let mut ordinates = Vec::with_capacity(4);
        for word in text.split_ascii_whitespace().take(5) {
            ordinates.push(word.parse::<f64>().map_err(|_| expected("a number", word))?);
        }
        let told = match ordinates.len() {
            2 => Dimensions::default(),
            3 => Dimensions { z: true, m: false },
            4 => Dimensions { z: true, m: true },
            _ => return Err(expected("a position of two to four numbers", rest)),
        };
        let dimensions = *self.dimensions.get_or_insert(told);
        let position = Position::of(dimensions, &ordinates);
        let position = position.ok_or_else(|| expected(&format!("a position of {}", dimensions.name()), rest))?;
        self.rest = after;
        Ok(position)
    }

    fn line(&mut self) -> Result<Vec<Position>> {
        self.list(Self::position)
    }

    fn polygon(&mut self) -> Result<Part> {
        self.list(Self::line)
    }

    /// A point of a MULTIPOINT, with or without parentheses.
    fn member(&mut self) -> Result<Part> {
        if self.rest.trim_start().starts_with('(') {
            Ok(vec![self.line()?])
        } else {
            Ok(vec![vec![self.position()?]])
        }
    }

    fn member_line(&mut self) -> Result<Part> {
        Ok(vec![self.line()?])
    }
}

pub(super) fn read(text: &str, srid: u32) -> Result<Geometry> {
    let mut rest = text.trim();
    let mut own = None;
    if rest.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("SRID=")) {
        let (number, after) = rest[5..].split_once(';').ok_or_else(|| expected("; after the SRID", ""))?;
        own = Some(number.trim().parse().map_err(|_| expected("an SRID", number))?);
        rest = after.trim_start();
    }
    let end = rest.find('(').unwrap_or(rest.len());
    let (head, body) = rest.split_at(end);
    let head = head.to_ascii_uppercase();
    let words: Vec<&str> = head.split_ascii_whitespace().collect();
    let (name, dimensions) = match words.as_slice() {
        [name, suffix @ ("Z" | "M" | "ZM")] => (*name, Some(split_dimensions(suffix).1)),
        [name] => {
            let (kind, dimensions) = split_dimensions(name);
            (kind, (kind != *name).then_some(dimensions))
        }
        _ => return Err(expected("a shape such as POINT", rest)),
    };
    let kind = GeometryKind::named(name).ok_or_else(|| expected("a shape such as POINT", rest))?;
    let mut reader = Reader { rest: body, dimensions };
    let parts = match kind {
        GeometryKind::Point | GeometryKind::LineString => vec![reader.member_line()?],
        GeometryKind::Polygon => vec![reader.polygon()?],
        GeometryKind::MultiPoint => reader.list(Reader::member)?,
        GeometryKind::MultiLineString => reader.list(Reader::member_line)?,
        GeometryKind::MultiPolygon => reader.list(Reader::polygon)?,
    };
    if !reader.rest.trim().is_empty() {
        return Err(expected("the end", reader.rest.trim_start()));
    }
    let dimensions = reader.dimensions.unwrap_or_default();
    Ok(Geometry { srid: own.unwrap_or(srid), dimensions, kind, parts })
}
