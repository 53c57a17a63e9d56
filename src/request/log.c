/*
 * log.c - the log line, built in a buffer of its own so that logging works when memory runs out.
 *
 * Timestamps are computed here: gmtime_r reads /etc/localtime on its first call and takes a lock,
 * which a CGI program would pay for on every request.
 */
#include "request/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_put.h"

static enum log_level least = LOG_LEVEL_INFO;

static atomic_uint lost; /* lines lost since the last report of lost lines */

void log_least(enum log_level level)
{
    least = level;
}

/* How many bytes at the beginning of a text are printable, and need no backslash. */
static size_t printable_length(dime_text text)
{
    size_t length = text_plain_length(text);
    const char *delete = length ? memchr(text.data, 0x7F, length) : NULL;
    return delete ? (size_t)(delete - text.data) : length;
}

/* Writes a string in ASCII. Other characters become '?', because simple tools read the log. */
static void put_log_text(struct buffer *line, const char *name, dime_text text)
{
    json_put_raw(line, name, TEXT("\""));
    while (text.length) {
        size_t run = printable_length(text);
        buffer_put(line, (dime_text){text.data, run});
        if (run == text.length)
            break;
        char c = text.data[run];
        if (c == '"' || c == '\\')
            buffer_put(line, (dime_text){(char[]){'\\', c}, 2});
        else
            buffer_put(line, TEXT("?"));
        text = text_skip(text, run + 1);
    }
    buffer_put(line, TEXT("\""));
}

/* The same, unless it's empty. */
static void put_log_member(struct buffer *line, const char *name, dime_text text)
{
    if (text.length)
        put_log_text(line, name, text);
}

/* The date of a day since the epoch, by Howard Hinnant's "low-level date algorithms". */
static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t shifted = days + 719468; /* from 0000-03-01 */
    int64_t era = shifted / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153; /* March is 0 */
    *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static void digits(char *room, int count, int64_t value)
{
    while (count--) {
        room[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void log_timestamp(int64_t milliseconds, char room[25])
{
    int64_t days = milliseconds / 86400000, rest = milliseconds % 86400000;
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    memcpy(room, "0000-00-00T00:00:00.000Z", 25);
    digits(room, 4, year);
    digits(room + 5, 2, month);
    digits(room + 8, 2, day);
    digits(room + 11, 2, rest / 3600000);
    digits(room + 14, 2, rest / 60000 % 60);
    digits(room + 17, 2, rest / 1000 % 60);
    digits(room + 20, 3, rest % 1000);
}

static void begin_log_line(struct buffer *line, char *room, size_t size, enum log_level level)
{
    static const char LEVELS[][6] = {"info", "warn", "error"};
    char timestamp[25];
    log_timestamp(clock_epoch_ms(), timestamp);
    buffer_over(line, room, size);
    json_begin_object(line, NULL);
    json_put_text(line, "timestamp", (dime_text){timestamp, 24});
    json_put_text(line, "level", text_of(LEVELS[level]));
}

static void end_log_line(struct buffer *line)
{
    json_end_object(line);
    buffer_put(line, TEXT("\n"));
}

/*
 * Opens the file behind fd 2 again, so that writes don't block: O_NONBLOCK on fd 2 itself would
 * affect every process that shares it. -1: not permitted, for instance for another user's pipe.
 */
static int reopen(const struct stat *status)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct stat known;
    static int opened = -1;
    pthread_mutex_lock(&lock);
    if (known.st_ino != status->st_ino || known.st_dev != status->st_dev) {
        known = *status; /* the old descriptor stays open: another thread may be writing to it */
        opened = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    int fd = opened;
    pthread_mutex_unlock(&lock);
    return fd;
}

/*
 * Like write(2) to fd 2, but without waiting for the reader. Checking for room first isn't enough:
 * another process may fill the same pipe in between. Since Linux 6.5 a pipe can be written to
 * without waiting (RWF_NOWAIT).
 */
static ssize_t write_now(const char *data, size_t length)
{
    enum { NOWAIT = 8 }; /* RWF_NOWAIT of linux/fs.h */
    struct stat status;
    struct iovec part = {(void *)(uintptr_t)data, length};
    struct pollfd reader = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (fstat(STDERR_FILENO, &status) != 0)
        return -1;
    if (S_ISSOCK(status.st_mode))
        return send(STDERR_FILENO, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (S_ISREG(status.st_mode))
        return write(STDERR_FILENO, data, length);
    if (S_ISFIFO(status.st_mode)) {
        ssize_t written = syscall(SYS_pwritev2, STDERR_FILENO, &part, 1, -1L, -1L, NOWAIT);
        if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
            return written;
    }
    int fd = reopen(&status);
    if (fd >= 0)
        return write(fd, data, length);
    bool room = poll(&reader, 1, 0) == 1 && reader.revents & POLLOUT;
    return room ? write(STDERR_FILENO, data, length) : -1;
}

/*
 * Writes lines, at most PIPE_BUF bytes, if they are accepted at once. If the reader has stalled,
 * lines are lost, but requests and a stop go on. False: the lines are lost.
 */
static bool write_at_once(const char *data, size_t length)
{
    static atomic_bool cut; /* the last line was only written in part */
    if (atomic_load_explicit(&cut, memory_order_relaxed)) {
        if (write_now("\n", 1) != 1)
            return false;
        atomic_store(&cut, false);
    }
    for (size_t done = 0; done < length;) {
        ssize_t written = write_now(data + done, length - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            if (done)
                atomic_store(&cut, true);
            return false;
        }
        done += (size_t)written;
    }
    return true;
}

static unsigned count_lines(const struct log *log)
{
    unsigned count = 0;
    for (size_t i = 0; i < log->length; i++)
        count += log->lines[i] == '\n';
    return count;
}

/* Reports how many lines were lost before the next ones, if any were. */
static void say_lost(void)
{
    struct buffer line;
    char room[192], message[96];
    unsigned count = atomic_load_explicit(&lost, memory_order_relaxed);
    if (!count || !(count = atomic_exchange(&lost, 0)))
        return;
    begin_log_line(&line, room, sizeof room, LOG_LEVEL_WARN);
    snprintf(message, sizeof message,
             "%u log lines before this one were lost: nothing read them in time", count);
    put_log_text(&line, "message", text_of(message));
    end_log_line(&line);
    if (!write_at_once(line.data, line.length))
        atomic_fetch_add(&lost, count);
}

void log_flush(struct log *log)
{
    if (!log->length)
        return;
    say_lost();
    if (!write_at_once(log->lines, log->length))
        atomic_fetch_add(&lost, count_lines(log));
    log->length = 0;
}

void log_pass_on(dime_text bytes)
{
    while (bytes.length) {
        ssize_t written = write_now(bytes.data, bytes.length < PIPE_BUF ? bytes.length : PIPE_BUF);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes = text_skip(bytes, (size_t)written);
    }
}

static void put_entry(struct buffer *line, const struct log_entry *entry)
{
    int status = entry->response->status;
    put_log_text(line, "requestId", entry->request->id);
    put_log_member(line, "tenantId", entry->tenant);
    put_log_text(line, "function", text_of(entry->function));
    put_log_text(line, "host", entry->host);
    json_put_integer(line, "status", status);
    json_put_decimal(line, "durationMs", entry->duration_ns / 1000, 3);
    json_put_integer(line, "bytesIn", (int64_t)entry->bytes_in);
    json_put_integer(line, "bytesOut", (int64_t)entry->bytes_out);
    if (status >= 500)
        put_log_member(line, "message", entry->response->detail);
    end_log_line(line);
}

/* The line is appended to the waiting ones. If it doesn't fit, those are written first. */
void log_request(struct log *log, const struct log_entry *entry)
{
    enum log_level level = entry->response->status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO;
    struct buffer line = {.failed = true};
    if (level < least)
        return;
    for (int attempt = 0; line.failed && attempt < 2; attempt++) {
        if (attempt)
            log_flush(log);
        begin_log_line(&line, log->lines + log->length, sizeof log->lines - log->length, level);
        put_entry(&line, entry);
    }
    log->length += line.failed ? 0 : line.length;
}

__attribute__((format(printf, 4, 0))) static void say_line(enum log_level level,
                                                           const struct log_subject *subject,
                                                           int error, const char *format,
                                                           va_list arguments)
{
    char message[512], room[PIPE_BUF];
    struct buffer line;
    if (level < least)
        return;
    int length = vsnprintf(message, sizeof message, format, arguments);
    begin_log_line(&line, room, sizeof room, level);
    put_log_member(&line, "requestId", subject->request_id);
    put_log_member(&line, "tenantId", subject->tenant);
    put_log_text(&line, "function", text_of(subject->function));
    if (length > 0 && error && (size_t)length < sizeof message)
        snprintf(message + length, sizeof message - (size_t)length, ": %s", strerror(error));
    put_log_text(&line, "message",
                 text_of(length < 0 ? "a message that can't be printed" : message));
    end_log_line(&line);
    say_lost();
    if (!write_at_once(line.data, line.failed ? 0 : line.length))
        atomic_fetch_add(&lost, 1);
}

void log_say(enum log_level level, const char *function, int error, const char *format, ...)
{
    const struct log_subject subject = {.function = function};
    va_list arguments;
    va_start(arguments, format);
    say_line(level, &subject, error, format, arguments);
    va_end(arguments);
}

void log_say_of(enum log_level level, const struct log_subject *subject, int error,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_line(level, subject, error, format, arguments);
    va_end(arguments);
}
