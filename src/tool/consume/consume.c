/*
 * consume.c - starts and stops the threads of `dime consume`: the consumers and the keeper.
 *
 * Only the main thread handles signals. To stop, it makes a descriptor readable, which ends every
 * wait. Batches in progress are finished and settled, and only then does the keeper end. It extends
 * the time for which messages are hidden, so that this doesn't run out while a function works.
 */
#include "tool/consume/consume.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "request/log.h"
#include "base/backoff.h"
#include "tool/status.h"
#include "base/stopping.h"

enum {
    KEEP_FIRST_MS = 100,
    CONSUMER_LAST_MS = 10000, /* for threads to end, beyond the timeout of a batch */
    RECEIVED_MAX = 64 * 1024 * 1024,
    KEPT_MAX = 4 * 1024 * 1024,
};

/* The state of the whole program. */
struct consume {
    const struct consume_settings *settings;
    size_t count; /* consumers that were opened */
    struct consumer *consumers;
    struct outages outages;
    int over;     /* an eventfd that counts the threads that have ended */
    int finished; /* an eventfd: the keeper must end */
    pthread_t keeper;
    bool keeps;         /* the keeper has been started */
    struct queue *kept; /* its own connection */
};

static void say_failure(const struct consume_settings *settings, const char *sentence,
                        const char *more)
{
    log_say(LOG_LEVEL_ERROR, settings->callee->name, 0, "%s%s", sentence, more);
}

/* Copies what a consumer holds, so that the mutex isn't locked during calls to the queue. */
static size_t copy_held(struct held *held, dime_text *receipts, struct arena *arena)
{
    size_t count = 0;
    pthread_mutex_lock(&held->lock);
    if (held->count && clock_monotonic_ns() < held->until_ns) {
        for (count = 0; count < held->count; count++)
            receipts[count] = arena_copy(arena, held->receipts[count]);
    }
    pthread_mutex_unlock(&held->lock);
    return count;
}

/* Keeps the messages of one consumer hidden. False: that may have failed. */
static bool keep_one(struct consume *all, struct consumer *one, struct arena *arena)
{
    dime_text receipts[QUEUE_BATCH_MAX];
    arena_reset(arena);
    size_t count = copy_held(&one->held, receipts, arena);
    if (!count)
        return true;
    if (!arena->failed && queue_extend(all->kept, receipts, count, arena))
        return true;
    if (backoff_wait(0, all->finished))
        outage_fail(&all->outages.extending, arena->failed ? "out of memory" : all->kept->error);
    return false;
}

/*
 * Keeps the messages of all consumers hidden; a failure for one doesn't stop the others. False: it
 * failed for some.
 */
static bool keep_all(struct consume *all, struct arena *arena)
{
    bool fine = true;
    for (size_t i = 0; i < all->count && backoff_wait(0, all->finished); i++)
        fine = keep_one(all, &all->consumers[i], arena) && fine;
    return fine;
}

static void *keep_hidden(void *argument)
{
    struct consume *all = argument;
    struct backoff backoff = {0};
    struct arena arena;
    int64_t pause_ms = all->settings->use.visibility_ms / 3, wait_ms = pause_ms;
    arena_open(&arena, KEPT_MAX);
    while (backoff_wait(wait_ms, all->finished)) {
        bool fine = keep_all(all, &arena);
        if (fine)
            backoff_reset(&backoff);
        if (fine)
            outage_end(&all->outages.extending);
        wait_ms = fine ? pause_ms : backoff_next(&backoff, KEEP_FIRST_MS, pause_ms);
    }
    arena_close(&arena);
    return NULL;
}

static void *run_consumer(void *argument)
{
    struct consumer *consumer = argument;
    consumer_run(consumer);
    (void)eventfd_write(consumer->over, 1);
    return NULL;
}

static void close_consumer(struct consumer *consumer)
{
    ask_close(&consumer->ask);
    queue_close(consumer->queue);
    if (consumer->invoker.keep)
        answers_close(&consumer->answers);
    arena_close(&consumer->received);
    arena_close(&consumer->event);
    pthread_mutex_destroy(&consumer->held.lock);
}

/* Opens the queue of a consumer, and the place for its answers. */
static bool open_queues(struct consumer *consumer)
{
    const struct consume_settings *settings = consumer->settings;
    struct queue_use use = settings->use;
    char why[QUEUE_ERROR];
    use.beside = consumer->kept;
    consumer->queue = queue_open(&use, why);
    if (!consumer->queue) {
        say_failure(settings, "the queue's URL can't be used: ", why);
        return false;
    }
    if (!settings->answers.length)
        return true;
    if (!answers_open(&consumer->answers, &settings->use, settings->answers,
                      &consumer->outages->answering, why)) {
        say_failure(settings, "the URL of the queue of answers can't be used: ", why);
        queue_close(consumer->queue);
        return false;
    }
    consumer->invoker.keep = consumer_keep;
    consumer->invoker.keeper = consumer;
    return true;
}

/* A function that can't be started would fail all messages, so nothing is consumed then. */
static bool open_consumer(struct consumer *consumer, struct consume *all)
{
    const struct consume_settings *settings = all->settings;
    char why[PROGRAM_WHY];
    consumer->settings = settings;
    consumer->over = all->over;
    consumer->outages = &all->outages;
    consumer->kept = all->kept;
    consumer->invoker.name = settings->callee->name;
    consumer->invoker.ask = ask_function;
    consumer->invoker.asked = &consumer->ask;
    ask_open(&consumer->ask, settings->callee, "queue");
    bool ready = ask_is_ready(&consumer->ask, settings->own, why);
    if (!ready)
        say_failure(settings, "the function can't be started: ", why);
    if (!ready || !open_queues(consumer)) {
        ask_close(&consumer->ask);
        return false;
    }
    pthread_mutex_init(&consumer->held.lock, NULL);
    arena_open(&consumer->received, RECEIVED_MAX);
    arena_open(&consumer->event, INVOKE_MEMORY_MAX);
    return true;
}

static void close_consumption(struct consume *all)
{
    for (size_t i = 0; i < all->count; i++)
        close_consumer(&all->consumers[i]);
    queue_close(all->kept);
    free(all->consumers);
    if (all->over >= 0)
        close(all->over);
    if (all->finished >= 0)
        close(all->finished);
}

/* The keeper's calls are aborted when the keeper must end, which is after the consumers. */
static bool open_kept(struct consume *all)
{
    struct queue_use use = all->settings->use;
    char why[QUEUE_ERROR];
    use.stop = all->finished;
    all->kept = queue_open(&use, why);
    if (!all->kept)
        say_failure(all->settings, "the queue's URL can't be used: ", why);
    return all->kept;
}

static void open_outages(struct outages *outages, const char *function)
{
    outage_open(&outages->receiving, function, "receiving from the queue fails, and is retried",
                "receiving from the queue works again");
    outage_open(&outages->settling, function, "acknowledging messages fails, and is retried",
                "messages are acknowledged again");
    outage_open(&outages->hastening, function,
                "failed messages are delivered again late, since the queue refuses to set the time",
                NULL);
    outage_open(&outages->extending, function,
                "messages in progress can't be kept hidden from other consumers, and may run twice",
                "messages in progress are kept hidden again");
    outage_open(&outages->answering, function, "answers can't be passed on",
                "answers are passed on again");
}

static void close_outages(struct outages *outages)
{
    outage_close(&outages->receiving);
    outage_close(&outages->settling);
    outage_close(&outages->hastening);
    outage_close(&outages->extending);
    outage_close(&outages->answering);
}

static bool open_consumption(struct consume *all)
{
    const struct consume_settings *settings = all->settings;
    all->over = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    all->finished = eventfd(0, EFD_CLOEXEC);
    all->consumers = calloc((size_t)settings->threads, sizeof *all->consumers);
    if (all->over < 0 || all->finished < 0 || !all->consumers) {
        say_failure(settings, "out of memory, or too many open files", "");
        return false;
    }
    if (!open_kept(all))
        return false;
    for (; all->count < (size_t)settings->threads; all->count++) {
        if (!open_consumer(&all->consumers[all->count], all))
            return false;
    }
    return true;
}

/* Starts the threads. Returns how many consumers run: less than all if one can't be started. */
static size_t start_consumers(struct consume *all)
{
    size_t started = 0;
    int error = pthread_create(&all->keeper, NULL, keep_hidden, all);
    all->keeps = !error;
    while (started < all->count && !error) {
        struct consumer *one = &all->consumers[started];
        error = pthread_create(&one->thread, NULL, run_consumer, one);
        started += !error;
    }
    if (error)
        log_say(LOG_LEVEL_ERROR, all->settings->callee->name, error,
                "only %zu of %zu threads can be started", started, all->count);
    return started;
}

/* Waits until COUNT threads have ended. False: a signal came, or END_NS has passed. */
static bool wait_for(const struct consume *all, int signals, size_t *count, int64_t end_ns)
{
    while (*count) {
        struct pollfd fds[] = {{.fd = all->over, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
        int64_t left_ms = end_ns == INT64_MAX ? -1 : larger(0, clock_left_ms(end_ns));
        int ready = poll(fds, 2, (int)left_ms);
        eventfd_t one;
        if (ready == 0 || (ready > 0 && fds[1].revents))
            return false;
        if (ready > 0 && fds[0].revents && eventfd_read(all->over, &one) == 0)
            --*count;
    }
    return true;
}

/* Stops the threads after they have finished their work. False: they don't end. */
static bool stop_consumers(struct consume *all, int signals, size_t running)
{
    int64_t end_ns = clock_in_ms(all->settings->timeout_ms + CONSUMER_LAST_MS);
    int64_t since_ns = clock_monotonic_ns();
    (void)eventfd_write(all->settings->use.stop, 1);
    while (stopping_repeated(signals, since_ns)) {
        if (wait_for(all, signals, &running, end_ns))
            return true;
    }
    say_failure(all->settings, "stopped with messages in progress; they are delivered again", "");
    return false;
}

static int status_of_consumers(const struct consume *all)
{
    const struct consumer *first = all->consumers;
    for (size_t i = 0; i < all->count; i++) {
        if (all->consumers[i].unsettled || all->consumers[i].unread)
            return STATUS_FAILED;
    }
    return all->settings->once ? status_of_answer(first->worst) : STATUS_FINE;
}

static int run_consumers(struct consume *all, int signals)
{
    size_t started = start_consumers(all), running = started;
    bool whole = started == all->count;
    if (whole && !all->settings->once)
        log_say(LOG_LEVEL_INFO, all->settings->callee->name, 0, "consuming %.*s",
                (int)all->kept->name.length, all->kept->name.data);
    if (running && (!whole || !wait_for(all, signals, &running, INT64_MAX)) &&
        !stop_consumers(all, signals, running))
        _exit(STATUS_FAILED); /* a thread that doesn't end can't be joined */
    for (size_t i = 0; i < started; i++)
        pthread_join(all->consumers[i].thread, NULL);
    (void)eventfd_write(all->finished, 1);
    if (all->keeps)
        pthread_join(all->keeper, NULL);
    return whole ? status_of_consumers(all) : STATUS_FAILED;
}

int consume_queue(const struct consume_settings *given)
{
    struct consume_settings settings = *given;
    struct consume all = {.settings = &settings, .over = -1, .finished = -1};
    int status = STATUS_FAILED, signals = stopping_signals(0);
    settings.use.stop = eventfd(0, EFD_CLOEXEC);
    open_outages(&all.outages, settings.callee->name);
    if (signals < 0 || settings.use.stop < 0)
        log_say(LOG_LEVEL_ERROR, settings.callee->name, errno, "it can't be started");
    else if (open_consumption(&all))
        status = run_consumers(&all, signals);
    close_consumption(&all);
    close_outages(&all.outages);
    if (settings.use.stop >= 0)
        close(settings.use.stop);
    if (signals >= 0)
        close(signals);
    return status;
}
