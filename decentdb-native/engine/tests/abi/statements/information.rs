//! `information_schema`, as tools read it.

use crate::support::*;

/// The rows of a query as text, for comparison at a glance.
fn lines(db: &Db, sql: &str) -> Vec<String> {
    let text = |value: &V| match value {
        V::Null => "-".to_owned(),
        V::Int(number) => number.to_string(),
        V::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    db.run(sql).rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
}

fn shop() -> Db {
    let db = Db::memory();
    db.run("CREATE TABLE customer (id INT PRIMARY KEY, mail VARCHAR(80) NOT NULL UNIQUE, score DECIMAL(10, 2) CHECK (score > 0))");
    db.run(
        "CREATE TABLE seat (\"Row\" TEXT, place INT, PRIMARY KEY (\"Row\", place), \
         CONSTRAINT seat_place CHECK (place > 0 AND length(\"Row\") < place))",
    );
    db.run(
        "CREATE TABLE booking (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id INT REFERENCES customer (id) \
         ON DELETE CASCADE, \"Row\" TEXT, place INT, at TIMESTAMP, double_place INT GENERATED ALWAYS AS (place * 2) STORED, \
         CONSTRAINT seat_of FOREIGN KEY (place, \"Row\") REFERENCES seat (place, \"Row\") ON UPDATE CASCADE, \
         CONSTRAINT once UNIQUE (\"Row\", place))",
    );
    db.run("CREATE INDEX booking_late ON booking (at DESC, lower(\"Row\")) WHERE at IS NOT NULL");
    db.run("CREATE INDEX booking_place ON booking (at) INCLUDE (place)");
    db.run("CREATE VIEW seats AS SELECT place, at FROM booking WHERE at IS NOT NULL");
    db.run(
        "CREATE TRIGGER seats_new INSTEAD OF INSERT ON seats FOR EACH ROW \
         EXECUTE FUNCTION decentdb_exec_sql('DELETE FROM seat')",
    );
    db
}

#[test]
fn constraints_of_every_kind_are_listed() {
    let db = shop();
    assert_eq!(
        lines(
            &db,
            "SELECT table_name, constraint_name, constraint_type, nulls_distinct \
             FROM information_schema.table_constraints WHERE table_schema = 'public' ORDER BY 1, 3, 2"
        ),
        [
            "booking fk_booking_customer_id FOREIGN KEY -",
            "booking seat_of FOREIGN KEY -",
            "booking pk_booking_id PRIMARY KEY -",
            "booking once UNIQUE YES",
            "customer ck_customer_1 CHECK -",
            "customer pk_customer_id PRIMARY KEY -",
            "customer uq_customer_mail UNIQUE YES",
            "seat seat_place CHECK -",
            "seat pk_seat_Row_place PRIMARY KEY -",
        ]
    );
}

#[test]
fn keys_list_their_columns_in_order_and_what_they_refer_to() {
    let db = shop();
    assert_eq!(
        lines(
            &db,
            "SELECT constraint_name, column_name, ordinal_position, position_in_unique_constraint, \
             referenced_table_name, referenced_column_name \
             FROM information_schema.key_column_usage WHERE table_name = 'booking' ORDER BY 1, 3"
        ),
        [
            "fk_booking_customer_id customer_id 1 1 customer id",
            "once Row 1 - - -",
            "once place 2 - - -",
            "pk_booking_id id 1 - - -",
            "seat_of place 1 2 seat place",
            "seat_of Row 2 1 seat Row",
        ]
    );
}

#[test]
fn foreign_keys_lead_to_the_key_they_refer_to() {
    let db = shop();
    assert_eq!(
        lines(
            &db,
            "SELECT r.constraint_name, r.unique_constraint_name, r.match_option, r.update_rule, r.delete_rule, k.table_name \
             FROM information_schema.referential_constraints r JOIN information_schema.table_constraints k \
             ON k.constraint_schema = r.unique_constraint_schema AND k.constraint_name = r.unique_constraint_name ORDER BY 1"
        ),
        [
            "fk_booking_customer_id pk_customer_id NONE NO ACTION CASCADE customer",
            "seat_of pk_seat_Row_place NONE CASCADE NO ACTION seat",
        ]
    );
    db.run("CREATE TABLE code (c TEXT)");
    db.run("CREATE UNIQUE INDEX by_code ON code (c)");
    db.run("CREATE TABLE coded (c TEXT REFERENCES code (c))");
    assert_eq!(
        lines(
            &db,
            "SELECT constraint_name, unique_constraint_name FROM information_schema.referential_constraints \
             WHERE table_name = 'coded'"
        ),
        ["fk_coded_c -"],
        "a unique index is no constraint"
    );
}

#[test]
fn the_columns_that_constraints_speak_of_are_listed() {
    let db = shop();
    assert_eq!(
        lines(
            &db,
            "SELECT constraint_name, table_name, column_name FROM information_schema.constraint_column_usage \
             WHERE constraint_name IN ('seat_place', 'seat_of', 'ck_customer_1') ORDER BY 1, 3"
        ),
        [
            "ck_customer_1 customer score",
            "seat_of seat Row",
            "seat_of seat place",
            "seat_place seat Row",
            "seat_place seat place",
        ]
    );
    assert_eq!(
        lines(
            &db,
            "SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints ORDER BY 1"
        ),
        ["customer ck_customer_1 score > 0", "seat seat_place place > 0 AND length(\"Row\") < place"]
    );
}

#[test]
fn indexes_list_their_keys_orders_and_conditions() {
    let db = shop();
    assert_eq!(
        lines(
            &db,
            "SELECT index_name, non_unique, seq_in_index, column_name, collation, nullable, index_type, expression, \
             filter_condition, is_included FROM information_schema.statistics WHERE table_name = 'booking' \
             AND index_name IN ('booking_late', 'booking_place', 'once') ORDER BY 1, 3"
        ),
        [
            "booking_late 1 1 at D YES BTREE - at IS NOT NULL NO",
            "booking_late 1 2 - A YES BTREE lower(\"Row\") at IS NOT NULL NO",
            "booking_place 1 1 at A YES BTREE - - NO",
            "booking_place 1 2 place - YES BTREE - - YES",
            "once 0 1 Row A YES BTREE - - NO",
            "once 0 2 place A YES BTREE - - NO",
        ]
    );
}

#[test]
fn columns_say_what_tools_ask_of_them() {
    let db = shop();
    db.run("CREATE TEMP TABLE kept (a DATE, b VARCHAR(3))");
    assert_eq!(
        lines(
            &db,
            "SELECT column_name, udt_name, character_maximum_length, numeric_precision, numeric_precision_radix, \
             numeric_scale, datetime_precision, is_identity, identity_generation, is_generated, generation_expression, \
             is_updatable FROM information_schema.columns WHERE table_name IN ('customer', 'booking', 'kept', 'seats') \
             ORDER BY table_name, ordinal_position"
        ),
        [
            "id INT64 - 64 2 0 - YES ALWAYS NEVER - YES",
            "customer_id INT64 - 64 2 0 - NO - NEVER - YES",
            "Row TEXT - - - - - NO - NEVER - YES",
            "place INT64 - 64 2 0 - NO - NEVER - YES",
            "at TIMESTAMP - - - - 6 NO - NEVER - YES",
            "double_place INT64 - 64 2 0 - NO - ALWAYS place * 2 NO",
            "id INT64 - 64 2 0 - YES BY DEFAULT NEVER - YES",
            "mail VARCHAR(80) 80 - - - - NO - NEVER - YES",
            "score DECIMAL(10,2) - 10 10 2 - NO - NEVER - YES",
            "a DATE - - - - 0 NO - NEVER - YES",
            "b VARCHAR(3) 3 - - - - NO - NEVER - YES",
            "place INT64 - 64 2 0 - NO - NEVER - NO",
            "at TIMESTAMP - - - - 6 NO - NEVER - NO",
        ]
    );
}

#[test]
fn views_triggers_and_routines_are_listed() {
    let db = shop();
    assert_eq!(
        lines(
            &db,
            "SELECT table_name, view_definition, check_option, is_updatable, is_trigger_updatable, \
             is_trigger_insertable_into FROM information_schema.views"
        ),
        ["seats SELECT place, at FROM booking WHERE at IS NOT NULL NONE NO NO YES"]
    );
    assert_eq!(
        lines(&db, "SELECT table_name, is_insertable_into FROM information_schema.tables WHERE table_type = 'VIEW'"),
        ["seats YES"]
    );
    assert_eq!(
        lines(
            &db,
            "SELECT trigger_name, event_manipulation, event_object_table, action_order, action_statement, \
             action_orientation, action_timing FROM information_schema.triggers"
        ),
        ["seats_new INSERT seats 1 DELETE FROM seat ROW INSTEAD OF"]
    );
    assert_eq!(lines(&db, "SELECT routine_name FROM information_schema.routines"), [""; 0]);
    assert_eq!(lines(&db, "SELECT parameter_name FROM information_schema.parameters"), [""; 0]);
}

#[test]
fn temporary_objects_are_in_their_schema() {
    let db = shop();
    db.run("CREATE TEMP TABLE p (a INT PRIMARY KEY)");
    db.run("CREATE TEMP TABLE c (a INT UNIQUE, CHECK (a > 1))");
    for (view, rows) in [("table_constraints", "pk_p_a uq_c_a ck_c_1"), ("check_constraints", "ck_c_1")] {
        let sql = format!("SELECT constraint_name FROM information_schema.{view} WHERE constraint_schema = 'temp'");
        let mut found = lines(&db, &sql);
        let mut expected: Vec<&str> = rows.split(' ').collect();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{view}");
    }
    assert_eq!(
        lines(&db, "SELECT index_name FROM information_schema.statistics WHERE table_schema = 'temp' ORDER BY 1"),
        ["pk_p_a", "uq_c_a"]
    );
}

#[test]
fn a_changed_schema_changes_the_views() {
    let db = shop();
    let statement = db.prepare("SELECT count(*) FROM information_schema.table_constraints").unwrap();
    assert_eq!(statement.fetch(false, 0).unwrap(), [[V::Int(9)]]);
    db.run("ALTER TABLE customer DROP CONSTRAINT ck_customer_1");
    statement.reset();
    assert_eq!(statement.fetch(false, 0).unwrap(), [[V::Int(8)]]);
}
