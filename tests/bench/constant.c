/*
 * constant.c - a function that always answers the same, for the bench.
 *
 * It is linked with the very host that serves `change`, which reads and checks the body for it as
 * for any function. So what separates the two is what `change` itself does: its fields, the amount,
 * the coins, writing the answer.
 */
#include <dime.h>

static void handle(dime_call *call, const void *input)
{
    (void)input;
    dime_answer_json(call, 200,
                     dime_text_of("{\"res\":[{\"7\":\"quarters\"},{\"1\":\"dimes\"},"
                                  "{\"4\":\"pennies\"}]}"));
}

DIME_FUNCTION(constant, .summary = "Answers 1.89 in coins, whatever the question",
              .body_max = 8 * 1024, .handle = handle);
