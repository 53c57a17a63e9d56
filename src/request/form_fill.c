/*
 * form_fill.c - puts the given values, and the errors in them, into a page's form.
 *
 * The page is searched for the tags of its form. An input, an option or a textarea gets the given
 * value, and <p id="NAME-error" hidden></p> becomes the message at that field. So a form is plain
 * HTML, in which an author writes no values and no messages. A page must have each tag on one line,
 * with attributes in double quotes and one space before each. A template escapes what it inserts,
 * so no tag that is found here can come from a client.
 */
#include "request/form_fill.h"

#include "request/function.h"

struct filling {
    const struct dime_call *call;
    const dime_field *fields; /* of the call */
    size_t field_count;
    const struct response *response;
    struct buffer *out;
    dime_text given;   /* what was given for the last <select> */
    dime_text escaped; /* the same, escaped as in a page */
    bool exact;        /* it is a choice: two names may differ only in case */
};

/* The value of an attribute in a tag's text; data is NULL if it has none. */
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

static const struct value *kept_value_of(const struct filling *filling, dime_text name)
{
    const dime_field *field = field_find(filling->fields, filling->field_count, name);
    return field && filling->call->values ? &filling->call->values[field - filling->fields] : NULL;
}

static const struct field_error *error_of(const struct filling *filling, dime_text name)
{
    const struct response *response = filling->response;
    return response->answer == ANSWER_PROBLEM ? response_field_error(response, name) : NULL;
}

static void put_html_attribute(struct buffer *out, const char *name, dime_text value)
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

/* Browsers don't let a page fill in a file. */
static bool is_file(dime_text tag)
{
    return text_equal(attribute(tag, TEXT("type")), TEXT("file"));
}

/* TAG is the text between < and >. */
static void fill_input(struct filling *filling, dime_text tag)
{
    dime_text name = attribute(tag, TEXT("name"));
    const struct value *value = kept_value_of(filling, name);
    buffer_put(filling->out, tag);
    if (text_equal(attribute(tag, TEXT("type")), TEXT("checkbox"))) {
        if (value && value->boolean)
            buffer_put(filling->out, TEXT(" checked"));
    } else if (value && value->text.length && !is_file(tag)) {
        put_html_attribute(filling->out, "value", value->text);
    }
    put_invalid(filling, name);
}

static void fill_select(struct filling *filling, dime_text tag)
{
    dime_text name = attribute(tag, TEXT("name"));
    const struct value *value = kept_value_of(filling, name);
    const dime_field *field = field_find(filling->fields, filling->field_count, name);
    struct buffer escaped;
    buffer_open(&escaped, filling->response->arena, RESPONSE_BODY_MAX);
    filling->given = value ? text_bare(value->text) : TEXT("");
    buffer_html(&escaped, filling->given);
    filling->escaped = buffer_text(&escaped);
    filling->out->failed = filling->out->failed || escaped.failed;
    filling->exact = field && field->kind == DIME_KIND_CHOICE;
    if (value && value->given && field && field->kind == DIME_KIND_BOOLEAN)
        filling->escaped = value->boolean ? TEXT("true") : TEXT("false");
    buffer_put(filling->out, tag);
    put_invalid(filling, name);
}

static void fill_option(struct filling *filling, dime_text tag)
{
    dime_text option = attribute(tag, TEXT("value"));
    bool (*is_same)(dime_text, dime_text) = filling->exact ? text_equal : text_equal_nocase;
    buffer_put(filling->out, tag);
    if (option.length && (is_same(filling->given, option) || is_same(filling->escaped, option)))
        buffer_put(filling->out, TEXT(" selected"));
}

/* The text is between the tags. A line end before it isn't part of it (HTML, 4.10.11). */
static void fill_textarea(struct filling *filling, dime_text tag)
{
    dime_text name = attribute(tag, TEXT("name"));
    const struct value *value = kept_value_of(filling, name);
    buffer_put(filling->out, tag);
    put_invalid(filling, name);
    buffer_puts(filling->out, ">\n");
    if (value)
        buffer_html(filling->out, value->text);
}

/* <details data-fields="coins till"> is open if one of its fields is given or wrong. */
static void fill_details(struct filling *filling, dime_text tag)
{
    dime_text names = attribute(tag, TEXT("data-fields")), name;
    bool open = false;
    while (text_cut(&names, ' ', &name)) {
        const struct value *value = kept_value_of(filling, name);
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

/* Cuts a prefix off a text. False: the text doesn't begin with it, and stays as it is. */
static bool cut_prefix(dime_text *text, dime_text prefix)
{
    if (!text_starts(*text, prefix))
        return false;
    *text = text_skip(*text, prefix.length);
    return true;
}

/*
 * Removes the field's name from a message, because a page shows the message next to the field's
 * label: "This must be ..." or, for a missing field, "Give the ..." is enough. Returns the text to
 * write before REST. NULL: the message doesn't begin with the name, and REST is all of it.
 */
static const char *cut_name(const struct field_error *error, dime_text *rest)
{
    const dime_text name = error->field, give = TEXT("Give "), colon = TEXT(": ");
    *rest = error->detail;
    if (cut_prefix(rest, name) && text_starts(*rest, TEXT(" ")))
        return "This";
    *rest = error->detail;
    if (cut_prefix(rest, give) && cut_prefix(rest, name) && cut_prefix(rest, colon))
        return "Give ";
    *rest = error->detail;
    return NULL;
}

/* Writes the paragraph of a message, without its end. False: nothing is wrong with the field. */
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

/* <p id="NAME-error" hidden> becomes the message's paragraph. Any other stays as it is. */
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

/* The functions that fill tags, by how the tag begins. `close` must follow the tag. */
static const struct form_place {
    dime_text open;
    dime_text close;
    void (*fill)(struct filling *filling, dime_text inner);
    bool keep; /* the brackets stay */
} PLACES[] = {
    {{"<input ", 7}, {">", 1}, fill_input, true},
    {{"<select ", 8}, {">", 1}, fill_select, true},
    {{"<option ", 8}, {">", 1}, fill_option, true},
    {{"<details ", 9}, {">", 1}, fill_details, true},
    {{"<textarea ", 10}, {">", 1}, fill_textarea, false},
    {{"<title", 6}, {">", 1}, fill_title, false},
    {{"<p id=", 6}, {">", 1}, fill_paragraph, false},
};

static const struct form_place *place_at(dime_text page)
{
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        if (text_starts(page, PLACES[i].open))
            return &PLACES[i];
    }
    return NULL;
}

/* Fills the tag at the '<' that PAGE begins with. Returns how many bytes of PAGE it has read. */
static size_t fill_place(struct filling *filling, dime_text page)
{
    const struct form_place *place = place_at(page);
    size_t open = place ? place->open.length : 0;
    const char *end =
        place ? memmem(page.data + open, page.length - open, place->close.data, place->close.length)
              : NULL;
    if (!end) {
        buffer_put(filling->out, (dime_text){page.data, 1});
        return 1;
    }
    dime_text inner = {page.data + 1, (size_t)(end - page.data) - 1};
    if (place->fill != fill_paragraph)
        buffer_put(filling->out, TEXT("<"));
    place->fill(filling, inner);
    if (place->keep)
        buffer_put(filling->out, place->close);
    return (size_t)(end - page.data) + place->close.length;
}

static void fill_all(struct filling *filling, dime_text page)
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

void form_fill(const struct dime_call *call, dime_text page, struct buffer *out)
{
    struct filling filling = {.call = call, .response = call->response, .out = out};
    filling.fields = call_fields(call, &filling.field_count);
    fill_all(&filling, page);
}

/* Whether a field's message makes sense without its name. */
bool form_says_itself(const struct field_error *error)
{
    dime_text rest;
    return cut_name(error, &rest);
}
