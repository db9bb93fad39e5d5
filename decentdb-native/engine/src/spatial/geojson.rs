//! GeoJSON geometries.

use serde_json::{json, Value as Json};

use super::{wrong, Dimensions, Geometry, GeometryKind, Part, Position};
use crate::error::Result;

fn name(kind: GeometryKind) -> &'static str {
    match kind {
        GeometryKind::Point => "Point",
        GeometryKind::LineString => "LineString",
        GeometryKind::Polygon => "Polygon",
        GeometryKind::MultiPoint => "MultiPoint",
        GeometryKind::MultiLineString => "MultiLineString",
        GeometryKind::MultiPolygon => "MultiPolygon",
    }
}

impl Geometry {
    pub fn to_geojson(&self) -> String {
        let position = |position: &Position| Json::from(position.ordinates(self.dimensions).collect::<Vec<f64>>());
        let line = |line: &Vec<Position>| Json::from(line.iter().map(position).collect::<Vec<_>>());
        let part = |part: &Part| match (self.kind.part(), part.as_slice()) {
            (GeometryKind::Point, [only]) => only.first().map_or(Json::Null, position),
            (GeometryKind::LineString, [only]) => line(only),
            (_, rings) => Json::from(rings.iter().map(line).collect::<Vec<_>>()),
        };
        let coordinates = match self.parts.as_slice() {
            [only] if !self.kind.is_multi() => part(only),
            parts => Json::from(parts.iter().map(part).collect::<Vec<_>>()),
        };
        json!({ "type": name(self.kind), "coordinates": coordinates }).to_string()
    }
}

fn array(json: &Json) -> Result<&Vec<Json>> {
    json.as_array().ok_or_else(|| wrong("invalid GeoJSON: coordinates must be nested arrays of numbers"))
}

fn position(json: &Json, dimensions: &mut Option<Dimensions>) -> Result<Position> {
    let numbers: Option<Vec<f64>> = array(json)?.iter().map(Json::as_f64).collect();
    let numbers = numbers.ok_or_else(|| wrong("invalid GeoJSON: coordinates must be numbers"))?;
    let told = match numbers.len() {
        2 => Dimensions::default(),
        3 => Dimensions { z: true, m: false },
        4 => Dimensions { z: true, m: true },
        count => return Err(wrong(format!("invalid GeoJSON: a position has {count} numbers"))),
    };
    let dimensions = *dimensions.get_or_insert(told);
    Position::of(dimensions, &numbers).ok_or_else(|| wrong("invalid GeoJSON: positions differ in their dimensions"))
}

fn line(json: &Json, dimensions: &mut Option<Dimensions>) -> Result<Vec<Position>> {
    array(json)?.iter().map(|each| position(each, dimensions)).collect()
}

fn part(kind: GeometryKind, json: &Json, dimensions: &mut Option<Dimensions>) -> Result<Part> {
    match kind {
        GeometryKind::Point => Ok(vec![vec![position(json, dimensions)?]]),
        GeometryKind::LineString => Ok(vec![line(json, dimensions)?]),
        _ => array(json)?.iter().map(|ring| line(ring, dimensions)).collect(),
    }
}

pub(super) fn read(text: &str, srid: u32) -> Result<Geometry> {
    let json: Json = serde_json::from_str(text).map_err(|error| wrong(format!("invalid GeoJSON: {error}")))?;
    let kind = json.get("type").and_then(Json::as_str).and_then(GeometryKind::named);
    let kind =
        kind.ok_or_else(|| wrong("invalid GeoJSON: type must be Point, LineString, Polygon or a Multi of them"))?;
    let coordinates = json.get("coordinates").ok_or_else(|| wrong("invalid GeoJSON: coordinates are missing"))?;
    let mut dimensions = None;
    let parts = if kind.is_multi() {
        let parts = array(coordinates)?.iter().map(|each| part(kind.part(), each, &mut dimensions));
        parts.collect::<Result<Vec<_>>>()?
    } else {
        vec![part(kind, coordinates, &mut dimensions)?]
    };
    Ok(Geometry { srid, dimensions: dimensions.unwrap_or_default(), kind, parts })
}
