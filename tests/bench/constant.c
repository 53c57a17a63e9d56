/*
 * constant.c - a function that always answers the same, for the bench.
 *
 * It is linked with the very host that serves `change`, which reads and checks the body for it as
 * for any function. So what separates the two is what `change` itself does: its fields, the amount,
 * the coins, writing the answer.
 */
#include "function.h"

static const dime_field FIELDS[] = {{0}};

static void handle(const struct request *request, struct response *response)
{
    (void)request;
    buffer_put(response_json(response),
               TEXT("{\"res\":[{\"7\":\"quarters\"},{\"1\":\"dimes\"},{\"4\":\"pennies\"}]}"));
}

extern const dime_function function_constant;

const dime_function function_constant = {
    .name = "constant",
    .summary = "Answers 1.89 in coins, whatever the question",
    .methods = METHOD_GET | METHOD_POST,
    .body_max = 8 * 1024,
    .fields = FIELDS,
    .handle = handle,
};
