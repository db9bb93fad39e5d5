//! Functions and operators: the value and type of each, and its errors.

use crate::support;

use decentdb::testing::value::Type;
use support::{gives, Database};

#[track_caller]
fn is(database: &mut Database, expression: &str, ty: &Type) {
    assert_eq!(&database.run(&format!("SELECT {expression}")).types[0], ty, "{expression}");
}

#[test]
fn text_is_cut_and_built_by_characters() {
    gives(&[
        ("length('héllo')", "5"),
        ("octet_length('héllo')", "6"),
        ("bit_length('abc')", "24"),
        ("length(x'0102')", "2"),
        ("upper('é'), 1", "É"),
        ("initcap('hello wORLD-foo')", "Hello World-Foo"),
        ("substr('hello', 2)", "ello"),
        ("substr('hello', 0, 3)", "he"),
        ("substring('hello' FROM 2 FOR 3)", "ell"),
        ("substring('hello' FOR 2)", "he"),
        ("substr('hello', 2, -1)", "22023 substring must not have a negative length"),
        ("substr(x'01020304', 2, 2)", "0203"),
        ("overlay('abcdef' PLACING 'X' FROM 2 FOR 3)", "aXef"),
        ("overlay('abcdef' PLACING 'XYZ' FROM 2)", "aXYZef"),
        ("trim(BOTH 'x' FROM 'xxaxx')", "a"),
        ("trim('  a ')", "a"),
        ("ltrim('xxa', 'x') || rtrim('axx', 'x')", "aa"),
        ("btrim('xyxax', 'xy')", "a"),
        ("replace('hello', 'l', 'r')", "herro"),
        ("translate('12345', '143', 'ax')", "a2x5"),
        ("position('l' IN 'hello')", "3"),
        ("strpos('hello', 'z')", "0"),
        ("instr('hello', 'l')", "3"),
        ("left('hello', -2) || right('hello', 2)", "hello"),
        ("right('hello', -4)", "o"),
        ("lpad('abc', 5, 'xy') || rpad('ab', 4)", "xyabcab  "),
        ("lpad('abc', 2)", "ab"),
        ("repeat('ab', 3)", "ababab"),
        ("repeat('ab', -1)", ""),
        ("repeat('abcdefgh', 100000000)", "22023 the text would be too long"),
        ("reverse('héllo')", "olléh"),
        ("split_part('a,b,c', ',', 2)", "b"),
        ("split_part('a,b,c', ',', -1)", "c"),
        ("split_part('a,b,c', ',', 0)", "22023 split_part counts from 1"),
        ("string_to_array('a,\"b\",', ',')", r#"["a","\"b\"",""]"#),
        ("string_to_array('', ',')", "[]"),
        ("concat('a', 1, NULL, true, 1.50::decimal)", "a1true1.50"),
        ("concat_ws(',', 'a', NULL, 2)", "a,2"),
        ("concat_ws(NULL, 'a')", "NULL"),
        ("chr(8364) || chr(65)", "€A"),
        ("chr(-1)", "22023 -1 is not a character"),
        ("ascii('é')", "233"),
        ("ascii('')", "0"),
        ("starts_with('abc', 'ab')", "true"),
        ("quote_ident('a\"b')", "\"a\"\"b\""),
        ("quote_literal('O''Brien')", "'O''Brien'"),
        ("regexp_replace('abc123', '\\d', 'X')", "abcX23"),
        ("regexp_replace('abc123', '\\d', 'X', 'g')", "abcXXX"),
        ("regexp_replace('ABC', '(b)', '<\\1$>', 'i')", "A<B$>C"),
        (
            "regexp_replace('a', '(', 'x') IS NULL",
            "2201B invalid regular expression \"(\": regex parse error:\n    (\n    ^\nerror: unclosed group",
        ),
        ("regexp_replace('a', 'b', 'c', 'q')", "22023 unknown flag q of regexp_replace"),
        ("printf('%d|%5.2f|%-5s|%05d|%s|%%', 5, 3.14159, 'ab', 42, 1.50::decimal)", "5| 3.14|ab   |00042|1.50|%"),
        ("lower(1)", "42804 lower needs TEXT, not INT64"),
        ("left('a')", "42883 left does not take these arguments"),
        ("no_such(1)", "42883 unknown function no_such"),
        ("chr(0)", "22021 a text cannot contain the character U+0000"),
        ("json_build_object(1)", "42883 json_build_object does not take these arguments"),
        ("length(1)", "42804 length is not defined for INT64"),
    ]);
}

#[test]
fn bytes_are_hashed_and_encoded() {
    gives(&[
        ("hex('abc')", "616263"),
        ("hex(x'0a')", "0A"),
        ("hex(255)", "FF"),
        ("to_hex(-1)", "ffffffffffffffff"),
        ("hex('550e8400-e29b-41d4-a716-446655440000'::uuid)", "550E8400E29B41D4A716446655440000"),
        ("md5('hello')", "5d41402abc4b2a76b9719d911017c592"),
        ("md5(x'68656c6c6f')", "5d41402abc4b2a76b9719d911017c592"),
        ("sha256('hello')", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
        ("encode(x'0102ff', 'hex')", "0102ff"),
        ("encode(x'666f6f62', 'base64')", "Zm9vYg=="),
        ("decode('Zm9vYg==', 'base64')", "666f6f62"),
        ("decode('zz', 'hex')", "22023 the text is not encoded as hex"),
        ("encode(x'01', 'rot13')", "22023 unknown encoding rot13: the encodings are hex and base64"),
        ("uuid_to_string(uuid_parse('550E8400-E29B-41D4-A716-446655440000'))", "550e8400-e29b-41d4-a716-446655440000"),
        ("uuid_parse('x')", "22P02 invalid value for UUID: \"x\""),
        ("length(uuid_to_string(gen_random_uuid()))", "36"),
    ]);
}

#[test]
fn numbers_keep_their_type() {
    gives(&[
        ("abs(-5)", "5"),
        ("abs((-2.5)::decimal)", "2.5"),
        ("sign(-2.5)", "-1"),
        ("sign((-2.5)::decimal)", "-1"),
        ("ceil(2.1::decimal) + floor(-2.1::decimal)", "0"),
        ("ceiling(-1.5)", "-1"),
        ("round(2.5) + round(-2.5)", "0"),
        ("round(5)", "5"),
        ("round(3.14159, 2)", "3.14"),
        ("round(1234.5, -2)", "1200"),
        ("round(2.345::decimal, 2)", "2.35"),
        ("round(1250::decimal, -2)", "1300"),
        ("trunc(-2.789, 1)", "-2.7"),
        ("trunc(-2.789::decimal, 1)", "-2.7"),
        ("trunc(1299::decimal, -2)", "1200"),
        ("mod(-7, 3)", "-1"),
        ("mod(7.5::decimal, 2)", "1.5"),
        ("mod(7, 0)", "NULL"),
        ("div(-7, 2)", "-3"),
        ("div(7.5::decimal, 2)", "3"),
        ("div(1, 0)", "NULL"),
        ("gcd(12, -18) * 100 + lcm(4, 6)", "612"),
        ("lcm(9223372036854775807, 2)", "22003 the result is out of range for INT64"),
        ("sqrt(16::decimal)", "4"),
        ("sqrt(-1)", "NULL"),
        ("cbrt(27)", "3"),
        ("ln(0)", "NULL"),
        ("log(1000)", "3"),
        ("log(2, 8)", "3"),
        ("log(1, 8)", "NULL"),
        ("power(2, 10)", "1024"),
        ("2 ^ 3", "8"),
        ("power(-8, 0.5)", "NULL"),
        ("round(degrees(pi()))", "180"),
        ("sin(0) + cos(0) + tan(0) + atan(0) + asin(0) + acos(1)", "1"),
        ("round(atan2(1, 1) * 4, 10)", "3.1415926536"),
        ("cot(0)", "NULL"),
        ("acos(2)", "NULL"),
        ("round(radians(180), 4)", "3.1416"),
        ("random() < 1 AND random() >= 0", "true"),
        ("5 & 3", "1"),
        ("5 | 3", "7"),
        ("5 # 3", "6"),
        ("~5", "-6"),
        ("1 << 4 >> 2", "4"),
        ("1.5 & 1", "42804 an operand of & must be INT64, not FLOAT64"),
        ("version() LIKE 'DecentDB%'", "true"),
        ("current_database() || schema()", "mainmain"),
    ]);
    let mut database = Database::new();
    for (expression, ty) in [
        ("abs(1)", Type::Int64),
        ("abs(1.5::decimal)", Type::Decimal),
        ("round(1.5)", Type::Float64),
        ("round(1, 1)", Type::Float64),
        ("round(1::decimal, 1)", Type::Decimal),
        ("sign(1.5)", Type::Int64),
        ("sqrt(4)", Type::Float64),
        ("median(1::decimal)", Type::Decimal),
        ("make_date(2024, 1, 1)", Type::Date),
        ("age(now(), now())", Type::Interval),
    ] {
        is(&mut database, expression, &ty);
    }
}

#[test]
fn choices_take_the_common_type() {
    gives(&[
        ("coalesce(NULL, 1, 2)", "1"),
        ("ifnull(NULL, 'x')", "x"),
        ("nullif(1, 1)", "NULL"),
        ("nullif(1.50::decimal, 1.5)", "NULL"),
        ("iif(NULL, 1, 2)", "2"),
        ("iif(1 < 2, 1, 2.5)", "1"),
        ("iif(1, 2, 3)", "42804 the condition of iif must be BOOL, not INT64"),
        ("greatest(1, 2.5::decimal, 2)", "2.5"),
        ("greatest(DATE '2024-01-01', '2025-01-01')", "2025-01-01"),
        ("least('b', 'a')", "a"),
        ("greatest(1, 'x')", "22P02 invalid value for INT64: \"x\""),
    ]);
}

#[test]
fn aggregates_collect_and_rank() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, s TEXT, d DECIMAL, b BOOL, f FLOAT, i INTERVAL)",
        "INSERT INTO t VALUES (1, 'b', '1.5', true, 1, '1 day'), (2, 'a', '2.50', false, 2, '25 hours'), \
         (3, NULL, NULL, NULL, NULL, NULL), (4, 'b', '10', true, 4, '1 month')",
    ]);
    for (expression, expected) in [
        ("array_agg(id ORDER BY id DESC)", "[4,3,2,1]"),
        ("array_agg(s)", r#"["b","a",null,"b"]"#),
        ("array_agg(DISTINCT s ORDER BY s)", r#"[null,"a","b"]"#),
        ("array_agg(d)", "[1.5,2.50,null,10]"),
        ("array_agg(b) FILTER (WHERE id < 3)", "[true,false]"),
        ("array_agg(id) FILTER (WHERE id > 9)", "[]"),
        ("string_agg(s, ';' ORDER BY id DESC)", "b;a;b"),
        ("string_agg(DISTINCT s, ';')", "b;a"),
        ("string_agg(DISTINCT s, '; ' ORDER BY s)", "a; b"),
        ("group_concat(id)", "1,2,3,4"),
        ("group_concat(DISTINCT s)", "b,a"),
        ("median(id)", "2.5"),
        ("median(d)", "2.50"),
        ("median(f)", "2"),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY id)", "1.75"),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY id DESC)", "3.25"),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY d)", "2.000"),
        ("percentile_disc(0.5) WITHIN GROUP (ORDER BY s)", "b"),
        ("percentile_disc(0.9) WITHIN GROUP (ORDER BY d)", "10"),
        ("percentile_disc(0.9) WITHIN GROUP (ORDER BY d DESC)", "1.5"),
        ("percentile_disc(0) WITHIN GROUP (ORDER BY i)", "0 1 0"),
        ("percentile_disc(0.5) WITHIN GROUP (ORDER BY d) FILTER (WHERE id > 9)", "NULL"),
        ("sum(d)", "14.00"),
        ("avg(d)", "4.66666667"),
    ] {
        assert_eq!(database.texts(&format!("SELECT {expression} FROM t")), [expected], "{expression}");
    }
    let rows = database.texts("SELECT array_agg(id) OVER (ORDER BY id ROWS 1 PRECEDING) FROM t");
    assert_eq!(rows, ["[1]", "[1,2]", "[2,3]", "[3,4]"]);
    for (expression, sqlstate) in [
        ("percentile_cont(1.5) WITHIN GROUP (ORDER BY id)", "22003"),
        ("percentile_cont(0.5) WITHIN GROUP (ORDER BY s)", "42804"),
        ("percentile_cont(0.5)", "42601"),
        ("sum(id) WITHIN GROUP (ORDER BY id)", "42601"),
        ("median(id) OVER ()", "0A000"),
        ("array_agg(x'01')", "42804"),
    ] {
        let error = database.fails(&format!("SELECT {expression} FROM t"));
        assert_eq!(error.sqlstate, Some(sqlstate), "{expression}: {}", error.message);
    }
}
