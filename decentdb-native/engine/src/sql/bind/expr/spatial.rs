//! Calls of the spatial functions.

use crate::catalog::Column;
use crate::error::{Error, Result};
use crate::functions::type_code;
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::errors::wrong_arguments;
use crate::sql::grammar::text_literal;
use crate::value::Type;

fn is_spatial(ty: &Type) -> bool {
    matches!(ty, Type::Geometry | Type::Geography)
}

impl Binder<'_> {
    /// A call of a function whose name starts with `st_`.
    pub fn spatial_call(&mut self, name: &str, mut arguments: Vec<Ex>) -> Result<Ex> {
        let count = arguments.len();
        let geography = name.starts_with("st_geog");
        let made = if geography { Type::Geography } else { Type::Geometry };
        let flag = i32::from(geography);
        match (name, count) {
            ("st_point" | "st_makepoint" | "st_geogpoint", 2) => self.point(name, flag, "0, 0", arguments, made),
            ("st_pointz" | "st_geogpointz", 3) => self.point(name, flag, "1, 0", arguments, made),
            ("st_pointm" | "st_geogpointm", 3) => self.point(name, flag, "0, 1", arguments, made),
            ("st_pointzm" | "st_geogpointzm", 4) => self.point(name, flag, "1, 1", arguments, made),
            ("st_geogfromtext" | "st_geogfromwkb" | "st_geogfromgeojson", 1)
            | ("st_geomfromtext" | "st_geomfromwkb" | "st_geomfromgeojson", 1 | 2) => {
                let (function, takes) = match &name[11..] {
                    "text" => ("ddb_st_from_text", Type::Text),
                    "wkb" => ("ddb_st_from_wkb", Type::Blob),
                    _ => ("ddb_st_from_geojson", Type::Text),
                };
                let srid = arguments.split_off(1).pop();
                let Some(value) = arguments.pop() else { return Err(wrong_arguments(name)) };
                let value = self.typed(name, value, &takes)?;
                let mut sql = format!("{function}({}, {flag}", value.sql);
                let mut nullable = value.nullable;
                if let Some(srid) = srid {
                    let srid = self.require_int(srid, "an SRID")?;
                    nullable |= srid.nullable;
                    sql.push_str(&format!(", {}", srid.sql));
                }
                Ok(Ex::new(format!("{sql})"), made, nullable))
            }
            (
                "st_astext" | "st_asewkt" | "st_asbinary" | "st_asgeojson" | "st_srid" | "st_geometrytype"
                | "st_isvalid" | "st_x" | "st_y" | "st_z" | "st_m" | "st_length" | "st_area",
                1,
            ) => self.read(name, arguments),
            ("st_setsrid", 2) => {
                let Some(srid) = arguments.pop() else { return Err(wrong_arguments(name)) };
                let (shape, ty) = self.shape(name, arguments.pop())?;
                let srid = self.require_int(srid, "an SRID")?;
                let sql = format!("ddb_st_set_srid({}, {}, {})", shape.sql, srid.sql, i32::from(ty == Type::Geography));
                Ok(Ex::new(sql, ty, shape.nullable || srid.nullable))
            }
            ("st_intersects" | "st_contains" | "st_within" | "st_equals" | "st_distance", 2) | ("st_dwithin", 3) => {
                let distance = arguments.split_off(2).pop();
                let (right, left) = (arguments.pop(), arguments.pop());
                self.relation(name, left, right, distance)
            }
            _ if KNOWN.contains(&name) => Err(wrong_arguments(name)),
            // One of the many that this engine does not have.
            _ => Err(Error::unsupported(name)),
        }
    }

    fn point(&mut self, name: &str, geography: i32, dimensions: &str, ordinates: Vec<Ex>, ty: Type) -> Result<Ex> {
        let mut sql = format!("ddb_st_point({geography}, {dimensions}");
        let mut nullable = false;
        for ordinate in ordinates {
            let ordinate = self.typed(name, ordinate, &Type::Float64)?;
            nullable |= ordinate.nullable;
            sql.push_str(&format!(", {}", ordinate.sql));
        }
        Ok(Ex::new(format!("{sql})"), ty, nullable))
    }

    /// Properties of a single shape.
    fn read(&mut self, name: &str, mut arguments: Vec<Ex>) -> Result<Ex> {
        let (shape, ty) = self.shape(name, arguments.pop())?;
        let sql = &shape.sql;
        let (sql, gives) = match name {
            "st_asbinary" => (sql.clone(), Type::Blob),
            "st_astext" | "st_asewkt" => (format!("ddb_st_text({sql})"), Type::Text),
            "st_asgeojson" => (format!("ddb_st_geojson({sql})"), Type::Text),
            "st_geometrytype" => (format!("ddb_st_kind({sql})"), Type::Text),
            "st_srid" => (format!("ddb_st_srid({sql})"), Type::Int64),
            "st_isvalid" => (format!("ddb_st_valid({sql})"), Type::Bool),
            "st_x" => (format!("ddb_st_ordinate({sql}, 0)"), Type::Float64),
            "st_y" => (format!("ddb_st_ordinate({sql}, 1)"), Type::Float64),
            "st_z" => (format!("ddb_st_ordinate({sql}, 2)"), Type::Float64),
            "st_m" => (format!("ddb_st_ordinate({sql}, 3)"), Type::Float64),
            "st_length" if ty == Type::Geography => return Err(Error::unsupported("ST_Length of GEOGRAPHY")),
            "st_length" => (format!("ddb_st_length({sql})"), Type::Float64),
            _ => (format!("ddb_st_area({sql}, {})", i32::from(ty == Type::Geography)), Type::Float64),
        };
        let nullable = shape.nullable || matches!(name, "st_z" | "st_m");
        Ok(Ex::new(sql, gives, nullable))
    }

    /// How two shapes lie to each other.
    pub fn relation(&mut self, name: &str, left: Option<Ex>, right: Option<Ex>, distance: Option<Ex>) -> Result<Ex> {
        let (left, mut ty) = self.shape(name, left)?;
        let (right, other) = self.shape(name, right)?;
        if ty == Type::Dynamic {
            ty = other.clone();
        }
        if other != Type::Dynamic && ty != other {
            let message = format!("{name} needs two shapes of one type, not {} and {}", ty.name(), other.name());
            return Err(Error::type_mismatch(message));
        }
        // An open parameter takes the type of the other side.
        let (left, right) = (self.fix(left, &ty, None, None), self.fix(right, &ty, None, None));
        let geography = i32::from(ty == Type::Geography);
        let mut nullable = left.nullable || right.nullable;
        let (left, right) = (left.sql, right.sql);
        let (sql, gives) = match (name, distance) {
            ("st_dwithin", Some(distance)) => {
                let distance = self.typed(name, distance, &Type::Float64)?;
                nullable |= distance.nullable;
                (format!("ddb_st_dwithin({left}, {right}, {geography}, {})", distance.sql), Type::Bool)
            }
            ("st_distance", None) => (format!("ddb_st_distance({left}, {right}, {geography})"), Type::Float64),
            (_, None) => (format!("ddb_{name}({left}, {right})"), Type::Bool),
            _ => return Err(wrong_arguments(name)),
        };
        Ok(Ex::new(sql, gives, nullable))
    }

    /// An argument that is a shape, and its type; DYNAMIC for NULL and a parameter nothing is bound to.
    fn shape(&mut self, name: &str, ex: Option<Ex>) -> Result<(Ex, Type)> {
        let ex = ex.ok_or_else(|| wrong_arguments(name))?;
        if is_spatial(&ex.ty) || (ex.ty == Type::Dynamic && matches!(ex.kind, ExKind::Null | ExKind::Param(_))) {
            let ty = ex.ty.clone();
            return Ok((ex, ty));
        }
        let message = format!("{name} needs GEOMETRY or GEOGRAPHY, not {}", ex.type_name());
        Err(Error::type_mismatch(message).hint("make one with ST_GeomFromText or ST_GeogFromText"))
    }

    /// A value for a column, which must be of the shape or size the column takes.
    pub fn shaped(&self, ex: Ex, column: &Column) -> Ex {
        if let (Some(size), false) = (column.size, ex.kind == ExKind::Null) {
            let (first, second) = size.numbers();
            let (ty, column) = (type_code(&column.ty), text_literal(&column.name));
            let sql = format!("ddb_sized({}, {ty}, {first}, {second}, {column})", ex.sql);
            return Ex { sql, kind: ExKind::Other, source: None, ..ex };
        }
        match (&column.shape, &ex.kind) {
            (None, _) | (_, ExKind::Null) => ex,
            (Some(shape), _) => {
                let wanted = serde_json::to_string(shape).unwrap_or_default();
                let sql =
                    format!("ddb_st_require({}, {}, {})", ex.sql, text_literal(&wanted), text_literal(&column.name));
                Ex { sql, kind: ExKind::Other, source: None, ..ex }
            }
        }
    }
}

/// Names that exist with another number of arguments.
const KNOWN: &[&str] = &[
    "st_point",
    "st_makepoint",
    "st_pointz",
    "st_pointm",
    "st_pointzm",
    "st_geogpoint",
    "st_geogpointz",
    "st_geogpointm",
    "st_geogpointzm",
    "st_geomfromtext",
    "st_geomfromwkb",
    "st_geomfromgeojson",
    "st_geogfromtext",
    "st_geogfromwkb",
    "st_geogfromgeojson",
    "st_astext",
    "st_asewkt",
    "st_asbinary",
    "st_asgeojson",
    "st_srid",
    "st_setsrid",
    "st_geometrytype",
    "st_isvalid",
    "st_x",
    "st_y",
    "st_z",
    "st_m",
    "st_length",
    "st_area",
    "st_intersects",
    "st_contains",
    "st_within",
    "st_equals",
    "st_distance",
    "st_dwithin",
];
