/*
 * problem.c - the table of problems and their JSON form.
 *
 * A type is one per status: the status says what kind of thing went wrong, and detail and errors
 * say what exactly. So a client can rely on a dozen URIs that www/problems.html explains.
 */
#include "core/problem.h"

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
    const struct problem *other = PROBLEMS;
    for (size_t i = 0; i < sizeof PROBLEMS / sizeof *PROBLEMS; i++) {
        if (PROBLEMS[i].status == status)
            return &PROBLEMS[i];
        if (PROBLEMS[i].status == 500)
            other = &PROBLEMS[i];
    }
    return other;
}

struct text problem_detail(const struct response *response)
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
        buffer_json(body, text_of(response->errors[i].field));
        buffer_put(body, TEXT(",\"detail\":"));
        buffer_json(body, response->errors[i].detail);
        buffer_put(body, TEXT("}"));
    }
    buffer_put(body, TEXT("]"));
}

void problem_write_json(struct response *response, struct text instance)
{
    const struct problem *problem = problem_of(response->status);
    struct buffer *body = &response->body;
    response->content_type = "application/problem+json";
    body->length = 0;
    buffer_put(body, TEXT("{\"type\":\"/problems/"));
    buffer_puts(body, problem->name);
    buffer_put(body, TEXT("\",\"title\":"));
    buffer_json(body, text_of(problem->title));
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
