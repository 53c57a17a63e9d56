/*
 * coins.h - the fewest pieces that make an amount.
 *
 * Taking the largest coin first is right for the coins of most countries, but not for every set of
 * coins and not for a till that runs out of some. So this solver is exact for any set. It never
 * counts up to the amount: it first proves how little the smaller coins can be worth in a best
 * answer, so the time and memory depend on the coins alone, and both have a fixed limit.
 */
#ifndef DIME_MONEY_COINS_H
#define DIME_MONEY_COINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

#define COINS_MAX_KINDS  32
#define COINS_MAX_VALUE  10000000
#define COINS_UNLIMITED  INT64_MAX
#define COINS_ARENA_NEED (16u << 20) /* one call never takes more bytes than this */

struct coins_kind {
    int64_t value;     /* in minor units, 1 to COINS_MAX_VALUE */
    int64_t available; /* how many there are, or COINS_UNLIMITED */
};

enum coins_outcome {
    COINS_MADE,       /* `counts` and `pieces` are set */
    COINS_IMPOSSIBLE, /* `below`, `has_above` and `above` are set */
    COINS_NO_MEMORY,  /* the arena is used up */
    COINS_TOO_HARD,   /* exact work would pass the limit; see coins.c for when */
    COINS_INVALID     /* too many kinds, a value twice or out of range, a negative number */
};

struct coins_answer {
    int64_t counts[COINS_MAX_KINDS]; /* how many of each kind, in the caller's order */
    int64_t pieces;                  /* all of them together */
    int64_t below;                   /* the nearest smaller amount that can be made, if only 0 */
    int64_t above;                   /* the nearest larger one */
    bool has_above;                  /* false where a till ends first, or above INT64_MAX */
};

/*
 * Finds the fewest pieces that make AMOUNT from the COUNT kinds, in any order, and fills *ANSWER.
 * Where several answers have as few pieces, it has more of the largest kind, then of the next, and
 * so on. An amount of 0 takes no pieces. Values must differ: a caller who gets one twice refuses it
 * or adds up its numbers. Working memory comes from ARENA and is garbage afterwards; the answer
 * owns nothing. Returns COINS_MADE or the reason why not.
 */
enum coins_outcome coins_solve(struct arena *arena, const struct coins_kind *kinds, size_t count,
                               int64_t amount, struct coins_answer *answer);

#endif
