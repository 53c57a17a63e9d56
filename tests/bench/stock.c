/*
 * stock.c - change as a user of libfcgi would write it, for the bench to compare with.
 *
 * One blocking loop on the listening socket that it is started with on fd 0, a connection for each
 * request: libfcgi's own manner. It believes its caller, answers one currency only and checks
 * little, so that nothing but the loop and the connections can make it slower than dime.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fcgiapp.h>

static const struct {
    long cents;
    const char *name;
} coins[] = {{25, "quarters"}, {10, "dimes"}, {5, "nickels"}, {1, "pennies"}};

/* The amount of {"amount":1.89} in cents, or -1. */
static long amount_in_cents(const char *body)
{
    const char *name = strstr(body, "\"amount\"");
    const char *colon = name ? strchr(name, ':') : NULL;
    double amount = colon ? strtod(colon + 1, NULL) : -1;
    return amount >= 0 && amount < 1e15 ? lround(amount * 100) : -1;
}

static void print_coins(FCGX_Stream *out, long cents)
{
    const char *comma = "";

    FCGX_PutS("{\"res\":[", out);
    for (size_t i = 0; i < sizeof coins / sizeof coins[0]; i++) {
        long count = cents / coins[i].cents;
        cents %= coins[i].cents;
        if (count == 0)
            continue;
        FCGX_FPrintF(out, "%s{\"%ld\":\"%s\"}", comma, count, coins[i].name);
        comma = ",";
    }
    FCGX_PutS("]}", out);
}

static void answer(FCGX_Request *request)
{
    char body[8192];
    int length = FCGX_GetStr(body, sizeof body - 1, request->in);
    long cents;

    body[length] = '\0';
    cents = amount_in_cents(body);
    if (cents < 0) {
        FCGX_PutS("Status: 422 Unprocessable Content\r\n\r\n", request->out);
        return;
    }
    FCGX_PutS("Content-Type: application/json\r\n\r\n", request->out);
    print_coins(request->out, cents);
}

int main(void)
{
    FCGX_Request request;

    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
        return 1;
    while (FCGX_Accept_r(&request) == 0)
        answer(&request);
    return 0;
}
