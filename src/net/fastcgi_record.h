/*
 * fastcgi_record.h - the records of FastCGI, for the host that answers requests and the tool that
 * sends them.
 *
 * The protocol's numbers and layouts come from libfcgi's <fastcgi.h>, by the authors of the
 * protocol (FastCGI specification 1.0, sections 3.3 and 8).
 */
#ifndef DIME_NET_FASTCGI_RECORD_H
#define DIME_NET_FASTCGI_RECORD_H

#include <fastcgi.h>
#include <stddef.h>
#include <string.h>

/* In bytes: the longest record with its padding, and the most variables of a request to a program
 * of dime; nginx accepts 32 kB of headers. */
enum {
    RECORD_MAX = FCGI_HEADER_LEN + FCGI_MAX_LENGTH + 255,
    RECORD_VARIABLES_MAX = 64 * 1024,
};

/* A received record. */
struct record {
    unsigned version, type, id;
    size_t length, padding; /* bytes of the content, and of the padding after it */
    char *content;          /* after the header */
};

/* Reads the header of FCGI_HEADER_LEN bytes at BYTES; the content may not have arrived yet. */
static inline struct record record_read(char *bytes)
{
    FCGI_Header header;
    memcpy(&header, bytes, sizeof header);
    return (struct record){
        .version = header.version,
        .type = header.type,
        .id = (unsigned)header.requestIdB1 << 8 | header.requestIdB0,
        .length = (size_t)header.contentLengthB1 << 8 | header.contentLengthB0,
        .padding = header.paddingLength,
        .content = bytes + sizeof header,
    };
}

/* The header of a record without padding. ID is 0 for a management record. */
static inline FCGI_Header record_header(unsigned type, unsigned id, size_t length)
{
    return (FCGI_Header){
        .version = FCGI_VERSION_1,
        .type = (unsigned char)type,
        .requestIdB1 = (unsigned char)(id >> 8),
        .requestIdB0 = (unsigned char)id,
        .contentLengthB1 = (unsigned char)(length >> 8),
        .contentLengthB0 = (unsigned char)length,
    };
}

/* The record that ends a request. */
static inline FCGI_EndRequestRecord record_end(unsigned id, unsigned protocol_status)
{
    return (FCGI_EndRequestRecord){
        .header = record_header(FCGI_END_REQUEST, id, sizeof(FCGI_EndRequestBody)),
        .body.protocolStatus = (unsigned char)protocol_status,
    };
}

#endif
