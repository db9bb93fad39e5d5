//! JSON in TEXT, row values and quantified subqueries.

use crate::support;

use decentdb::testing::value::{Type, Value};
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
        (
            "json_set('{\"a\":1}', '$.a', true, '$.b', 'x', '$.c', j -> 'l')",
            "{\"a\":true,\"b\":\"x\",\"c\":[5,{\"c\":1.50}]}",
        ),
        (
            "json_set('{}', '$.t', TIMESTAMP '2024-01-02 03:04', '$.n', NULL)",
            "{\"t\":\"2024-01-02T03:04:00.000000\",\"n\":null}",
        ),
        ("json_insert('{\"a\":1}', '$.a', 2, '$.b', 1.50::decimal)", "{\"a\":1,\"b\":1.50}"),
        ("json_replace('{\"a\":1}', '$.a', 2, '$.b', 3)", "{\"a\":2}"),
        ("json_remove('{\"a\":1,\"b\":[1,2]}', '$.a', '$.b[0]')", "{\"b\":[2]}"),
        ("json_patch('{\"a\":1}', '{\"a\":null,\"b\":2}')", "{\"b\":2}"),
        ("json_quote('a\"b')", "\"a\\\"b\""),
        ("json_quote(NULL)", "null"),
        ("json_set(NULL, '$.a', 1)", "NULL"),
        ("json(' {\"a\" : 1}')", "{\"a\":1}"),
        ("json_pretty('[]')", "[]"),
        ("(SELECT json_group_array(x.id) FROM t x)", "[1,2]"),
        ("(SELECT json_group_array(x.id) FROM t x WHERE false)", "[]"),
        ("(SELECT json_group_object('k' || x.id, x.id) FROM t x)", "{\"k1\":1,\"k2\":2}"),
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

#[test]
fn extracted_values_carry_their_own_type() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, j TEXT, b BOOL)",
        r#"INSERT INTO t VALUES (1, '{"s":"x","n":1,"r":1.5,"t":true,"f":false,"z":null,"a":[1,2.50],"o":{"k":"v"},"big":12345678901234567890}', NULL)"#,
    ]);
    for (path, expected) in [
        ("$.s", Value::Text("x".into())),
        ("$.n", Value::Int64(1)),
        ("$.r", Value::Float64(1.5)),
        ("$.t", Value::Bool(true)),
        ("$.f", Value::Bool(false)),
        ("$.z", Value::Null),
        ("$.nope", Value::Null),
        ("$.a", Value::Text("[1,2.50]".into())),
        ("$.a[1]", Value::Float64(2.5)),
        ("$.o", Value::Text(r#"{"k":"v"}"#.into())),
        ("$.o.k", Value::Text("v".into())),
        ("$.big", Value::Float64(12_345_678_901_234_567_890.0)),
    ] {
        let rows = database.run(&format!("SELECT json_extract(j, '{path}') FROM t ORDER BY 1"));
        assert_eq!(rows.types, [Type::Dynamic]);
        assert_eq!(rows.rows, [[expected]], "{path}");
    }
    for (expression, expected) in [
        ("json_extract(j, '$.n') + 1", "2"),
        ("json_extract(j, '$.r') = 1", "false"),
        ("json_extract(j, '$.n') = 1.0", "true"),
        ("json_extract(j, '$.r') > 1::decimal", "true"),
        ("json_extract(j, '$.s') = 'x'", "true"),
        ("json_extract(j, '$.t') = true", "true"),
        ("json_extract(j, '$.t') AND NOT json_extract(j, '$.f')", "true"),
        ("json_extract(j, '$.t')::text || json_extract(j, '$.n')", "true1"),
        ("coalesce(json_extract(j, '$.z'), 5)", "5"),
        ("json_extract(j, '$.r')::int", "1"),
        ("CASE WHEN json_extract(j, '$.t') THEN 'yes' END", "yes"),
    ] {
        assert_eq!(database.texts(&format!("SELECT {expression} FROM t")), [expected], "{expression}");
    }
    assert_eq!(database.texts("SELECT json_extract(j, '$.t'), count(*) FROM t GROUP BY 1"), ["true|1"]);
    database.run("UPDATE t SET b = json_extract(j, '$.t')");
    assert_eq!(database.texts("SELECT b FROM t"), ["true"]);
    for (expression, sqlstate) in [
        ("json_extract(j, 'n')", "22033"),
        ("json_extract('{', '$')", "22032"),
        ("json_extract(j, '$.s') = 1", "22P02"),
        ("json_extract(j, '$.t') = 1", "42804"),
        ("json_extract(j)", "42883"),
    ] {
        let error = database.fails(&format!("SELECT {expression} FROM t"));
        assert_eq!(error.sqlstate, Some(sqlstate), "{expression}: {}", error.message);
    }
}

#[test]
fn members_of_json_are_rows() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, j TEXT)",
        r#"INSERT INTO t VALUES (1, '{"a":[1,true],"b":"x"}'), (2, '[10]'), (3, NULL)"#,
    ]);
    assert_eq!(
        database.texts(r#"SELECT * FROM json_each('{"s":"x","n":1,"t":true,"z":null,"a":[1, 2.50]}')"#),
        ["s|x|text", "n|1|integer", "t|true|true", "z|NULL|null", "a|[1,2.50]|array"]
    );
    assert_eq!(
        database.texts(r#"SELECT key, value, type, path FROM json_tree('{"a":{"b":false},"c":[2]}')"#),
        [
            r#"NULL|{"a":{"b":false},"c":[2]}|object|$"#,
            r#"a|{"b":false}|object|$.a"#,
            "b|false|false|$.a.b",
            "c|[2]|array|$.c",
            "0|2|integer|$.c[0]",
        ]
    );
    let rows = database.run("SELECT key, value FROM json_each('[true]')");
    assert_eq!(rows.rows, [[Value::Int64(0), Value::Bool(true)]]);
    assert_eq!(
        database.texts("SELECT t.id, e.key, e.v FROM t, json_each(t.j) AS e(key, v) ORDER BY id, key"),
        ["1|a|[1,true]", "1|b|x", "2|0|10"]
    );
    assert_eq!(
        database.texts("SELECT id, m.value FROM t CROSS JOIN LATERAL json_tree(j) AS m WHERE m.type = 'true'"),
        ["1|true"]
    );
    assert_eq!(database.texts("SELECT id, value FROM t LEFT JOIN json_each(j) ON true WHERE id = 3"), ["3|NULL"]);
    assert_eq!(database.texts("SELECT sum(value::int) FROM json_each($1)".replace("$1", "'[1,2,3]'").as_str()), ["6"]);
    for (statement, sqlstate) in [
        ("SELECT * FROM json_each('{')", "22032"),
        ("SELECT * FROM json_each(1)", "42804"),
        ("SELECT * FROM json_each('[]', '$')", "42883"),
        ("SELECT * FROM json_each(u.j), t AS u", "42P01"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some(sqlstate), "{statement}: {}", error.message);
    }
}
