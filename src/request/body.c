/*
 * body.c - goes by the Content-Type or, if that says nothing, by the beginning of the body.
 *
 * By default curl -d sends JSON as a form, fetch() sends it as text/plain, and people forget the
 * header. No field's name begins with a brace, a bracket or a quote, so such a body is JSON. A form
 * is ASCII. So bytes that aren't UTF-8, and are labelled as a form, as plain text or not at all,
 * can only be a file, if the function takes one.
 */
#include "request/body.h"

#include "request/function.h"

/* RFC 9110, section 8.4: a compressed body must not be read as if it weren't. */
static bool is_encoded(const struct request *request)
{
    dime_text coding = text_trim(request_header(request, "content-encoding"));
    return coding.length && !text_equal_nocase(coding, TEXT("identity"));
}

/* Whether a media type is one of those in a list such as "image/jpeg, image/png". */
static bool lists_type(const char *list, dime_text type)
{
    dime_text rest = text_of(list), one;
    while (type.length && text_cut(&rest, ',', &one)) {
        if (text_equal_nocase(text_trim(one), type))
            return true;
    }
    return false;
}

/* The field that a whole body of this media type is the file of, or NULL. */
static const dime_field *file_of_type(const struct dime_call *call, dime_text type)
{
    size_t count;
    const dime_field *fields = call_fields(call, &count);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == DIME_KIND_FILE &&
            (lists_type(fields[i].types, type) || lists_type(fields[i].other_types, type)))
            return &fields[i];
    }
    return NULL;
}

const char *body_file_types(const struct dime_call *call)
{
    size_t count;
    const dime_field *fields = call_fields(call, &count);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == DIME_KIND_FILE && fields[i].types)
            return fields[i].types;
    }
    return NULL;
}

static bool is_json_type(const dime_function *function, dime_text type)
{
    static const char OTHER_NAMES[] =
        "text/x-json, application/x-json, text/javascript, application/javascript, "
        "application/x-javascript, application/x-amz-json-1.0, application/x-amz-json-1.1";
    return text_ends_nocase(type, TEXT("/json")) || text_ends_nocase(type, TEXT("+json")) ||
           lists_type(OTHER_NAMES, type) || lists_type(function->json_types, type);
}

/* A byte order mark is skipped here, so that the JSON reader's message says to leave it out. */
static bool looks_like_json(dime_text body)
{
    const dime_text mark = TEXT("\xEF\xBB\xBF");
    dime_text text = text_starts(body, mark) ? text_skip(body, mark.length) : body;
    return text.length && memchr("{[\"", text.data[0], 3);
}

/* curl --data-binary sends a picture like this, unless a header is given. */
static bool is_bare_file(const struct dime_call *call, dime_text body)
{
    return body_file_types(call) && !text_is_utf8(body);
}

struct sent_body body_of(const struct dime_call *call)
{
    const struct request *request = call->request;
    size_t count;
    const dime_field *fields = call_fields(call, &count);
    dime_text type = text_media_type(request->content_type), text = text_trim(request->body);
    bool form = text_equal_nocase(type, TEXT("application/x-www-form-urlencoded")) || !type.length;
    bool plain = text_equal_nocase(type, TEXT("text/plain"));
    bool bare = (form || plain) && is_bare_file(call, text);
    struct sent_body body = {.kind = BODY_NONE, .type = type, .file = file_of_type(call, type)};
    if (bare)
        body.file = field_file(fields, count);
    if (text.length && is_encoded(request))
        body.kind = BODY_ENCODED;
    else if (!bare &&
             (is_json_type(call->function, type) || ((form || plain) && looks_like_json(text))))
        body.kind = BODY_JSON;
    else if (form && !bare && text.length)
        body.kind = BODY_FORM;
    else if (body.file)
        body.kind = BODY_FILE;
    else if (text.length && text_equal_nocase(type, TEXT("multipart/form-data")))
        body.kind = BODY_MULTIPART;
    else if (text.length)
        body.kind = BODY_UNKNOWN;
    return body;
}
