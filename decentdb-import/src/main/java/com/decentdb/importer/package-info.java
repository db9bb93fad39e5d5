/**
 * Imports of other databases into DecentDB: {@link com.decentdb.importer.DecentDbImport} for programs,
 * {@link com.decentdb.importer.Main} for the command line. Everything in the packages below is internal.
 */
@NullMarked
package com.decentdb.importer;

import org.jspecify.annotations.NullMarked;
