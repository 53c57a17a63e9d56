/*
 * record.h - the FastCGI records that are written here.
 *
 * The protocol's numbers and layouts are those of libfcgi's <fastcgi.h>, from the people who
 * defined it (FastCGI specification 1.0, sections 3.3 and 8).
 */
#ifndef DIME_HOSTS_FASTCGI_RECORD_H
#define DIME_HOSTS_FASTCGI_RECORD_H

#include <fastcgi.h>
#include <stddef.h>

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
