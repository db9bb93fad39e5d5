/*
 * The limit: the same table and operations through SQLite's C interface. Speaks with the load driver as a PeerProcess does:
 * reads lines such as "run POINT 64 1500", writes lines such as "operations nanos p50 p99 max syncs".
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 100000, RANGE = 1000, MAX_CALLERS = 1024 };

static char path[4096];
static int64_t next_id;

static void fail(sqlite3 *db, const char *step) {
    fprintf(stderr, "sqlite_peer: %s: %s\n", step, db ? sqlite3_errmsg(db) : "");
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t random_below(uint64_t *state, uint64_t bound) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state % bound;
}

/* Latencies: 64 buckets for each power of two, so each is at most 1.6 % wide. */

typedef struct {
    uint64_t counts[64 * 64];
    uint64_t total;
    int64_t max;
} histogram;

static int bucket(uint64_t nanos) {
    if (nanos < 64) {
        return (int)nanos;
    }
    int shift = 63 - __builtin_clzll(nanos) - 6;
    return (shift + 1) * 64 + (int)((nanos >> shift) & 63);
}

static int64_t bucket_value(int b) {
    int shift = b / 64 - 1;
    return shift < 0 ? b : (int64_t)((uint64_t)(64 + b % 64) << shift);
}

static void record(histogram *h, int64_t nanos) {
    h->counts[bucket((uint64_t)nanos)]++;
    h->total++;
    if (nanos > h->max) {
        h->max = nanos;
    }
}

static int64_t percentile(const histogram *h, double part) {
    uint64_t seen = 0, wanted = (uint64_t)((double)h->total * part);
    for (int b = 0; b < 64 * 64; b++) {
        seen += h->counts[b];
        if (seen > wanted) {
            return bucket_value(b);
        }
    }
    return h->max;
}

/* A connection with its kept statements. */

typedef struct {
    sqlite3 *db;
    sqlite3_stmt *point, *range, *insert, *begin, *commit;
} session;

static void run(sqlite3 *db, const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail(db, sql);
    }
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        fail(db, sql);
    }
    return statement;
}

static void open_session(session *s) {
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        fail(s->db, "open");
    }
    sqlite3_busy_timeout(s->db, 60000);
    run(s->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
               "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score REAL NOT NULL,"
               " stamp INTEGER NOT NULL)");
    s->point = prepare(s->db, "SELECT id, name, score, stamp FROM item WHERE id = ?");
    s->range = prepare(s->db, "SELECT id, name, score, stamp FROM item WHERE id >= ? ORDER BY id LIMIT ?");
    s->insert = prepare(s->db, "INSERT INTO item (id, name, score, stamp) VALUES (?, ?, ?, ?)");
    s->begin = prepare(s->db, "BEGIN IMMEDIATE");
    s->commit = prepare(s->db, "COMMIT");
}

static void step(session *s, sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fail(s->db, sqlite3_sql(statement));
    }
    sqlite3_reset(statement);
}

/* A row as an application would have it. */
typedef struct {
    int64_t id, stamp;
    double score;
    char name[40];
} item;

static int read_rows(session *s, sqlite3_stmt *statement) {
    int rows = 0, status;
    item seen;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        seen.id = sqlite3_column_int64(statement, 0);
        const void *name = sqlite3_column_text(statement, 1);
        int length = sqlite3_column_bytes(statement, 1);
        memcpy(seen.name, name, (size_t)(length < 40 ? length : 40));
        seen.score = sqlite3_column_double(statement, 2);
        seen.stamp = sqlite3_column_int64(statement, 3);
        /* The row is used, as far as the compiler knows. */
        __asm__ volatile("" : : "r"(&seen) : "memory");
        rows++;
    }
    if (status != SQLITE_DONE) {
        fail(s->db, "read");
    }
    sqlite3_reset(statement);
    return rows;
}

static int point(session *s, int64_t id) {
    sqlite3_bind_int64(s->point, 1, id);
    return read_rows(s, s->point);
}

static int range(session *s, int64_t from, int count) {
    sqlite3_bind_int64(s->range, 1, from);
    sqlite3_bind_int64(s->range, 2, count);
    return read_rows(s, s->range);
}

static int insert(session *s, int64_t id) {
    char name[40];
    int length = snprintf(name, sizeof name, "item number %lld", (long long)id);
    sqlite3_bind_int64(s->insert, 1, id);
    sqlite3_bind_text(s->insert, 2, name, length, SQLITE_TRANSIENT);
    sqlite3_bind_double(s->insert, 3, (double)id / 3.0);
    sqlite3_bind_int64(s->insert, 4, id * 1000);
    step(s, s->insert);
    return 1;
}

static int insert_all(session *s, int64_t from, int count) {
    step(s, s->begin);
    for (int i = 0; i < count; i++) {
        insert(s, from + i);
    }
    step(s, s->commit);
    return count;
}

/* The queue: callers wait for the one thread that commits whatever waits, in one transaction. */

typedef struct request {
    int64_t id;
    int done;
    pthread_cond_t wake;
    struct request *next;
} request;

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static request *queued;
static int64_t syncs;

static void *commit_groups(void *unused) {
    static session s;
    (void)unused;
    open_session(&s);
    pthread_mutex_lock(&queue_lock);
    for (;;) {
        while (!queued) {
            pthread_cond_wait(&queue_filled, &queue_lock);
        }
        request *group = queued;
        queued = NULL;
        pthread_mutex_unlock(&queue_lock);
        step(&s, s.begin);
        for (request *r = group; r; r = r->next) {
            insert(&s, r->id);
        }
        step(&s, s.commit);
        pthread_mutex_lock(&queue_lock);
        syncs++;
        while (group) {
            /* The caller may reuse its request as soon as it is done. */
            request *next = group->next;
            group->done = 1;
            pthread_cond_signal(&group->wake);
            group = next;
        }
    }
    return NULL;
}

static int insert_queued(request *r, int64_t id) {
    r->id = id;
    r->done = 0;
    pthread_mutex_lock(&queue_lock);
    r->next = queued;
    queued = r;
    pthread_cond_signal(&queue_filled);
    while (!r->done) {
        pthread_cond_wait(&r->wake, &queue_lock);
    }
    pthread_mutex_unlock(&queue_lock);
    return 1;
}

/* The closed loop. */

typedef struct {
    session s;
    request r;
    uint64_t random;
    histogram h;
    int64_t last;
} caller;

static caller *callers[MAX_CALLERS];
static const char *operation;
static int in_flight;
static int64_t begin_nanos, end_nanos;

static int is(const char *name) { return strcmp(operation, name) == 0; }

static int rows_of_operation(void) {
    return is("SCAN") ? ROWS : is("RANGE") || is("TRANSACTION") || is("BATCH") ? RANGE : 1;
}

static int call(caller *c) {
    int write = is("INSERT") || is("QUEUED") || (is("MIX") && random_below(&c->random, 10) == 0);
    if (write) {
        int64_t id = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);
        return in_flight == 1 && !is("QUEUED") ? insert(&c->s, id) : insert_queued(&c->r, id);
    }
    if (is("RANGE")) {
        return range(&c->s, (int64_t)random_below(&c->random, ROWS - RANGE + 1), RANGE);
    }
    if (is("SCAN")) {
        return range(&c->s, 0, ROWS);
    }
    if (is("TRANSACTION") || is("BATCH")) {
        return insert_all(&c->s, __atomic_fetch_add(&next_id, RANGE, __ATOMIC_RELAXED), RANGE);
    }
    return point(&c->s, (int64_t)random_below(&c->random, ROWS));
}

static void *loop(void *argument) {
    caller *c = argument;
    int rows = rows_of_operation();
    c->last = begin_nanos;
    do {
        if (call(c) != rows) {
            fail(NULL, "wrong number of rows");
        }
        int64_t then = now();
        record(&c->h, then - c->last);
        c->last = then;
    } while (c->last < end_nanos);
    return NULL;
}

static caller *caller_of(int i) {
    if (!callers[i]) {
        callers[i] = calloc(1, sizeof(caller));
        if (!callers[i]) {
            fail(NULL, "out of memory");
        }
        open_session(&callers[i]->s);
        pthread_cond_init(&callers[i]->r.wake, NULL);
        callers[i]->random = 88172645463325252ULL + (uint64_t)i * 7919;
    }
    memset(&callers[i]->h, 0, sizeof(histogram));
    return callers[i];
}

static void measure(int64_t millis) {
    static pthread_t threads[MAX_CALLERS];
    static histogram all;
    int writes = is("INSERT") || is("QUEUED") || is("MIX");
    int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    /* More threads than processors read no faster. */
    int count = writes || in_flight < processors ? in_flight : processors;
    for (int i = 0; i < count; i++) {
        caller_of(i);
    }
    int64_t syncs_before = syncs;
    begin_nanos = now();
    end_nanos = begin_nanos + millis * 1000000;
    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, loop, callers[i]) != 0) {
            fail(NULL, "no thread");
        }
    }
    int64_t last = begin_nanos + 1;
    memset(&all, 0, sizeof all);
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        caller *c = callers[i];
        last = c->last > last ? c->last : last;
        for (int b = 0; b < 64 * 64; b++) {
            all.counts[b] += c->h.counts[b];
        }
        all.total += c->h.total;
        all.max = c->h.max > all.max ? c->h.max : all.max;
    }
    /* Most operations of a mix have no part in a sync. */
    int64_t shared = is("MIX") ? 0 : syncs - syncs_before;
    printf("%llu %lld %lld %lld %lld %lld\n", (unsigned long long)all.total, (long long)(last - begin_nanos),
           (long long)percentile(&all, 0.5), (long long)percentile(&all, 0.99), (long long)all.max,
           (long long)(shared > 0 ? shared : -1));
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fail(NULL, "usage: sqlite_peer directory [first]");
    }
    snprintf(path, sizeof path, "%s/bench.sqlite", argv[1]);
    session *s = &caller_of(0)->s;
    sqlite3_stmt *next = prepare(s->db, "SELECT COALESCE(MAX(id) + 1, 0) FROM item");
    sqlite3_step(next);
    next_id = sqlite3_column_int64(next, 0);
    sqlite3_finalize(next);
    if (next_id < ROWS) {
        insert_all(s, next_id, (int)(ROWS - next_id));
        next_id = ROWS;
    }
    if (argc > 2) {
        printf(point(s, 1) == 1 ? "row\n" : "no row\n");
        return 0;
    }
    pthread_t committer;
    if (pthread_create(&committer, NULL, commit_groups, NULL) != 0) {
        fail(NULL, "no thread");
    }
    printf("ready SQLite %s\n", sqlite3_libversion());
    fflush(stdout);
    char line[256], verb[32], name[32];
    while (fgets(line, sizeof line, stdin)) {
        long long millis = 0;
        if (sscanf(line, "%31s %31s %d %lld", verb, name, &in_flight, &millis) < 3) {
            fail(NULL, line);
        }
        operation = name;
        if (strcmp(verb, "supports") == 0) {
            puts(in_flight <= MAX_CALLERS ? "yes" : "no");
        } else {
            measure(millis);
        }
        fflush(stdout);
    }
    return 0;
}
