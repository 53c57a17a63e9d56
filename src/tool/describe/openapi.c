/*
 * openapi.c - what functions take and answer, as an OpenAPI 3.1 document.
 *
 * What all functions share, such as the shape of a problem, stands in openapi.json; a function's
 * own part is made of its description. Each status that dime or a web server answers with by itself
 * is in the table below; a function names those of its own.
 */
#include "tool/describe/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "dime.h"
#include "request/problem.h"
#include "request/response.h"
#include "tool/ask/description.h"
#include "tool/describe/schema.h"
#include "tool/describe/tree.h"

DIME_EMBED(OPENAPI_BASE, "src/tool/describe/openapi.json");

enum { OPENAPI_NAME_MAX = 512, METHOD_MAX = 16 };

/* When a problem that isn't a function's own comes. */
enum when { ALWAYS, WITH_FIELDS, WITH_NETWORK, OWN };

/* The responses that functions share. Those without a name are called as the problem's type. */
static const struct shared {
    int status;
    enum when when;
    const char *name, *description, *header;
} SHARED[] = {
    {400, WITH_FIELDS, NULL, "The query or the body can't be read.", NULL},
    {401, OWN, NULL, "A token is needed, and wasn't sent.", "WWW-Authenticate"},
    {404, ALWAYS, NULL, "There is nothing below the function's address.", NULL},
    {405, ALWAYS, NULL, "The method isn't one of those in Allow.", "Allow"},
    {406, ALWAYS, NULL, "Accept allows no form of the answer.", NULL},
    {413, WITH_FIELDS, NULL, "The body is too large; detail says how much is taken.", NULL},
    {414, ALWAYS, "too-large-address",
     "The address with its query is longer than 8 kB; POST has room for more.", NULL},
    {415, WITH_FIELDS, NULL,
     "The body is neither JSON nor a form, nor a file that the function takes.", NULL},
    {422, WITH_FIELDS, NULL, "A field is missing or wrong; errors[] names it.", NULL},
    {429, WITH_FIELDS, NULL, "The web server's limit for this client is reached.", "Retry-After"},
    {431, ALWAYS, "too-large-headers",
     "A header is longer than 8 kB, or all of them are longer than 32 kB.", NULL},
    {500, ALWAYS, NULL, "The function failed.", NULL},
    {502, WITH_NETWORK, NULL, "A service that the function needs failed.", NULL},
    {503, ALWAYS, NULL, "The function isn't running, or is out of memory.", "Retry-After"},
    {504, ALWAYS, NULL, "The function didn't answer in time.", NULL},
};

/* A document that is being made. */
struct document {
    struct tree tree;
    struct json_object *root, *components;
};

/* One method at one address. */
struct operation {
    struct json_object *function, *part; /* the description, and in it the route or once more it */
    const char *name, *method;
    char capital[128]; /* the name as it stands in the names of schemas */
    const char *below; /* the path below the function: "/{code}", or empty */
};

static struct json_object *member(struct json_object *object, const char *name)
{
    return json_object_object_get(object, name);
}

/* What the type of a problem is called by; dime has one for 414 and 431 with 413. */
static const char *type_of_shared(const struct shared *shared)
{
    const struct problem *problem = problem_of(shared->status);
    return strrchr((problem ? problem : problem_of(413))->uri, '/') + 1;
}

static const char *name_of_shared(const struct shared *shared)
{
    return shared->name ? shared->name : type_of_shared(shared);
}

/* The body of a problem, as JSON and as a page. */
static void put_problem_content(struct tree *tree, struct json_object *response, const char *type,
                                int status)
{
    struct json_object *content = tree_object(tree, response, "content");
    struct json_object *json = tree_object(tree, content, "application/problem+json");
    struct json_object *schema = tree_object(tree, json, "schema");
    struct json_object *all = tree_array(tree, schema, "allOf");
    tree_reference(tree, all, NULL, "schemas", "Problem");
    struct json_object *properties = tree_object(tree, tree_object(tree, all, NULL), "properties");
    if (type)
        tree_format(tree, tree_object(tree, properties, "type"), "const", "/problems/%s", type);
    tree_integer(tree, tree_object(tree, properties, "status"), "const", status);
    struct json_object *page = tree_object(tree, content, "text/html");
    tree_text(tree, tree_object(tree, page, "schema"), "type", "string");
}

static struct json_object *put_response(struct tree *tree, struct json_object *parent,
                                        const char *name, const char *description,
                                        const char *header)
{
    struct json_object *response = tree_object(tree, parent, name);
    tree_text(tree, response, "description", description);
    struct json_object *headers = tree_object(tree, response, "headers");
    tree_reference(tree, headers, "X-Request-Id", "headers", "RequestId");
    if (header)
        tree_reference(tree, headers, header, "headers",
                       strcmp(header, "Retry-After") == 0        ? "RetryAfter"
                       : strcmp(header, "WWW-Authenticate") == 0 ? "Authenticate"
                                                                 : header);
    return response;
}

static void put_shared_responses(struct document *document)
{
    struct json_object *responses = member(document->components, "responses");
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        const struct shared *one = &SHARED[i];
        struct json_object *response = put_response(&document->tree, responses, name_of_shared(one),
                                                    one->description, one->header);
        put_problem_content(&document->tree, response, type_of_shared(one), one->status);
    }
}

/* Makes an author's schema a part of the document: what it refers to in itself lies elsewhere. */
static void move_references(struct tree *tree, struct json_object *value, const char *place)
{
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            move_references(tree, json_object_array_get_idx(value, i), place);
        return;
    }
    if (!json_object_is_type(value, json_type_object))
        return;
    const char *target = description_string(value, "$ref");
    if (*target == '#')
        tree_format(tree, value, "$ref", "#/components/schemas/%s%s", place, target + 1);
    json_object_object_foreach(value, name, inner)
    {
        (void)name;
        move_references(tree, inner, place);
    }
}

static bool has_query(const struct operation *operation)
{
    return strcmp(operation->method, "get") == 0 || strcmp(operation->method, "delete") == 0;
}

static bool has_body(const struct operation *operation)
{
    return operation->method[0] == 'p'; /* post, put, patch */
}

/* Adds the schemas of what a function, or a route, takes and answers, by their names. */
static void put_schemas(struct document *document, const struct operation *operation)
{
    struct tree *tree = &document->tree;
    struct json_object *schemas = member(document->components, "schemas");
    struct json_object *answer = member(operation->part, "schema");
    struct json_object *fields = member(operation->part, "fields");
    char name[OPENAPI_NAME_MAX];
    snprintf(name, sizeof name, "%sFields", operation->capital);
    if (has_body(operation) && !member(schemas, name))
        schema_of_fields(tree, tree_object(tree, schemas, name), fields, SCHEMA_JSON);
    snprintf(name, sizeof name, "%sForm", operation->capital);
    if (has_body(operation) && !member(schemas, name))
        schema_of_fields(tree, tree_object(tree, schemas, name), fields, SCHEMA_FORM);
    if (answer && !member(schemas, operation->capital)) {
        tree_copy(tree, schemas, operation->capital, answer);
        move_references(tree, member(schemas, operation->capital), operation->capital);
    }
}

/* Whether a field is a part of the operation's path. */
static bool is_in_path(const struct operation *operation, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strchr(operation->below, '{'); at; at = strchr(at + 1, '{')) {
        if (strncmp(at + 1, name, length) == 0 && at[length + 1] == '}')
            return true;
    }
    return false;
}

/* The fields that stand in the address. A file has no place in one. */
static void put_parameters(struct tree *tree, struct json_object *object,
                           const struct operation *operation)
{
    struct json_object *fields = member(operation->part, "fields");
    struct json_object *parameters = tree_array(tree, object, "parameters");
    for (size_t i = 0; fields && i < json_object_array_length(fields); i++) {
        struct json_object *field = json_object_array_get_idx(fields, i);
        const char *name = description_string(field, "name");
        bool in_path = is_in_path(operation, name);
        if (description_says(field, "kind", "file") || (!in_path && !has_query(operation)))
            continue;
        struct json_object *one = tree_object(tree, parameters, NULL);
        tree_text(tree, one, "name", name);
        tree_text(tree, one, "in", in_path ? "path" : "query");
        if (in_path || member(field, "required"))
            tree_true(tree, one, "required");
        if (*description_string(field, "help"))
            tree_text(tree, one, "description", description_string(field, "help"));
        schema_of_field(tree, one, "schema", field, SCHEMA_TEXT);
    }
}

static void put_schema_content(struct tree *tree, struct json_object *content, const char *type,
                               const struct operation *operation, const char *ending)
{
    char name[OPENAPI_NAME_MAX];
    snprintf(name, sizeof name, "%s%s", operation->capital, ending);
    tree_reference(tree, tree_object(tree, content, type), "schema", "schemas", name);
}

/* Each of the media types in a list, as bytes or texts of no known form. */
static void put_other_types(struct tree *tree, struct json_object *content, const char *list)
{
    char type[128];
    while (*list) {
        size_t length = strcspn(list, ", ");
        snprintf(type, sizeof type, "%.*s", (int)length, list);
        if (length && !member(content, type))
            tree_object(tree, tree_object(tree, content, type), "schema");
        list += length + strspn(list + length, ", ");
    }
}

static void put_request_body(struct tree *tree, struct json_object *object,
                             const struct operation *operation)
{
    struct json_object *fields = member(operation->part, "fields");
    struct json_object *body = tree_object(tree, object, "requestBody");
    bool files = false;
    tree_format(tree, body, "description", "At most %lld bytes.",
                (long long)json_object_get_int64(member(operation->function, "bodyMax")));
    struct json_object *content = tree_object(tree, body, "content");
    put_schema_content(tree, content, "application/json", operation, "Fields");
    for (size_t i = 0; fields && i < json_object_array_length(fields); i++) {
        struct json_object *field = json_object_array_get_idx(fields, i);
        put_other_types(tree, content, description_string(field, "types"));
        files = files || description_says(field, "kind", "file");
    }
    if (!files)
        put_schema_content(tree, content, "application/x-www-form-urlencoded", operation, "Form");
    put_schema_content(tree, content, "multipart/form-data", operation, "Form");
    put_other_types(tree, content, description_string(operation->function, "jsonTypes"));
}

/* What it answers when it has done what was asked. */
static void put_answer(struct tree *tree, struct json_object *responses,
                       const struct operation *operation, const char *status)
{
    struct json_object *response =
        put_response(tree, responses, status, "What was asked for.", NULL);
    const char *others = description_string(operation->part, "answers");
    struct json_object *content = tree_object(tree, response, "content");
    if (member(operation->part, "schema"))
        put_schema_content(tree, content, "application/json", operation, "");
    else
        tree_object(tree, tree_object(tree, content, "application/json"), "schema");
    struct json_object *page = tree_object(tree, tree_object(tree, content, "text/html"), "schema");
    tree_text(tree, page, "type", "string");
    tree_text(tree, page, "description", "A page, where Accept prefers text/html.");
    put_other_types(tree, content,
                    *others ? others : description_string(operation->function, "answers"));
}

static const struct shared *shared_of(int status)
{
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        if (SHARED[i].status == status)
            return &SHARED[i];
    }
    return NULL;
}

/* The statuses that the function says are its own. */
static void put_own_responses(struct tree *tree, struct json_object *responses,
                              const struct operation *operation)
{
    struct json_object *statuses = member(operation->part, "statuses");
    for (size_t i = 0; statuses && i < json_object_array_length(statuses); i++) {
        int status = json_object_get_int(json_object_array_get_idx(statuses, i));
        char number[16];
        snprintf(number, sizeof number, "%d", status);
        json_object_object_del(responses, number);
        const struct shared *shared = status == 404 ? NULL : shared_of(status);
        if (shared)
            tree_reference(tree, responses, number, "responses", name_of_shared(shared));
        else if (status < 300 && status != 204 && status != 205)
            put_answer(tree, responses, operation, number);
        else if (status < 400)
            put_response(tree, responses, number, status_phrase(status), NULL);
        else
            put_problem_content(tree,
                                put_response(tree, responses, number, status_phrase(status), NULL),
                                NULL, status);
    }
}

/* Whether the statuses of its own say what a success is. */
static bool has_own_success(const struct operation *operation)
{
    struct json_object *statuses = member(operation->part, "statuses");
    for (size_t i = 0; statuses && i < json_object_array_length(statuses); i++) {
        if (json_object_get_int(json_object_array_get_idx(statuses, i)) < 400)
            return true;
    }
    return false;
}

static bool comes(const struct shared *shared, const struct operation *operation)
{
    return shared->when == ALWAYS ||
           (shared->when == WITH_FIELDS && member(operation->part, "fields")) ||
           (shared->when == WITH_NETWORK && member(operation->function, "network"));
}

/* The problems that functions share, those that can come here. */
static void put_problems(struct tree *tree, struct json_object *responses,
                         const struct operation *operation)
{
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", SHARED[i].status);
        if (comes(&SHARED[i], operation))
            tree_reference(tree, responses, number, "responses", name_of_shared(&SHARED[i]));
    }
}

static void put_responses(struct tree *tree, struct json_object *object,
                          const struct operation *operation)
{
    struct json_object *responses = tree_object(tree, object, "responses");
    if (!has_own_success(operation))
        put_answer(tree, responses, operation, "200");
    put_problems(tree, responses, operation);
    put_own_responses(tree, responses, operation);
}

/* The words of a path in one: "ByCode" of "/{code}". */
static void append_words(char *room, size_t size, const char *below)
{
    size_t length = strlen(room);
    bool first = true;
    for (const char *c = below; length + 4 < size && *c; c++) {
        if (*c == '{')
            length += (size_t)snprintf(room + length, size - length, "By");
        if (!isalnum((unsigned char)*c)) {
            first = true;
            continue;
        }
        room[length++] = (char)(first ? toupper((unsigned char)*c) : *c);
        room[length] = '\0';
        first = false;
    }
}

/* Each address has OPTIONS. */
static void put_options_method(struct tree *tree, struct json_object *item,
                               struct operation operation)
{
    struct json_object *object = tree_object(tree, item, "options");
    operation.method = "options";
    tree_text(tree, tree_array(tree, object, "tags"), NULL, "functions");
    tree_format(tree, object, "operationId", "options%s", operation.capital);
    tree_text(tree, object, "summary", "Which methods there are");
    put_parameters(tree, object, &operation);
    struct json_object *responses = tree_object(tree, object, "responses");
    tree_reference(tree, responses, "204", "responses", "methods");
}

/* Returns the path item of an address, and adds it if needed. */
static struct json_object *item_of(struct document *document, const struct operation *operation)
{
    struct json_object *paths = member(document->root, "paths");
    char address[OPENAPI_NAME_MAX];
    snprintf(address, sizeof address, "/cgi-bin/%s%s", operation->name,
             strcmp(operation->below, "/") == 0 ? "" : operation->below);
    struct json_object *item = member(paths, address);
    if (item)
        return item;
    item = tree_object(&document->tree, paths, address);
    tree_text(&document->tree, item, "summary", description_string(operation->function, "summary"));
    put_options_method(&document->tree, item, *operation);
    return item;
}

static void put_operation(struct document *document, const struct operation *operation)
{
    struct tree *tree = &document->tree;
    struct json_object *object = tree_object(tree, item_of(document, operation), operation->method);
    put_schemas(document, operation);
    tree_text(tree, tree_array(tree, object, "tags"), NULL, "functions");
    tree_format(tree, object, "operationId", "%s%s", operation->method, operation->capital);
    tree_text(tree, object, "summary", description_string(operation->function, "summary"));
    put_parameters(tree, object, operation);
    if (has_body(operation))
        put_request_body(tree, object, operation);
    put_responses(tree, object, operation);
}

/* The first word of a text in small letters: a method, as OpenAPI has it. */
static void method_of(const char *text, char method[METHOD_MAX])
{
    size_t length = 0;
    for (; length < METHOD_MAX - 1 && text[length] && text[length] != ' '; length++)
        method[length] = (char)tolower((unsigned char)text[length]);
    method[length] = '\0';
}

/* The method of a route's pattern, and its path. */
static void put_route(struct document *document, struct operation operation, const char *pattern)
{
    char method[METHOD_MAX];
    size_t length = strcspn(pattern, " ");
    method_of(pattern, method);
    operation.method = method;
    operation.below = pattern + length + (pattern[length] == ' ');
    append_words(operation.capital, sizeof operation.capital, operation.below);
    append_words(operation.capital, sizeof operation.capital,
                 strcmp(method, "get") == 0 ? "" : method);
    put_operation(document, &operation);
}

static void put_function(struct document *document, struct json_object *function)
{
    struct operation operation = {.function = function,
                                  .part = function,
                                  .name = description_string(function, "name"),
                                  .below = ""};
    struct json_object *routes = member(function, "routes"), *methods = member(function, "methods");
    append_words(operation.capital, sizeof operation.capital, operation.name);
    for (size_t i = 0; routes && i < json_object_array_length(routes); i++) {
        operation.part = json_object_array_get_idx(routes, i);
        put_route(document, operation, description_string(operation.part, "pattern"));
    }
    for (size_t i = 0; !routes && i < json_object_array_length(methods); i++) {
        char method[METHOD_MAX];
        method_of(json_object_get_string(json_object_array_get_idx(methods, i)), method);
        operation.method = method;
        put_operation(document, &operation);
    }
}

/* Health needs no body and no token, and isn't counted by the limit of requests. */
static void put_health(struct document *document, struct json_object *const *functions,
                       size_t count)
{
    struct tree *tree = &document->tree;
    const struct operation health = {.part = document->root};
    struct json_object *paths = member(document->root, "paths");
    struct json_object *item = tree_object(tree, paths, "/healthz/{function}");
    struct json_object *get = tree_object(tree, item, "get");
    tree_text(tree, tree_array(tree, get, "tags"), NULL, "health");
    tree_text(tree, get, "operationId", "getFunctionHealth");
    tree_text(tree, get, "summary", "Whether a function answers");
    struct json_object *name = tree_object(tree, tree_array(tree, get, "parameters"), NULL);
    tree_text(tree, name, "name", "function");
    tree_text(tree, name, "in", "path");
    tree_true(tree, name, "required");
    struct json_object *schema = tree_object(tree, name, "schema");
    tree_text(tree, schema, "type", "string");
    struct json_object *names = tree_array(tree, schema, "enum");
    for (size_t i = 0; i < count; i++)
        tree_text(tree, names, NULL, description_string(functions[i], "name"));
    struct json_object *responses = tree_object(tree, get, "responses");
    tree_reference(tree, responses, "200", "responses", "healthy");
    put_problems(tree, responses, &health);
}

struct json_object *openapi_of(struct json_object *const *functions, size_t count)
{
    struct document document = {.root = json_tokener_parse(OPENAPI_BASE)};
    document.components = member(document.root, "components");
    if (!document.components)
        document.tree.failed = true;
    else
        put_shared_responses(&document);
    for (size_t i = 0; i < count && !document.tree.failed; i++)
        put_function(&document, functions[i]);
    if (!document.tree.failed)
        put_health(&document, functions, count);
    return tree_finish(&document.tree, document.root);
}

/* What a form's texts are, for a schema that stands by itself. */
static void put_text_schemas(struct document *document)
{
    struct tree *tree = &document->tree;
    struct json_object *base = json_tokener_parse(OPENAPI_BASE);
    struct json_object *from = base ? member(member(base, "components"), "schemas") : NULL;
    struct json_object *components = tree_object(tree, document->root, "components");
    struct json_object *schemas = tree_object(tree, components, "schemas");
    tree_copy(tree, schemas, "BooleanText", member(from, "BooleanText"));
    tree_copy(tree, schemas, "IntegerText", member(from, "IntegerText"));
    json_object_put(base);
}

struct json_object *schema_of(struct json_object *function)
{
    struct document document = {.root = json_object_new_object()};
    struct json_object *routes = member(function, "routes"), *defs = NULL;
    tree_text(&document.tree, document.root, "$schema",
              "https://json-schema.org/draft/2020-12/schema");
    tree_text(&document.tree, document.root, "title", description_string(function, "name"));
    if (routes)
        defs = tree_object(&document.tree, document.root, "$defs");
    else
        schema_of_fields(&document.tree, document.root, member(function, "fields"), SCHEMA_JSON);
    put_text_schemas(&document);
    for (size_t i = 0; routes && i < json_object_array_length(routes); i++) {
        struct json_object *route = json_object_array_get_idx(routes, i);
        schema_of_fields(&document.tree,
                         tree_object(&document.tree, defs, description_string(route, "pattern")),
                         member(route, "fields"), SCHEMA_JSON);
    }
    return tree_finish(&document.tree, document.root);
}
