/*
 * shortener.c - short addresses for long ones, kept in SQLite.
 *
 * A link is a resource: POST makes one, GET follows it, PUT and PATCH change it, DELETE removes it.
 * Each worker has a connection of its own to the database, with statements that are prepared once;
 * SQLite sees to it that they write one after the other. Only POST isn't idempotent, so a web
 * server never sends it twice by itself: .effects says so.
 */
#include <dime.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

DIME_EMBED(PAGE, "shortener.html");

enum { CODE_MADE = 8, CODE_MAX = 32, URL_MAX = 2000, TRIES = 5, BUSY_MS = 3000 };

enum query { INSERT, PUT, CHANGE, REMOVE, FIND, LIST, QUERIES };

static const char *const SQL[QUERIES] = {
    [INSERT] = "INSERT INTO links (code, url) VALUES (?1, ?2)",
    [PUT] = "REPLACE INTO links (code, url) VALUES (?1, ?2)",
    [CHANGE] = "UPDATE links SET url = ?2 WHERE code = ?1",
    [REMOVE] = "DELETE FROM links WHERE code = ?1",
    [FIND] = "SELECT code, url FROM links WHERE code = ?1",
    [LIST] = "SELECT code, url FROM links ORDER BY id DESC LIMIT 50",
};

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS links ("
    "id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, url TEXT NOT NULL)";

struct store {
    sqlite3 *db;
    sqlite3_stmt *queries[QUERIES];
};

struct link {
    dime_text code, url;
};

static const dime_field LINK[] = {
    DIME_TEXT(struct link, url, .required = true, .max = URL_MAX,
              .help = "the long address, such as https://example.org/a/long/path"),
    DIME_TEXT(struct link, code, .max = CODE_MAX, .help = "what to call it; left out, it is made"),
};

static const dime_field CODE[] = {DIME_TEXT(struct link, code, .max = CODE_MAX)};

static const dime_setting SETTINGS[] = {
    {.name = "SHORTENER_DB", .required = true, .help = "the file that the links are kept in"},
};

static void close(void *state)
{
    struct store *store = state;
    for (int i = 0; i < QUERIES; i++)
        sqlite3_finalize(store->queries[i]);
    sqlite3_close(store->db);
    free(store);
}

static bool open(dime_call *call, void **state)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        dime_problem(call, 503, "There is no memory for the links; try again later.");
        return false;
    }
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(dime_setting_of(call, "SHORTENER_DB"), &store->db, flags, NULL);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    if (result == SQLITE_OK) {
        /* Readers don't wait for a writer then. Another worker may be setting it just now. */
        sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        result = sqlite3_exec(store->db, SCHEMA, NULL, NULL, NULL);
    }
    for (int i = 0; i < QUERIES && result == SQLITE_OK; i++)
        result = sqlite3_prepare_v3(store->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &store->queries[i], NULL);
    if (result == SQLITE_OK) {
        *state = store;
        return true;
    }
    dime_problem(call, 503, "The links can't be read: %s.", sqlite3_errmsg(store->db));
    close(store);
    return false;
}

static dime_text column(sqlite3_stmt *query, int index)
{
    const void *data = sqlite3_column_text(query, index);
    return (dime_text){data, (size_t)sqlite3_column_bytes(query, index)};
}

/* Takes the next row. Returns SQLITE_ROW, SQLITE_DONE or SQLITE_CONSTRAINT; 0: it has failed, and
 * the answer says so. */
static int step(dime_call *call, sqlite3_stmt *query)
{
    int result = sqlite3_step(query);
    if (result == SQLITE_ROW || result == SQLITE_DONE || result == SQLITE_CONSTRAINT)
        return result;
    dime_log(call, DIME_ERROR, "SQLite says: %s", sqlite3_errmsg(sqlite3_db_handle(query)));
    dime_problem(call, 503, "The links can't be reached just now; try again in a moment.");
    dime_set_header(call, "Retry-After", dime_text_of("1"));
    return 0;
}

/* Runs a query of at most one row, of which *URL gets a copy. Returns what step does. */
static int run(dime_call *call, enum query which, dime_text code, dime_text *url)
{
    struct store *store = dime_state(call);
    sqlite3_stmt *query = store->queries[which];
    sqlite3_bind_text(query, 1, code.data, (int)code.length, SQLITE_STATIC);
    if (url)
        sqlite3_bind_text(query, 2, url->data, (int)url->length, SQLITE_STATIC);
    int result = step(call, query);
    if (result == SQLITE_ROW && url)
        *url = dime_copy(call, column(query, 1));
    sqlite3_reset(query);
    sqlite3_clear_bindings(query);
    return result;
}

static void put_link(dime_call *call, dime_json *json, dime_text code, dime_text url)
{
    dime_text address = dime_address(call);
    dime_put_text(json, "code", code);
    dime_put_text(json, "url", url);
    dime_put_format(json, "short", "%.*s/%.*s", DIME_ARG(address), DIME_ARG(code));
}

static void list(dime_call *call, const void *input)
{
    (void)input;
    struct store *store = dime_state(call);
    sqlite3_stmt *query = store->queries[LIST];
    dime_json *links = dime_put_array(dime_answer(call, 200), "links");
    while (step(call, query) == SQLITE_ROW)
        put_link(call, dime_put_object(links, NULL), column(query, 0), column(query, 1));
    sqlite3_reset(query);
}

static bool is_url(dime_text url)
{
    bool secure = url.length > 8 && strncasecmp(url.data, "https://", 8) == 0;
    if (!secure && (url.length <= 7 || strncasecmp(url.data, "http://", 7) != 0))
        return false;
    for (size_t i = 0; i < url.length; i++) {
        if (url.data[i] <= ' ' || url.data[i] > '~' || strchr("\"<>\\^`{|}", url.data[i]))
            return false;
    }
    return !strchr("/?#:@", url.data[secure ? 8 : 7]);
}

static bool is_code(dime_text code)
{
    for (size_t i = 0; i < code.length; i++) {
        char c = code.data[i];
        if (!strchr("-_", c) && (c < '0' || c > '9') && ((c | 32) < 'a' || (c | 32) > 'z'))
            return false;
    }
    return true;
}

/* Says what is wrong with a link besides what the table has found. */
static bool judge(dime_call *call, const struct link *link)
{
    bool url = dime_is_wrong(call, &link->url) || is_url(link->url);
    bool code = is_code(link->code);
    if (!url)
        dime_wrong(call, &link->url,
                   "url must begin with https:// or http:// and a host, and have "
                   "no blanks; what isn't ASCII is written with %%.");
    if (!code)
        dime_wrong(call, &link->code, "code may have letters, digits, - and _.");
    return url && code;
}

static void check(dime_call *call, const void *input)
{
    (void)judge(call, input);
}

/* A code that nobody can guess; its letters aren't mistaken for each other. */
static dime_text make_code(char room[CODE_MADE])
{
    unsigned char random[CODE_MADE] = {0};
    (void)getrandom(random, sizeof random, 0); /* so few bytes come always, and all at once */
    for (int i = 0; i < CODE_MADE; i++)
        room[i] = "23456789abcdefghijkmnpqrstuvwxyz"[random[i] % 32];
    return (dime_text){room, CODE_MADE};
}

static void create(dime_call *call, const void *input)
{
    const struct link *link = input;
    char room[CODE_MADE];
    dime_text code = link->code, url = link->url;
    int result = SQLITE_CONSTRAINT;
    if (!judge(call, link))
        return;
    for (int i = 0; i < TRIES && result == SQLITE_CONSTRAINT; i++)
        result = run(call, INSERT, link->code.length ? code : (code = make_code(room)), &url);
    if (result == SQLITE_CONSTRAINT)
        dime_problem_at(call, &link->code, 409, "The code %.*s is taken; choose another one.",
                        DIME_ARG(code));
    if (result != SQLITE_DONE)
        return;
    dime_text address = dime_address(call);
    put_link(call, dime_answer(call, 201), code, url);
    dime_set_header(call, "Location",
                    dime_format(call, "%.*s/%.*s", DIME_ARG(address), DIME_ARG(code)));
}

static void say_missing(dime_call *call, dime_text code)
{
    dime_problem(call, 404, "There is no link called %.*s.", DIME_ARG(code));
}

static void follow(dime_call *call, const void *input)
{
    const struct link *link = input;
    dime_text url = {0};
    int result = run(call, FIND, link->code, &url);
    if (result == SQLITE_ROW)
        dime_redirect(call, 302, url);
    else if (result)
        say_missing(call, link->code);
}

static void put(dime_call *call, const void *input)
{
    const struct link *link = input;
    dime_text url = {0}, wanted = link->url;
    if (!judge(call, link))
        return;
    int found = run(call, FIND, link->code, &url);
    if (found && run(call, PUT, link->code, &wanted))
        put_link(call, dime_answer(call, found == SQLITE_ROW ? 200 : 201), link->code, link->url);
}

static void change(dime_call *call, const void *input)
{
    const struct link *link = input;
    const struct store *store = dime_state(call);
    dime_text url = link->url;
    if (!judge(call, link) || !run(call, CHANGE, link->code, &url))
        return;
    if (sqlite3_changes(store->db))
        put_link(call, dime_answer(call, 200), link->code, link->url);
    else
        say_missing(call, link->code);
}

/* What isn't there any more is removed as well: who asks twice gets the same answer. */
static void remove_link(dime_call *call, const void *input)
{
    const struct link *link = input;
    if (run(call, REMOVE, link->code, NULL))
        dime_answer_empty(call, 204);
}

static const dime_route ROUTES[] = {
    DIME_ROUTE("GET /", list, .effects = DIME_READS),
    DIME_ROUTE("POST /", create, DIME_INPUT(struct link, LINK), .effects = DIME_CREATES,
               .check = check, .statuses = "201, 409"),
    DIME_ROUTE("GET /{code}", follow, DIME_INPUT(struct link, CODE), .effects = DIME_READS,
               .statuses = "302, 404"),
    DIME_ROUTE("PUT /{code}", put, DIME_INPUT(struct link, LINK), .effects = DIME_IDEMPOTENT,
               .check = check, .statuses = "200, 201"),
    DIME_ROUTE("PATCH /{code}", change, DIME_INPUT(struct link, LINK), .effects = DIME_IDEMPOTENT,
               .check = check, .statuses = "404"),
    DIME_ROUTE("DELETE /{code}", remove_link, DIME_INPUT(struct link, CODE),
               .effects = DIME_IDEMPOTENT, .statuses = "204, 404"),
};

DIME_FUNCTION(shortener, .summary = "Makes short addresses of long ones", .body_max = 8192,
              DIME_ROUTES(ROUTES), DIME_SETTINGS(SETTINGS), .page = PAGE, .open = open,
              .close = close, .keeps_files = true);
