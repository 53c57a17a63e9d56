/*
 * emulator.c - prints dime-lambda's messages, and makes ids.
 *
 * A message may contain names and texts of others, so terminal escapes in it are escaped.
 */
#include "emulator/emulator.h"

#include <stdarg.h>
#include <stdio.h>

#include "request/request.h"

enum { LINE_MAX_LENGTH = 1024 };

void emu_say(const char *format, ...)
{
    struct terminal shown = {.count = 0};
    char line[LINE_MAX_LENGTH], room[TERMINAL_ROOM(LINE_MAX_LENGTH)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t length = terminal_show(&shown, text_of(line), room);
    length += terminal_show(&shown, TEXT(""), room + length);
    fprintf(stderr, "dime-lambda: %.*s\n", (int)length, room);
}

void emu_make_id(char room[EMU_ID_SIZE])
{
    char id[33];
    request_make_id(id);
    id[12] = '4'; /* RFC 9562, section 5.4: a UUID of random bits */
    id[16] = "89ab"[text_hex_digit(id[16]) & 3];
    snprintf(room, EMU_ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16, id + 20);
}
