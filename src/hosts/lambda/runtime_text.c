/*
 * runtime_text.c - reads heads, and writes the texts of URLs and error documents.
 *
 * A head is read line by line as it arrives, and its few known values are copied: libcurl owns a
 * line, and reuses its memory for the next one.
 */
#include "hosts/lambda/runtime_text.h"

#include "base/json_put.h"

/* The names in lower case, without their common prefix. */
static const dime_text PREFIX = {"lambda-runtime-", 15};
static const dime_text NAMES[RUNTIME_HEADERS] = {
    [RUNTIME_REQUEST_ID] = {"aws-request-id", 14},
    [RUNTIME_DEADLINE] = {"deadline-ms", 11},
    [RUNTIME_FUNCTION_ARN] = {"invoked-function-arn", 20},
    [RUNTIME_TRACE_ID] = {"trace-id", 8},
    [RUNTIME_CLIENT_CONTEXT] = {"client-context", 14},
    [RUNTIME_COGNITO_IDENTITY] = {"cognito-identity", 16},
    [RUNTIME_TENANT_ID] = {"aws-tenant-id", 13},
    [RUNTIME_INVOCATION_ID] = {"invocation-id", 13},
};

void runtime_head_open(struct runtime_head *head)
{
    memset(head->values, 0, sizeof head->values);
    head->whole = false;
    head->used = 0;
}

static void keep(struct runtime_head *head, enum runtime_header which, dime_text value)
{
    if (head->values[which].length || value.length > sizeof head->room - head->used ||
        (which == RUNTIME_REQUEST_ID && value.length > RUNTIME_ID_MAX))
        return;
    char *copy = head->room + head->used;
    if (value.length)
        memcpy(copy, value.data, value.length);
    head->values[which] = (dime_text){copy, value.length};
    head->used += value.length;
}

void runtime_head_line(struct runtime_head *head, dime_text line)
{
    dime_text name;
    head->whole = head->whole || !text_trim(line).length;
    if (!text_cut(&line, ':', &name) || !line.data || !text_starts_nocase(name, PREFIX))
        return;
    name = text_skip(name, PREFIX.length);
    for (size_t i = 0; i < RUNTIME_HEADERS; i++) {
        if (text_equal_nocase(name, NAMES[i]))
            keep(head, (enum runtime_header)i, text_trim(line));
    }
}

int64_t runtime_head_deadline(const struct runtime_head *head)
{
    int64_t deadline = 0;
    if (!text_to_int64(head->values[RUNTIME_DEADLINE], &deadline) || deadline < 0)
        return 0;
    return deadline;
}

size_t runtime_head_share(const struct runtime_head *head, struct header *headers)
{
    static const struct {
        enum runtime_header which;
        dime_text name;
    } SHARED[] = {
        {RUNTIME_FUNCTION_ARN, {"lambda-runtime-invoked-function-arn", 35}},
        {RUNTIME_CLIENT_CONTEXT, {"lambda-runtime-client-context", 29}},
        {RUNTIME_COGNITO_IDENTITY, {"lambda-runtime-cognito-identity", 31}},
        {RUNTIME_TENANT_ID, {"lambda-runtime-aws-tenant-id", 28}},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        if (head->values[SHARED[i].which].length)
            headers[count++] = (struct header){SHARED[i].name, head->values[SHARED[i].which]};
    }
    return count;
}

void runtime_put_error(struct buffer *out, dime_text message, const char *type)
{
    json_begin_object(out, NULL);
    json_put_text(out, "errorMessage", message);
    json_put_text(out, "errorType", text_of(type));
    json_put_raw(out, "stackTrace", TEXT("[]"));
    json_end_object(out);
}
