/*
 * Uses an engine through its C interface, where there is no JVM to do so:
 *
 *     try-platforms LIBRARY DATABASE
 *
 * It creates the database or finds the rows of an earlier run, and fails unless every call ends as it must.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
static void *open_library(const char *file) { return (void *)LoadLibraryA(file); }
static void *symbol(void *library, const char *name) { return (void *)GetProcAddress((HMODULE)library, name); }
static const char *reason(void) { return "LoadLibrary failed"; }
#else
#include <dlfcn.h>
static void *open_library(const char *file) { return dlopen(file, RTLD_NOW | RTLD_LOCAL); }
static void *symbol(void *library, const char *name) { return dlsym(library, name); }
static const char *reason(void) { return dlerror(); }
#endif

typedef struct {
    unsigned tag;
    unsigned char boolean, reserved[7];
    long long int64;
    /* The rest is of no interest here; it is smaller than this. */
    char more[248];
} value;

static unsigned (*abi_version)(void);
static const char *(*message)(void);
static unsigned (*open_database)(const char *, const char *, void **);
static unsigned (*execute)(void *, const char *, const void *, size_t, void **);
static unsigned (*value_copy)(void *, size_t, size_t, value *);
static unsigned (*free_result)(void **);
static unsigned (*free_database)(void **);

static void require(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "FAILED: %s (%s)\n", what, message ? message() : "");
        exit(1);
    }
}

static unsigned run(void *database, const char *sql, void **result) {
    *result = NULL;
    return execute(database, sql, NULL, 0, result);
}

static void must(void *database, const char *sql) {
    void *result;
    require(run(database, sql, &result) == 0, sql);
    free_result(&result);
}

static long long number(void *database, const char *sql) {
    void *result;
    value cell;
    memset(&cell, 0, sizeof cell);
    require(run(database, sql, &result) == 0, sql);
    require(value_copy(result, 0, 0, &cell) == 0, "the value is copied");
    free_result(&result);
    return cell.int64;
}

int main(int count, char **arguments) {
    require(count == 3, "two arguments: the library and the database");
    void *library = open_library(arguments[1]);
    if (library == NULL) {
        fprintf(stderr, "FAILED: %s\n", reason());
        return 1;
    }
    *(void **)&abi_version = symbol(library, "ddb_abi_version");
    *(void **)&message = symbol(library, "ddb_last_error_message");
    *(void **)&open_database = symbol(library, "ddb_db_open_or_create_with_options");
    *(void **)&execute = symbol(library, "ddb_db_execute");
    *(void **)&value_copy = symbol(library, "ddb_result_value_copy");
    *(void **)&free_result = symbol(library, "ddb_result_free");
    *(void **)&free_database = symbol(library, "ddb_db_free");
    require(abi_version() == 7, "version 7 of the interface");

    void *database = NULL;
    require(open_database(arguments[2], "", &database) == 0, "the database is opened");
    must(database, "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(8,2))");
    long long before = number(database, "SELECT count(*) FROM item");
    must(database, "BEGIN");
    must(database, "INSERT INTO item (name, price) SELECT 'tea ' || value, 4.20 FROM generate_series(1, 1000)");
    must(database, "COMMIT");
    require(number(database, "SELECT count(*) FROM item") == before + 1000, "a thousand rows more");
    require(number(database, "SELECT count(*) FROM item WHERE name LIKE 'tea 1%' AND price < 5.00") > 0, "some are found");
    require(number(database, "SELECT count(*) FROM item WHERE name ~ '^tea [0-9]+$'") > 0, "and by a regular expression");

    void *result;
    require(run(database, "INSERT INTO item (id, name) VALUES (1, NULL)", &result) != 0, "NULL is refused");
    require(run(database, "SELECT * FROM nowhere", &result) != 0, "a table that is not there is refused");
    /* The engine gives a statement that nests deeply a stack of its own. */
    enum { DEPTH = 3000 };
    char *nested = malloc(2 * DEPTH + 32);
    strcpy(nested, "SELECT ");
    memset(nested + 7, '(', DEPTH);
    nested[7 + DEPTH] = '1';
    memset(nested + 8 + DEPTH, ')', DEPTH);
    nested[8 + 2 * DEPTH] = 0;
    unsigned status = run(database, nested, &result);
    if (status == 0) {
        free_result(&result);
    }
    free(nested);
    require(free_database(&database) == 0, "the database is closed");
    printf("C interface: %lld rows left by earlier runs, 1000 more\n", before);
    return 0;
}
