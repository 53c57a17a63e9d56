/*
 * fault.c - reads AWS's two kinds of error answers, and tolerates garbage.
 *
 * Only the text of one XML element is needed, so it's found by its tag. None of the elements that
 * are read has attributes, and no code or key has an entity.
 */
#include "services/aws/fault.h"

#include <stdio.h>

#include "base/json.h"

enum { FAULT_CODE_MAX = 80, ELEMENT_MAX = 64 };

/* A code without the namespace before it and the address after it; empty if it isn't a code. */
static dime_text tidy(dime_text code)
{
    const char *hash = code.length ? memchr(code.data, '#', code.length) : NULL;
    if (hash) {
        size_t before = (size_t)(hash + 1 - code.data);
        code = (dime_text){hash + 1, code.length - before};
    }
    dime_text rest = code;
    if (!text_cut(&rest, ':', &code))
        return TEXT("");
    for (size_t i = 0; i < code.length; i++) {
        if (!text_alphanumeric(code.data[i]) && code.data[i] != '.')
            return TEXT("");
    }
    return code.length && code.length <= FAULT_CODE_MAX ? code : TEXT("");
}

dime_text fault_element(dime_text xml, const char *name)
{
    char begin[ELEMENT_MAX];
    int length = snprintf(begin, sizeof begin, "<%s>", name);
    const char *at =
        length > 0 && xml.length ? memmem(xml.data, xml.length, begin, (size_t)length) : NULL;
    if (!at)
        return TEXT("");
    at += length;
    size_t left = (size_t)(xml.data + xml.length - at);
    const char *end = memchr(at, '<', left);
    return end ? (dime_text){at, (size_t)(end - at)} : TEXT("");
}

static struct aws_fault read_json_fault(dime_text body, struct arena *arena)
{
    struct aws_fault fault = {TEXT(""), TEXT("")};
    struct json_value value;
    struct json_error error;
    if (!json_check(body, arena, &value, &error))
        return fault;
    fault.code = tidy(json_text_at(value, "__type", arena));
    if (!fault.code.length)
        fault.code = tidy(json_text_at(value, "code", arena));
    if (!fault.code.length)
        fault.code = tidy(json_text_at(value, "Code", arena));
    fault.message = json_text_at(value, "message", arena);
    if (!fault.message.length)
        fault.message = json_text_at(value, "Message", arena);
    return fault;
}

struct aws_fault fault_read(const struct http_answer *answer, struct arena *arena)
{
    dime_text body = text_trim(buffer_text(&answer->body));
    struct aws_fault fault;
    if (text_starts(body, TEXT("<"))) {
        fault.code = tidy(fault_element(body, "Code"));
        fault.message = fault_element(body, "Message");
    } else {
        fault = read_json_fault(body, arena);
    }
    dime_text type = tidy(text_of(answer->error_type));
    if (type.length)
        fault.code = type;
    return fault;
}

bool fault_is_of_credentials(dime_text code)
{
    static const char *const CODES[] = {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "AuthFailure",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "TokenRefreshRequired",
    };
    return text_is_one_of(code, CODES, sizeof CODES / sizeof *CODES);
}

bool fault_is_of_rights(dime_text code)
{
    return text_equal(code, TEXT("AccessDenied")) ||
           text_equal(code, TEXT("AccessDeniedException"));
}
