/*
 * guard.c - refuses ambiguous requests, and requests from other sites' web pages.
 *
 * A browser names the page's site in Sec-Fetch-Site and Origin. A page can't change these headers,
 * and other clients have no reason to send them, so curl, the AWS CLI and the SDKs pass. These
 * headers don't help if a site's name resolves to this machine (DNS rebinding), but then Host has
 * that name. Addresses, localhost, and names without a dot, which nobody can register, are safe.
 * `--allow` admits other names and their pages.
 */
#include "emulator/guard.h"

#include <arpa/inet.h>
#include <stdio.h>

static const char ANYTHING[] = "*";

enum { SHOWN_NAME_MAX = 255 };

/* What the headers say about the framing of a request. */
struct frame {
    size_t headers, hosts, lengths, codings;
    bool named, chunked, malformed;
};

static enum MHD_Result look_at_header(void *owner, enum MHD_ValueKind kind, const char *name,
                                      size_t name_length, const char *value, size_t value_length)
{
    struct frame *frame = owner;
    dime_text key = {name, name_length}, said = {value ? value : "", value ? value_length : 0};
    (void)kind;
    frame->headers++;
    frame->malformed |= !text_is_token(key) || text_has_controls(said);
    if (text_equal_nocase(key, TEXT("host"))) {
        frame->hosts++;
        frame->named = text_trim(said).length;
    }
    frame->lengths += text_equal_nocase(key, TEXT("content-length"));
    if (text_equal_nocase(key, TEXT("transfer-encoding"))) {
        frame->codings++;
        frame->chunked = text_equal_nocase(text_trim(said), TEXT("chunked"));
    }
    return MHD_YES;
}

static struct frame read_frame(const struct emu_exchange *exchange)
{
    struct frame frame = {0};
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, look_at_header, &frame);
    return frame;
}

/* Whether the target in the request line is a path: without a scheme, of visible characters. */
static bool is_path(dime_text uri)
{
    return text_starts(uri, TEXT("/")) && !text_has_controls(uri) &&
           !memchr(uri.data, ' ', uri.length) && !memchr(uri.data, '\t', uri.length);
}

/* What is ambiguous about a request; NULL: nothing. */
static const char *find_fault(const struct emu_exchange *exchange, const char *version)
{
    struct frame frame = read_frame(exchange);
    bool newer = strcmp(version, "HTTP/1.1") == 0;
    if (frame.malformed || !text_is_token(text_of(exchange->method)))
        return "The method or a header has a byte that isn't allowed there; leave it out";
    if (!is_path(text_of(exchange->uri)))
        return "The first line must name a path: GET /path HTTP/1.1";
    if (frame.hosts > 1 || (frame.hosts ? !frame.named : newer))
        return "A request must have one Host header, which isn't empty; send one";
    if (frame.codings > 1 || (frame.codings && (!frame.chunked || !newer)))
        return "Transfer-Encoding may only be chunked, once, in HTTP/1.1";
    if (frame.lengths > 1 || (frame.lengths && frame.codings))
        return "The length of the body is ambiguous; send one Content-Length or one"
               " Transfer-Encoding";
    return NULL;
}

bool emu_guard_is_clear(struct emu_exchange *exchange, const char *version)
{
    const char *fault;
    unsigned status = MHD_HTTP_BAD_REQUEST;
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) {
        fault = "Only HTTP/1.1 and HTTP/1.0 are supported";
        status = MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED;
    } else {
        fault = find_fault(exchange, version);
    }
    if (!fault)
        return true;
    exchange->endpoint->refuse(exchange, status, "BadRequestException", fault);
    emu_reply_header(exchange->response, MHD_HTTP_HEADER_CONNECTION, "close");
    return false;
}

/* The name in HOST:PORT, without a trailing dot; an IPv6 address with its brackets. */
static dime_text name_in(dime_text authority)
{
    dime_text name, rest = authority;
    if (text_starts(authority, TEXT("["))) {
        const char *end = memchr(authority.data, ']', authority.length);
        size_t length = end ? (size_t)(end - authority.data) + 1 : authority.length;
        rest = text_skip(authority, length);
        /* If something other than a port follows the brackets, it's all one name. */
        return !rest.length || *rest.data == ':' ? (dime_text){authority.data, length} : authority;
    }
    if (!text_cut(&rest, ':', &name))
        name = TEXT("");
    if (name.length && name.data[name.length - 1] == '.')
        name.length--;
    return name;
}

static bool is_ip_address(dime_text name)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr room;
    bool brackets = name.length > 2 && name.data[0] == '[' && name.data[name.length - 1] == ']';
    if (brackets)
        name = (dime_text){name.data + 1, name.length - 2};
    if (name.length >= sizeof copy)
        return false;
    memcpy(copy, name.data, name.length);
    copy[name.length] = '\0';
    return inet_pton(brackets ? AF_INET6 : AF_INET, copy, &room) == 1;
}

/* Whether --allow admits this HOST:PORT, or its name with any port. */
static bool is_listed(const struct emu_endpoint *endpoint, dime_text authority)
{
    for (const char *const *one = endpoint->allowed; one && *one; one++) {
        dime_text listed = text_of(*one);
        if (strcmp(*one, ANYTHING) == 0 || text_equal_nocase(listed, authority) ||
            text_equal_nocase(listed, name_in(authority)))
            return true;
    }
    return false;
}

/* Whether no web site can make this name resolve to this machine. */
static bool is_ours(const struct emu_endpoint *endpoint, dime_text authority)
{
    const dime_text local = TEXT(".localhost");
    dime_text name = name_in(authority);
    return is_listed(endpoint, authority) || is_ip_address(name) || text_ends_nocase(name, local) ||
           (name.length && !memchr(name.data, '.', name.length));
}

/* The HOST:PORT of an origin; empty if it's opaque. */
static dime_text authority_of(dime_text origin)
{
    static const char *const SCHEMES[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        dime_text scheme = text_of(SCHEMES[i]);
        if (text_starts(origin, scheme))
            return (dime_text){origin.data + scheme.length, origin.length - scheme.length};
    }
    return TEXT("");
}

/* Whether the request comes from no page, from a page of this origin, or from an allowed one. */
static bool is_from_here(const struct emu_exchange *exchange, dime_text host)
{
    const char *site = emu_exchange_header(exchange, "Sec-Fetch-Site");
    const char *origin = emu_exchange_header(exchange, MHD_HTTP_HEADER_ORIGIN);
    dime_text authority = authority_of(text_of(origin));
    if (is_listed(exchange->endpoint, authority))
        return true;
    if (site)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    return !origin || (authority.length && text_equal_nocase(authority, host));
}

static void refuse_host(struct emu_exchange *exchange, dime_text host)
{
    char message[SHOWN_NAME_MAX * 2 + 160];
    dime_text name = name_in(host);
    int length = name.length < SHOWN_NAME_MAX ? (int)name.length : SHOWN_NAME_MAX;
    snprintf(message, sizeof message,
             "The Host \"%.*s\" isn't known, and a web site could make it resolve to this machine;"
             " use an address or localhost, or start dime lambda with --allow %.*s",
             length, name.data, length, name.data);
    exchange->endpoint->refuse(exchange, MHD_HTTP_FORBIDDEN, "AccessDeniedException", message);
}

bool emu_guard_admits(struct emu_exchange *exchange)
{
    dime_text host = text_of(emu_exchange_header(exchange, MHD_HTTP_HEADER_HOST));
    if (host.data[0] && !is_ours(exchange->endpoint, host)) {
        refuse_host(exchange, host);
        return false;
    }
    if (!is_from_here(exchange, host)) {
        exchange->endpoint->refuse(
            exchange, MHD_HTTP_FORBIDDEN, "AccessDeniedException",
            "Web pages of other sites may not send requests here; open the address yourself, or"
            " start dime lambda with --allow HOST:PORT of the page");
        return false;
    }
    if (read_frame(exchange).headers > EMU_HEADERS_MAX) {
        exchange->endpoint->refuse(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
                                   "RequestHeaderFieldsTooLargeException",
                                   "A request has at most 256 headers; send fewer");
        return false;
    }
    return true;
}
