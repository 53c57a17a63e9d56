/*
 * export_test.c - a table of many pieces, one that grows while it is read, and none.
 *
 * Each row that is written must be there once, and in its order. What a row looks like is held by
 * the requests in tests/golden. The database is made here, in the file that EXPORT_DB names.
 */
#include <dime/test.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const dime_function dime_function_export;

enum { ROWS = 20000 };

static bool run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static sqlite3 *make_table(void)
{
    sqlite3 *db = NULL;
    bool made =
        sqlite3_open(getenv("EXPORT_DB"), &db) == SQLITE_OK &&
        run(db, "CREATE TABLE orders (id INTEGER PRIMARY KEY, day TEXT NOT NULL,"
                " customer TEXT NOT NULL, note TEXT NOT NULL, cents INTEGER NOT NULL)") &&
        run(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)"
                " INSERT INTO orders SELECT i, '2026-01-01', 'Ada', printf('%.*c', i % 300, 'x'),"
                " i FROM n");
    if (made)
        return db;
    fprintf(stderr, "the table can't be made: %s\n", sqlite3_errmsg(db));
    exit(2);
}

/* How many rows there are, if their numbers follow each other from 1; else 0. */
static long count_rows(dime_text csv)
{
    const char *header = "id,day,customer,note,amount\r\n";
    const char *end = csv.data + csv.length, *at = csv.data + strlen(header);
    long count = 0;
    if (csv.length < strlen(header) || memcmp(csv.data, header, strlen(header)) != 0)
        return 0;
    while (at < end) {
        if (strtol(at, NULL, 10) != ++count)
            return 0;
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : end;
    }
    return count;
}

int main(void)
{
    sqlite3 *db = make_table();
    dime_test *test = dime_test_begin(&dime_function_export);
    const dime_test_answer *answer = dime_test_send(test, "GET /", NULL);
    DIME_EXPECT(test, answer->status == 200);
    DIME_EXPECT(test, count_rows(answer->body) == ROWS);

    run(db, "DELETE FROM orders WHERE id > 19999");
    answer = dime_test_send(test, "GET /", NULL);
    DIME_EXPECT(test, count_rows(answer->body) == ROWS - 1);

    /* No stream leaves its query open, also one that was never begun. */
    sqlite3_int64 used = sqlite3_memory_used();
    for (int i = 0; i < 100; i++)
        DIME_EXPECT(test, dime_test_send(test, "HEAD /", NULL)->status == 200);
    DIME_EXPECT(test, sqlite3_memory_used() - used < 10000);

    run(db, "DROP TABLE orders");
    answer = dime_test_send(test, "GET /", NULL);
    DIME_EXPECT(test, answer->status == 503);
    sqlite3_close(db);
    return dime_test_end(test);
}
