/*
 * parts.c - the parts of servers' configurations: a template each, and what it is filled from.
 *
 * A template is the configuration with names in it, so that an administrator's eyes find in it what
 * her server gets. What a server needs and a description doesn't say in these words, such as how
 * often a request may be tried, is worked out here.
 */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dime.h"
#include "request/template.h"
#include "tool/ask/description.h"
#include "tool/describe/describe.h"

DIME_EMBED(PART_NGINX_CALL, "src/tool/describe/nginx-call.conf");
DIME_EMBED(PART_NGINX_HTTP, "src/tool/describe/nginx-http.conf");
DIME_EMBED(PART_NGINX_SERVER, "src/tool/describe/nginx-server.conf");
DIME_EMBED(PART_NGINX_SIZES, "src/tool/describe/nginx-sizes.conf");
DIME_EMBED(PART_APACHE, "src/tool/describe/apache.conf");
DIME_EMBED(PART_LIGHTTPD, "src/tool/describe/lighttpd.conf");
DIME_EMBED(PART_SYSTEMD, "src/tool/describe/systemd.conf");
DIME_EMBED(PART_SAM, "src/tool/describe/sam.yaml");
DIME_EMBED(PART_MAN, "src/tool/describe/man.mdoc");

const struct describe_part describe_parts[] = {
    {"nginx", "nginx-http.conf", PART_NGINX_HTTP, NULL},
    {"nginx", "nginx-sizes.conf", PART_NGINX_SIZES, NULL},
    {"nginx", "nginx-server.conf", PART_NGINX_SERVER, NULL},
    {"apache", "apache.conf", PART_APACHE, NULL},
    {"lighttpd", "lighttpd.conf", PART_LIGHTTPD, NULL},
    {"systemd", "systemd.conf", PART_SYSTEMD, "special"},
    {"", NULL, NULL, NULL},
};
const struct describe_part describe_texts[] = {
    {"sam", "template.yaml", PART_SAM, NULL},
    {"man", "page.8", PART_MAN, NULL},
    {"", NULL, NULL, NULL},
};

enum {
    PART_MEMORY = 4 * 1024 * 1024,
    PART_MAX = 1024 * 1024,
    BUFFER_LEAST = 64 * 1024, /* of nginx's memory for a body; anything larger goes to a file */
    BUFFER_MOST = 1024 * 1024,
    TIMEOUT_S = 10,
    TIMEOUT_SLOW_S = 40,
    KEEPALIVE = 512,
    KEEPALIVE_SLOW = 64,
    SOCKET_PATH_MAX = 107, /* bytes; unix(7) */
};

/* The largest limit of a body that all servers can have: 1 TiB. */
static const int64_t BODY_MOST = INT64_C(1) << 40;

/* An object that templates are filled from, while it is made. */
struct part_data {
    struct json_object *object;
    bool failed; /* memory has run out: a member is missing */
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/* What a path in a configuration may consist of: no server reads more into it. */
static bool is_plain_path(const char *path)
{
    return *path == '/' && path[strspn(path, LETTERS "/.+-")] == '\0';
}

/* Whether a name stands for itself everywhere: in a regular expression, as a file, as a unit. What
 * begins with "dime-" is a program of dime's own. */
static bool is_usable_name(const char *name)
{
    return *name && *name != '-' && name[strspn(name, LETTERS "-")] == '\0' &&
           strncmp(name, "dime-", 5) != 0;
}

static void put_member(struct part_data *data, const char *name, struct json_object *value)
{
    /* A name that json-c copies, it loses where it can't add the member. */
    if (value &&
        json_object_object_add_ex(data->object, name, value, JSON_C_OBJECT_KEY_IS_CONSTANT) == 0)
        return;
    json_object_put(value);
    data->failed = true;
}

/* A sentence for a configuration: what would end a string there, or stands for a variable, goes. */
static void put_sentence(struct part_data *data, const char *name, const char *sentence)
{
    char plain[1024];
    size_t length = 0;
    for (const char *c = sentence; *c && length + 1 < sizeof plain; c++) {
        bool odd = (unsigned char)*c < ' ' || strchr("\"\\${}", *c);
        plain[length++] = odd ? ' ' : *c;
    }
    while (length && !text_is_utf8((dime_text){plain, length}))
        length--; /* a character that was cut */
    put_member(data, name, json_object_new_string_len(plain, (int)length));
}

static void put_path(struct part_data *data, const char *name, const char *folder, const char *file,
                     const char *ending)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s%s", folder, file, ending);
    put_member(data, name, json_object_new_string(path));
}

/* Whether all that it does may be done twice. */
static bool may_be_repeated(struct json_object *tree)
{
    struct json_object *routes = description_member(tree, "routes", json_type_array);
    if (!routes)
        return !description_says(tree, "effects", "creates");
    for (size_t i = 0; i < json_object_array_length(routes); i++) {
        if (description_says(json_object_array_get_idx(routes, i), "effects", "creates"))
            return false;
    }
    return true;
}

/* How nginx may ask again. A call that takes long isn't begun twice: a second one would take as
 * long. POST is asked again after it was sent only where that does no harm. */
static const char *retry_of(struct json_object *tree, bool heavy, bool network)
{
    if (heavy)
        return "off";
    if (network)
        return "error";
    return may_be_repeated(tree) ? "error timeout non_idempotent" : "error timeout";
}

static bool flag(struct json_object *tree, const char *name)
{
    return json_object_get_boolean(description_member(tree, name, json_type_boolean));
}

/* A heavy function has processes, since each is busy with one call; one that waits for others has
 * threads. */
static void put_options(struct part_data *data, bool heavy, bool network)
{
    if (heavy)
        put_member(data, "options", json_object_new_string("--workers 2"));
    else if (network)
        put_member(data, "options", json_object_new_string("--idle 300 --threads 8"));
}

/* The names of its settings: a list, and with blanks between them. */
static void put_setting_names(struct part_data *data, struct json_object *tree)
{
    char names[1024];
    size_t length = 0;
    struct json_object *settings = description_member(tree, "settings", json_type_array);
    struct json_object *list = json_object_new_array();
    put_member(data, "settingNames", list);
    for (size_t i = 0; settings && i < json_object_array_length(settings); i++) {
        const char *name = description_string(json_object_array_get_idx(settings, i), "name");
        if (!is_usable_name(name) || length + strlen(name) + 2 >= sizeof names)
            continue;
        struct json_object *one = json_object_new_string(name);
        if (!list || !one || json_object_array_add(list, one) != 0) {
            json_object_put(one);
            data->failed = true;
        }
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length ? " " : "",
                                   name);
    }
    if (length)
        put_member(data, "variables", json_object_new_string_len(names, (int)length));
}

static void put_numbers(struct part_data *data, int64_t body_max, bool heavy, bool network)
{
    int64_t buffer = body_max < BUFFER_MOST ? body_max : BUFFER_MOST;
    put_member(data, "bodyMax", json_object_new_int64(body_max));
    put_member(data, "bodyMaxKiB", json_object_new_int64((body_max + 1023) / 1024));
    put_member(data, "bodyBuffer",
               json_object_new_int64(buffer > BUFFER_LEAST ? buffer : BUFFER_LEAST));
    put_member(data, "timeout", json_object_new_int(heavy || network ? TIMEOUT_SLOW_S : TIMEOUT_S));
    if (!heavy)
        put_member(data, "keepalive", json_object_new_int(network ? KEEPALIVE_SLOW : KEEPALIVE));
}

/* What --help says of the fields, for mdoc(7): no line begins with a dot, no backslash is one. */
static void put_mdoc(struct part_data *data, const char *help)
{
    char text[16 * 1024];
    size_t length = 0;
    for (const char *c = help; *c && length + 4 < sizeof text; c++) {
        bool first = c == help || c[-1] == '\n';
        if (first && (*c == '.' || *c == '\''))
            length += (size_t)snprintf(text + length, sizeof text - length, "\\&");
        if (*c == '\\')
            length += (size_t)snprintf(text + length, sizeof text - length, "\\e");
        else
            text[length++] = *c;
    }
    while (length && text[length - 1] == '\n')
        length--;
    put_member(data, "helpMdoc", json_object_new_string_len(text, (int)length));
}

static void put_upper(struct part_data *data, const char *name)
{
    char upper[128];
    size_t length = 0;
    for (; name[length] && length + 1 < sizeof upper; length++)
        upper[length] = (char)toupper((unsigned char)name[length]);
    put_member(data, "upper", json_object_new_string_len(upper, (int)length));
}

static void put_places(struct part_data *data, const struct described *described,
                       const struct describe_places *places, const char *name)
{
    put_path(data, "socket", places->sockets, name, ".sock");
    put_member(data, "settings", json_object_new_string(places->settings));
    if (places->programs)
        put_path(data, "program", places->programs, name, "");
    else
        put_member(data, "program", json_object_new_string(described->path));
}

/* Why no configuration can be made; NULL: one can be. */
static const char *fault_of_configuration(const struct described *described,
                                          const struct describe_places *places)
{
    const char *name = description_string(described->tree, "name");
    const char *folder = places->programs ? places->programs : described->path;
    int64_t body_max =
        json_object_get_int64(description_member(described->tree, "bodyMax", json_type_int));
    if (!is_usable_name(name))
        return "its name can't be in a configuration; letters, digits, _ and - can, and it can't "
               "begin with \"dime-\"";
    if (!is_plain_path(places->sockets) || !is_plain_path(places->settings) ||
        !is_plain_path(folder))
        return "a path can't be in a configuration; one that begins with / and has letters, digits "
               "and /_.+- can";
    if (strlen(places->sockets) + strlen(name) + sizeof "/.sock" - 1 > SOCKET_PATH_MAX)
        return "the path of its socket is too long; 107 bytes fit";
    if (strlen(folder) + strlen(name) + 1 >= PATH_MAX)
        return "the path of its program is too long";
    if (body_max < 1 || body_max > BODY_MOST)
        return "its description doesn't say how large a body may be, from 1 byte to 1 TiB";
    if (!text_is_utf8(text_of(description_string(described->tree, "summary"))) ||
        !text_is_utf8(text_of(description_string(described->tree, "tooLarge"))))
        return "its description isn't in UTF-8";
    return NULL;
}

static void put_all(struct part_data *data, const struct described *described,
                    const struct describe_places *places)
{
    struct json_object *tree = described->tree;
    const char *name = description_string(tree, "name");
    bool heavy = flag(tree, "heavy"), network = flag(tree, "network");
    bool below = description_member(tree, "routes", json_type_array);
    put_member(data, "name", json_object_new_string(name));
    put_sentence(data, "summary", description_string(tree, "summary"));
    put_sentence(data, "tooLarge", description_string(tree, "tooLarge"));
    put_path(data, "path", "/cgi-bin", name, "");
    put_places(data, described, places, name);
    put_numbers(data, json_object_get_int64(description_member(tree, "bodyMax", json_type_int)),
                heavy, network);
    put_member(data, "slow", json_object_new_boolean(heavy || network));
    put_member(data, "heavy", json_object_new_boolean(heavy));
    put_member(data, "network", json_object_new_boolean(network));
    put_member(data, "below", json_object_new_boolean(below));
    put_member(data, "retry", json_object_new_string(retry_of(tree, heavy, network)));
    put_member(data, "memory", json_object_new_int(heavy ? 1024 : 128));
    put_member(data, "lambdaTimeout", json_object_new_int(heavy || network ? 30 : 5));
    put_mdoc(data, description_string(tree, "help"));
    put_upper(data, name);
    put_options(data, heavy, network);
    put_setting_names(data, tree);
    if (flag(tree, "keepsFiles"))
        put_member(data, "keepsFiles", json_object_new_boolean(true));
    if (heavy || network || flag(tree, "keepsFiles") ||
        json_object_object_get(data->object, "variables"))
        put_member(data, "special", json_object_new_boolean(true));
}

struct json_object *describe_data(const struct described *described,
                                  const struct describe_places *places, const char **why)
{
    struct part_data data = {.object = NULL};
    *why = fault_of_configuration(described, places);
    if (*why)
        return NULL;
    data.object = json_object_new_object();
    if (data.object)
        put_all(&data, described, places);
    if (data.object && !data.failed)
        return data.object;
    json_object_put(data.object);
    *why = "out of memory";
    return NULL;
}

/* Whether a text has all of the data. json-c leaves out the piece of a text that it has no room
 * for, and says nothing: what is left may be JSON still. */
static bool has_all_data(struct json_value text, struct json_object *data)
{
    struct json_value found, name_of_it;
    struct json_cursor items = json_members(text, NULL);
    int64_t integer;
    switch (json_object_get_type(data)) {
    case json_type_string:
        return json_reads_as(text, text_of(json_object_get_string(data)));
    case json_type_int:
        return json_integer(text, &integer) && integer == json_object_get_int64(data);
    case json_type_boolean:
        return dime_text_is(text.raw, json_object_get_boolean(data) ? "true" : "false");
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(data); i++) {
            if (!json_next_quoted(&items, &name_of_it, &found) ||
                !has_all_data(found, json_object_array_get_idx(data, i)))
                return false;
        }
        return true;
    case json_type_object: {
        json_object_object_foreach(data, name, member)
        {
            if (!json_find(text, text_of(name), &found) || !has_all_data(found, member))
                return false;
        }
        return true;
    }
    default:
        return text.kind == (data ? JSON_NUMBER : JSON_NULL);
    }
}

char *describe_fill_text(const char *source, struct json_object *data, const char **why)
{
    static char wrong[TEMPLATE_WHY];
    const struct template_partial call = {TEXT("call"), text_of(PART_NGINX_CALL)};
    struct json_value context;
    struct json_error error;
    struct arena arena;
    struct buffer out;
    char *filled = NULL;
    const char *text = json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN);
    arena_open(&arena, PART_MEMORY);
    buffer_open(&out, &arena, PART_MAX);
    *why = "out of memory";
    if (text && json_check(text_of(text), &arena, &context, &error) &&
        has_all_data(context, data)) {
        struct template_data filling = {
            .contexts = &context, .context_count = 1, .partials = &call, .partial_count = 1};
        enum template_outcome outcome = template_write(text_of(source), &filling, &out, wrong);
        if (outcome == TEMPLATE_WRONG)
            *why = wrong;
        if (outcome == TEMPLATE_FINE)
            filled = strndup(buffer_text(&out).data, buffer_text(&out).length);
    }
    arena_close(&arena);
    return filled;
}

bool describe_has_part(const struct describe_part *part, struct json_object *data)
{
    return data && (!part->needs || json_object_object_get(data, part->needs));
}

char *describe_fill(const struct describe_part *part, struct json_object *data, const char **why)
{
    return describe_fill_text(part->text, data, why);
}

bool describe_write_text(int file, const char *text)
{
    size_t left = strlen(text);
    while (left) {
        ssize_t wrote = write(file, text, left);
        if (wrote < 0 && errno != EINTR)
            return false;
        if (wrote > 0) {
            text += wrote;
            left -= (size_t)wrote;
        }
    }
    return true;
}
