/*
 * export.c - a table of orders as CSV, as long as it may be, in a few kilobytes of memory.
 *
 * The answer is a stream. Each stream has a query of its own, which is closed however the stream
 * ends, also when its reader goes away. The query is run again for each piece, for the rows behind
 * the last one that was written: so a slow reader holds no lock of the database. Fields are quoted
 * as RFC 4180 has it. A text that a spreadsheet would take for a formula gets an apostrophe before
 * it, unless the bare texts are asked for.
 */
#include <dime.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 32 * 1024, BUSY_MS = 3000 };

static const char LAST[] = "SELECT ifnull(max(id), 0) FROM orders";
static const char ROWS[] = "SELECT id, day, customer, note, cents FROM orders"
                           " WHERE id > ?1 AND id <= ?2 AND day >= ?3 ORDER BY id LIMIT 1000";

/* What a worker has. */
struct table {
    sqlite3 *db;
    sqlite3_stmt *last;
};

struct wish {
    dime_text since;
    bool bare;
};

static const dime_field WISH[] = {
    DIME_TEXT(struct wish, since, .help = "the first day, such as 2026-01-31; all if left out"),
    DIME_BOOLEAN(struct wish, bare, .help = "whether texts stay as they are, also =1+2"),
};

static const dime_setting SETTINGS[] = {
    {.name = "EXPORT_DB", .required = true, .help = "the SQLite file with the table of orders"},
};

/* How far a stream has come. */
struct cursor {
    sqlite3_stmt *rows;
    int64_t id; /* of the row that was written last */
    bool bare, begun;
};

static void close_cursor(void *memory)
{
    struct cursor *cursor = memory;
    sqlite3_finalize(cursor->rows);
}

static void close_table(void *state)
{
    struct table *table = state;
    sqlite3_finalize(table->last);
    sqlite3_close(table->db);
    free(table);
}

static bool open_table(dime_call *call, void **state)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table) {
        dime_problem(call, 503, "There is no memory to begin with; try again later.");
        return false;
    }
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(dime_setting_of(call, "EXPORT_DB"), &table->db, flags, NULL);
    sqlite3_busy_timeout(table->db, BUSY_MS);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(table->db, LAST, -1, &table->last, NULL);
    if (result == SQLITE_OK) {
        *state = table;
        return true;
    }
    dime_problem(call, 503, "The orders can't be read: %s.", sqlite3_errmsg(table->db));
    close_table(table);
    return false;
}

static void say_failure(dime_call *call, sqlite3 *db)
{
    dime_log(call, DIME_ERROR, "SQLite says: %s", sqlite3_errmsg(db));
    dime_problem(call, 503, "The orders can't be read just now; try again in a moment.");
}

/* Takes the next row. False: there is none, or it has failed, which is said. */
static bool step(dime_call *call, sqlite3_stmt *query)
{
    int result = sqlite3_step(query);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        say_failure(call, sqlite3_db_handle(query));
    return result == SQLITE_ROW;
}

static dime_text column(sqlite3_stmt *query, int index)
{
    const void *data = sqlite3_column_text(query, index);
    return (dime_text){data, (size_t)sqlite3_column_bytes(query, index)};
}

static bool has_any(dime_text text, const char *marks)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] && strchr(marks, text.data[i]))
            return true;
    }
    return false;
}

/* Writes a text, in quotes where it needs them (RFC 4180, section 2). */
static void write_text(dime_call *call, dime_text text, bool bare)
{
    const bool quoted = has_any(text, "\",\r\n");
    if (quoted)
        dime_write_format(call, "\"");
    if (!bare && has_any((dime_text){text.data, text.length > 0}, "=+-@\t\r"))
        dime_write_format(call, "'");
    for (const char *quote; quoted && (quote = memchr(text.data, '"', text.length));) {
        size_t length = (size_t)(quote - text.data) + 1;
        dime_write(call, (dime_text){text.data, length});
        dime_write_format(call, "\"");
        text = (dime_text){text.data + length, text.length - length};
    }
    dime_write(call, text);
    if (quoted)
        dime_write_format(call, "\"");
}

static size_t write_row(dime_call *call, sqlite3_stmt *rows, bool bare)
{
    const int64_t cents = sqlite3_column_int64(rows, 4);
    const long long whole = cents / 100, rest = cents % 100;
    size_t bytes = 64;
    dime_write_format(call, "%lld,", (long long)sqlite3_column_int64(rows, 0));
    for (int i = 1; i <= 3; i++) {
        dime_text text = column(rows, i);
        write_text(call, text, bare);
        dime_write(call, dime_text_of(","));
        bytes += text.length;
    }
    dime_write_format(call, "%s%lld.%02lld\r\n", cents < 0 ? "-" : "", whole < 0 ? -whole : whole,
                      rest < 0 ? -rest : rest);
    return bytes;
}

/* Writes the next rows, until the piece is long enough. Says whether there are more. */
static bool next(dime_call *call, void *context)
{
    struct cursor *cursor = context;
    size_t bytes = 0;
    int64_t before = cursor->id;
    if (!cursor->begun)
        dime_write(call, dime_text_of("id,day,customer,note,amount\r\n"));
    cursor->begun = true;
    sqlite3_bind_int64(cursor->rows, 1, cursor->id);
    while (bytes < PIECE_BYTES && step(call, cursor->rows)) {
        bytes += write_row(call, cursor->rows, cursor->bare);
        cursor->id = sqlite3_column_int64(cursor->rows, 0);
    }
    sqlite3_reset(cursor->rows);
    return cursor->id != before;
}

static bool is_day(dime_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text.data[i] != '-' : text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return text.length == 10;
}

/* Has a query for the rows from a day on. False: there is none, which is said. */
static bool open_rows(dime_call *call, struct cursor *cursor, dime_text since)
{
    struct table *table = dime_state(call);
    if (sqlite3_prepare_v2(table->db, ROWS, -1, &cursor->rows, NULL) != SQLITE_OK) {
        say_failure(call, table->db);
        return false;
    }
    /* What is added while this goes out isn't part of it, or it might never end. */
    bool found = step(call, table->last);
    sqlite3_bind_int64(cursor->rows, 2, sqlite3_column_int64(table->last, 0));
    sqlite3_bind_text(cursor->rows, 3, since.length ? since.data : "", (int)since.length,
                      SQLITE_STATIC);
    sqlite3_reset(table->last);
    return found;
}

static void export_orders(dime_call *call, const void *input)
{
    const struct wish *wish = input;
    struct cursor *cursor = dime_alloc_with_close(call, sizeof *cursor, close_cursor);
    if (dime_given(call, &wish->since) && !is_day(wish->since)) {
        dime_wrong(call, &wish->since, "since must be a day, such as 2026-01-31.");
        return;
    }
    if (!cursor || !open_rows(call, cursor, wish->since))
        return;
    cursor->bare = wish->bare;
    dime_answer_stream(call, 200, "text/csv; charset=utf-8; header=present", next, cursor);
    dime_set_header(call, "Content-Disposition",
                    dime_text_of("attachment; filename=\"orders.csv\""));
}

DIME_FUNCTION(export, .summary = "Exports the orders as CSV", .methods = DIME_GET,
              DIME_INPUT(struct wish, WISH), DIME_SETTINGS(SETTINGS), .effects = DIME_READS,
              .answers = "text/csv", .open = open_table, .close = close_table,
              .handle = export_orders);
