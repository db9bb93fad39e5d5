//! The functions of fixed argument types, as a table: name, arguments, result and implementation of each.

use crate::value::Type;
use Nulls::{Partial, Strict};
use Type::{Blob, Bool, Date, Decimal, Float64, Int64, Text, Time, Timestamp, Uuid};

/// When a function gives NULL. Each of them does for an argument that is NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// For nothing else.
    Strict,
    /// Also where it is not defined, such as the logarithm of a negative number.
    Partial,
}

/// Name, types of the arguments, type of the result, the function of SQLite or of ours that computes it (none where the
/// argument is the result), and when the result is NULL. Overloads stand together; where an argument's type is open, the first one
/// of them is meant.
pub(crate) type Signature = (&'static str, &'static [Type], Type, &'static str, Nulls);

pub(crate) static SIGNATURES: &[Signature] = &[
    // Text
    ("length", &[Text], Int64, "length", Strict),
    ("length", &[Blob], Int64, "length", Strict),
    ("char_length", &[Text], Int64, "length", Strict),
    ("character_length", &[Text], Int64, "length", Strict),
    ("octet_length", &[Text], Int64, "octet_length", Strict),
    ("octet_length", &[Blob], Int64, "length", Strict),
    ("bit_length", &[Text], Int64, "ddb_bit_length", Strict),
    ("bit_length", &[Blob], Int64, "ddb_bit_length", Strict),
    ("lower", &[Text], Text, "ddb_lower", Strict),
    ("upper", &[Text], Text, "ddb_upper", Strict),
    ("initcap", &[Text], Text, "ddb_initcap", Strict),
    ("reverse", &[Text], Text, "ddb_reverse", Strict),
    ("trim", &[Text], Text, "trim", Strict),
    ("trim", &[Text, Text], Text, "trim", Strict),
    ("btrim", &[Text], Text, "trim", Strict),
    ("btrim", &[Text, Text], Text, "trim", Strict),
    ("ltrim", &[Text], Text, "ltrim", Strict),
    ("ltrim", &[Text, Text], Text, "ltrim", Strict),
    ("rtrim", &[Text], Text, "rtrim", Strict),
    ("rtrim", &[Text, Text], Text, "rtrim", Strict),
    ("substr", &[Text, Int64], Text, "ddb_substr", Strict),
    ("substr", &[Text, Int64, Int64], Text, "ddb_substr", Strict),
    ("substr", &[Blob, Int64], Blob, "ddb_substr", Strict),
    ("substr", &[Blob, Int64, Int64], Blob, "ddb_substr", Strict),
    ("substring", &[Text, Int64], Text, "ddb_substr", Strict),
    ("substring", &[Text, Int64, Int64], Text, "ddb_substr", Strict),
    ("substring", &[Blob, Int64], Blob, "ddb_substr", Strict),
    ("substring", &[Blob, Int64, Int64], Blob, "ddb_substr", Strict),
    ("overlay", &[Text, Text, Int64], Text, "ddb_overlay", Strict),
    ("overlay", &[Text, Text, Int64, Int64], Text, "ddb_overlay", Strict),
    ("replace", &[Text, Text, Text], Text, "replace", Strict),
    ("translate", &[Text, Text, Text], Text, "ddb_translate", Strict),
    ("instr", &[Text, Text], Int64, "instr", Strict),
    ("instr", &[Blob, Blob], Int64, "instr", Strict),
    ("strpos", &[Text, Text], Int64, "instr", Strict),
    ("position", &[Text, Text], Int64, "instr", Strict),
    ("left", &[Text, Int64], Text, "ddb_left", Strict),
    ("right", &[Text, Int64], Text, "ddb_right", Strict),
    ("repeat", &[Text, Int64], Text, "ddb_repeat", Strict),
    ("lpad", &[Text, Int64], Text, "ddb_lpad", Strict),
    ("lpad", &[Text, Int64, Text], Text, "ddb_lpad", Strict),
    ("rpad", &[Text, Int64], Text, "ddb_rpad", Strict),
    ("rpad", &[Text, Int64, Text], Text, "ddb_rpad", Strict),
    ("split_part", &[Text, Text, Int64], Text, "ddb_split_part", Strict),
    ("string_to_array", &[Text, Text], Text, "ddb_string_to_array", Strict),
    ("starts_with", &[Text, Text], Bool, "ddb_starts_with", Strict),
    ("chr", &[Int64], Text, "ddb_chr", Strict),
    ("char", &[Int64], Text, "ddb_chr", Strict),
    ("ascii", &[Text], Int64, "ddb_ascii", Strict),
    ("quote_ident", &[Text], Text, "ddb_quote_ident", Strict),
    ("quote_literal", &[Text], Text, "ddb_quote_literal", Strict),
    ("regexp_replace", &[Text, Text, Text], Text, "ddb_regexp_replace", Strict),
    ("regexp_replace", &[Text, Text, Text, Text], Text, "ddb_regexp_replace", Strict),
    // Bytes
    ("hex", &[Text], Text, "hex", Strict),
    ("hex", &[Blob], Text, "hex", Strict),
    ("hex", &[Uuid], Text, "hex", Strict),
    ("hex", &[Int64], Text, "ddb_to_hex", Strict),
    ("to_hex", &[Int64], Text, "ddb_to_hex_lower", Strict),
    ("encode", &[Blob, Text], Text, "ddb_encode", Strict),
    ("decode", &[Text, Text], Blob, "ddb_decode", Strict),
    ("md5", &[Text], Text, "ddb_md5", Strict),
    ("md5", &[Blob], Text, "ddb_md5", Strict),
    ("sha256", &[Text], Text, "ddb_sha256", Strict),
    ("sha256", &[Blob], Text, "ddb_sha256", Strict),
    // Numbers
    ("abs", &[Float64], Float64, "abs", Strict),
    ("abs", &[Int64], Int64, "ddb_abs", Strict),
    ("abs", &[Decimal], Decimal, "ddb_dec_abs", Strict),
    ("sign", &[Float64], Int64, "sign", Strict),
    ("sign", &[Int64], Int64, "sign", Strict),
    ("sign", &[Decimal], Int64, "ddb_dec_sign", Strict),
    ("floor", &[Float64], Float64, "ddb_floor", Strict),
    ("floor", &[Int64], Int64, "", Strict),
    ("floor", &[Decimal], Decimal, "ddb_dec_floor", Strict),
    ("ceil", &[Float64], Float64, "ddb_ceil", Strict),
    ("ceil", &[Int64], Int64, "", Strict),
    ("ceil", &[Decimal], Decimal, "ddb_dec_ceil", Strict),
    ("ceiling", &[Float64], Float64, "ddb_ceil", Strict),
    ("ceiling", &[Int64], Int64, "", Strict),
    ("ceiling", &[Decimal], Decimal, "ddb_dec_ceil", Strict),
    ("round", &[Float64], Float64, "ddb_round", Strict),
    ("round", &[Int64], Int64, "", Strict),
    ("round", &[Decimal], Decimal, "ddb_dec_round", Strict),
    ("round", &[Float64, Int64], Float64, "ddb_round", Strict),
    ("round", &[Decimal, Int64], Decimal, "ddb_dec_round", Strict),
    ("trunc", &[Float64], Float64, "ddb_trunc", Strict),
    ("trunc", &[Int64], Int64, "", Strict),
    ("trunc", &[Decimal], Decimal, "ddb_dec_trunc", Strict),
    ("trunc", &[Float64, Int64], Float64, "ddb_trunc", Strict),
    ("trunc", &[Decimal, Int64], Decimal, "ddb_dec_trunc", Strict),
    ("div", &[Int64, Int64], Int64, "ddb_div", Partial),
    ("div", &[Decimal, Decimal], Decimal, "ddb_dec_quotient", Partial),
    ("gcd", &[Int64, Int64], Int64, "ddb_gcd", Strict),
    ("lcm", &[Int64, Int64], Int64, "ddb_lcm", Strict),
    ("sqrt", &[Float64], Float64, "ddb_sqrt", Partial),
    ("cbrt", &[Float64], Float64, "ddb_cbrt", Strict),
    ("exp", &[Float64], Float64, "ddb_exp", Strict),
    ("ln", &[Float64], Float64, "ddb_ln", Partial),
    ("log", &[Float64], Float64, "ddb_log10", Partial),
    ("log", &[Float64, Float64], Float64, "ddb_log", Partial),
    ("log10", &[Float64], Float64, "ddb_log10", Partial),
    ("power", &[Float64, Float64], Float64, "ddb_power", Partial),
    ("pow", &[Float64, Float64], Float64, "ddb_power", Partial),
    ("sin", &[Float64], Float64, "ddb_sin", Partial),
    ("cos", &[Float64], Float64, "ddb_cos", Partial),
    ("tan", &[Float64], Float64, "ddb_tan", Partial),
    ("cot", &[Float64], Float64, "ddb_cot", Partial),
    ("asin", &[Float64], Float64, "ddb_asin", Partial),
    ("acos", &[Float64], Float64, "ddb_acos", Partial),
    ("atan", &[Float64], Float64, "ddb_atan", Strict),
    ("atan2", &[Float64, Float64], Float64, "ddb_atan2", Strict),
    ("degrees", &[Float64], Float64, "ddb_degrees", Strict),
    ("radians", &[Float64], Float64, "ddb_radians", Strict),
    // Dates and times
    ("make_date", &[Int64, Int64, Int64], Date, "ddb_make_date", Strict),
    ("make_time", &[Int64, Int64, Float64], Time, "ddb_make_time", Strict),
    ("make_timestamp", &[Int64, Int64, Int64, Int64, Int64, Float64], Timestamp, "ddb_make_timestamp", Strict),
    ("to_timestamp", &[Float64], Timestamp, "ddb_to_timestamp", Strict),
    ("to_timestamp", &[Text, Text], Timestamp, "ddb_to_timestamp", Strict),
];

/// The signatures that bear a name, in order; empty if no function of fixed argument types is called so.
pub(super) fn named(name: &str) -> impl Iterator<Item = &'static Signature> + Clone + '_ {
    SIGNATURES.iter().filter(move |signature| signature.0 == name)
}
