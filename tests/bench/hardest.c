/*
 * hardest.c - looks for the request of change that costs the most, by hill climbing.
 *
 * Random questions are asked, and the costliest are changed a little and asked again. Each is a
 * whole request in this process: JSON in, JSON or a page out. It is rated by the CPU time of this
 * thread, the least of several, so that what else runs on the machine counts little; or, with
 * --work, by the solver's own count of work, and then two runs of one seed find the same. What it
 * finds goes to tests/unit/coins_test.c. The exit status is 1 where a request takes more than
 * LIMIT_MS.
 *
 * usage: hardest [--work] SEED ROUNDS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "request/request.h"
#include "request/response.h"
#include "hosts/exchange.h"
#include "request/run.h"
#include "money/coins.h"

extern const dime_function dime_function_change;

enum { POOL = 40, SHOWN = 8, AGAIN = 5, BODY_ROOM = 4096 };
static const double LIMIT_MS = 5;

struct question {
    int64_t amount;
    size_t count;
    struct coins_kind kinds[COINS_MAX_KINDS];
    bool html;
    double rating;
};

static uint64_t seed;

/* A number from 0 to LIMIT - 1 (xorshift64). */
static int64_t pick(int64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int64_t)(seed % (uint64_t)limit);
}

/* A number of about as many digits as any other, from 1 to 10 ^ DIGITS. */
static int64_t pick_size(int digits)
{
    int64_t most = 1;
    for (int64_t i = pick(digits + 1); i > 0; i--)
        most *= 10;
    return 1 + pick(most);
}

static bool has(const struct question *question, int64_t value)
{
    for (size_t i = 0; i < question->count; i++) {
        if (question->kinds[i].value == value)
            return true;
    }
    return false;
}

static void add_kind(struct question *question, int64_t value, int64_t available)
{
    if (value >= 1 && value <= COINS_MAX_VALUE && !has(question, value))
        question->kinds[question->count++] = (struct coins_kind){value, available};
}

/* A value near HIGH, below it, or of any size: each kind of set makes other work. */
static int64_t pick_value(int mode, int64_t high)
{
    switch (mode) {
    case 0:
        return high - pick(high / 10 + 1);
    case 1:
        return high - pick(100);
    case 2:
        return high / (1 + pick(3)) - pick(20);
    case 3:
        return pick(2) ? high - pick(high / 2) : 1 + pick(1000);
    case 4:
        return pick_size(7);
    default:
        return 1 + pick(high);
    }
}

static int64_t pick_available(int mode)
{
    switch (mode) {
    case 0:
        return 1 + pick(10);
    case 1:
        return pick(2) ? COINS_UNLIMITED : 1 + pick(2000);
    case 2:
        return pick_size(6);
    default:
        return COINS_UNLIMITED;
    }
}

static int64_t pick_amount(const struct question *question)
{
    int64_t half = 0;
    for (size_t i = 0; i < question->count; i++) {
        int64_t available = question->kinds[i].available;
        half += question->kinds[i].value * (available > 1000000 ? 1 : available) / 2;
    }
    switch (pick(4)) {
    case 0:
        return half;
    case 1:
        return 1 + pick(INT64_C(10000000000));
    case 2:
        return INT64_MAX - pick(1000000);
    default:
        return pick_size(18);
    }
}

static struct question new_question(void)
{
    struct question question = {.html = pick(8) == 0};
    int values = (int)pick(6), available = (int)pick(6);
    int64_t high = 100 + pick_size(7);
    int64_t factor = pick(4) ? 1 : 1 + pick(50);
    size_t count = 2 + (size_t)pick(pick(2) ? 7 : COINS_MAX_KINDS - 2);
    for (int tries = 0; tries < 100 && question.count < count; tries++)
        add_kind(&question, pick_value(values, high) * factor, pick_available(available));
    question.amount = pick_amount(&question);
    return question;
}

/* Changes one thing of a question that was costly. */
static void change(struct question *question)
{
    size_t at = question->count ? (size_t)pick((int64_t)question->count) : 0;
    int64_t twentieth = question->amount / 20 + 2;
    switch (pick(6)) {
    case 0:
        question->amount -= pick(twentieth);
        question->amount += question->amount < INT64_MAX / 2 ? pick(twentieth) : 0;
        break;
    case 1:
        question->amount += question->amount < INT64_MAX - 100 ? pick(100) - 50 : -pick(100);
        break;
    case 2:
        if (question->count < COINS_MAX_KINDS)
            add_kind(question, pick_value((int)pick(6), 10 + pick_size(7)), pick_available(1));
        break;
    case 3:
        if (question->count > 2)
            question->kinds[at] = question->kinds[--question->count];
        break;
    case 4:
        if (question->count)
            question->kinds[at].available = pick_available((int)pick(4));
        break;
    default:
        if (question->count) {
            struct coins_kind kind = question->kinds[at];
            question->kinds[at] = question->kinds[--question->count];
            add_kind(question, kind.value + pick(kind.value / 10 + 3) - kind.value / 20,
                     kind.available);
        }
    }
    question->amount = question->amount < 1 ? 1 : question->amount;
}

/* Writes the question as a client does. What never runs out is a till of very many. */
static dime_text write_body(const struct question *question, char *body)
{
    int length = snprintf(body, BODY_ROOM, "{\"amount\":\"%" PRId64 ".%02d\"",
                          question->amount / 100, (int)(question->amount % 100));
    bool till = false;
    for (size_t i = 0; i < question->count; i++)
        till = till || question->kinds[i].available != COINS_UNLIMITED;
    for (size_t i = 0; i < question->count; i++) {
        const struct coins_kind *kind = &question->kinds[i];
        const char *before = till ? ",\"till\":{" : ",\"coins\":[";
        length += snprintf(body + length, (size_t)(BODY_ROOM - length),
                           till ? "%s\"%" PRId64 "\":%" PRId64 : "%s%" PRId64, i ? "," : before,
                           kind->value, kind->available);
    }
    length += snprintf(body + length, (size_t)(BODY_ROOM - length), "%s",
                       question->count == 0 ? "}"
                       : till               ? "}}"
                                            : "]}");
    return (dime_text){body, (size_t)length};
}

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Asks as a host does, with an arena of its own. Returns the CPU time in ms. */
static double ask(const struct question *question)
{
    static const struct header accept = {{"accept", 6}, {"text/html", 9}};
    char body[BODY_ROOM];
    struct arena arena;
    struct response response;
    struct incoming incoming = {0};
    struct request request = {
        .id = TEXT("hardest"),
        .method = DIME_POST,
        .scheme = TEXT("http"),
        .path = TEXT("/cgi-bin/"),
        .content_type = TEXT("application/json"),
        .headers = &accept,
        .header_count = question->html,
        .body = write_body(question, body),
        .arena = &arena,
    };
    double before = cpu_ms();
    arena_open(&arena, REQUEST_MEMORY_MAX);
    response_open(&response, &arena);
    run_function(&dime_function_change, &request, &incoming, &response);
    bool fine = response.status == 200 || response.status == 422;
    if (!fine)
        printf("status %d: %.*s\n", response.status, (int)request.body.length, request.body.data);
    arena_close(&arena);
    return fine ? cpu_ms() - before : 1e9;
}

static double least_of(const struct question *question, int times)
{
    double least = ask(question);
    for (int i = 1; i < times; i++) {
        double again = ask(question);
        least = again < least ? again : least;
    }
    return least;
}

static int64_t work_of(const struct question *question)
{
    struct arena arena;
    struct coins_answer answer;
    arena_open(&arena, COINS_ARENA_NEED);
    coins_solve(&arena, question->kinds, question->count, question->amount, &answer);
    arena_close(&arena);
    return answer.work;
}

/* Keeps the costliest questions, the costliest first. What seems so is asked again. */
static void keep(struct question *pool, size_t *count, struct question *question, bool by_work)
{
    question->rating = by_work ? (double)work_of(question) : ask(question);
    if (*count == POOL && question->rating <= pool[POOL - 1].rating)
        return;
    if (!by_work)
        question->rating = least_of(question, AGAIN);
    size_t at = *count < POOL ? (*count)++ : POOL;
    for (; at > 0 && pool[at - 1].rating < question->rating; at--) {
        if (at < POOL)
            pool[at] = pool[at - 1];
    }
    if (at < POOL)
        pool[at] = *question;
}

int main(int count, char **arguments)
{
    static struct question pool[POOL];
    bool by_work = count > 1 && strcmp(arguments[1], "--work") == 0;
    if (count != 3 + by_work) {
        fprintf(stderr, "usage: %s [--work] SEED ROUNDS\n", arguments[0]);
        return 2;
    }
    seed = strtoull(arguments[1 + by_work], NULL, 10) * 2654435761u + 1;
    long rounds = strtol(arguments[2 + by_work], NULL, 10);
    size_t kept = 0;
    for (long round = 0; round < rounds; round++) {
        struct question question;
        if (kept && pick(5) < 3) {
            question = pool[pick((int64_t)kept)];
            change(&question);
        } else {
            question = new_question();
        }
        keep(pool, &kept, &question, by_work);
    }
    double worst = 0;
    for (size_t i = 0; i < kept && i < SHOWN; i++) {
        char body[BODY_ROOM];
        double ms = least_of(&pool[i], AGAIN);
        worst = ms > worst ? ms : worst;
        printf("%.2f ms, %" PRId64 " of work%s: %s\n", ms, work_of(&pool[i]),
               pool[i].html ? ", a page" : "", write_body(&pool[i], body).data);
    }
    printf("the hardest of %ld requests costs %.2f ms of CPU\n", rounds, worst);
    return worst <= LIMIT_MS ? 0 : 1;
}
