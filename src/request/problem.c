/*
 * problem.c - the table of problems and their JSON form.
 *
 * A type is one per status: the status says what kind of thing went wrong, and detail and errors
 * say what exactly. So a client can rely on a dozen URIs that www/problems.html explains. Other
 * statuses are for functions to use, and mean what HTTP says: their type is about:blank.
 */
#include "request/problem.h"

#include "request/response.h"

static const struct problem PROBLEMS[] = {
    {400, "not-parseable", "The request can't be read"},
    {401, "not-authorized", "The request isn't authorized"},
    {404, "no-such-function", "There is no such function"},
    {405, "method-not-allowed", "The method isn't allowed here"},
    {406, "not-acceptable", "No acceptable form of the answer"},
    {413, "too-large", "The request is too large"},
    {415, "unsupported-media-type", "The body's type isn't supported"},
    {422, "invalid-field", "A field is wrong"},
    {429, "too-many-requests", "Too many requests"},
    {500, "internal-error", "The function failed"},
    {502, "upstream-failed", "A service that the function needs failed"},
    {503, "unavailable", "The function is unavailable"},
    {504, "deadline-passed", "The answer took too long"},
};

const struct problem *problem_of(int status)
{
    for (size_t i = 0; i < sizeof PROBLEMS / sizeof *PROBLEMS; i++) {
        if (PROBLEMS[i].status == status)
            return &PROBLEMS[i];
    }
    return NULL;
}

/* The response's type: a function that hasn't found something is itself there to be found. */
static const struct problem *type_of(const struct response *response)
{
    return response->status != 404 || response->no_function ? problem_of(response->status) : NULL;
}

const char *problem_title(const struct response *response)
{
    const struct problem *type = type_of(response);
    if (response->problem_title)
        return response->problem_title;
    return type ? type->title : status_phrase(response->status);
}

dime_text problem_detail(const struct response *response)
{
    if (response->detail.length)
        return response->detail;
    if (response->error_count > 1)
        return TEXT("Some fields are wrong; errors says which and why.");
    if (response->error_count == 1)
        return response->errors[0].detail;
    return TEXT("No more is known.");
}

static void put_errors(struct buffer *body, const struct response *response)
{
    buffer_put(body, TEXT(",\"errors\":["));
    for (size_t i = 0; i < response->error_count; i++) {
        buffer_put(body, i ? TEXT(",{\"field\":") : TEXT("{\"field\":"));
        buffer_json(body, response->errors[i].field);
        buffer_put(body, TEXT(",\"detail\":"));
        buffer_json(body, response->errors[i].detail);
        buffer_put(body, TEXT("}"));
    }
    buffer_put(body, TEXT("]"));
}

void problem_write_json(struct response *response, dime_text instance)
{
    const struct problem *type = type_of(response);
    struct buffer *body = &response->body;
    response->content_type = "application/problem+json";
    body->length = 0;
    if (response->problem_type) {
        buffer_puts(body, "{\"type\":");
        buffer_json(body, text_of(response->problem_type));
    } else {
        buffer_puts(body, type ? "{\"type\":\"/problems/" : "{\"type\":\"about:blank");
        buffer_puts(body, type ? type->name : "");
        buffer_puts(body, "\"");
    }
    buffer_put(body, TEXT(",\"title\":"));
    buffer_json(body, text_of(problem_title(response)));
    buffer_put(body, TEXT(",\"status\":"));
    buffer_int64(body, response->status);
    buffer_put(body, TEXT(",\"detail\":"));
    buffer_json(body, problem_detail(response));
    buffer_put(body, TEXT(",\"instance\":"));
    buffer_json(body, instance);
    if (response->error_count)
        put_errors(body, response);
    if (response->members.length) {
        buffer_put(body, TEXT(","));
        buffer_put(body, response->members);
    }
    buffer_put(body, TEXT("}"));
}
