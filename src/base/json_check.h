/*
 * json_check.h - what the check in json_check.c shares with the readers of checked text.
 *
 * Only json.c and json_check.c include this. Both read escapes: the check must see that "a" and
 * "\u0061" are one name, and the readers decode strings.
 */
#ifndef DIME_BASE_JSON_CHECK_H
#define DIME_BASE_JSON_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/text.h"

/* The number in the four hexadecimal digits at AT, or -1. AT must have four bytes. */
int32_t json_hex_unit(const char *at);

/* The kind of a checked value that begins with this byte. */
enum json_kind json_kind_of(char first);

/* Fills *ERROR for a TEXT that is malformed at OFFSET. SENTENCE is a literal. */
void json_malformed(struct json_error *error, dime_text text, size_t offset, const char *sentence);

/* Fills *ERROR after memory has run out. */
void json_no_memory(struct json_error *error);

#endif
