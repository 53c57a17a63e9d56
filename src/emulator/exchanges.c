/*
 * exchanges.c - reads the headers of a request, and makes responses.
 *
 * Responses made here are complete; one that is sent in chunks is a flow (flow.h).
 */
#include "emulator/exchanges.h"

#include <sys/socket.h>

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

struct MHD_Response *emu_reply_make(dime_text body, const char *content_type)
{
    /* The cast is safe: the body is copied before this returns. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.length, (void *)body.data, MHD_RESPMEM_MUST_COPY);
    emu_reply_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

void emu_reply_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response && value && *value)
        (void)MHD_add_response_header(response, name, value);
}
