/*
 * page.c - a page is a Mustache template, filled from the answer's JSON.
 *
 * A name is looked up in the function's data for the page, then in its answer, then in dime's own
 * data, all of which is in the member `dime`: see dime-template(7). Every page can use three
 * partials: the problem, a form generated from the fields, and the answer as it is. Afterwards the
 * given values are put into the page's form (form_fill.c).
 */
#include "request/page.h"

#include <stdio.h>

#include "request/form_fill.h"
#include "request/function.h"
#include "request/log.h"
#include "request/problem.h"
#include "request/template.h"

DIME_EMBED(MADE_PAGE, "www/pages/made.html");
DIME_EMBED(PROBLEM_PART, "www/pages/parts/problem.html");
DIME_EMBED(FORM_PART, "www/pages/parts/form.html");
DIME_EMBED(ANSWER_PART, "www/pages/parts/answer.html");

/*
 * The generated page is self-contained, since the host may serve nothing else. It allows only its
 * own style, by the SHA-256 of the text in <style>, and the host's icon.
 */
static const char MADE_POLICY[] =
    "default-src 'none'; style-src 'sha256-UlLKuBVWL29rhhdzBiYFGuTNe1zW14F4CFQMPiH/MsA='; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

static const char POLICY_NAME[] = "Content-Security-Policy";

enum { CONTEXTS = 3, PARTIALS = 3, PAGE_DATA_MAX = 2 * RESPONSE_BODY_MAX };

static void take_partials(struct template_partial partials[PARTIALS])
{
    partials[0] = (struct template_partial){TEXT("problem"), text_of(PROBLEM_PART)};
    partials[1] = (struct template_partial){TEXT("form"), text_of(FORM_PART)};
    partials[2] = (struct template_partial){TEXT("answer"), text_of(ANSWER_PART)};
}

static bool check_template(const char *page, const char *owner, char *why, size_t size)
{
    struct template_partial partials[PARTIALS];
    char mistake[TEMPLATE_WHY];
    take_partials(partials);
    if (!page || template_check(text_of(page), partials, PARTIALS, mistake))
        return true;
    (void)snprintf(why, size, "the page%s%s%s has a mistake: %s", *owner ? " of the route \"" : "",
                   owner, *owner ? "\"" : "", mistake);
    return false;
}

bool page_check(const dime_function *function, char *why, size_t size)
{
    bool fine = check_template(function->page, "", why, size);
    for (size_t i = 0; fine && i < function->route_count; i++)
        fine = check_template(function->routes[i].page, function->routes[i].pattern, why, size);
    return fine;
}

/* The sentence above the form. It is short if the messages at the fields say everything. */
static dime_text sentence_of(const struct response *response)
{
    if (response->error_count > 1)
        return TEXT("Correct the marked fields.");
    if (response->error_count &&
        (response->detail.length || form_says_itself(&response->errors[0])))
        return TEXT("Correct the marked field.");
    return problem_detail(response);
}

static const char *heading_of(const struct response *response)
{
    if (response->error_count > 1)
        return "Some fields are wrong";
    return response->error_count ? problem_of(422)->title : problem_title(response);
}

static void put_problem(dime_json *dime, const struct response *response)
{
    dime_json *problem = dime_put_object(dime, "problem");
    dime_put_integer(problem, "status", response->status);
    dime_put_string(problem, "title", heading_of(response));
    dime_put_text(problem, "detail", sentence_of(response));
}

/* Whether a form holds the field's value as JSON, which may be long. */
static bool is_given_as_json(const dime_field *field)
{
    return field->kind == DIME_KIND_JSON || field->kind == DIME_KIND_OBJECT ||
           (field->kind == DIME_KIND_TEXT && field->shape == DIME_MAP);
}

/* An unchecked checkbox sends nothing, which means the fallback, or a missing required field. */
static bool is_yes_or_no(const dime_field *field)
{
    return field->kind == DIME_KIND_BOOLEAN && (field->required || field->fallback);
}

static void put_form_choice(dime_json *choices, const char *value, const char *label, bool usual)
{
    dime_json *choice = dime_put_object(choices, NULL);
    dime_put_string(choice, "value", value);
    dime_put_string(choice, "label", label);
    dime_put_boolean(choice, "usual", usual);
}

/* Writes the choices. GIVEN: one was chosen, so the default isn't marked. */
static void put_form_choices(dime_json *json, const dime_field *field, bool given)
{
    dime_json *choices = dime_put_array(json, "choices");
    dime_text usual = given || !field->fallback ? TEXT("") : text_bare(text_of(field->fallback));
    bool yes = false;
    if (is_yes_or_no(field)) {
        bool known = text_to_boolean(usual, &yes);
        put_form_choice(choices, "true", "yes", known && yes);
        put_form_choice(choices, "false", "no", known && !yes);
    }
    for (size_t i = 0; field->choices && field->choices[i]; i++)
        put_form_choice(choices, field->choices[i], field->choices[i],
                        text_equal(usual, text_of(field->choices[i])));
}

/* The type of the field's <input>; NULL if it isn't an <input>. */
static const char *input_type(const dime_field *field)
{
    switch (field->kind) {
    case DIME_KIND_BOOLEAN:
        return is_yes_or_no(field) ? NULL : "checkbox";
    case DIME_KIND_FILE:
        return "file";
    default:
        return field->choices || field->lines || is_given_as_json(field) ? NULL : "text";
    }
}

static void put_form_field(dime_json *json, const dime_field *field, bool given)
{
    dime_put_string(json, "name", field->name);
    dime_put_string(json, "type", input_type(field));
    dime_put_boolean(json, "lines", field->lines || is_given_as_json(field));
    dime_put_boolean(json, "json", is_given_as_json(field));
    dime_put_boolean(json, "required", field->required);
    dime_put_boolean(json, "several", field->shape == DIME_MANY && field->kind == DIME_KIND_FILE);
    dime_put_string(json, "accept", field->types);
    dime_put_string(json, "help", field->help);
    put_form_choices(json, field, given);
}

static void put_form_fields(dime_json *dime, const struct dime_call *call)
{
    size_t count;
    const dime_field *fields = call_fields(call, &count);
    dime_json *list = dime_put_array(dime, "fields");
    for (size_t i = 0; i < count; i++)
        put_form_field(dime_put_object(list, NULL), &fields[i],
                       call->values && call->values[i].given);
    dime_put_boolean(dime, "upload", field_file(fields, count));
    dime_json *values = dime_put_object(dime, "values");
    for (size_t i = 0; call->values && i < count; i++) {
        if (call->values[i].given)
            dime_put_text(values, fields[i].name, call->values[i].text);
    }
}

/* Writes dime's data about the call: the member `dime` of an object. */
static void put_call(dime_json *root, const struct dime_call *call, dime_text answer)
{
    const struct response *response = call->response;
    dime_json *dime = dime_put_object(root, "dime");
    dime_put_string(dime, "name", call->function->name);
    dime_put_string(dime, "summary", call->function->summary);
    dime_put_text(dime, "path", dime_path(call));
    dime_put_string(dime, "method", function_methods(call->function) & DIME_POST ? "post" : "get");
    put_form_fields(dime, call);
    if (response->answer == ANSWER_PROBLEM)
        put_problem(dime, response);
    else if (response->answer == ANSWER_JSON && answer.length)
        dime_put_text(dime, "answer", answer);
}

/*
 * Fills the contexts in which names are looked up, and returns their number. Returns 0 if memory
 * has run out, or if the function's data for the page isn't JSON, which is logged and becomes the
 * answer. If the answer itself isn't valid JSON or is too large, programs get it as it is, but a
 * page can't use it.
 */
static size_t gather_contexts(struct dime_call *call, dime_text answer,
                              struct json_value contexts[CONTEXTS])
{
    struct arena *arena = call->request->arena;
    struct json_error error;
    struct buffer own;
    struct dime_json root;
    size_t count = 0;
    buffer_open(&own, arena, PAGE_DATA_MAX);
    json_scope_open(&root, call, &own, false);
    put_call(&root, call, answer);
    json_scope_end(&root);
    if (own.failed || !json_check(buffer_text(&own), arena, &contexts[count++], &error))
        return 0;
    if (call->response->answer == ANSWER_JSON &&
        json_check(answer, arena, &contexts[count], &error))
        count++;
    if (!call->page.root)
        return count;
    json_scope_end(call->page.root);
    if (call->page.text.failed)
        return 0;
    if (json_check(buffer_text(&call->page.text), arena, &contexts[count++], &error))
        return count;
    if (error.fault == JSON_MALFORMED)
        call_mistake(call, "its page's data can't be read at %s", error.message);
    return 0;
}

/* Writes the template to OUT. False: it has a mistake, which is logged and becomes the answer. */
static bool write_template(struct dime_call *call, dime_text page, dime_text answer,
                           struct buffer *out)
{
    struct template_partial partials[PARTIALS];
    struct json_value contexts[CONTEXTS];
    char why[TEMPLATE_WHY];
    const struct template_data data = {
        .contexts = contexts,
        .context_count = gather_contexts(call, answer, contexts),
        .partials = partials,
        .partial_count = PARTIALS,
    };
    take_partials(partials);
    if (!data.context_count) {
        out->failed = call->response->status != 500;
        return out->failed;
    }
    switch (template_write(page, &data, out, why)) {
    case TEMPLATE_FINE:
        return true;
    case TEMPLATE_WRONG:
        call_mistake(call, "its page can't be filled: %s", why);
        return false;
    case TEMPLATE_NO_MEMORY:
        break;
    }
    out->failed = true;
    return true;
}

void page_write(struct dime_call *call, bool open)
{
    const dime_function *function = call->function;
    struct response *response = call->response;
    const char *own = call->route && call->route->page ? call->route->page : function->page;
    dime_text page = text_of(own ? own : MADE_PAGE), answer = buffer_text(&response->body);
    struct buffer filled, out;
    if (function->fill && open)
        function->fill(call, dime_page_data(call));
    buffer_open(&filled, response->arena, response->body.limit);
    buffer_open(&out, response->arena, response->body.limit);
    if (!write_template(call, page, answer, &filled)) {
        problem_write_json(response, call->request->id);
        return;
    }
    if (!own && !response_has_header(response, response->header_count, text_of(POLICY_NAME)))
        response_own_header(response, POLICY_NAME, text_of(MADE_POLICY));
    form_fill(call, buffer_text(&filled), &out);
    out.failed = out.failed || filled.failed;
    response->body = out;
    response->content_type = "text/html; charset=utf-8";
    response->answer = ANSWER_BYTES;
}
