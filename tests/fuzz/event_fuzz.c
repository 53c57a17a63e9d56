/*
 * event_fuzz.c - events against hostile bytes, through a whole function.
 *
 * Whatever arrives, the answer must be JSON that passes our own gate, with the status that the
 * response has, and the request must keep its bounds. Memory is small, so that it ends often.
 * Build: clang -fsanitize=fuzzer,address,undefined.
 */
#include "events/invoke.h"

#include <stdlib.h>

#include "base/form.h"
#include "functions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_request(const struct request *request, size_t size)
{
    require(request->header_count <= EVENT_HEADERS_MAX);
    require(request->query.length <= EVENT_QUERY_MAX || request->query.length <= size);
    require(request->body.length <= size);
    for (size_t i = 0; i < request->header_count; i++) {
        dime_text name = request->headers[i].name;
        for (size_t j = 0; j < name.length; j++)
            require(name.data[j] < 'A' || name.data[j] > 'Z');
    }
}

/* What was encoded here can be read again. */
static void check_query(const struct event *event)
{
    struct form_reader reader;
    struct form_pair pair;
    if (event->shape != EVENT_GATEWAY_V1 || event->request.arena->failed)
        return;
    form_open(&reader, event->request.query, event->request.arena);
    while (form_next(&reader, &pair))
        ;
    require(reader.fault == FORM_FINE || reader.pairs >= FORM_PAIRS_MAX ||
            event->request.arena->failed);
}

static void check_answer(const struct invocation *invocation, dime_text answer)
{
    struct json_value value, status;
    struct json_error error;
    struct arena arena;
    int64_t number;
    arena_open(&arena, 1 << 20);
    require(json_check(answer, &arena, &value, &error));
    if (invocation->event.shape != EVENT_QUEUE)
        require(json_find(value, TEXT("statusCode"), &status) && json_integer(status, &number) &&
                number == invocation->response.status &&
                (number != 500 || invocation->event.shape == EVENT_PREVIOUS));
    arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct invocation invocation;
    const struct invoker invoker = {.function = &dime_function_change};
    struct arena arena;
    arena_open(&arena, size % 4 ? INVOKE_MEMORY_MAX : 16 * 1024);
    dime_text answer = invoke(&invocation, &invoker, (dime_text){(const char *)data, size}, &arena);
    check_request(&invocation.event.request, size);
    check_query(&invocation.event);
    if (answer.data)
        check_answer(&invocation, answer);
    else
        require(invocation.event.shape == EVENT_QUEUE);
    arena_close(&arena);
    return 0;
}
