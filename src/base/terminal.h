/*
 * terminal.h - what others have written, shown on a terminal without it being obeyed.
 *
 * A terminal does what ESC and the controls of U+0080 to U+009F tell it: it can be renamed, made to
 * type, and have lines taken back. So what a program or a client has written is shown with these as
 * \x1b and the like. Newlines, tabs and all other characters stay.
 */
#ifndef DIME_BASE_TERMINAL_H
#define DIME_BASE_TERMINAL_H

#include "base/text.h"

enum { TERMINAL_HELD = 4, TERMINAL_ESCAPE = 4 };

/* Where a text that comes in pieces has been cut within a character; all zero before the first. */
struct terminal {
    char held[TERMINAL_HELD];
    size_t count;
};

/* Most bytes that a piece of this size is written as. */
#define TERMINAL_ROOM(size) (TERMINAL_ESCAPE * ((size) + TERMINAL_HELD))

/*
 * Writes the next piece into ROOM, which has TERMINAL_ROOM bytes for it, and returns how many these
 * are. An empty piece is the end: what was held back is written then.
 */
size_t terminal_show(struct terminal *terminal, dime_text piece, char *room);

#endif
