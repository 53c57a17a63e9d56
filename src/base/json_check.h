/*
 * json_check.h - what the gate in json_check.c shares with the readers of checked text.
 *
 * Only json.c, json_check.c and json_tree.c include this. Reading an escape is needed twice: by the
 * gate, to see that "a" and "\u0061" are one name, and by those who decode. So it is written once.
 */
#ifndef DIME_BASE_JSON_CHECK_H
#define DIME_BASE_JSON_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/text.h"

/* The number that four hexadecimal digits at AT write, or -1. There must be four bytes. */
int32_t json_hex_unit(const char *at);

/* The kind of a checked value that begins with this byte. */
enum json_kind json_kind_of(char first);

/* Fills *ERROR for a text that is malformed at OFFSET; the sentence is a literal. */
void json_malformed(struct json_error *error, dime_text text, size_t offset, const char *sentence);

/* Fills *ERROR for memory that ran out. */
void json_no_memory(struct json_error *error);

#endif
