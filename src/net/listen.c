/*
 * listen.c - opens unix and TCP sockets to listen on.
 *
 * Names aren't resolved: a responder listens on this host, and resolving would read files and query
 * servers before the first request. The umask gives the socket file mode 0660 from the start, since
 * whoever can write to it can pose as any client.
 *
 * Checking, removing, binding and listening happen under a lock on the folder. Otherwise, if two
 * programs find a stale file, the second could remove the file that the first has just bound. flock
 * locks a folder without a lock file, and the system releases it by itself.
 */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "request/log.h"
#include "base/text.h"

static const char UNIX[] = "unix:";

enum { LOCK_TRIES = 500, LOCK_PAUSE_NS = 10000000 }; /* five seconds */

/* The socket file that was made here. No other file can get its inode while the socket is open. */
static struct stat own_file;

static const char *unix_path(const char *address)
{
    return strncmp(address, UNIX, sizeof UNIX - 1) == 0 ? address + sizeof UNIX - 1 : NULL;
}

bool listen_is(int fd)
{
    int listening = 0;
    socklen_t size = sizeof listening;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

/* Whether there is a stale socket file: one that nobody listens on any more. */
static bool is_stale(const struct sockaddr_un *name)
{
    struct stat status;
    if (lstat(name->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool refused =
        connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

/*
 * Locks the folder of a socket file. Another program holds the lock only while it binds, so the
 * wait is limited. Returns a descriptor to close; -1: the folder can't be locked.
 */
static int lock_socket_folder(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 1;
    snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int tries = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || tries == LOCK_TRIES) {
            close(fd);
            return -1;
        }
        nanosleep(&pause, NULL);
    }
    return fd;
}

/* Binds and listens under the lock: a file that nobody listens on yet would look stale. */
static bool bind_file(int fd, const struct sockaddr_un *name)
{
    mode_t mask = umask(0117);
    bool bound = bind(fd, (const struct sockaddr *)name, sizeof *name) == 0;
    umask(mask);
    return bound && lstat(name->sun_path, &own_file) == 0 && listen(fd, LISTEN_BACKLOG) == 0;
}

/* Without the lock no file is removed, since it may be in use. */
static bool open_socket_file(int fd, const struct sockaddr_un *name)
{
    int lock = lock_socket_folder(name->sun_path);
    if (lock >= 0 && is_stale(name))
        unlink(name->sun_path);
    bool listening = bind_file(fd, name);
    int error = errno;
    if (lock >= 0)
        close(lock);
    errno = error;
    return listening;
}

static int listen_failed(int fd, const char *function, const char *address, int error)
{
    log_say(LOG_LEVEL_ERROR, function, error, "can't listen on %s", address);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_unix(const char *path, const char *address, const char *function)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof name.sun_path)
        return listen_failed(-1, function, address, length ? ENAMETOOLONG : ENOENT);
    memcpy(name.sun_path, path, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || !open_socket_file(fd, &name))
        return listen_failed(fd, function, address, errno);
    return fd;
}

bool listen_split(const char *address, char host[64], int64_t *port)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    if (length >= 2 && address[0] == '[' && colon[-1] == ']') {
        address++;
        length -= 2;
    }
    if (length == 0 || length >= 64)
        return false;
    memcpy(host, address, length);
    host[length] = '\0';
    return text_to_int64(text_of(colon + 1), port) && *port >= 0 && *port <= 65535;
}

/* Fills NAME from a numeric address. Returns its size; 0: it isn't one. */
static socklen_t parse_tcp(const char *address, struct sockaddr_storage *name)
{
    struct sockaddr_in *four = (struct sockaddr_in *)name;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)name;
    char host[64];
    int64_t port;
    if (!listen_split(address, host, &port))
        return 0;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
        return 0;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    return sizeof *six;
}

/* Logs the port that the system has chosen, if the address asked for port 0. */
static void say_port(int fd, const char *address, const char *function)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } name = {.six = {0}};
    socklen_t size = sizeof name;
    char host[64];
    int64_t port;
    if (!listen_split(address, host, &port) || port != 0 || getsockname(fd, &name.any, &size) != 0)
        return;
    bool four = name.any.sa_family == AF_INET;
    in_port_t chosen = four ? name.four.sin_port : name.six.sin6_port;
    log_say(LOG_LEVEL_INFO, function, 0, four ? "listening on %s:%d" : "listening on [%s]:%d", host,
            ntohs(chosen));
}

static int open_tcp(const char *address, const char *function)
{
    struct sockaddr_storage name = {0};
    socklen_t size = parse_tcp(address, &name);
    if (!size) {
        log_say(LOG_LEVEL_ERROR, function, 0,
                "can't listen on %s: write unix:PATH, 127.0.0.1:PORT or [::1]:PORT", address);
        return -1;
    }
    int yes = 1;
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (const struct sockaddr *)&name, size) != 0 || listen(fd, LISTEN_BACKLOG) != 0)
        return listen_failed(fd, function, address, errno);
    say_port(fd, address, function);
    return fd;
}

int listen_open(const char *address, const char *function)
{
    const char *path = unix_path(address);
    return path ? open_unix(path, address, function) : open_tcp(address, function);
}

void listen_refuse(int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX)
        shutdown(fd, SHUT_RD);
}

/* Under the lock, so that the file that was checked is the one that is removed. */
void listen_remove(const char *address)
{
    const char *path = unix_path(address);
    struct stat status;
    int lock = path ? lock_socket_folder(path) : -1;
    if (lock < 0)
        return;
    if (lstat(path, &status) == 0 && status.st_ino == own_file.st_ino &&
        status.st_dev == own_file.st_dev)
        unlink(path);
    close(lock);
}
