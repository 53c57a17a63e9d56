/*
 * invoice_test.c - the invoice at its limits, asked in this process.
 *
 * What it answers otherwise is held by the requests in tests/golden.
 */
#include <dime/test.h>

#include <stdio.h>

extern const dime_function dime_function_invoice;

/* COUNT items, each the most that it may be. */
static dime_text largest(size_t count)
{
    static char room[64 * 1024];
    size_t length = (size_t)snprintf(room, sizeof room, "{\"items\":[");
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(room + length, sizeof room - length,
                                   "%s{\"name\":\"Castle\",\"price\":1000000,\"count\":10000,"
                                   "\"vat\":100}",
                                   i ? "," : "");
    length += (size_t)snprintf(room + length, sizeof room - length, "]}");
    return (dime_text){room, length};
}

static bool ends_with(dime_text text, const char *ending)
{
    dime_text wanted = dime_text_of(ending);
    return text.length >= wanted.length &&
           dime_text_equal((dime_text){text.data + text.length - wanted.length, wanted.length},
                           wanted);
}

int main(void)
{
    dime_test *test = dime_test_begin(&dime_function_invoice);

    const dime_test_answer *answer = dime_test_ask(test, "POST /", NULL, largest(200));
    DIME_EXPECT(test, answer->status == 200);
    DIME_EXPECT(test, ends_with(answer->body, "\"net\":2000000000000.00,\"vat\":2000000000000.00,"
                                              "\"total\":4000000000000.00,\"currency\":\"EUR\"}"));

    dime_test_ask(test, "POST /", NULL, largest(201));
    DIME_EXPECT_ANSWER(test, 422,
                       "{\"type\":\"/problems/invalid-field\",\"title\":\"A field is wrong\","
                       "\"status\":422,\"detail\":\"items may have at most 200 items.\","
                       "\"instance\":\"invoice\",\"errors\":[{\"field\":\"items\","
                       "\"detail\":\"items may have at most 200 items.\"}]}");

    /* Less than half a cent of VAT is none, half a cent is one: for each rate, not each item. */
    dime_test_send(test, "POST /",
                   "{\"items\":[{\"name\":\"a\",\"price\":0.02,\"vat\":20},"
                   "{\"name\":\"b\",\"price\":0.02,\"vat\":12.5},"
                   "{\"name\":\"c\",\"price\":0.02,\"vat\":12.5}]}");
    DIME_EXPECT_ANSWER(test, 200,
                       "{\"items\":[{\"name\":\"a\",\"net\":0.02},{\"name\":\"b\",\"net\":0.02},"
                       "{\"name\":\"c\",\"net\":0.02}],\"rates\":["
                       "{\"rate\":12.5,\"net\":0.04,\"vat\":0.01},"
                       "{\"rate\":20.0,\"net\":0.02,\"vat\":0.00}],"
                       "\"net\":0.06,\"vat\":0.01,\"total\":0.07,\"currency\":\"EUR\"}");

    dime_test_memory(test, 4096);
    answer = dime_test_ask(test, "POST /", NULL, largest(200));
    DIME_EXPECT(test, answer->status == 503);
    return dime_test_end(test);
}
