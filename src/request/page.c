/*
 * page.c - fills a plain HTML page: no template language, the page is one that a browser can open.
 *
 * A page of ours is searched for the tags of its form and for a few comments. An input or an option
 * gets the value that was given, <p id="NAME-error" hidden></p> or <!--error NAME--> becomes the
 * message at that field (a field that is described by it needs the former, which is always there),
 * <!--choices--> the menu of a <select>, <!--result--> the result, <!--problem--> what is wrong as
 * a whole. So the page that nginx serves as a file and the one that answers a form are the same,
 * and a designer can work on it without a compiler. Pages are written by us: each tag on one line,
 * attributes in double quotes, one space before each.
 */
#include "request/page.h"

#include "request/fields.h"
#include "request/problem.h"

extern const dime_text function_page; /* www/function.html */

struct filling {
    const dime_function *function;
    const struct request *request;
    const struct response *response;
    dime_text result; /* the fragment, or JSON for a <pre> */
    struct buffer *out;
    dime_text select; /* the name of the <select> that was last seen */
};

/* The value of an attribute in a tag's text; data is NULL where it has none. */
static dime_text attribute(dime_text tag, dime_text name)
{
    dime_text rest = tag, part;
    while (text_cut(&rest, ' ', &part)) {
        size_t quoted = name.length + 2; /* name=" */
        if (part.length <= quoted || !text_starts(part, name) || part.data[name.length] != '=')
            continue;
        dime_text value = {part.data + quoted,
                           (size_t)(tag.data + tag.length - part.data) - quoted};
        dime_text inner;
        return text_cut(&value, '"', &inner) ? inner : (dime_text){0};
    }
    return (dime_text){0};
}

static const struct value *value_of(const struct filling *filling, dime_text name)
{
    const dime_field *fields = filling->function->fields;
    if (!filling->request->values || !fields)
        return NULL;
    for (size_t i = 0; fields[i].name; i++) {
        if (text_equal(text_of(fields[i].name), name))
            return &filling->request->values[i];
    }
    return NULL;
}

static const struct field_error *error_of(const struct filling *filling, dime_text name)
{
    const struct response *response = filling->response;
    return response->answer == ANSWER_PROBLEM ? response_field_error(response, name) : NULL;
}

static void put_attribute(struct buffer *out, const char *name, dime_text value)
{
    buffer_put(out, TEXT(" "));
    buffer_puts(out, name);
    buffer_put(out, TEXT("=\""));
    buffer_html(out, value);
    buffer_put(out, TEXT("\""));
}

static void put_invalid(struct filling *filling, dime_text name)
{
    if (error_of(filling, name))
        buffer_put(filling->out, TEXT(" aria-invalid=\"true\""));
}

/* A browser doesn't let a page fill in a file. */
static bool is_file(dime_text tag)
{
    return text_equal(attribute(tag, TEXT("type")), TEXT("file"));
}

/* TAG is what stands between < and >. */
static void fill_input(struct filling *filling, dime_text tag)
{
    dime_text name = attribute(tag, TEXT("name"));
    const struct value *value = value_of(filling, name);
    buffer_put(filling->out, tag);
    if (text_equal(attribute(tag, TEXT("type")), TEXT("checkbox"))) {
        if (value && value->boolean)
            buffer_put(filling->out, TEXT(" checked"));
    } else if (value && value->text.length && !is_file(tag)) {
        put_attribute(filling->out, "value", value->text);
    }
    put_invalid(filling, name);
}

static void fill_select(struct filling *filling, dime_text tag)
{
    filling->select = attribute(tag, TEXT("name"));
    buffer_put(filling->out, tag);
    put_invalid(filling, filling->select);
}

static void fill_option(struct filling *filling, dime_text tag)
{
    const struct value *value = value_of(filling, filling->select);
    buffer_put(filling->out, tag);
    if (value && text_equal_nocase(text_trim(value->text), attribute(tag, TEXT("value"))))
        buffer_put(filling->out, TEXT(" selected"));
}

static const struct menu *menu_of(const struct filling *filling, dime_text name)
{
    for (size_t i = 0; i < filling->response->menu_count; i++) {
        if (text_equal(text_of(filling->response->menus[i].field), name))
            return &filling->response->menus[i];
    }
    return NULL;
}

/* The function's own choices for the <select> that was last seen. */
static void put_choices(struct filling *filling)
{
    const struct menu *menu = menu_of(filling, filling->select);
    const struct value *value = value_of(filling, filling->select);
    bool given = value && value->text.length;
    for (size_t i = 0; menu && i < menu->count; i++) {
        const struct choice *choice = &menu->choices[i];
        bool chosen =
            given ? text_equal_nocase(text_trim(value->text), choice->value) : choice->usual;
        buffer_puts(filling->out, "<option");
        put_attribute(filling->out, "value", choice->value);
        buffer_puts(filling->out, chosen ? " selected>" : ">");
        buffer_html(filling->out, choice->label);
        buffer_puts(filling->out, "</option>\n");
    }
}

/* The text stands between the tags; a line's end before it is no part of it (HTML, 4.10.11). */
static void fill_textarea(struct filling *filling, dime_text tag)
{
    dime_text name = attribute(tag, TEXT("name"));
    const struct value *value = value_of(filling, name);
    buffer_put(filling->out, tag);
    put_invalid(filling, name);
    buffer_puts(filling->out, ">\n");
    if (value)
        buffer_html(filling->out, value->text);
}

/* <details data-fields="coins till"> stands open where one of its fields is given or wrong. */
static void fill_details(struct filling *filling, dime_text tag)
{
    dime_text names = attribute(tag, TEXT("data-fields")), name;
    bool open = false;
    while (text_cut(&names, ' ', &name)) {
        const struct value *value = value_of(filling, name);
        open = open || (value && value->text.length) || error_of(filling, name);
    }
    buffer_put(filling->out, tag);
    if (open)
        buffer_put(filling->out, TEXT(" open"));
}

static void fill_title(struct filling *filling, dime_text tag)
{
    buffer_put(filling->out, tag);
    if (filling->response->answer == ANSWER_PROBLEM)
        buffer_put(filling->out, TEXT(">Error: "));
    else
        buffer_put(filling->out, TEXT(">"));
}

/* Cuts a prefix off a text; false: it doesn't begin so, and is as it was. */
static bool cut_prefix(dime_text *text, dime_text prefix)
{
    if (!text_starts(*text, prefix))
        return false;
    *text = text_skip(*text, prefix.length);
    return true;
}

/*
 * What is wrong with a field without the name that programs know it by: a page calls it by its
 * label, and beside that "This must be ..." or, of a field that was left out, "Give the ..." says
 * enough. Returns what to say before REST; NULL: the name isn't in front, and REST is all of it.
 */
static const char *cut_name(const struct field_error *error, dime_text *rest)
{
    const dime_text name = text_of(error->field), give = TEXT("Give "), colon = TEXT(": ");
    *rest = error->detail;
    if (cut_prefix(rest, name) && text_starts(*rest, TEXT(" ")))
        return "This";
    *rest = error->detail;
    if (cut_prefix(rest, give) && cut_prefix(rest, name) && cut_prefix(rest, colon))
        return "Give ";
    *rest = error->detail;
    return NULL;
}

/* The paragraph of a message, without its end; false: there is nothing wrong with the field. */
static bool put_message(struct filling *filling, dime_text name)
{
    const struct field_error *error = error_of(filling, name);
    dime_text rest;
    if (!error)
        return false;
    buffer_puts(filling->out, "<p class=\"error\" id=\"");
    buffer_html(filling->out, name);
    buffer_puts(filling->out, "-error\">");
    const char *before = cut_name(error, &rest);
    buffer_puts(filling->out, before ? before : "");
    buffer_html(filling->out, rest);
    return true;
}

static void put_field_error(struct filling *filling, dime_text name)
{
    if (put_message(filling, name))
        buffer_puts(filling->out, "</p>");
}

/* <p id="NAME-error" hidden> becomes the message's paragraph; any other stays as it is. */
static void fill_paragraph(struct filling *filling, dime_text tag)
{
    const dime_text ending = TEXT("-error");
    dime_text name = attribute(tag, TEXT("id"));
    if (name.length > ending.length && text_ends_nocase(name, ending)) {
        name.length -= ending.length;
        if (put_message(filling, name))
            return;
    }
    buffer_puts(filling->out, "<");
    buffer_put(filling->out, tag);
    buffer_puts(filling->out, ">");
}

/* Whether what is wrong with the only wrong field need not be said above the form too. */
static bool is_said_there(const struct response *response)
{
    dime_text rest;
    return response->detail.length || cut_name(&response->errors[0], &rest);
}

static void put_problem(struct filling *filling)
{
    const struct response *response = filling->response;
    if (response->answer != ANSWER_PROBLEM)
        return;
    buffer_puts(filling->out, "<div class=\"problem\" role=\"alert\"><h2>");
    bool several = response->error_count > 1;
    buffer_puts(filling->out, several                 ? "Some fields are wrong"
                              : response->error_count ? problem_of(422)->title /* of a field */
                                                      : problem_title(response));
    buffer_puts(filling->out, "</h2><p>");
    if (several)
        buffer_puts(filling->out, "Correct the marked fields.");
    else if (response->error_count && is_said_there(response))
        buffer_puts(filling->out, "Correct the marked field.");
    else
        buffer_html(filling->out, problem_detail(response));
    buffer_puts(filling->out, "</p></div>");
}

static void put_result(struct filling *filling)
{
    if (filling->response->answer == ANSWER_FRAGMENT) {
        buffer_put(filling->out, filling->result);
    } else if (filling->response->answer == ANSWER_WHOLE && filling->result.length) {
        buffer_puts(filling->out, "<section class=\"result\" id=\"result\" tabindex=\"-1\" "
                                  "aria-labelledby=\"result-title\">\n"
                                  "<h2 id=\"result-title\">Answer</h2>\n<pre class=\"json\">");
        buffer_html(filling->out, filling->result);
        buffer_puts(filling->out, "</pre></section>");
    }
}

/* The page made for a function without one of its own: what its table of fields says. */
static const char *input_type(const dime_field *field)
{
    return field->kind == FIELD_BOOLEAN ? "checkbox" : field->kind == FIELD_FILE ? "file" : "text";
}

static void put_form_field(struct filling *filling, const dime_field *field)
{
    struct buffer *out = filling->out;
    struct buffer tag;
    buffer_printf(out, "<div class=\"field\">\n<label for=\"%s\">%s</label>\n<", field->name,
                  field->name);
    buffer_open(&tag, out->arena, out->limit);
    buffer_printf(&tag,
                  "input id=\"%s\" name=\"%s\" type=\"%s\" autocomplete=\"off\"%s "
                  "aria-describedby=\"%s-hint %s-error\"",
                  field->name, field->name, input_type(field), field->required ? " required" : "",
                  field->name, field->name);
    if (field->types)
        put_attribute(&tag, "accept", text_of(field->types));
    out->failed = out->failed || tag.failed; /* part of a tag is worse than no page */
    fill_input(filling, buffer_text(&tag));
    buffer_printf(out, ">\n<p class=\"hint\" id=\"%s-hint\">", field->name);
    buffer_html(out, text_of(field->help));
    buffer_puts(out, "</p>\n");
    if (!put_message(filling, text_of(field->name)))
        buffer_printf(out, "<p id=\"%s-error\" hidden>", field->name);
    buffer_puts(out, "</p>\n</div>\n");
}

static void put_form(struct filling *filling)
{
    const dime_function *function = filling->function;
    buffer_printf(filling->out,
                  "<form class=\"made\" method=\"%s\" action=\"/cgi-bin/%s#result\"%s "
                  "novalidate>\n",
                  function->methods & METHOD_POST ? "post" : "get", function->name,
                  fields_file(function) ? " enctype=\"multipart/form-data\"" : "");
    for (size_t i = 0; function->fields[i].name; i++)
        put_form_field(filling, &function->fields[i]);
    buffer_puts(filling->out, "<button type=\"submit\">Send</button>\n</form>");
}

static void fill_comment(struct filling *filling, dime_text comment)
{
    const dime_text error = TEXT("error ");
    if (text_starts(comment, error))
        put_field_error(filling,
                        (dime_text){comment.data + error.length, comment.length - error.length});
    else if (text_equal(comment, TEXT("problem")))
        put_problem(filling);
    else if (text_equal(comment, TEXT("result")))
        put_result(filling);
    else if (text_equal(comment, TEXT("title")))
        buffer_html(filling->out, text_of(filling->function->name));
    else if (text_equal(comment, TEXT("summary")))
        buffer_html(filling->out, text_of(filling->function->summary));
    else if (text_equal(comment, TEXT("form")))
        put_form(filling);
    else if (text_equal(comment, TEXT("choices")))
        put_choices(filling);
}

/* What a tag that begins so is filled by; `close` stands behind it. */
static const struct place {
    dime_text open;
    dime_text close;
    void (*fill)(struct filling *filling, dime_text inner);
    bool keep; /* the brackets stay */
} PLACES[] = {
    {{"<!--", 4}, {"-->", 3}, fill_comment, false},
    {{"<input ", 7}, {">", 1}, fill_input, true},
    {{"<select ", 8}, {">", 1}, fill_select, true},
    {{"<option ", 8}, {">", 1}, fill_option, true},
    {{"<details ", 9}, {">", 1}, fill_details, true},
    {{"<textarea ", 10}, {">", 1}, fill_textarea, false},
    {{"<title", 6}, {">", 1}, fill_title, false},
    {{"<p id=", 6}, {">", 1}, fill_paragraph, false},
};

static const struct place *place_at(dime_text page)
{
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        if (text_starts(page, PLACES[i].open))
            return &PLACES[i];
    }
    return NULL;
}

/* Fills what stands at the '<' that PAGE begins with; returns how many bytes of the page it was. */
static size_t fill_place(struct filling *filling, dime_text page)
{
    const struct place *place = place_at(page);
    size_t open = place ? place->open.length : 0;
    const char *end =
        place ? memmem(page.data + open, page.length - open, place->close.data, place->close.length)
              : NULL;
    if (!end) {
        buffer_put(filling->out, (dime_text){page.data, 1});
        return 1;
    }
    size_t skip = place->fill == fill_comment ? open : 1;
    dime_text inner = {page.data + skip, (size_t)(end - page.data) - skip};
    if (place->fill != fill_comment && place->fill != fill_paragraph)
        buffer_put(filling->out, TEXT("<"));
    place->fill(filling, inner);
    if (place->keep)
        buffer_put(filling->out, place->close);
    return (size_t)(end - page.data) + place->close.length;
}

static void fill_page(struct filling *filling, dime_text page)
{
    while (page.length) {
        const char *bracket = memchr(page.data, '<', page.length);
        size_t plain = bracket ? (size_t)(bracket - page.data) : page.length;
        buffer_put(filling->out, (dime_text){page.data, plain});
        page = (dime_text){page.data + plain, page.length - plain};
        if (!page.length)
            return;
        size_t used = fill_place(filling, page);
        page = (dime_text){page.data + used, page.length - used};
    }
}

void page_write(const dime_function *function, const struct request *request,
                struct response *response)
{
    struct buffer out;
    buffer_open(&out, response->arena, response->body.limit);
    struct filling filling = {
        .function = function,
        .request = request,
        .response = response,
        .result = buffer_text(&response->body),
        .out = &out,
    };
    fill_page(&filling, function->page ? *function->page : function_page);
    response->body = out;
    response->content_type = "text/html; charset=utf-8";
    response->answer = ANSWER_WHOLE;
}
