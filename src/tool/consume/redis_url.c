/*
 * redis_url.c - parses the URL of a queue in Redis.
 *
 * An unknown setting is refused: if a misspelt policy were ignored, users would notice only when
 * messages are lost. Names may have any characters, encoded as in any URL.
 */
#include "tool/consume/redis_url.h"

#include "base/buffer.h"
#include "base/form.h"
#include "base/uri.h"

enum {
    PORT = 6379,
    DELIVERIES = 5,
    NAME_MAX_BYTES = 512,
    SOCKET_MAX = 107,
    MOST = 1000000000,
    NO_DATABASE = -1
};

static bool wrong(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

/* Decodes a part of the URL, and appends a NUL. */
static bool decode_part(dime_text raw, struct arena *arena, dime_text *decoded, const char **why)
{
    char room[NAME_MAX_BYTES];
    if (!path_decode(raw, room, sizeof room, decoded))
        return wrong(why, "it has a wrong %-escape, or a part of it is too long");
    *decoded = arena_copy(arena, *decoded);
    return decoded->data || wrong(why, "out of memory");
}

/* Cuts the text before MARK off *REST; an empty text if there is no MARK. */
static dime_text cut_before(dime_text *rest, char mark)
{
    dime_text part = TEXT("");
    if (memchr(rest->data, mark, rest->length))
        text_cut(rest, mark, &part);
    if (!rest->data)
        *rest = TEXT("");
    return part;
}

static bool read_user(struct redis_url *url, dime_text *rest, struct arena *arena, const char **why)
{
    dime_text authority = *rest, path = TEXT("");
    const char *slash = memchr(rest->data, '/', rest->length);
    if (slash) {
        authority.length = (size_t)(slash - rest->data);
        path = (dime_text){slash, rest->length - authority.length};
    }
    /* A password may hold an @ that wasn't escaped; a host can't. */
    const char *at = memrchr(authority.data, '@', authority.length);
    dime_text password = {authority.data, at ? (size_t)(at - authority.data) : 0};
    if (at)
        authority = text_skip(authority, password.length + 1);
    dime_text user = cut_before(&password, ':');
    *rest = (dime_text){authority.data, authority.length + path.length};
    return decode_part(user, arena, &url->user, why) &&
           decode_part(password, arena, &url->password, why);
}

static bool read_host(struct redis_url *url, dime_text *rest, struct arena *arena, const char **why)
{
    dime_text authority = TEXT(""), host;
    const char *colon;
    (void)text_cut(rest, '/', &authority);
    if (!rest->data)
        *rest = TEXT("");
    host = authority;
    if (authority.length && *authority.data == '[') { /* RFC 3986, section 3.2.2 */
        authority.data++;
        authority.length--;
        host = cut_before(&authority, ']');
    } else if ((colon = memchr(authority.data, ':', authority.length))) {
        host.length = (size_t)(colon - authority.data);
        authority = (dime_text){colon, authority.length - host.length};
    } else {
        authority = TEXT("");
    }
    if (!host.length)
        return wrong(why, "the host is missing");
    if (authority.length &&
        (*authority.data != ':' ||
         !text_to_int64((dime_text){authority.data + 1, authority.length - 1}, &url->port) ||
         url->port < 1 || url->port > 65535))
        return wrong(why, "the port must be a number from 1 to 65535");
    dime_text name = arena_copy(arena, host);
    url->host = name.data;
    return name.data || wrong(why, "out of memory");
}

static bool read_socket(struct redis_url *url, dime_text *rest, struct arena *arena,
                        const char **why)
{
    dime_text path;
    if (!rest->length || *rest->data != '/')
        return wrong(why, "write it as redis+unix:///path/of/the/socket?stream=NAME");
    if (!decode_part(*rest, arena, &path, why))
        return false;
    url->socket = path.data;
    *rest = TEXT("");
    return path.length <= SOCKET_MAX || wrong(why, "the socket's path is longer than 107 bytes");
}

static bool read_setting_number(dime_text value, int64_t least, int64_t *number, const char **why)
{
    if (text_to_int64(value, number) && *number >= least && *number <= MOST)
        return true;
    return wrong(why, "db, deliveries, maxlen and dead-maxlen take a number up to 1000000000");
}

static bool take_setting(struct redis_url *url, const struct form_pair *pair, unsigned *seen,
                         const char **why)
{
    const struct {
        dime_text name;
        dime_text *text;
        int64_t *number;
        bool *flag;
    } SETTINGS[] = {
        {TEXT("stream"), .text = &url->stream},
        {TEXT("group"), .text = &url->group},
        {TEXT("dead"), .text = &url->dead},
        {TEXT("db"), .number = &url->database},
        {TEXT("deliveries"), .number = &url->deliveries},
        {TEXT("maxlen"), .number = &url->most},
        {TEXT("dead-maxlen"), .number = &url->dead_most},
        {TEXT("keep"), .flag = &url->keep},
    };
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        if (!text_equal(pair->name, SETTINGS[i].name))
            continue;
        if (*seen & 1U << i)
            return wrong(why, "a setting is given twice");
        *seen |= 1U << i;
        if (SETTINGS[i].number)
            return read_setting_number(pair->value, 0, SETTINGS[i].number, why);
        if (SETTINGS[i].text) {
            *SETTINGS[i].text = pair->value;
            return pair->value.length || wrong(why, "stream, group and dead take a name");
        }
        *SETTINGS[i].flag = text_equal(pair->value, TEXT("yes"));
        return *SETTINGS[i].flag || text_equal(pair->value, TEXT("no")) ||
               wrong(why, "keep takes yes or no");
    }
    return wrong(why, "its settings are stream, group, db, deliveries, dead, dead-maxlen, maxlen "
                      "and keep");
}

static bool read_settings(struct redis_url *url, dime_text query, struct arena *arena,
                          const char **why)
{
    struct form_reader reader;
    struct form_pair pair;
    unsigned seen = 0;
    form_open(&reader, query, arena);
    while (form_next(&reader, &pair)) {
        if (!take_setting(url, &pair, &seen, why))
            return false;
    }
    return reader.fault == FORM_FINE || wrong(why, "its query, after the ?, isn't valid");
}

/*
 * The path is the stream; or, as in the registered scheme, the database, if a setting names the
 * stream.
 */
static bool take_path(struct redis_url *url, dime_text path, const char **why)
{
    bool named = url->stream.length;
    int64_t number;
    if (!named)
        url->stream = path;
    else if (path.length && url->database != NO_DATABASE)
        return wrong(why, "it names the database twice, as /NUMBER and as db");
    else if (path.length && (!text_to_int64(path, &number) || number < 0 || number > MOST))
        return wrong(why, "it names a stream twice; write /STREAM, or /DATABASE?stream=STREAM");
    else if (path.length)
        url->database = number;
    if (url->database == NO_DATABASE)
        url->database = 0;
    return true;
}

static bool check_names(struct redis_url *url, struct arena *arena, const char **why)
{
    struct buffer dead;
    if (!url->stream.length)
        return wrong(why,
                     "the name of a stream is missing; add it, as /STREAM or as ?stream=STREAM");
    if (text_ends_nocase(url->stream, TEXT(".fifo")))
        return wrong(why,
                     "a Redis stream isn't delivered in order, so its name can't end in .fifo");
    buffer_open(&dead, arena, NAME_MAX_BYTES + 8);
    buffer_put(&dead, url->stream);
    buffer_puts(&dead, ":dead");
    if (!url->dead.length)
        url->dead = buffer_text(&dead);
    if (dead.failed)
        return wrong(why, "the name of the stream is too long");
    return !text_equal(url->dead, url->stream) ||
           wrong(why, "dead letters must go to another stream than the messages");
}

bool redis_url_read(struct redis_url *url, dime_text text, struct arena *arena, const char **why)
{
    const dime_text tcp = TEXT("redis://"), local = TEXT("redis+unix://");
    bool is_local = text_starts(text, local);
    *url = (struct redis_url){
        .port = PORT, .deliveries = DELIVERIES, .database = NO_DATABASE, .group = TEXT("dime")};
    if (!is_local && !text_starts(text, tcp))
        return wrong(why, "write it as redis://HOST:PORT/STREAM");
    dime_text rest = text, query = TEXT(""), path;
    rest.data += is_local ? local.length : tcp.length;
    rest.length -= is_local ? local.length : tcp.length;
    const char *mark = memchr(rest.data, '?', rest.length);
    if (mark) {
        query = (dime_text){mark + 1, rest.length - (size_t)(mark + 1 - rest.data)};
        rest.length = (size_t)(mark - rest.data);
    }
    return read_user(url, &rest, arena, why) &&
           (is_local ? read_socket : read_host)(url, &rest, arena, why) &&
           decode_part(rest, arena, &path, why) && read_settings(url, query, arena, why) &&
           take_path(url, path, why) && check_names(url, arena, why);
}
