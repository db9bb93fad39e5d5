//! The functions of GEOMETRY and GEOGRAPHY. Arguments and results are EWKB.

use rusqlite::functions::Context;
use rusqlite::types::{ToSqlOutput, Value as SqlValue};
use rusqlite::Connection;

use super::{fail, integer, null, raw, real, string, Output, PURE};
use crate::error::{Error, Result};
use crate::spatial::{Dimensions, Geometry, Position, Shape, EARTH};
use crate::sqlite::interrupt;
use crate::types::Raw;

fn unexpected() -> rusqlite::Error {
    fail(&Error::internal("a spatial function was given a value of another type"))
}

fn shape(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<Geometry>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Blob(bytes) => Geometry::from_wkb(bytes, 0, false).map(Some).map_err(|error| fail(&error)),
        _ => Err(unexpected()),
    }
}

fn number(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<f64>> {
    match raw(context, index)? {
        Raw::Null => Ok(None),
        Raw::Real(number) => Ok(Some(number)),
        Raw::Integer(number) => Ok(Some(number as f64)),
        _ => Err(unexpected()),
    }
}

fn flag(context: &Context<'_>, index: usize) -> rusqlite::Result<bool> {
    Ok(matches!(raw(context, index)?, Raw::Integer(number) if number != 0))
}

fn bytes(geometry: &Geometry) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqlValue::Blob(geometry.to_ewkb()))
}

fn boolean(flag: bool) -> ToSqlOutput<'static> {
    integer(i64::from(flag))
}

fn given<T>(result: Result<T>, output: impl FnOnce(T) -> ToSqlOutput<'static>) -> Output {
    result.map(output).map_err(|error| fail(&error))
}

fn srid(value: Raw<'_>) -> rusqlite::Result<Option<u32>> {
    match value {
        Raw::Null => Ok(None),
        Raw::Integer(number) => match u32::try_from(number).ok().filter(|srid| *srid <= i32::MAX as u32) {
            Some(srid) => Ok(Some(srid)),
            None => Err(fail(&invalid(format!("{number} is not an SRID")))),
        },
        _ => Err(unexpected()),
    }
}

fn invalid(message: String) -> Error {
    Error::new(crate::error::Status::Sql, "sql.invalid_argument", Some("22023"), message)
}

/// `ddb_st_point(geography, z, m, x, y, ...)`
fn point(context: &Context<'_>) -> Output {
    let dimensions = Dimensions { z: flag(context, 1)?, m: flag(context, 2)? };
    let mut ordinates = [0.0; 4];
    for (at, ordinate) in ordinates.iter_mut().enumerate().take(context.len() - 3) {
        let Some(number) = number(context, at + 3)? else { return Ok(null()) };
        *ordinate = number;
    }
    let [x, y, third, fourth] = ordinates;
    let (z, m) = if dimensions.z { (third, fourth) } else { (0.0, third) };
    given(Geometry::point(Position { x, y, z, m }, dimensions, flag(context, 0)?), |point| bytes(&point))
}

/// `ddb_st_from_text(value, geography [, srid])` and its counterparts for WKB and GeoJSON
fn from(context: &Context<'_>, read: fn(Raw<'_>, u32, bool) -> Result<Geometry>) -> Output {
    let (value, geography) = (raw(context, 0)?, flag(context, 1)?);
    let wanted = if context.len() > 2 {
        let Some(srid) = srid(raw(context, 2)?)? else { return Ok(null()) };
        Some(srid)
    } else {
        None
    };
    if value == Raw::Null {
        return Ok(null());
    }
    let otherwise = if geography { crate::spatial::WGS84 } else { 0 };
    let geometry = read(value, wanted.unwrap_or(otherwise), geography).map_err(|error| fail(&error))?;
    match wanted {
        Some(wanted) if wanted != geometry.srid => {
            Err(fail(&invalid(format!("the value has the SRID {}, not {wanted}", geometry.srid))))
        }
        _ => Ok(bytes(&geometry)),
    }
}

fn text_of(value: Raw<'_>) -> Result<&str> {
    match value {
        Raw::Text(text) => Ok(text),
        _ => Err(Error::internal("a spatial function needs text")),
    }
}

/// `ddb_st_set_srid(shape, srid, geography)`
fn set_srid(context: &Context<'_>) -> Output {
    let (Some(geometry), Some(srid)) = (shape(context, 0)?, srid(raw(context, 1)?)?) else { return Ok(null()) };
    given(Geometry { srid, ..geometry }.checked(flag(context, 2)?), |geometry| bytes(&geometry))
}

/// `ddb_st_ordinate(shape, which)`
fn ordinate(context: &Context<'_>) -> Output {
    let Some(geometry) = shape(context, 0)? else { return Ok(null()) };
    let Some(point) = geometry.as_point() else {
        return Err(fail(&invalid(format!(
            "a coordinate of a {} was asked for, which only a POINT has",
            geometry.kind.name()
        ))));
    };
    Ok(match raw(context, 1)? {
        Raw::Integer(0) => real(point.x),
        Raw::Integer(1) => real(point.y),
        Raw::Integer(2) if geometry.dimensions.z => real(point.z),
        Raw::Integer(3) if geometry.dimensions.m => real(point.m),
        _ => null(),
    })
}

/// Two shapes in the same reference system.
fn pair(context: &Context<'_>) -> rusqlite::Result<Option<(Geometry, Geometry)>> {
    let (Some(left), Some(right)) = (shape(context, 0)?, shape(context, 1)?) else { return Ok(None) };
    if left.srid != right.srid {
        return Err(fail(&invalid(format!("the shapes have different SRIDs, {} and {}", left.srid, right.srid))));
    }
    Ok(Some((left, right)))
}

fn measured(left: &Geometry, right: &Geometry, geography: bool) -> Result<f64> {
    if geography {
        left.earth_distance(right)
    } else {
        Ok(left.distance(right))
    }
}

/// `ddb_st_distance(a, b, geography)`
fn distance(context: &Context<'_>) -> Output {
    let Some((left, right)) = pair(context)? else { return Ok(null()) };
    finished(given(measured(&left, &right, flag(context, 2)?), real)?)
}

/// `ddb_st_dwithin(a, b, geography, distance)`
fn within_distance(context: &Context<'_>) -> Output {
    let (Some((left, right)), Some(most)) = (pair(context)?, number(context, 3)?) else { return Ok(null()) };
    finished(given(measured(&left, &right, flag(context, 2)?), |distance| boolean(distance <= most))?)
}

/// The result of a measure, unless it stopped early.
fn finished(result: ToSqlOutput<'static>) -> Output {
    interrupt::check().map_err(|error| fail(&error))?;
    Ok(result)
}

/// `ddb_st_area(shape, geography)`
fn area(context: &Context<'_>) -> Output {
    let Some(geometry) = shape(context, 0)? else { return Ok(null()) };
    finished(given(if flag(context, 1)? { geometry.earth_area() } else { geometry.area() }, real)?)
}

/// `ddb_st_require(shape, column type, column)`: the shape, if the column accepts it.
fn require(context: &Context<'_>) -> Output {
    let Some(geometry) = shape(context, 0)? else { return Ok(null()) };
    let (Raw::Text(wanted), Raw::Text(column)) = (raw(context, 1)?, raw(context, 2)?) else { return Err(unexpected()) };
    let wanted: Shape = serde_json::from_str(wanted).map_err(|_| unexpected())?;
    given(wanted.require(&geometry, column), |()| bytes(&geometry))
}

/// `ddb_st_bound(shape, side [, distance, geography])`: the west, east, south or north side of its box, widened by a
/// distance. The R*Tree keeps single precision, and no bound may exceed its range.
fn bound(context: &Context<'_>) -> Output {
    let (Some(geometry), Raw::Integer(side)) = (shape(context, 0)?, raw(context, 1)?) else { return Ok(null()) };
    let mut bounds = geometry.bounds();
    if context.len() > 2 {
        let Some(distance) = number(context, 2)? else { return Ok(null()) };
        widen(&mut bounds, distance.max(0.0), flag(context, 3)?);
    }
    let bound = usize::try_from(side).ok().and_then(|side| bounds.get(side)).copied().unwrap_or(f64::NAN);
    Ok(real(bound.clamp(-3.4e38, 3.4e38)))
}

fn widen([west, east, south, north]: &mut [f64; 4], distance: f64, geography: bool) {
    // Slightly more, to allow for rounding.
    let (mut dx, mut dy) = (distance * (1.0 + 1e-9), distance * (1.0 + 1e-9));
    if geography {
        let angle = dy / EARTH;
        dy = angle.to_degrees();
        let polar = (south.abs().max(north.abs()) + dy).to_radians().cos();
        dx = if angle < 1.0 && polar > angle.sin() { (angle.sin() / polar).asin().to_degrees() * 1.01 } else { 360.0 };
        // Longitudes wrap around at the 180th meridian.
        if *west - dx < -180.0 || *east + dx > 180.0 {
            dx = 360.0;
        }
    }
    (*west, *east, *south, *north) = (*west - dx, *east + dx, *south - dy, *north + dy);
}

pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    for arity in 5..=7 {
        connection.create_scalar_function("ddb_st_point", arity, PURE, point)?;
    }
    for arity in [2, 3] {
        connection.create_scalar_function("ddb_st_from_text", arity, PURE, |context| {
            from(context, |value, srid, geography| Geometry::from_text(text_of(value)?, srid, geography))
        })?;
        connection.create_scalar_function("ddb_st_from_geojson", arity, PURE, |context| {
            from(context, |value, srid, geography| Geometry::from_geojson(text_of(value)?, srid, geography))
        })?;
        connection.create_scalar_function("ddb_st_from_wkb", arity, PURE, |context| {
            from(context, |value, srid, geography| match value {
                Raw::Blob(bytes) => Geometry::from_wkb(bytes, srid, geography),
                _ => Err(Error::internal("a spatial function needs bytes")),
            })
        })?;
    }
    type Read = fn(&Geometry) -> Result<ToSqlOutput<'static>>;
    let reads: [(&str, Read); 6] = [
        ("ddb_st_text", |geometry| Ok(string(geometry.to_ewkt()))),
        ("ddb_st_geojson", |geometry| Ok(string(geometry.to_geojson()))),
        ("ddb_st_srid", |geometry| Ok(integer(i64::from(geometry.srid)))),
        ("ddb_st_kind", |geometry| Ok(string(geometry.kind.name()))),
        ("ddb_st_valid", |_| Ok(boolean(true))),
        ("ddb_st_length", |geometry| geometry.length().map(real)),
    ];
    for (name, read) in reads {
        connection.create_scalar_function(name, 1, PURE, move |context| match shape(context, 0)? {
            Some(geometry) => finished(read(&geometry).map_err(|error| fail(&error))?),
            None => Ok(null()),
        })?;
    }
    type Relation = fn(&Geometry, &Geometry) -> bool;
    let relations: [(&str, Relation); 4] = [
        ("ddb_st_intersects", Geometry::intersects),
        ("ddb_st_contains", Geometry::contains),
        ("ddb_st_within", |left, right| right.contains(left)),
        ("ddb_st_equals", Geometry::same),
    ];
    for (name, relation) in relations {
        connection.create_scalar_function(name, 2, PURE, move |context| {
            let Some((left, right)) = pair(context)? else { return Ok(null()) };
            finished(boolean(relation(&left, &right)))
        })?;
    }
    connection.create_scalar_function("ddb_st_set_srid", 3, PURE, set_srid)?;
    connection.create_scalar_function("ddb_st_ordinate", 2, PURE, ordinate)?;
    connection.create_scalar_function("ddb_st_distance", 3, PURE, distance)?;
    connection.create_scalar_function("ddb_st_dwithin", 4, PURE, within_distance)?;
    connection.create_scalar_function("ddb_st_area", 2, PURE, area)?;
    connection.create_scalar_function("ddb_st_require", 3, PURE, require)?;
    connection.create_scalar_function("ddb_st_bound", 2, PURE, bound)?;
    connection.create_scalar_function("ddb_st_bound", 4, PURE, bound)
}
