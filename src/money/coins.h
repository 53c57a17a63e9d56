/*
 * coins.h - the fewest pieces that make an amount.
 *
 * Taking the largest coin first is right for the coins of most countries, but not for every set of
 * coins and not for a till that runs out of some. So this solver is exact for any set. It never
 * counts up to the amount: it first proves how little the smaller coins can be worth in a best
 * answer, so the time and memory depend on the coins alone.
 *
 * One call does at most COINS_WORK_MAX of work, for the answer and the nearest amounts together. If
 * that isn't enough, it says so and returns what it has proved.
 */
#ifndef DIME_MONEY_COINS_H
#define DIME_MONEY_COINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define COINS_MAX_KINDS  32
#define COINS_MAX_VALUE  10000000
#define COINS_UNLIMITED  INT64_MAX
#define COINS_ARENA_NEED (4u << 20) /* one call never takes more bytes than this */
#define COINS_WORK_MAX   3000000    /* nanoseconds of a usual core in 2024, roughly */

struct coins_kind {
    int64_t value;     /* in minor units, 1 to COINS_MAX_VALUE */
    int64_t available; /* how many there are, or COINS_UNLIMITED */
};

enum coins_outcome {
    COINS_MADE,       /* `counts` and `pieces` are set */
    COINS_IMPOSSIBLE, /* `below`, `has_above`, `above` and `nearest` are set */
    COINS_NO_MEMORY,  /* the arena is used up */
    COINS_TOO_HARD, /* COINS_WORK_MAX was reached: `at_least` and the amounts next to it are set */
    COINS_INVALID   /* too many kinds, a value twice or out of range, a negative number */
};

struct coins_answer {
    int64_t counts[COINS_MAX_KINDS]; /* how many of each kind, in the caller's order */
    int64_t pieces;                  /* all of them together */
    int64_t below;                   /* the nearest smaller amount that can be made, if only 0 */
    int64_t above;                   /* the nearest larger one */
    bool has_above;                  /* false if the till has too little, or above INT64_MAX */
    bool nearest;     /* false if the limit was reached first: a nearer amount may be possible */
    bool possible;    /* of COINS_TOO_HARD: the amount can be made; else that isn't known */
    bool found;       /* of COINS_TOO_HARD: `counts` make the amount, perhaps not the fewest */
    int64_t at_least; /* of COINS_TOO_HARD: with fewer pieces the amount can't be made */
    int64_t work;     /* what was done of COINS_WORK_MAX; the same for the same question */
};

/*
 * Finds the fewest pieces that make AMOUNT from the COUNT kinds, in any order, and fills *ANSWER.
 * Of several answers with as few pieces, it's the one with the most of the largest kind, then of
 * the next, and so on. An amount of 0 takes no pieces. Values must differ: a caller that gets one
 * twice refuses it or adds up its numbers. Working memory comes from ARENA and is garbage
 * afterwards; the answer owns nothing. Returns COINS_MADE or the reason why not.
 */
enum coins_outcome coins_solve(struct arena *arena, const struct coins_kind *kinds, size_t count,
                               int64_t amount, struct coins_answer *answer);

#endif
