-- A database of SQLite with every kind of thing that an import meets.
PRAGMA foreign_keys = OFF;
CREATE TABLE types (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    whole INT,
    real_number REAL,
    exact DECIMAL(10, 2) DEFAULT 1.50,
    flag BOOLEAN DEFAULT 1,
    name VARCHAR(30) NOT NULL DEFAULT 'it''s',
    [odd name] TEXT DEFAULT "quoted",
    `key` TEXT,
    bytes BLOB,
    day DATE,
    moment DATETIME DEFAULT CURRENT_TIMESTAMP,
    clock TIME,
    uid UUID,
    document JSON,
    untyped,
    mixed INTEGER,
    bytes_and_text BLOB,
    maybe_uuid TEXT,
    code TEXT CHECK (code <> ''),
    upper_name TEXT GENERATED ALWAYS AS (upper(name)) STORED,
    name_size INTEGER AS (length(name)) VIRTUAL
);
INSERT INTO types (id, whole, real_number, exact, flag, name, [odd name], `key`, bytes, day, moment, clock, uid, document, untyped, mixed, bytes_and_text, maybe_uuid, code) VALUES
    (1, 9223372036854775807, 2.5e-7, 12.34, 1, 'tab	and "quotes"', 'back\slash', 'zeile
zwei', x'00ff10', '2024-02-29', '2024-07-01 12:00:00.5', '23:59:59', '11111111-2222-3333-4444-555555555555', '{"a":  [1, null]}', 1, 1, x'01', 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', '007'),
    (2, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, -1, -0.25, 100, 0, 'Ünïcödé 😀', '', '1e5', x'', '1999-12-31', '1999-12-31T23:59:59', '00:00:00', '00000000-0000-0000-0000-000000000000', '[]', 2.5, 'text', '\x41', '99999999-9999-9999-9999-999999999999', '1.0');
UPDATE sqlite_sequence SET seq = 500 WHERE name = 'types';

CREATE TABLE employee (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    boss INTEGER REFERENCES employee (id) ON DELETE SET NULL,
    team INTEGER,
    FOREIGN KEY (team) REFERENCES team (id) ON UPDATE CASCADE
);
CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, lead INTEGER REFERENCES employee (id));
INSERT INTO employee VALUES (1, 'Ann', 2, 1), (2, 'Bob', NULL, 1), (3, 'Cid', 1, NULL);
INSERT INTO team VALUES (1, 'Core', 2);
CREATE TABLE "Line Item" (
    order_no INTEGER, position INTEGER, "Text" TEXT, quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_no, position), CONSTRAINT text_of_order UNIQUE (order_no, "Text")
) WITHOUT ROWID;
INSERT INTO "Line Item" VALUES (1, 1, 'one', 1), (1, 2, 'two', 2), (2, 1, NULL, 3);
CREATE TABLE note (item_order INTEGER, item_position INTEGER, body TEXT,
    FOREIGN KEY (item_order, item_position) REFERENCES "Line Item" ON DELETE CASCADE);
INSERT INTO note VALUES (1, 2, 'composite'), (NULL, 7, 'no key');
CREATE INDEX by_team ON employee (team, name DESC);
CREATE UNIQUE INDEX bosses ON employee (name) WHERE boss IS NULL;
CREATE INDEX by_length ON employee (length(name));
CREATE UNIQUE INDEX by_lower ON employee (lower(name));
CREATE VIEW heads AS SELECT e.name AS head, t.name AS team FROM team t JOIN employee e ON e.id = t.lead;
CREATE VIEW first_heads AS SELECT head FROM heads WHERE head == 'Bob';
CREATE TRIGGER no_delete BEFORE DELETE ON team BEGIN SELECT RAISE(ABORT, 'no'); END;
CREATE VIRTUAL TABLE search USING fts5(body);
