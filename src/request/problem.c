/*
 * problem.c - the table of problems and their JSON form.
 *
 * There is one type per status: the status says what kind of thing went wrong, and `detail` and
 * `errors` say what exactly. So a client can rely on a dozen URIs, which www/problems.html
 * explains. Functions may use other statuses, which mean what HTTP says: their type is about:blank.
 */
#include "request/problem.h"

#include "base/json_put.h"
#include "request/response.h"

static const struct problem PROBLEMS[] = {
    {400, "/problems/not-parseable", "The request can't be read"},
    {401, "/problems/not-authorized", "The request isn't authorized"},
    {404, "/problems/no-such-function", "There is no such function"},
    {405, "/problems/method-not-allowed", "The method isn't allowed here"},
    {406, "/problems/not-acceptable", "No acceptable form of the answer"},
    {413, "/problems/too-large", "The request is too large"},
    {415, "/problems/unsupported-media-type", "The body's type isn't supported"},
    {422, "/problems/invalid-field", "A field is wrong"},
    {429, "/problems/too-many-requests", "Too many requests"},
    {500, "/problems/internal-error", "The function failed"},
    {502, "/problems/upstream-failed", "A service that the function needs failed"},
    {503, "/problems/unavailable", "The function is unavailable"},
    {504, "/problems/deadline-passed", "The answer took too long"},
};

const struct problem *problem_of(int status)
{
    for (size_t i = 0; i < sizeof PROBLEMS / sizeof *PROBLEMS; i++) {
        if (PROBLEMS[i].status == status)
            return &PROBLEMS[i];
    }
    return NULL;
}

/* The response's type. A 404 of the function itself isn't the 404 for a missing function. */
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
    json_begin_array(body, "errors");
    for (size_t i = 0; i < response->error_count; i++) {
        json_begin_object(body, NULL);
        json_put_text(body, "field", response->errors[i].field);
        json_put_text(body, "detail", response->errors[i].detail);
        json_end_object(body);
    }
    json_end_array(body);
}

void problem_write_json(struct response *response, dime_text instance)
{
    const struct problem *type = type_of(response);
    struct buffer *body = &response->body;
    const char *uri = response->problem_type ? response->problem_type
                      : type                 ? type->uri
                                             : "about:blank";
    response->content_type = "application/problem+json";
    body->length = 0;
    json_begin_object(body, NULL);
    json_put_text(body, "type", text_of(uri));
    json_put_text(body, "title", text_of(problem_title(response)));
    json_put_integer(body, "status", response->status);
    json_put_text(body, "detail", problem_detail(response));
    json_put_text(body, "instance", instance);
    if (response->error_count)
        put_errors(body, response);
    if (response->members.length)
        json_put_raw(body, NULL, response->members);
    json_end_object(body);
}
