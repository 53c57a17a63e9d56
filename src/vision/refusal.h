/*
 * refusal.h - why a picture isn't looked at: a status and a sentence that says what to do.
 *
 * A decoder may find the fault deep inside; it writes it down here once, and everybody above only
 * returns false.
 */
#ifndef DIME_VISION_REFUSAL_H
#define DIME_VISION_REFUSAL_H

#include <stdbool.h>

struct vision_refusal {
    int status; /* 400 to 599; 0: nothing has been refused */
    char why[256];
};

/* Writes the refusal down, cut to its room, and returns false for the caller to return. */
bool vision_refuse(struct vision_refusal *refusal, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The refusal of a picture that memory doesn't suffice for. Returns false. */
bool vision_refuse_memory(struct vision_refusal *refusal);

#endif
