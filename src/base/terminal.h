/*
 * terminal.h - makes foreign text safe to print on a terminal.
 *
 * A terminal obeys ESC and the control characters U+0080 to U+009F: they can change its title, type
 * for the user, and erase lines. So text from a program or a client is printed with these as \x1b
 * and the like. Newlines, tabs and all other characters stay.
 */
#ifndef DIME_BASE_TERMINAL_H
#define DIME_BASE_TERMINAL_H

#include "base/text.h"

enum { TERMINAL_HELD = 4, TERMINAL_ESCAPE = 4 };

/* The bytes of a character that was cut between two pieces. All zero before the first piece. */
struct terminal {
    char held[TERMINAL_HELD];
    size_t count;
};

/* The most bytes that a piece of this size is written as. */
#define TERMINAL_ROOM(size) (TERMINAL_ESCAPE * ((size) + TERMINAL_HELD))

/*
 * Writes the next piece into ROOM, which has TERMINAL_ROOM bytes, and returns how many it wrote. An
 * empty piece is the end; bytes that were held back are written then.
 */
size_t terminal_show(struct terminal *terminal, dime_text piece, char *room);

#endif
