//! From text to one statement of the grammar, and the names and types it is written with.

mod audit;
mod depth;
mod extensions;
mod parse;
mod spelling;
mod transaction;
mod type_names;

pub(crate) use self::audit::recognize_audit;
pub(crate) use self::depth::levels;
pub(crate) use self::parse::{
    blob_literal, expression, name, object, path, position, quote, real_literal, require_one_statement,
    require_user_name, statement, syntax, text_literal, tokenize, without_position, words, Path, Schema,
};
pub(crate) use self::transaction::recognize_transaction;
pub(crate) use self::type_names::{declared_of, enum_id, shape_of, size_of, type_of};
