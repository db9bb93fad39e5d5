//! Shapes: the values of GEOMETRY and GEOGRAPHY, their text and binary forms, and their relations to each other.

mod ewkb;
mod geojson;
mod measure;
mod wkt;

pub use measure::EARTH;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Status};

/// The reference system of every GEOGRAPHY: longitude and latitude on WGS 84.
pub const WGS84: u32 = 4326;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GeometryKind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
}

const GEOMETRY_KINDS: [GeometryKind; 6] = [
    GeometryKind::Point,
    GeometryKind::LineString,
    GeometryKind::Polygon,
    GeometryKind::MultiPoint,
    GeometryKind::MultiLineString,
    GeometryKind::MultiPolygon,
];

impl GeometryKind {
    /// The name in WKT.
    pub fn name(self) -> &'static str {
        match self {
            GeometryKind::Point => "POINT",
            GeometryKind::LineString => "LINESTRING",
            GeometryKind::Polygon => "POLYGON",
            GeometryKind::MultiPoint => "MULTIPOINT",
            GeometryKind::MultiLineString => "MULTILINESTRING",
            GeometryKind::MultiPolygon => "MULTIPOLYGON",
        }
    }

    fn named(name: &str) -> Option<GeometryKind> {
        GEOMETRY_KINDS.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    fn code(self) -> u32 {
        self as u32 + 1
    }

    /// The kind of the parts of a collection; for any other kind, the kind itself.
    fn part(self) -> GeometryKind {
        match self {
            GeometryKind::Point | GeometryKind::MultiPoint => GeometryKind::Point,
            GeometryKind::LineString | GeometryKind::MultiLineString => GeometryKind::LineString,
            GeometryKind::Polygon | GeometryKind::MultiPolygon => GeometryKind::Polygon,
        }
    }

    fn is_multi(self) -> bool {
        self.part() != self
    }
}

/// The ordinates of a position beside x and y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimensions {
    pub z: bool,
    pub m: bool,
}

impl Dimensions {
    pub fn count(self) -> usize {
        2 + usize::from(self.z) + usize::from(self.m)
    }

    pub fn name(self) -> &'static str {
        match (self.z, self.m) {
            (false, false) => "XY",
            (true, false) => "XYZ",
            (false, true) => "XYM",
            (true, true) => "XYZM",
        }
    }

    fn suffix(self) -> &'static str {
        &self.name()[2..]
    }
}

/// `z` and `m` are 0 where the dimensions have none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Position {
    pub x: f64,
    pub y: f64,
    pub z: f64,
    pub m: f64,
}

impl Position {
    /// A position from ordinates in the order x, y, z, m, as many as `dimensions` has.
    fn of(dimensions: Dimensions, ordinates: &[f64]) -> Option<Position> {
        let mut rest = ordinates.iter().copied();
        let (x, y) = (rest.next()?, rest.next()?);
        let z = if dimensions.z { rest.next()? } else { 0.0 };
        let m = if dimensions.m { rest.next()? } else { 0.0 };
        rest.next().is_none().then_some(Position { x, y, z, m })
    }

    fn ordinates(self, dimensions: Dimensions) -> impl Iterator<Item = f64> {
        let more = [dimensions.z.then_some(self.z), dimensions.m.then_some(self.m)];
        [self.x, self.y].into_iter().chain(more.into_iter().flatten())
    }

    fn same_place(self, other: Position) -> bool {
        self.x == other.x && self.y == other.y
    }
}

/// A point or line has one sequence of positions, a polygon one for each ring, the outer ring first.
type Part = Vec<Vec<Position>>;

#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    pub srid: u32,
    pub dimensions: Dimensions,
    pub kind: GeometryKind,
    /// One part, except for the kinds that start with Multi.
    pub parts: Vec<Part>,
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Status::Sql, "sql.invalid_value", Some("22P02"), message)
}

/// Fails unless the geometry is sound; `what` names the defect.
fn require(sound: bool, what: &str) -> Result<()> {
    if sound {
        Ok(())
    } else {
        Err(wrong(format!("invalid geometry: {what}")))
    }
}

impl Geometry {
    pub fn point(position: Position, dimensions: Dimensions, geography: bool) -> Result<Geometry> {
        let srid = if geography { WGS84 } else { 0 };
        Geometry { srid, dimensions, kind: GeometryKind::Point, parts: vec![vec![vec![position]]] }.checked(geography)
    }

    fn positions(&self) -> impl Iterator<Item = &Position> {
        self.parts.iter().flatten().flatten()
    }

    /// The position, if the shape is a point.
    pub fn as_point(&self) -> Option<Position> {
        (self.kind == GeometryKind::Point).then(|| self.positions().next().copied()).flatten()
    }

    /// The west, east, south and north limits of the shape.
    pub fn bounds(&self) -> [f64; 4] {
        let empty = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
        self.positions().fold(empty, |[west, east, south, north], position| {
            [west.min(position.x), east.max(position.x), south.min(position.y), north.max(position.y)]
        })
    }

    /// Returns the shape itself, or fails if it is malformed.
    pub fn checked(self, geography: bool) -> Result<Geometry> {
        require(self.srid <= i32::MAX as u32, "its SRID is out of range")?;
        if geography {
            require(self.srid == WGS84, "GEOGRAPHY has the SRID 4326 only")?;
        }
        require(self.kind.is_multi() || self.parts.len() == 1, "it is not one shape")?;
        require(!self.parts.is_empty(), "it is empty")?;
        for position in self.positions() {
            let finite = position.ordinates(self.dimensions).all(f64::is_finite);
            require(finite, "coordinates must be finite numbers")?;
            if geography {
                let on_earth = position.x.abs() <= 180.0 && position.y.abs() <= 90.0;
                require(on_earth, "GEOGRAPHY coordinates are longitudes to 180 and latitudes to 90 degrees")?;
            }
        }
        for part in &self.parts {
            require(!part.is_empty(), "a polygon needs a ring")?;
            for line in part {
                match self.kind.part() {
                    GeometryKind::Point => require(line.len() == 1, "a point has one position")?,
                    GeometryKind::LineString => require(line.len() >= 2, "a line needs two positions")?,
                    _ => {
                        require(line.len() >= 4, "the ring of a polygon needs four positions")?;
                        require(line[0].same_place(line[line.len() - 1]), "the ring of a polygon must be closed")?;
                    }
                }
            }
        }
        Ok(self)
    }

    /// Reads and checks WKB or EWKB in either byte order. `srid` applies if the bytes name none.
    pub fn from_wkb(bytes: &[u8], srid: u32, geography: bool) -> Result<Geometry> {
        ewkb::read(bytes, srid)?.checked(geography)
    }

    /// Reads and checks WKT or EWKT. `srid` applies if the text names none.
    pub fn from_text(text: &str, srid: u32, geography: bool) -> Result<Geometry> {
        wkt::read(text, srid)?.checked(geography)
    }

    pub fn from_geojson(text: &str, srid: u32, geography: bool) -> Result<Geometry> {
        geojson::read(text, srid)?.checked(geography)
    }
}

/// The stored form of a value: EWKB in little endian with its SRID.
pub fn normalized(bytes: &[u8], geography: bool) -> Result<Vec<u8>> {
    let srid = if geography { WGS84 } else { 0 };
    Geometry::from_wkb(bytes, srid, geography).map(|geometry| geometry.to_ewkb())
}

/// The shapes that a column of a spatial type accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// `None` accepts any.
    pub kind: Option<GeometryKind>,
    /// `None` accepts any.
    pub dimensions: Option<Dimensions>,
    pub srid: u32,
}

impl Shape {
    /// Reads the parameters of a type, as in `GEOMETRY(POINTZ, 3857)`.
    pub fn of(arguments: &[String], geography: bool) -> Result<Shape> {
        let name = if geography { "GEOGRAPHY" } else { "GEOMETRY" };
        let mut shape = Shape { kind: None, dimensions: None, srid: if geography { WGS84 } else { 0 } };
        let invalid = |what: String| Error::new(Status::Sql, "sql.invalid_type", Some("22023"), what);
        if arguments.len() > 2 {
            return Err(invalid(format!("{name} takes a shape and an SRID at most")));
        }
        if let Some(written) = arguments.first() {
            let written = written.trim().to_ascii_uppercase();
            let (kind, dimensions) = wkt::split_dimensions(&written);
            shape.dimensions = Some(dimensions);
            shape.kind = GeometryKind::named(kind);
            if shape.kind.is_none() && kind != "ANY" {
                return Err(invalid(format!("{name} has no shape {written}")));
            }
        }
        if let Some(written) = arguments.get(1) {
            let srid = written.trim().parse().ok().filter(|srid| *srid <= i32::MAX as u32);
            shape.srid = srid.ok_or_else(|| invalid(format!("{written} is not an SRID")))?;
        }
        let on_earth =
            matches!(shape.kind, None | Some(GeometryKind::Point | GeometryKind::Polygon | GeometryKind::MultiPolygon));
        if geography && (shape.srid != WGS84 || !on_earth) {
            let message = "GEOGRAPHY takes POINT, POLYGON and MULTIPOLYGON with the SRID 4326 only";
            return Err(Error::new(Status::Sql, "sql.unsupported_feature", Some("0A000"), message));
        }
        Ok(shape)
    }

    /// The text after the name of the type.
    pub fn arguments(&self) -> String {
        let kind = self.kind.map_or("ANY", GeometryKind::name);
        match self.dimensions {
            Some(dimensions) => format!("({kind}{}, {})", dimensions.suffix(), self.srid),
            None => String::new(),
        }
    }

    /// Fails for a value that a column of this shape does not accept.
    pub fn require(&self, geometry: &Geometry, column: &str) -> Result<()> {
        let wrong = |wanted: String, found: String| {
            let message = format!("column {column} takes {wanted} only, not {found}");
            Err(Error::new(Status::Constraint, "constraint.spatial", Some("23514"), message).with("column", column))
        };
        match (self.kind, self.dimensions) {
            _ if self.srid != geometry.srid => wrong(format!("SRID {}", self.srid), geometry.srid.to_string()),
            (Some(kind), _) if kind != geometry.kind => wrong(kind.name().to_owned(), geometry.kind.name().to_owned()),
            (_, Some(dimensions)) if dimensions != geometry.dimensions => {
                wrong(format!("{} coordinates", dimensions.name()), geometry.dimensions.name().to_owned())
            }
            _ => Ok(()),
        }
    }
}
