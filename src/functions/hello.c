/*
 * hello.c - the smallest function, and the one to copy for your own.
 *
 * It has one field and answers in JSON. dime does everything else: it reads the field from a
 * query, a form or JSON, makes the form for a browser, answers problems, HEAD and OPTIONS, holds
 * limits and writes the log. The page is that of dime's own host; without it, dime makes a plain
 * one.
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
