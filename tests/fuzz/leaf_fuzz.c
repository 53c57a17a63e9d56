/*
 * leaf_fuzz.c - the small parsers against hostile bytes; the first byte of the input says which.
 *
 * What they find must lie in the text that they were given, or be the arena's. What can be written
 * again must read as the same: an amount of money, in every currency and for people too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "services/aws/fault.h"
#include "services/aws/ini.h"
#include "tool/consume/redis_url.h"
#include "hosts/lambda/runtime_text.h"
#include "money/currency.h"
#include "base/buffer.h"
#include "money/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static bool lies_in(dime_text part, dime_text whole)
{
    return part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}

static void try_ini(dime_text text)
{
    static const char *const words[] = {"", "profile", "default", "services", "region", "s3"};
    enum { WORDS = sizeof words / sizeof *words };
    for (size_t i = 0; i < (size_t)WORDS * WORDS; i++) {
        struct ini_place place = {
            .kind = text_of(words[i % 2]),
            .name = text_of(words[i % WORDS]),
            .key = text_of(words[i / WORDS]),
            .under = text_of(i % 3 ? "" : words[(i + 1) % WORDS]),
        };
        dime_text value = {0};
        require(ini_find(text, &place, &value) || value.length == 0);
        require(lies_in(value, text));
    }
}

static void try_redis_url(dime_text text)
{
    struct arena arena;
    struct redis_url url = {0};
    const char *why = NULL;
    arena_open(&arena, text.length % 4 ? 1 << 20 : 64);
    if (redis_url_read(&url, text, &arena, &why)) {
        require(!url.host != !url.socket && url.stream.length);
        require(!url.host || (url.port >= 1 && url.port <= 65535));
    } else {
        require(arena.failed || (why && why[0]));
    }
    arena_close(&arena);
}

static void try_runtime_head(dime_text text)
{
    static struct runtime_head head;
    struct header headers[RUNTIME_HEADERS];
    dime_text line;
    runtime_head_open(&head);
    while (text_cut(&text, '\n', &line))
        runtime_head_line(&head, line);
    require(head.used <= RUNTIME_HEAD_MAX && runtime_head_deadline(&head) >= 0);
    for (size_t i = 0; i < RUNTIME_HEADERS; i++)
        require(lies_in(head.values[i], (dime_text){head.room, head.used}));
    require(runtime_head_share(&head, headers) <= RUNTIME_HEADERS);
}

static void try_fault(dime_text text)
{
    struct arena arena;
    struct http_answer answer = {.status = 400};
    arena_open(&arena, 1 << 20);
    buffer_open(&answer.body, &arena, 1 << 16);
    buffer_put(&answer.body, text);
    snprintf(answer.error_type, sizeof answer.error_type, "%.*s", (int)(text.length % 100),
             text.data);
    struct aws_fault fault = fault_read(&answer, &arena);
    for (size_t i = 0; i < fault.code.length; i++)
        require((unsigned char)fault.code.data[i] > ' ');
    require(lies_in(fault_element(text, "Code"), text));
    (void)fault_is_of_credentials(fault.code);
    (void)fault_is_of_rights(fault.code);
    arena_close(&arena);
}

/* An amount that is written for programs or for people reads as itself. */
static void round_trip(int64_t amount, const struct currency *currency)
{
    char written[DECIMAL_TEXT], sentence[DECIMAL_SENTENCE];
    int64_t again = -1;
    struct buffer plain;
    buffer_over(&plain, written, sizeof written);
    buffer_decimal(&plain, amount, currency->exponent);
    require(decimal_read(buffer_text(&plain), currency, &again, sentence) == DECIMAL_OK &&
            again == amount);
    size_t length = decimal_write_for_people(amount, currency, written);
    again = -1;
    require(decimal_read((dime_text){written, length}, currency, &again, sentence) == DECIMAL_OK &&
            again == amount);
}

static void try_amount(dime_text text)
{
    size_t count;
    const struct currency *all = currency_list(&count);
    for (size_t i = 0; i < count; i++) {
        char sentence[DECIMAL_SENTENCE] = "";
        int64_t amount = -1;
        if (decimal_read(text, &all[i], &amount, sentence) == DECIMAL_OK) {
            require(amount >= 0 && !sentence[0]);
            round_trip(amount, &all[i]);
        } else {
            size_t length = strlen(sentence);
            require(amount == -1 && length > 1 && length < DECIMAL_SENTENCE &&
                    sentence[length - 1] == '.');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(dime_text) = {try_ini, try_redis_url, try_runtime_head,
                                                 try_fault, try_amount};
    if (size < 1)
        return 0;
    char *copy = malloc(size); /* its end is the end of the block */
    require(copy != NULL);
    memcpy(copy, data + 1, size - 1);
    parsers[data[0] % (sizeof parsers / sizeof *parsers)]((dime_text){copy, size - 1});
    free(copy);
    return 0;
}
