/*
 * exchanges.c - reads a request's headers, and makes the response to it.
 *
 * A response is made whole, or of chunks; one that is sent while it's still written is a flow
 * (flow.h).
 */
#include "emulator/exchanges.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { RESPONSE_CHUNK = 16 * 1024 };

const char EMU_JSON[] = "application/json";

const char *emu_exchange_header(const struct emu_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *emu_exchange_trailer(const struct emu_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_FOOTER_KIND, name);
}

bool emu_exchange_is_gone(const struct emu_exchange *exchange)
{
    char byte;
    int fd = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                 ->connect_fd;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void emu_exchange_reply(struct emu_exchange *exchange, unsigned status,
                        struct MHD_Response *response)
{
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    exchange->status = status;
    exchange->response = response;
    if (exchange->waiting) {
        exchange->waiting = false;
        exchange->endpoint->resumed = true;
        MHD_resume_connection(exchange->connection);
    }
}

static struct MHD_Response *with_type(struct MHD_Response *response, const char *content_type)
{
    if (response)
        emu_reply_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

struct MHD_Response *emu_reply_make(dime_text body, const char *content_type)
{
    /* The copy is made before this returns: the cast takes nothing from anybody. */
    return with_type(
        MHD_create_response_from_buffer(body.length, (void *)body.data, MHD_RESPMEM_MUST_COPY),
        content_type);
}

static ssize_t read_chunk(void *owner, uint64_t position, char *room, size_t size)
{
    const struct emu_body *body = owner;
    if (position >= body->length)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (size > body->length - position)
        size = body->length - (size_t)position;
    memcpy(room, body->data + position, size);
    return (ssize_t)size;
}

static void free_chunks(void *owner)
{
    struct emu_body *body = owner;
    emu_body_free(body);
    free(body);
}

struct MHD_Response *emu_reply_make_chunked(dime_text text, const char *content_type)
{
    struct emu_body *body = calloc(1, sizeof *body);
    if (!body)
        return NULL;
    emu_body_add(body, text.data, text.length, text.length);
    struct MHD_Response *response =
        body->failed ? NULL
                     : MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, RESPONSE_CHUNK,
                                                         read_chunk, body, free_chunks);
    if (!response)
        free_chunks(body);
    return with_type(response, content_type);
}

void emu_reply_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response && value && *value)
        (void)MHD_add_response_header(response, name, value);
}
