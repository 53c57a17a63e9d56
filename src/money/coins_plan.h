/*
 * coins_plan.h - what coins.c and coins_hard.c share, and nobody else.
 *
 * A plan is one call of coins_solve: its kinds, the proven bounds, and the windows of the table.
 */
#ifndef DIME_MONEY_COINS_PLAN_H
#define DIME_MONEY_COINS_PLAN_H

#include "money/coins.h"

#define TABLE_CELLS   (3 << 18)
#define RESIDUE_BITS  20
#define RESIDUE_CELLS (1 << RESIDUE_BITS)
#define RESIDUE_STEPS (1 << 22)
#define SEARCH_STEPS  (1 << 21)
#define CELL_BYTES    (sizeof(int64_t) + sizeof(uint32_t))
#define WORK_BYTES    (TABLE_CELLS * CELL_BYTES)
#define NONE          INT64_MAX

/* If at least `spare` more pieces of a kind could be used, the smaller kinds make at most `rest`.
 */
struct bound {
    int64_t spare;
    int64_t rest;
};

struct kind {
    int64_t value;
    int64_t available;
    int64_t limit; /* the same, or COINS_UNLIMITED where more than that wouldn't fit */
    size_t position;
    struct bound exchange;
    struct bound pigeonhole;
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
    void *work; /* from the arena, used for one table after the other */
    size_t room;
    size_t count;
    int64_t divisor; /* of all values */
    int64_t low;     /* the amounts to be made, from low to high */
    int64_t high;
    struct kind kinds[COINS_MAX_KINDS];       /* from large to small, none that has run out */
    int64_t worth[COINS_MAX_KINDS + 1];       /* of all pieces of this kind and behind it */
    int64_t common[COINS_MAX_KINDS + 1];      /* the gcd of the values from this kind on */
    struct layer layers[COINS_MAX_KINDS + 1]; /* layers[k]: before kind k is taken */
};

/* Returns the smaller of two numbers. */
static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Returns the larger of two numbers. */
static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
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

/*
 * SIZE bytes to work in, or NULL when memory has run out. What was there before is lost. A large
 * need takes all that may be needed later at once, so that a call never takes more than
 * COINS_ARENA_NEED.
 */
void *plan_work_space(struct plan *plan, size_t size);

/* Whether residues modulo the value of kind K may be used: nothing runs out, the work is small. */
bool plan_fits_residues(const struct plan *plan, size_t k);

/* Solves for plan->low by residues modulo the largest value, if that fits; else too hard. */
enum coins_outcome plan_solve_by_residues(struct plan *plan, struct coins_answer *answer);

/* Solves for plan->low by search. The windows must be set. Too hard when the steps end. */
enum coins_outcome plan_solve_by_search(struct plan *plan, struct coins_answer *answer);

/* Finds what can be made next to AMOUNT by residues modulo the smallest value, if that fits. */
enum coins_outcome plan_nearest_by_residues(struct plan *plan, int64_t amount,
                                            struct coins_answer *answer);

/* The same by search, within the bracket that *ANSWER holds. Too hard when the steps end. */
enum coins_outcome plan_nearest_by_search(struct plan *plan, int64_t amount,
                                          struct coins_answer *answer);

#endif
