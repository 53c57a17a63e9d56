/*
 * runtime_link.c - libcurl's handles, its socket interface, and how dead connections are handled.
 *
 * libcurl resends a request by itself if a kept connection dies before a byte has come back. That
 * is right for a GET, and wrong for a post that may have been read: for a post libcurl is kept from
 * opening another connection. A reset means that the post wasn't read: TCP resets a connection that
 * is closed with unread bytes, and otherwise ends it in order.
 */
#include "hosts/lambda/runtime_link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

struct curl_slist runtime_no_accept = {.data = (char[]){"Accept:"}};
struct curl_slist runtime_no_expect = {.data = (char[]){"Expect:"}, .next = &runtime_no_accept};
struct curl_slist runtime_json_type = {.data = (char[]){"Content-Type: application/json"},
                                       .next = &runtime_no_expect};

enum { HANG_UP_MS = 300, WAIT_MS = 60000, RESET_MS = 100 };

static int note_sending(void *of, char *address, char *local, int port, int local_port)
{
    struct runtime_link *link = of;
    (void)address, (void)local, (void)port, (void)local_port;
    link->sent = true;
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t open_socket(void *of, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct runtime_link *link = of;
    (void)purpose;
    if (link->posting && link->sent)
        return CURL_SOCKET_BAD; /* libcurl would resend the post */
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/*
 * Whether the peer has reset the connection. If it ended the connection in order just before our
 * bytes arrived, its reset may still be on the way: then some of our bytes are unacknowledged.
 */
static bool is_reset(curl_socket_t socket)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    for (int waited = 0; getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0; waited++) {
        if (info.tcpi_state == TCP_CLOSE)
            return true;
        if (info.tcpi_state != TCP_CLOSE_WAIT || !info.tcpi_unacked || waited == RESET_MS)
            return false;
        (void)poll(NULL, 0, 1);
    }
    return false;
}

static int close_socket(void *of, curl_socket_t socket)
{
    struct runtime_link *link = of;
    if (link->sent)
        link->reset = is_reset(socket);
    return close(socket);
}

/* libcurl reports which socket it waits for, and for which events. */
static int watch_socket(CURL *handle, curl_socket_t socket, int what, void *of, void *unused)
{
    struct runtime_link *link = of;
    size_t place = 0;
    (void)handle, (void)unused;
    for (size_t i = 1; i < RUNTIME_SOCKETS; i++) {
        if (link->sockets[i].fd == socket || (!place && link->sockets[i].fd < 0))
            place = i;
    }
    if (!place)
        return -1;
    link->sockets[place] = (struct pollfd){.fd = what == CURL_POLL_REMOVE ? -1 : socket};
    if (what & CURL_POLL_IN)
        link->sockets[place].events |= POLLIN;
    if (what & CURL_POLL_OUT)
        link->sockets[place].events |= POLLOUT;
    return 0;
}

static int set_timer(CURLM *multi, long milliseconds, void *of)
{
    struct runtime_link *link = of;
    (void)multi;
    link->timer_ns = milliseconds < 0 ? 0 : clock_in_ms(milliseconds);
    return 0;
}

CURL *runtime_link_make_handle(CURLU *base)
{
    CURL *handle = curl_easy_init();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_CURLU, base);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* ignore the environment's proxy */
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    return handle;
}

CURL *runtime_link_add(struct runtime_link *link)
{
    CURL *handle = runtime_link_make_handle(link->base);
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, note_sending);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, link);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, link);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, link);
    return handle;
}

CURLU *runtime_link_make_base(const char *address)
{
    char url[RUNTIME_ADDRESS_MAX + 16];
    CURLU *base = curl_url();
    snprintf(url, sizeof url, "http://%s/", address);
    if (base && curl_url_set(base, CURLUPART_URL, url, 0) != CURLUE_OK) {
        curl_url_cleanup(base);
        base = NULL;
    }
    return base;
}

bool runtime_link_open(struct runtime_link *link, const char *address, int stop)
{
    *link = (struct runtime_link){0};
    for (size_t i = 0; i < RUNTIME_SOCKETS; i++)
        link->sockets[i].fd = -1;
    link->sockets[0] = (struct pollfd){.fd = stop, .events = POLLIN};
    link->base = runtime_link_make_base(address);
    link->multi = curl_multi_init();
    link->get = runtime_link_add(link);
    link->post = runtime_link_add(link);
    if (!link->base || !link->multi || !link->get || !link->post)
        return false;
    curl_multi_setopt(link->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(link->multi, CURLMOPT_SOCKETDATA, link);
    curl_multi_setopt(link->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(link->multi, CURLMOPT_TIMERDATA, link);
    return true;
}

void runtime_link_close(struct runtime_link *link)
{
    curl_easy_cleanup(link->get);
    curl_easy_cleanup(link->post);
    if (link->multi)
        curl_multi_cleanup(link->multi);
    curl_url_cleanup(link->base);
    *link = (struct runtime_link){0};
}

bool runtime_link_stopping(const struct runtime_link *link)
{
    struct pollfd stop = link->sockets[0];
    return poll(&stop, 1, 0) == 1;
}

long runtime_link_status(CURL *handle)
{
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static void act(struct runtime_link *link, curl_socket_t socket, int events)
{
    if (curl_multi_socket_action(link->multi, socket, events, &link->running) != CURLM_OK)
        link->running = 0;
}

void runtime_link_begin(struct runtime_link *link, CURL *handle)
{
    link->posting = handle != link->get;
    link->stopped = link->got_bytes = link->sent = link->reset = false;
    link->timer_ns = link->until_ns = 0;
    link->running = curl_multi_add_handle(link->multi, handle) == CURLM_OK;
    if (link->running)
        act(link, CURL_SOCKET_TIMEOUT, 0);
}

/* How long to wait, in milliseconds; less than 0 when the grace period is over. */
static int wait_time(const struct runtime_link *link)
{
    int64_t now = 0, wait = WAIT_MS;
    if (link->timer_ns || link->until_ns)
        now = clock_monotonic_ns();
    if (link->until_ns)
        wait = (link->until_ns - now) / 1000000;
    if (link->timer_ns) {
        int64_t timer = link->timer_ns > now ? (link->timer_ns - now + 999999) / 1000000 : 0;
        wait = timer < wait ? timer : wait;
    }
    return (int)wait;
}

/* Whether this request gets a grace period, now that the program must end. */
static void begin_grace(struct runtime_link *link)
{
    link->until_ns = clock_in_ms(HANG_UP_MS);
    link->stopped = !link->posting && !link->got_bytes;
}

static void act_on(struct runtime_link *link, const struct pollfd *socket)
{
    int events = 0;
    if (socket->revents & (POLLIN | POLLHUP | POLLERR))
        events |= CURL_CSELECT_IN;
    if (socket->revents & POLLOUT)
        events |= CURL_CSELECT_OUT;
    if (socket->revents & POLLERR)
        events |= CURL_CSELECT_ERR;
    act(link, socket->fd, events);
}

bool runtime_link_step(struct runtime_link *link)
{
    int wait = wait_time(link);
    if (wait < 0)
        link->stopped = true;
    if (!link->running || link->stopped)
        return false;
    struct pollfd ready[RUNTIME_SOCKETS];
    memcpy(ready, link->sockets, sizeof ready);
    if (link->until_ns)
        ready[0].fd = -1;
    int count = poll(ready, RUNTIME_SOCKETS, wait);
    if (count == 0 && link->timer_ns && clock_monotonic_ns() >= link->timer_ns) {
        link->timer_ns = 0;
        act(link, CURL_SOCKET_TIMEOUT, 0);
    }
    for (size_t i = 1; i < RUNTIME_SOCKETS && count > 0; i++) {
        if (ready[i].fd >= 0 && ready[i].revents)
            act_on(link, &ready[i]);
    }
    if (count > 0 && ready[0].fd >= 0 && ready[0].revents && link->running)
        begin_grace(link);
    return true;
}

CURLcode runtime_link_end(struct runtime_link *link, CURL *handle)
{
    CURLcode result = CURLE_FAILED_INIT;
    int more;
    while (runtime_link_step(link))
        ;
    const CURLMsg *message = curl_multi_info_read(link->multi, &more);
    if (message) {
        result = message->data.result;
        link->stopped = false;
    }
    curl_multi_remove_handle(link->multi, handle);
    return result;
}
