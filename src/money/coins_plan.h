/*
 * coins_plan.h - what the files of the solver share, and nobody else.
 *
 * A plan is one call of coins_solve: its kinds, the proven bounds, the windows of the table, and
 * the work that is left. The table, the residues and the bits have a cost that is known before:
 * they are used only if that much work is left. The searches stop when none is left.
 */
#ifndef DIME_MONEY_COINS_PLAN_H
#define DIME_MONEY_COINS_PLAN_H

#include "base/number.h"
#include "money/coins.h"

/* The cost of one step, in the unit of COINS_WORK_MAX; `make hardest` checks it. */
enum {
    COST_OF_CELL = 8,    /* of the table */
    COST_OF_RESIDUE = 4, /* and kind, while the residues are in a processor's cache */
    COST_OF_CHOICE = 12, /* of the first search */
    COST_OF_NODE = 20,   /* of the second search, and of that for the nearest amounts */
    COST_OF_KIND = 5,    /* that a search looks at */
    COST_OF_WORD = 1,    /* of 64 bits, and pass */
};

/* The most that a table may take, so that enough is left to find the nearest amounts. */
#define TABLE_CELLS   (COINS_WORK_MAX / 3 * 2 / COST_OF_CELL)
#define RESIDUE_BITS  17
#define RESIDUE_CELLS (1 << RESIDUE_BITS)
#define BITS_WORDS    (1 << 17)  /* most in one layer: 8 million amounts */
#define WORK_BYTES    (3u << 20) /* enough for each of them */
#define NONE          INT64_MAX

_Static_assert(WORK_BYTES < COINS_ARENA_NEED, "room for one table");

/* If at least `spare` more pieces of a kind could be used, the smaller kinds make at most `rest`.
 */
struct coins_bound {
    int64_t spare;
    int64_t rest;
};

struct kind {
    int64_t value;
    int64_t available;
    int64_t limit; /* the same, or COINS_UNLIMITED where more than that wouldn't fit */
    size_t position;
    struct coins_bound exchange;
    struct coins_bound pigeonhole;
};

/* The rests that a best answer may leave for the kinds behind, and the fewest pieces for each. */
struct layer {
    int64_t low;
    int64_t high;
    int64_t step;
    int64_t cells;
    int64_t *fewest;
};

struct plan {
    struct arena *arena;
    int64_t work; /* how much may still be done */
    void *space;  /* from the arena, used for one table after the other */
    size_t room;
    size_t count;
    int64_t divisor; /* of all values */
    int64_t low;     /* the amounts to be made, from low to high */
    int64_t high;
    int64_t end; /* how far up to look for the nearest amount; see plan_take_largest_first */
    struct kind kinds[COINS_MAX_KINDS];       /* from large to small, none that has run out */
    int64_t worth[COINS_MAX_KINDS + 1];       /* of all pieces of this kind and behind it */
    int64_t common[COINS_MAX_KINDS + 1];      /* the gcd of the values from this kind on */
    struct layer layers[COINS_MAX_KINDS + 1]; /* layers[k]: before kind k is taken */
};

/* A times B; INT64_MAX, which no amount reaches, where that's more. */
static inline int64_t saturated_product(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* Returns the greatest common divisor (Euclid) of two numbers of which one may be 0. */
static inline int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Makes a plan for one amount, without windows. False where the kinds break the rules. */
bool plan_open(struct plan *plan, struct arena *arena, const struct coins_kind *kinds, size_t count,
               int64_t amount);

/* SIZE bytes to work in, which replace those before. NULL: out of memory. */
void *plan_work_space(struct plan *plan, size_t size);

/* Takes COST from the work that is left. Returns false, and takes nothing, where less is left. */
bool plan_afford(struct plan *plan, int64_t cost);

/* Bounds the kinds and sets the windows for the amounts that the plan is for. */
void plan_set_windows(struct plan *plan);

/* The kinds, bounds and windows for the amounts from LOW to HIGH. */
void plan_for_amounts(struct plan *plan, int64_t low, int64_t high);

/*
 * Solves for plan->low by residues modulo the largest value: too hard where a kind may run out,
 * the residues are too many, or the way that they show is longer than the amount.
 */
enum coins_outcome plan_solve_by_residues(struct plan *plan, struct coins_answer *answer);

/*
 * Solves for plan->low by search: by the first way with FIRST of the work, then by the second with
 * the rest. Too hard, with answer->at_least set, when no work is left.
 */
enum coins_outcome plan_solve_by_search(struct plan *plan, int64_t first,
                                        struct coins_answer *answer);

/*
 * Takes the largest first: sets answer->below to what that makes, and `above` to one more of the
 * smallest kind that hasn't run out. Both can be made. plan->end is `above`, or the end of int64,
 * or 0 if the till has too little. Returns whether `below` is AMOUNT, and then fills in the
 * counts.
 */
bool plan_take_largest_first(struct plan *plan, int64_t amount, struct coins_answer *answer);

/*
 * Finds what can be made next to AMOUNT, within what plan_take_largest_first has set, by one bit
 * for each amount. Returns COINS_MADE if AMOUNT itself can be made, COINS_IMPOSSIBLE with the
 * answer set, or COINS_TOO_HARD if too little work is left.
 */
enum coins_outcome plan_nearest_by_bits(struct plan *plan, int64_t amount,
                                        struct coins_answer *answer);

/* The same by residues modulo the smallest value. AMOUNT can't be made. */
enum coins_outcome plan_nearest_by_residues(struct plan *plan, int64_t amount,
                                            struct coins_answer *answer);

/* The same by search: if the work runs out, answer->nearest stays false. */
void plan_nearest_by_search(struct plan *plan, int64_t amount, struct coins_answer *answer);

#endif
