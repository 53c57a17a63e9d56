/*
 * hello.c - the smallest function, and the one to copy for your own.
 *
 * It has one field and answers in JSON, and leaves everything else to dime: reading the field from
 * a query, a form or JSON, the form for a browser, problems, limits, HEAD, OPTIONS and the log. Its
 * page is the one of dime's own host; without it, a plain one is made.
 */
#include <dime.h>

DIME_EMBED(HELLO_PAGE, "www/whole/function.html");

struct greeting {
    dime_text name;
};

static const dime_field HELLO_FIELDS[] = {
    DIME_TEXT(struct greeting, name, .min = 1, .max = 200, .fallback = "world",
              .help = "whom to greet"),
};

static void hello(dime_call *call, const void *input)
{
    const struct greeting *greeting = input;
    dime_json *json = dime_answer(call, 200);
    dime_put_format(json, "message", "hello %.*s", DIME_ARG(greeting->name));
}

DIME_FUNCTION(hello, .summary = "Says hello", .body_max = 8 * 1024,
              DIME_INPUT(struct greeting, HELLO_FIELDS), .effects = DIME_READS, .page = HELLO_PAGE,
              .handle = hello);
