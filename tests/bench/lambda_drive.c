/*
 * lambda_drive.c - a Runtime API that hands out events as fast as they are asked for, and times it.
 *
 * usage: lambda_drive EVENTS BYTES PROGRAM...
 *
 * Starts each PROGRAM in turn as Lambda would start a bootstrap, hands it EVENTS events of BYTES
 * bytes (0: {"amount":1.89}), and prints a line for each: microseconds from its start until the
 * first event was handed out, the median from an event to the next question, and its resident
 * memory in KiB after the first tenth and at the end. Bodies over 2 kB are chunked, as Lambda's
 * are. Exit status: 0, or 1 where a program doesn't answer every event with a 200.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 8, ROOM = 65536, CHUNK = 32768, PATIENCE_MS = 20000 };

struct connection {
    int fd; /* -1: none */
    size_t length;
    char room[ROOM];
};

struct run {
    pid_t child;
    double started, first, handed; /* microseconds; when */
    long events, answered, early_memory;
    double *times;
    struct connection connections[CONNECTIONS];
};

static int listener;
static char address[64];
static char *event;
static size_t event_length;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void fail(const char *what)
{
    fprintf(stderr, "lambda_drive: %s\n", what);
    exit(1);
}

static void open_listener(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&here, size) != 0 || listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &size) != 0)
        fail("can't listen");
    snprintf(address, sizeof address, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d", ntohs(here.sin_port));
}

/* The whole answer to the question for an event: head and body, in chunks if it's large. */
static void make_event(size_t bytes)
{
    static const char SMALL[] = "{\"amount\":1.89}";
    static const char HEAD[] =
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
        "Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: "
        "arn:aws:lambda:us-east-1:123456789012:function:bench\r\nLambda-Runtime-Trace-Id: "
        "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n"
        "Content-Type: application/json\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\n";
    FILE *out = open_memstream(&event, &event_length);
    char *body = malloc(bytes + 64);
    if (!out || !body)
        fail("there is no memory for the event");
    memcpy(body, SMALL, sizeof SMALL);
    size_t length = sizeof SMALL - 1;
    if (bytes > length) {
        length =
            (size_t)snprintf(body, bytes + 64,
                             "{\"httpMethod\":\"POST\",\"body\":\"{\\\"amount\\\":1.89}\","
                             "\"headers\":{\"content-type\":\"application/json\"},\"more\":\"");
        memset(body + length, 'x', bytes - length - 2);
        memcpy(body + bytes - 2, "\"}", 2);
        length = bytes;
    }
    if (length <= 2048) {
        fprintf(out, "%sContent-Length: %zu\r\n\r\n%.*s", HEAD, length, (int)length, body);
    } else {
        fprintf(out, "%sTransfer-Encoding: chunked\r\n\r\n", HEAD);
        for (size_t at = 0, part; at < length; at += part) {
            part = length - at < CHUNK ? length - at : CHUNK;
            fprintf(out, "%zx\r\n", part);
            (void)fwrite(body + at, 1, part, out);
            fputs("\r\n", out);
        }
        fputs("0\r\n\r\n", out);
    }
    if (fclose(out) != 0)
        fail("there is no memory for the event");
    free(body);
}

static void send_all(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent <= 0)
            fail("the program has closed its connection");
        data += sent;
        length -= (size_t)sent;
    }
}

static long memory_of(pid_t child)
{
    char name[64], line[256];
    long kilobytes = 0;
    snprintf(name, sizeof name, "/proc/%d/status", (int)child);
    FILE *file = fopen(name, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kilobytes = strtol(line + 6, NULL, 10);
    }
    if (file)
        (void)fclose(file);
    return kilobytes;
}

/* Hands out an event. False: it has had all of them. */
static bool hand_out(struct run *run, int fd)
{
    double time = now();
    if (run->answered)
        run->times[run->answered - 1] = time - run->handed;
    if (run->answered == run->events / 10)
        run->early_memory = memory_of(run->child);
    if (run->answered == run->events)
        return false;
    run->handed = now();
    send_all(fd, event, event_length);
    if (!run->answered)
        run->first = now() - run->started;
    return true;
}

/* Answers one whole request; false at the end. */
static bool respond(struct run *run, int fd, const char *request, const char *body)
{
    static const char TAKEN[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    static const char REGISTERED[] =
        "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: "
        "55ceb1a8-e2b0-4fd5-a2f4-8bd2fc6a1f7c\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    if (strncmp(request, "GET /2018-06-01/runtime/invocation/next ", 40) == 0)
        return hand_out(run, fd);
    if (strncmp(request, "GET /2020-01-01/extension/event/next ", 37) == 0)
        return true;
    if (strncmp(request, "POST /2020-01-01/extension/register ", 36) == 0) {
        send_all(fd, REGISTERED, sizeof REGISTERED - 1);
        return true;
    }
    if (strncmp(body, "{\"statusCode\":200,", 18) != 0)
        fail("an answer isn't the right one");
    run->answered++;
    send_all(fd, TAKEN, sizeof TAKEN - 1);
    return true;
}

/* Reads what has arrived and responds to each whole request; false at the end. */
static bool receive(struct run *run, struct connection *connection)
{
    ssize_t got =
        read(connection->fd, connection->room + connection->length, ROOM - 1 - connection->length);
    if (got <= 0)
        fail("the program has closed its connection");
    connection->length += (size_t)got;
    connection->room[connection->length] = '\0';
    for (;;) {
        char *end = strstr(connection->room, "\r\n\r\n");
        if (!end)
            return true;
        const char *said = strcasestr(connection->room, "\r\nContent-Length:");
        size_t body = said && said < end ? strtoul(said + 17, NULL, 10) : 0;
        size_t whole = (size_t)(end + 4 - connection->room) + body;
        if (whole > connection->length)
            return true;
        if (!respond(run, connection->fd, connection->room, end + 4))
            return false;
        connection->length -= whole;
        memmove(connection->room, connection->room + whole, connection->length + 1);
    }
}

static void accept_one(struct run *run)
{
    int one = 1;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &run->connections[i];
        if (connection->fd >= 0)
            continue;
        connection->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        connection->length = 0;
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return;
    }
    fail("the program has too many connections");
}

static void serve(struct run *run)
{
    for (;;) {
        struct pollfd all[CONNECTIONS + 1] = {{.fd = listener, .events = POLLIN}};
        for (size_t i = 0; i < CONNECTIONS; i++)
            all[i + 1] = (struct pollfd){.fd = run->connections[i].fd, .events = POLLIN};
        if (poll(all, CONNECTIONS + 1, PATIENCE_MS) <= 0)
            fail("the program says nothing any more");
        if (all[0].revents)
            accept_one(run);
        for (size_t i = 0; i < CONNECTIONS; i++) {
            if (all[i + 1].revents && !receive(run, &run->connections[i]))
                return;
        }
    }
}

static void start(struct run *run, char *program)
{
    posix_spawn_file_actions_t quiet;
    char *arguments[] = {program, NULL};
    char *environment[] = {address, "PATH=/usr/bin:/bin", NULL};
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    run->started = now();
    if (posix_spawn(&run->child, program, &quiet, NULL, arguments, environment) != 0)
        fail("a program can't be started");
    posix_spawn_file_actions_destroy(&quiet);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void drive(struct run *run, char *program)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        run->connections[i].fd = -1;
    run->answered = run->early_memory = 0;
    start(run, program);
    serve(run);
    long memory = memory_of(run->child);
    kill(run->child, SIGKILL);
    waitpid(run->child, NULL, 0);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (run->connections[i].fd >= 0)
            close(run->connections[i].fd);
    }
    qsort(run->times, (size_t)run->events, sizeof *run->times, compare);
    printf("%.1f %.2f %ld %ld\n", run->first, run->times[run->events / 2], run->early_memory,
           memory);
}

int main(int argc, char **argv)
{
    static struct run run;
    run.events = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
    if (run.events < 1) {
        fprintf(stderr, "usage: lambda_drive EVENTS BYTES PROGRAM...\n");
        return 2;
    }
    run.times = calloc((size_t)run.events, sizeof *run.times);
    if (!run.times)
        fail("there is no memory for the times");
    make_event(strtoul(argv[2], NULL, 10));
    open_listener();
    for (int i = 3; i < argc; i++)
        drive(&run, argv[i]);
    free(run.times);
    free(event);
    return 0;
}
