/*
 * stream_fuzz.c - what a web server sends, as bytes, through a real responder and back.
 *
 * The responder runs in a thread of this process and listens on an abstract socket. Each input is a
 * connection: its first byte says in how long pieces the rest is sent. Then this end sends no more,
 * and what comes back must be whole FastCGI records until the responder closes, soon. One that
 * keeps the connection open has hung.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "functions.h"
#include "hosts/fastcgi/responder.h"

enum { DEADLINE_SECONDS = 10, RECORD_HEAD = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_length;

static void require(int held)
{
    if (!held)
        abort();
}

static void *serve(void *listener)
{
    const struct responder_settings settings = {
        .function = &dime_function_change,
        .listener = *(const int *)listener,
        .threads = 1,
        .timeout_ms = 1000,
    };
    responder_serve(&settings);
    abort(); /* nobody tells it to stop */
}

/* Starts the responder once. */
static void start(void)
{
    static int listener = -1;
    pthread_t thread;
    if (listener >= 0)
        return;
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int length =
        snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "dime-fuzz-%d", (int)getpid());
    address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    require(listener >= 0 && bind(listener, (struct sockaddr *)&address, address_length) == 0);
    require(listen(listener, 16) == 0);
    require(pthread_create(&thread, NULL, serve, &listener) == 0);
}

/* Sends all of it, unless the responder has had enough before. */
static void send_pieces(int fd, const uint8_t *data, size_t size, size_t step)
{
    while (size > 0) {
        size_t piece = size < step ? size : step;
        ssize_t sent = send(fd, data, piece, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return;
        data += sent;
        size -= (size_t)sent;
    }
}

/*
 * Reads at most ROOM bytes until the responder closes; returns how many there were. libFuzzer's
 * alarm may interrupt this, since a call with a deadline isn't begun again.
 */
static size_t read_all(int fd, uint8_t *bytes, size_t room)
{
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < room) {
        do {
            got = recv(fd, bytes + length, room - length, 0);
        } while (got < 0 && errno == EINTR);
        require(got >= 0 || errno == ECONNRESET); /* else the deadline has passed */
        length += got > 0 ? (size_t)got : 0;
    }
    return length;
}

/* Whole records of the version 1, of the types that a responder sends. */
static void check_records(const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    while (at + RECORD_HEAD <= length) {
        uint8_t type = bytes[at + 1];
        require(bytes[at] == 1);
        require(type == 3 || type == 6 || type == 7 || type == 10 || type == 11);
        at += RECORD_HEAD + (size_t)bytes[at + 4] * 256 + bytes[at + 5] + bytes[at + 6];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t answer[1 << 20];
    const struct timeval deadline = {.tv_sec = DEADLINE_SECONDS};
    if (size < 1)
        return 0;
    start();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0 && connect(fd, (struct sockaddr *)&address, address_length) == 0);
    require(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) == 0);
    require(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline) == 0);
    send_pieces(fd, data + 1, size - 1, 1 + (size_t)data[0] * 16);
    shutdown(fd, SHUT_WR);
    check_records(answer, read_all(fd, answer, sizeof answer));
    close(fd);
    return 0;
}
