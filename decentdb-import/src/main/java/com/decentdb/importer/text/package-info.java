/** SQL text of PostgreSQL and SQLite: its tokens, its definitions of tables and indexes, its expressions. */
@NullMarked
package com.decentdb.importer.text;

import org.jspecify.annotations.NullMarked;
