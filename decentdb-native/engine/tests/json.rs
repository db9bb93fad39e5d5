//! JSON in TEXT, row values and quantified subqueries.

mod support;

use decentdb::value::{Type, Value};
use support::Database;

#[test]
fn json_is_read_by_operators_and_functions() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, j TEXT)",
        "INSERT INTO t VALUES (1, '{\"a\":1,\"s\":\"x\\u00e9\\n\",\"b\":true,\"n\":null,\"l\":[5,{\"c\":1.50}]}'), (2, NULL)",
    ]);
    for (expression, expected) in [
        ("j -> 'a'", "1"),
        ("j -> 's'", "\"x\\u00e9\\n\""),
        ("j ->> 's'", "xé\n"),
        ("j ->> 'b'", "true"),
        ("j -> 'n'", "null"),
        ("j ->> 'n'", "NULL"),
        ("j ->> 'nope'", "NULL"),
        ("j -> 'l' -> 0", "5"),
        ("j -> 'l' -> 1 ->> 'c'", "1.50"),
        ("j ->> '$.l[1].c'", "1.50"),
        ("(j ->> 'a')::int + 1", "2"),
        ("j ->> 'b' = 'true'", "true"),
        ("json_array_length(j, '$.l')", "2"),
        ("json_array_length(j, '$.nope')", "NULL"),
        ("json_type(j -> 'l')", "array"),
        ("json_valid(j)", "true"),
        ("json_valid('x')", "false"),
        (
            "json_object('i', 1, 'b', true, 'n', NULL, 'd', 1.50::decimal, 't', '[1]', 'dt', DATE '2024-01-02')",
            "{\"i\":1,\"b\":true,\"n\":null,\"d\":1.50,\"t\":\"[1]\",\"dt\":\"2024-01-02\"}",
        ),
        ("json_array(1.5, j -> 'a', id > 5)", "[1.5,\"1\",false]"),
        ("json_array()", "[]"),
    ] {
        assert_eq!(database.texts(&format!("SELECT {expression} FROM t WHERE id = 1")), [expected], "{expression}");
    }
    let rows = database.run("SELECT j -> 'a', j ->> 'a', json_valid(j), json_array_length(j), json_type(j) FROM t");
    assert_eq!(rows.types, [Type::Text, Type::Text, Type::Bool, Type::Int64, Type::Text]);
    assert_eq!(rows.rows[1], vec![Value::Null; 5]);
    let rows = database.query("SELECT j ->> $1 FROM t WHERE id = $2", &[Value::Text("a".into()), Value::Int64(1)]);
    assert_eq!(rows.rows, [[Value::Text("1".into())]]);
}

#[test]
fn rows_are_looked_for_in_lists_of_rows() {
    let mut database = Database::with(&[
        "CREATE TABLE t (a INT, v DECIMAL)",
        "INSERT INTO t VALUES (1, '1.5'), (1, '2'), (2, '1.50'), (3, NULL)",
    ]);
    for (condition, expected) in [
        ("(a, v) IN ((1, 1.50), (2, 1.5))", &["1|1.5", "2|1.50"][..]),
        ("(a, v) NOT IN ((1, 1.50))", &["1|2", "2|1.50", "3|NULL"]),
        ("(v, a) IN (('2', 1))", &["1|2"]),
        ("a = ANY (SELECT 2 UNION SELECT 3)", &["2|1.50", "3|NULL"]),
        ("v = SOME (SELECT 1.5::decimal)", &["1|1.5", "2|1.50"]),
        ("a <> ALL (SELECT 1)", &["2|1.50", "3|NULL"]),
    ] {
        assert_eq!(database.texts(&format!("SELECT * FROM t WHERE {condition}")), expected, "{condition}");
    }
    let rows =
        database.query("SELECT v FROM t WHERE (a, v) IN (($1, $2))", &[Value::Int64(1), Value::Text("2.0".into())]);
    assert_eq!(rows.rows.len(), 1);
}
