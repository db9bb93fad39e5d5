//! JSON, which is kept as TEXT: the operators `->` and `->>` and the functions whose results have one type.

use crate::error::{Error, Result};
use crate::functions::type_code;
use crate::sql::bind::binder::{Binder, Ex, ExKind};
use crate::sql::errors::{undefined, wrong_arguments};
use crate::value::Type;

use super::call::take_arguments;

/// The functions of [`Binder::json_call`]; other numbers of arguments are an error of their own.
const KNOWN: &[&str] = &[
    "json_array_length",
    "json_extract",
    "json_insert",
    "json_patch",
    "json_pretty",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_type",
    "json_typeof",
    "json_valid",
];

fn json(sql: String) -> Ex {
    Ex { kind: ExKind::Json, ..Ex::new(sql, Type::Text, true) }
}

impl Binder<'_> {
    /// `json -> key` as JSON, or `json ->> key` as plain text; the key is a label, a path from `$`, or a position.
    pub fn json_member(&mut self, json: Ex, key: Ex, plain: bool) -> Result<Ex> {
        let place = if plain { "->>" } else { "->" };
        let json = self.json_text(json, place)?;
        let key = match key.ty {
            Type::Int64 => key,
            _ => self.json_text(key, place)?,
        };
        let member = format!("({} -> {})", json.sql, key.sql);
        let (sql, kind) = match plain {
            true => (format!("ddb_json_text({member})"), ExKind::Other),
            false => (member, ExKind::Json),
        };
        Ok(Ex { kind, ..Ex::new(sql, Type::Text, true) })
    }

    pub fn json_call(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let count = arguments.len();
        let (ty, nullable) = match (name, count) {
            ("json_object" | "json_build_object", _) => return self.json_build(name, "json_object", arguments),
            ("json_array" | "json_build_array", _) => return self.json_build(name, "json_array", arguments),
            ("json_typeof", 1) => return self.json_typeof(arguments),
            ("json_extract", 2) => return self.json_extract(arguments),
            // NULL stays NULL; everything else is valid or not.
            ("json_valid", 1) => (Type::Bool, arguments.iter().any(|argument| argument.nullable)),
            ("json_array_length", 1 | 2) => (Type::Int64, true),
            ("json_type", 1 | 2) => (Type::Text, true),
            ("json_set" | "json_insert" | "json_replace", 3..) if !count.is_multiple_of(2) => {
                return self.json_changed(name, arguments)
            }
            ("json_remove", 2..) => return self.json_removed(arguments),
            ("json_patch", 2) | ("json_pretty", 1) => {
                let texts = self.json_texts(name, arguments)?;
                return Ok(json(format!("{name}({})", texts.join(", "))));
            }
            ("json_quote", 1) => {
                let [value] = take_arguments(arguments)?;
                let value = if value.ty == Type::Dynamic { self.fix(value, &Type::Text, None, None) } else { value };
                return Ok(json(self.json_text_of(value, name)?));
            }
            (name, _) if KNOWN.contains(&name) => return Err(wrong_arguments(name)),
            _ => return Err(crate::sql::errors::unknown_function(name)),
        };
        let texts = self.json_texts(name, arguments)?;
        Ok(Ex::new(format!("{name}({})", texts.join(", ")), ty, nullable))
    }

    fn json_texts(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Vec<String>> {
        arguments.into_iter().map(|argument| Ok(self.json_text(argument, name)?.sql)).collect()
    }

    /// The JSON with other values at some paths. A value that is known to be JSON becomes a part of it.
    fn json_changed(&mut self, name: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let mut texts = Vec::with_capacity(arguments.len());
        for (at, argument) in arguments.into_iter().enumerate() {
            texts.push(match at {
                0 => self.json_text(argument, name)?.sql,
                _ if at % 2 == 1 => format!("ddb_json_path({})", self.json_text(argument, name)?.sql),
                _ if argument.kind == ExKind::Json => format!("json({})", argument.sql),
                _ => {
                    let argument = if argument.ty == Type::Dynamic {
                        self.fix(argument, &Type::Text, None, None)
                    } else {
                        argument
                    };
                    self.json_value(argument, name)?
                }
            });
        }
        Ok(json(format!("{name}({})", texts.join(", "))))
    }

    /// The JSON without what is at some paths.
    fn json_removed(&mut self, arguments: Vec<Ex>) -> Result<Ex> {
        let mut texts = self.json_texts("json_remove", arguments)?.into_iter();
        let mut sql = texts.next().unwrap_or_default();
        for path in texts {
            sql = format!("json_remove({sql}, ddb_json_path({path}))");
        }
        Ok(json(sql))
    }

    /// `json_extract(json, path)`: the value at the path, with its own type.
    fn json_extract(&mut self, arguments: Vec<Ex>) -> Result<Ex> {
        let [json, path] = take_arguments(arguments)?;
        let (json, path) = (self.json_text(json, "json_extract")?, self.json_text(path, "json_extract")?);
        let sql = format!("ddb_json_cell({} -> ddb_json_path({}))", json.sql, path.sql);
        Ok(Ex::new(sql, Type::Dynamic, true))
    }

    /// A value as the JSON it is in an array.
    pub fn json_text_of(&mut self, ex: Ex, place: &str) -> Result<String> {
        if ex.kind == ExKind::Json {
            return Ok(ex.sql);
        }
        let ex = match ex.ty {
            Type::Blob | Type::Geometry | Type::Geography => return Err(undefined(place, &ex)),
            Type::Enum(_) => self.cast(ex, &Type::Text)?,
            _ => ex,
        };
        Ok(format!("ddb_to_json({}, {})", ex.sql, type_code(&ex.ty)))
    }

    fn json_text(&mut self, ex: Ex, place: &str) -> Result<Ex> {
        let ex = if ex.ty == Type::Dynamic { self.fix(ex, &Type::Text, None, None) } else { ex };
        match ex.ty {
            Type::Text => Ok(ex),
            Type::Dynamic => self.widen(ex, &Type::Text),
            _ => Err(Error::type_mismatch(format!("{place} needs TEXT, not {}", ex.type_name()))),
        }
    }

    /// PostgreSQL's names for the kinds of JSON values.
    fn json_typeof(&mut self, arguments: Vec<Ex>) -> Result<Ex> {
        let [json] = take_arguments(arguments)?;
        let json = self.json_text(json, "json_typeof")?;
        let sql = format!(
            "(CASE json_type({}) WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number' \
             WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' WHEN 'null' THEN 'null' \
             WHEN 'object' THEN 'object' WHEN 'array' THEN 'array' END)",
            json.sql
        );
        Ok(Ex::new(sql, Type::Text, json.nullable))
    }

    /// `to_json(value)`
    pub fn json_of(&mut self, arguments: Vec<Ex>) -> Result<Ex> {
        let [value] = take_arguments(arguments)?;
        let nullable = value.nullable;
        let value = if value.ty == Type::Dynamic { self.fix(value, &Type::Text, None, None) } else { value };
        // NULL is no JSON.
        let sql = format!("(CASE WHEN {} IS NULL THEN NULL ELSE {{}} END)", value.sql);
        let json = self.json_text_of(value, "to_json")?;
        Ok(Ex { kind: ExKind::Json, ..Ex::new(sql.replace("{}", &json), Type::Text, nullable) })
    }

    /// An object or array. Where PostgreSQL's name is used, a member that is JSON becomes a part of it, rather than a text.
    fn json_build(&mut self, name: &str, function: &str, arguments: Vec<Ex>) -> Result<Ex> {
        let object = function == "json_object";
        if object && !arguments.len().is_multiple_of(2) {
            return Err(wrong_arguments(name));
        }
        let mut texts = Vec::with_capacity(arguments.len());
        for (at, argument) in arguments.into_iter().enumerate() {
            texts.push(if object && at.is_multiple_of(2) {
                self.json_text(argument, "a label of an object")?.sql
            } else if name != function && argument.kind == ExKind::Json {
                format!("json({})", argument.sql)
            } else {
                self.json_value(argument, name)?
            });
        }
        Ok(Ex { kind: ExKind::Json, ..Ex::new(format!("{function}({})", texts.join(", ")), Type::Text, false) })
    }

    /// A value as a member of an object or array: numbers and booleans as such, everything else as text.
    fn json_value(&mut self, ex: Ex, name: &str) -> Result<String> {
        Ok(match ex.ty {
            Type::Int64 | Type::Float64 => ex.sql,
            Type::Bool => format!("json(CASE {} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)", ex.sql),
            Type::Decimal => format!("json({})", ex.sql),
            Type::Blob | Type::Geometry | Type::Geography => return Err(undefined(name, &ex)),
            Type::Timestamp | Type::TimestampTz | Type::Date | Type::Time | Type::Interval => {
                format!("ddb_text({}, {})", ex.sql, type_code(&ex.ty))
            }
            _ => {
                let text = self.text(ex, name)?;
                // SQLite would take the result of a JSON function for JSON.
                format!("({} || '')", text.sql)
            }
        })
    }
}

/// A text that must be JSON.
pub(super) fn json_checked(ex: Ex) -> Ex {
    if ex.kind == ExKind::Json {
        return ex;
    }
    Ex { sql: format!("ddb_json_checked({})", ex.sql), kind: ExKind::Json, ..ex }
}
