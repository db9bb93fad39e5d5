//! ALTER TABLE and what depends on tables.

use crate::support;

use decentdb::testing::catalog;
use support::Database;

fn shop() -> Database {
    Database::with(&[
        "CREATE TABLE makers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        "CREATE TABLE goods (id INTEGER PRIMARY KEY, code TEXT, price DECIMAL, maker INT REFERENCES makers (id), \
         stock INT DEFAULT 1, CONSTRAINT fair CHECK (price >= 0))",
        "CREATE INDEX by_code ON goods (lower(code)) WHERE stock > 0",
        "CREATE TABLE sales (good INT REFERENCES goods (id) ON DELETE CASCADE, at DATE)",
        "INSERT INTO makers VALUES (1, 'Ada'), (2, 'Bob')",
        "INSERT INTO goods (code, price, maker, stock) VALUES ('7', 1.50, 1, 3), ('x', 2, NULL, 4), ('9', 3, 2, 5)",
        "INSERT INTO sales VALUES (1, '2024-01-01'), (3, '2024-01-02')",
        "DELETE FROM goods WHERE code = 'x'",
    ])
}

#[track_caller]
fn check(database: &mut Database, statement: &str, sqlstate: &str, message: &str) {
    let before = database.texts("SELECT * FROM goods ORDER BY id");
    let error = database.fails(statement);
    assert_eq!((error.sqlstate, error.message.as_str()), (Some(sqlstate), message), "{statement}");
    assert_eq!(database.texts("SELECT * FROM goods ORDER BY id"), before, "{statement} left something behind");
}

/// The text of a table creates the same table again.
#[track_caller]
fn require_true_text(database: &Database, table: &str) {
    let found = database.catalog.table(table).unwrap();
    let mut copy = Database::new();
    for key in found.foreign_keys.iter().filter(|key| key.referenced_table != found.name) {
        copy.run(&format!("CREATE TABLE {} ({} INT PRIMARY KEY)", key.referenced_table, key.referenced_columns[0]));
    }
    copy.run(&found.ddl);
    let again = copy.catalog.table(table).unwrap();
    let shape = |table: &catalog::Table| {
        let mut shape = serde_json::to_value(table).unwrap();
        shape["ddl"].take();
        shape
    };
    assert_eq!(shape(again), shape(found), "{}", found.ddl);
}

#[test]
fn a_rebuilt_table_keeps_everything_else() {
    let mut database = shop();
    for statement in [
        "ALTER TABLE goods ADD CONSTRAINT few CHECK (stock < 100)",
        "ALTER TABLE goods ADD CONSTRAINT one_code UNIQUE (code)",
        "ALTER TABLE goods DROP CONSTRAINT fair, ADD COLUMN note TEXT NOT NULL DEFAULT 'new', ADD COLUMN w FLOAT8",
        "ALTER TABLE goods ALTER COLUMN stock SET NOT NULL, ALTER COLUMN stock SET DEFAULT 7",
    ] {
        database.run(statement);
    }
    assert_eq!(
        database.texts("SELECT * FROM goods ORDER BY id"),
        ["1|7|1.50|1|3|new|NULL", "3|9|3|2|5|new|NULL"],
        "rows"
    );
    // Dropping the old table did not change the child rows. They reference the new table.
    assert_eq!(database.texts("SELECT count(*) FROM sales"), ["2"]);
    assert_eq!(database.fails("INSERT INTO sales VALUES (99, NULL)").sqlstate, Some("23503"));
    database.run("DELETE FROM goods WHERE id = 3");
    assert_eq!(database.texts("SELECT good FROM sales"), ["1"]);
    assert_eq!(database.texts("INSERT INTO goods (code) VALUES ('n') RETURNING id, stock"), ["2|7"]);
    // The indexes exist again.
    let plan = database.texts("EXPLAIN SELECT * FROM goods WHERE lower(code) = '7' AND stock > 0");
    assert!(plan[0].contains("by_code"), "{plan:?}");
    assert_eq!(
        database.fails("INSERT INTO goods (code) VALUES ('n')").message,
        "unique constraint one_code on goods was violated"
    );
    assert_eq!(database.fails("UPDATE goods SET stock = 100").message, "CHECK constraint failed on table goods");
    database.run("UPDATE goods SET price = -1 WHERE id = 4");
    require_true_text(&database, "goods");
    assert_eq!(
        catalog::load(&database.connection).unwrap().table("goods").unwrap().ddl,
        database.catalog.table("goods").unwrap().ddl
    );
}

#[test]
fn declared_lengths_and_digits_are_kept() {
    let mut database = Database::with(&["CREATE TABLE t (id INT PRIMARY KEY, price DECIMAL(8,2), code CHAR(3))"]);
    for (statement, column) in [
        ("ALTER TABLE t ADD COLUMN name VARCHAR(20)", "\"name\" VARCHAR(20)"),
        ("ALTER TABLE t RENAME COLUMN price TO cost", "\"cost\" DECIMAL(8,2)"),
        ("ALTER TABLE t RENAME TO u", "\"code\" CHAR(3)"),
        ("ALTER TABLE u ALTER COLUMN name TYPE VARCHAR(30)", "\"name\" VARCHAR(30)"),
        ("ALTER TABLE u ALTER COLUMN code TYPE TEXT", "\"code\" TEXT"),
    ] {
        database.run(statement);
        let catalog = catalog::load(&database.connection).unwrap();
        let table = catalog.table("u").or(catalog.table("t")).unwrap();
        assert!(table.ddl.contains(column), "{statement}: {}", table.ddl);
        require_true_text(&database, &table.name);
    }
}

#[test]
fn new_constraints_hold_for_the_rows_that_are_there() {
    let mut database = shop();
    for (statement, sqlstate, message) in [
        ("ALTER TABLE goods ADD CONSTRAINT dear CHECK (price > 2)", "23514", "CHECK constraint failed on table goods"),
        ("ALTER TABLE goods ADD CHECK (nope > 2)", "42703", "unknown column nope"),
        ("ALTER TABLE sales ADD UNIQUE (nope)", "42703", "unknown column nope"),
        ("ALTER TABLE goods ADD CONSTRAINT fair CHECK (id > 0)", "42710", "constraint fair already exists on goods"),
        ("ALTER TABLE goods ADD PRIMARY KEY (code)", "42P16", "table goods has more than one primary key"),
        (
            "ALTER TABLE goods ADD CONSTRAINT self FOREIGN KEY (stock) REFERENCES goods (id)",
            "23503",
            "foreign key on goods references missing parent row in goods",
        ),
        ("ALTER TABLE goods ADD COLUMN x INT NOT NULL", "23502", "column goods.x may not be NULL"),
        (
            "ALTER TABLE goods ADD COLUMN x INT DEFAULT 1 UNIQUE",
            "23505",
            "unique constraint uq_goods_x on goods was violated",
        ),
        (
            "ALTER TABLE goods ADD COLUMN x INT DEFAULT 1 CHECK (x > 1)",
            "23514",
            "CHECK constraint failed on table goods",
        ),
        (
            "ALTER TABLE goods ADD COLUMN x INT DEFAULT 9 REFERENCES makers (id)",
            "23503",
            "foreign key on goods references missing parent row in makers",
        ),
        ("ALTER TABLE goods ADD COLUMN code TEXT", "42701", "column code is defined more than once"),
        ("ALTER TABLE goods DROP CONSTRAINT nope", "42704", "unknown constraint nope on goods"),
    ] {
        check(&mut database, statement, sqlstate, message);
    }
    let error = database.fails("ALTER TABLE goods ADD CONSTRAINT own FOREIGN KEY (stock) REFERENCES makers (id)");
    assert_eq!((&error.context["relation"], &error.context["constraint"]), (&"goods".into(), &"own".into()));
    assert_eq!(error.context["column"], "stock");
    database.run("INSERT INTO goods (code) VALUES (NULL)");
    check(
        &mut database,
        "ALTER TABLE goods ALTER COLUMN code SET NOT NULL",
        "23502",
        "column goods.code may not be NULL",
    );
    database.run("ALTER TABLE goods DROP CONSTRAINT IF EXISTS nope");
    database.run("ALTER TABLE goods ADD COLUMN IF NOT EXISTS code INT");
}

#[test]
fn primary_keys_come_and_go() {
    let mut database =
        Database::with(&["CREATE TABLE goods (id INT, code TEXT)", "INSERT INTO goods VALUES (5, 'a'), (NULL, 'b')"]);
    check(&mut database, "ALTER TABLE goods ADD PRIMARY KEY (id)", "23502", "column goods.id may not be NULL");
    database.run("UPDATE goods SET id = 2 WHERE id IS NULL");
    database.run("ALTER TABLE goods ADD CONSTRAINT own PRIMARY KEY (id)");
    assert_eq!(database.texts("INSERT INTO goods (code) VALUES ('c') RETURNING id"), ["6"]);
    assert_eq!(
        database.fails("INSERT INTO goods VALUES (2, 'x')").message,
        "unique constraint own on goods was violated"
    );
    require_true_text(&database, "goods");
    database.run("CREATE TABLE sales (good INT REFERENCES goods)");
    check(
        &mut database,
        "ALTER TABLE goods DROP CONSTRAINT own",
        "2BP01",
        "cannot alter table goods because foreign key fk_sales_good needs it: the foreign key on sales references \
         columns of goods that are neither primary key nor unique",
    );
    database.run("ALTER TABLE sales DROP CONSTRAINT fk_sales_good");
    assert!(database.catalog.index("fk_sales_good_idx").is_none());
    database.run("ALTER TABLE goods DROP CONSTRAINT own, ADD PRIMARY KEY (id, code)");
    database.run("INSERT INTO goods VALUES (2, 'x')");
    assert_eq!(database.texts("SELECT id FROM goods ORDER BY id"), ["2", "2", "5", "6"]);
    database.run("ALTER TABLE goods DROP CONSTRAINT pk_goods_id_code, ALTER COLUMN code DROP NOT NULL");
    database.run("INSERT INTO goods VALUES (2, NULL)");
}

#[test]
fn columns_change_their_type() {
    let mut database = shop();
    database.run("CREATE VIEW listed AS SELECT id, price, stock FROM goods");
    database.run("CREATE VIEW total AS SELECT sum(stock) AS n FROM listed");
    check(
        &mut database,
        "ALTER TABLE goods ALTER COLUMN code TYPE INT",
        "2BP01",
        "cannot alter table goods because index by_code needs it as it is: lower needs TEXT, not INT64",
    );
    database.run("DROP INDEX by_code");
    database.run("ALTER TABLE goods ALTER COLUMN code TYPE INT");
    database
        .run("ALTER TABLE goods ALTER price SET DATA TYPE FLOAT8, ALTER COLUMN stock TYPE DECIMAL USING stock + 0.5");
    assert_eq!(database.texts("SELECT code + 1, price, stock FROM goods ORDER BY id"), ["8|1.5|3.5", "10|3|5.5"]);
    // Views follow, also views that read other views.
    let rows = database.run("SELECT price, stock FROM listed");
    assert_eq!(rows.types.iter().map(|ty| ty.name()).collect::<Vec<_>>(), ["FLOAT64", "DECIMAL"]);
    assert_eq!(database.texts("SELECT n FROM total"), ["9.0"]);
    require_true_text(&database, "goods");
    database.run("INSERT INTO makers VALUES (3, 'x1')");
    let error = database.fails("ALTER TABLE makers ALTER COLUMN name TYPE INT");
    assert_eq!(
        (error.sqlstate, error.message.as_str()),
        (Some("22P02"), "invalid value for INT64: \"Ada\" for column name")
    );
    assert_eq!(error.context["column"], "name");
    assert_eq!(database.texts("SELECT name FROM makers WHERE id = 3"), ["x1"]);
    for (statement, sqlstate) in [
        ("ALTER TABLE makers ALTER COLUMN id TYPE TEXT", "2BP01"),
        ("ALTER TABLE goods ALTER COLUMN maker TYPE TEXT", "2BP01"),
        ("ALTER TABLE goods ALTER COLUMN stock TYPE UUID", "42804"),
        ("ALTER TABLE goods ALTER COLUMN nope TYPE INT", "42703"),
        ("ALTER TABLE goods ALTER COLUMN id DROP NOT NULL", "42P16"),
        ("ALTER TABLE goods ALTER COLUMN stock SET DEFAULT 'x'", "22P02"),
        ("ALTER TABLE goods ALTER COLUMN price TYPE TEXT", "42804"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some(sqlstate), "{statement}: {}", error.message);
    }
}

#[test]
fn an_enum_takes_more_labels() {
    let mut database = Database::with(&[
        "CREATE TABLE t (m ENUM('sad', 'glad') DEFAULT 'sad')",
        "INSERT INTO t VALUES ('glad'), (DEFAULT), (NULL)",
        "ALTER TABLE t ALTER COLUMN m TYPE ENUM('glad', 'calm', 'sad')",
        "INSERT INTO t VALUES ('calm')",
    ]);
    assert_eq!(database.texts("SELECT m::text FROM t ORDER BY m"), ["NULL", "glad", "calm", "sad"]);
    let error = database.fails("ALTER TABLE t ALTER COLUMN m TYPE ENUM('glad', 'sad')");
    assert_eq!(error.message, "invalid ENUM label calm for column m");
}

#[test]
fn renames_reach_every_text() {
    let mut database = shop();
    database.run("ALTER TABLE goods ADD COLUMN twice INT GENERATED ALWAYS AS (goods.stock * 2) STORED");
    for statement in [
        "ALTER TABLE goods RENAME COLUMN price TO cost",
        "ALTER TABLE goods RENAME stock TO \"In Stock\"",
        "ALTER TABLE goods RENAME COLUMN code TO sku",
        "ALTER TABLE goods RENAME COLUMN id TO number",
        "ALTER TABLE goods RENAME CONSTRAINT fair TO \"fair price\"",
        "ALTER TABLE goods RENAME TO wares",
    ] {
        database.run(statement);
    }
    let table = database.catalog.table("wares").unwrap().clone();
    assert_eq!(table.checks[0].name, "fair price");
    assert_eq!(table.checks[0].sql, "\"cost\" >= 0");
    assert_eq!(table.column("twice").unwrap().generated_sql.as_deref(), Some("\"wares\".\"In Stock\" * 2"));
    let index = database.catalog.index("by_code").unwrap().clone();
    assert_eq!(index.ddl, "CREATE INDEX by_code ON \"wares\"(lower(\"sku\")) WHERE \"In Stock\" > 0");
    assert_eq!(
        (index.columns[0].as_str(), index.predicate_sql.as_deref()),
        ("lower(\"sku\")", Some("\"In Stock\" > 0"))
    );
    assert_eq!(database.catalog.table("sales").unwrap().foreign_keys[0].referenced_columns, ["number"]);
    assert!(database.catalog.table("sales").unwrap().ddl.contains("REFERENCES \"wares\" (\"number\")"));
    require_true_text(&database, "wares");
    // A rebuild creates everything again from these texts.
    database.run(
        "ALTER TABLE wares DROP CONSTRAINT fk_wares_maker, DROP COLUMN maker, ADD maker TEXT DEFAULT lower('NONE')",
    );
    assert_eq!(database.texts("SELECT * FROM wares WHERE twice = 6"), ["1|7|1.50|3|6|none"]);
    let error = database.fails("UPDATE wares SET cost = -1");
    assert_eq!(error.context["constraint"], "fair price");
    assert_eq!(database.fails("ALTER TABLE wares RENAME COLUMN cost TO sku").sqlstate, Some("42701"));
    assert_eq!(database.fails("ALTER TABLE wares RENAME CONSTRAINT nope TO x").sqlstate, Some("42704"));
    assert_eq!(database.fails("ALTER TABLE wares RENAME TO makers").sqlstate, Some("42P07"));
}

#[test]
fn columns_that_are_needed_stay() {
    let mut database = shop();
    database.run("CREATE VIEW coded AS SELECT code FROM goods");
    for (column, reason) in [
        ("id", "it is part of a key"),
        ("maker", "a foreign key uses it"),
        ("price", "the constraint fair uses it"),
        ("code", "the index by_code uses it"),
    ] {
        let statement = format!("ALTER TABLE goods DROP COLUMN {column}");
        check(&mut database, &statement, "2BP01", &format!("cannot drop column {column} because {reason}"));
    }
    database.run("DROP INDEX by_code");
    check(
        &mut database,
        "ALTER TABLE goods DROP COLUMN code",
        "2BP01",
        "cannot alter table goods because view coded needs it as it is: unknown column code",
    );
    database.run("ALTER TABLE goods DROP COLUMN IF EXISTS nope, DROP COLUMN stock");
    assert_eq!(database.texts("SELECT * FROM goods WHERE id = 1"), ["1|7|1.50|1"]);
}

#[test]
fn a_view_is_its_text() {
    let mut database = shop();
    for statement in [
        "CREATE VIEW everything AS SELECT * FROM makers",
        "CREATE VIEW names (who) AS SELECT name FROM everything",
        "ALTER TABLE makers ADD COLUMN town TEXT DEFAULT 'Ulm'",
        "ALTER TABLE makers ADD COLUMN born DATE NOT NULL DEFAULT '1815-12-10'",
    ] {
        database.run(statement);
    }
    assert_eq!(database.texts("SELECT * FROM everything WHERE id = 1"), ["1|Ada|Ulm|1815-12-10"]);
    database.run("ALTER VIEW names RENAME TO persons");
    assert_eq!(database.texts("SELECT who FROM persons ORDER BY who"), ["Ada", "Bob"]);
    assert_eq!(
        database.catalog.view("persons").unwrap().ddl,
        "CREATE VIEW \"persons\" (who) AS SELECT name FROM everything"
    );
    database.run("ALTER VIEW IF EXISTS nope RENAME TO other");
    for (statement, sqlstate) in [
        ("ALTER VIEW nope RENAME TO other", "42P01"),
        ("ALTER VIEW persons RENAME TO goods", "42P07"),
        ("ALTER VIEW everything RENAME TO other", "2BP01"),
        ("ALTER TABLE everything RENAME TO other", "42809"),
        ("CREATE INDEX i ON everything (id)", "42809"),
        ("CREATE OR REPLACE VIEW everything AS SELECT id FROM makers", "2BP01"),
        ("CREATE OR REPLACE VIEW everything AS SELECT who AS name FROM persons", "42601"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some(sqlstate), "{statement}: {}", error.message);
    }
    // The view may compute a column that other views read in a new way.
    database.run("CREATE OR REPLACE VIEW everything AS SELECT upper(name) AS name FROM makers");
    assert_eq!(database.texts("SELECT who FROM persons ORDER BY who"), ["ADA", "BOB"]);
}

#[test]
fn tables_are_made_of_queries() {
    let mut database = shop();
    for statement in [
        "CREATE TABLE a (n, cost) AS SELECT code, price, stock FROM goods",
        "CREATE TABLE IF NOT EXISTS b AS SELECT * FROM goods WITH NO DATA",
        "CREATE TABLE c AS SELECT id FROM goods WITH DATA",
    ] {
        database.run(statement);
    }
    assert_eq!(database.run("SELECT * FROM a").names, ["n", "cost", "stock"]);
    assert_eq!(database.texts("SELECT count(*) FROM a"), ["2"]);
    assert_eq!(database.texts("SELECT count(*) FROM b"), ["0"]);
    assert_eq!(database.texts("SELECT id FROM c ORDER BY id"), ["1", "3"]);
    assert_eq!(database.fails("CREATE TABLE d (x, y) AS SELECT 1").sqlstate, Some("42601"));
    assert_eq!(database.fails("CREATE TABLE d (x, x) AS SELECT 1, 2").sqlstate, Some("42701"));
}

#[test]
fn indexes_carry_columns() {
    let mut database = shop();
    database.run("CREATE INDEX covering ON goods USING btree (code DESC NULLS LAST) INCLUDE (price, stock)");
    let index = database.catalog.index("covering").unwrap().clone();
    assert_eq!(
        (index.columns.as_slice(), index.include.as_slice()),
        (&["code".to_owned()][..], &["price".to_owned(), "stock".to_owned()][..])
    );
    let plan = database.texts("EXPLAIN SELECT price, stock FROM goods WHERE code = 'a'");
    assert!(plan[0].contains("COVERING INDEX covering"), "{plan:?}");
    database.run("CREATE UNIQUE INDEX one ON goods (code) INCLUDE (price)");
    assert_eq!(database.fails("INSERT INTO goods (code, price) VALUES ('7', 99)").sqlstate, Some("23505"));
    database.run("CREATE INDEX ON goods (price)");
    assert_eq!(
        database.catalog.index("idx_goods_price").unwrap().ddl,
        "CREATE INDEX \"idx_goods_price\" ON goods(price)"
    );
    for (statement, sqlstate) in [
        ("CREATE INDEX i ON goods (code) INCLUDE (nope)", "42703"),
        ("CREATE INDEX i ON goods (code) INCLUDE (code)", "42701"),
        ("CREATE INDEX i ON goods (lower(code)) INCLUDE (price)", "0A000"),
        ("CREATE INDEX one ON goods (price)", "42P07"),
        ("DROP INDEX nope", "42704"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some(sqlstate), "{statement}: {}", error.message);
    }
    database.run("DROP INDEX IF EXISTS nope");
    // Each foreign key has its own index to find rows.
    let plan = database.texts("EXPLAIN SELECT * FROM sales WHERE good = 1");
    assert!(plan[0].contains("fk_sales_good_idx"), "{plan:?}");
}

#[test]
fn indexes_of_texts_follow_too() {
    let mut database = shop();
    database.run("CREATE INDEX words ON makers USING fulltext (name)");
    let found = |database: &mut Database, table: &str| {
        database.texts(&format!("SELECT id FROM {table} WHERE fulltext_match('words', 'ada')"))
    };
    database.run("ALTER TABLE makers ADD CONSTRAINT some CHECK (name <> '')");
    assert_eq!(found(&mut database, "makers"), ["1"]);
    database.run("ALTER TABLE makers RENAME COLUMN name TO title");
    database.run("ALTER TABLE makers RENAME TO authors");
    assert_eq!(found(&mut database, "authors"), ["1"]);
    database.run("INSERT INTO authors VALUES (5, 'Ada too')");
    assert_eq!(found(&mut database, "authors"), ["1", "5"]);
    assert_eq!(database.fails("ALTER TABLE authors DROP COLUMN title").sqlstate, Some("2BP01"));
}

#[test]
fn triggers_follow_their_tables() {
    let mut database = shop();
    for statement in [
        "CREATE TABLE log (n INT)",
        "CREATE TRIGGER sold AFTER INSERT ON sales FOR EACH ROW EXECUTE FUNCTION \
         decentdb_exec_sql('INSERT INTO log SELECT sum(stock) FROM goods')",
        "CREATE VIEW counted AS SELECT count(*) AS n FROM sales",
        "CREATE TRIGGER counting INSTEAD OF DELETE ON counted FOR EACH ROW EXECUTE FUNCTION \
         decentdb_exec_sql('DELETE FROM sales')",
        "ALTER TABLE sales ADD COLUMN id INTEGER PRIMARY KEY",
        "ALTER TABLE goods ALTER COLUMN stock TYPE DECIMAL",
        "ALTER VIEW counted RENAME TO numbered",
        "INSERT INTO sales (good) VALUES (1)",
    ] {
        database.run(statement);
    }
    assert_eq!(database.texts("SELECT n FROM log"), ["8"]);
    database.run("DELETE FROM numbered");
    assert_eq!(database.texts("SELECT count(*) FROM sales"), ["0"]);
    database.run("DROP INDEX by_code");
    let error = database.fails("ALTER TABLE goods DROP COLUMN stock");
    assert_eq!(
        error.message,
        "cannot alter table goods because a trigger on sales needs it as it is: unknown column stock"
    );
    assert_eq!(database.fails("ALTER TABLE goods RENAME COLUMN stock TO n").sqlstate, Some("2BP01"));
}
