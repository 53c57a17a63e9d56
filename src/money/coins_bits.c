/*
 * coins_bits.c - which amounts can be made at all, one bit for each.
 *
 * If an amount can't be made, only its nearest neighbours are needed, not their numbers of pieces.
 * The windows that coins.c proves become rows of bits: adding pieces of a kind shifts a row, and 64
 * amounts are shifted at once. Any number of copies takes a few passes, each of which doubles their
 * number. This is fast enough for tens of millions of amounts.
 */
#include <string.h>

#include "money/coins_plan.h"

enum { WORD_BITS = 64 };

/* A row of bits. What lies behind `length` in the last word may be set, and is never read. */
struct bits {
    uint64_t *words;
    int64_t length;
};

static int64_t words_of(int64_t length)
{
    return (length + WORD_BITS - 1) / WORD_BITS;
}

/* The last bit that is set before AT or there; there is one. */
static int64_t last_set(struct bits bits, int64_t at)
{
    int64_t i = at / WORD_BITS;
    uint64_t word = bits.words[i] & UINT64_MAX >> (WORD_BITS - 1 - at % WORD_BITS);
    while (!word)
        word = bits.words[--i];
    return i * WORD_BITS + WORD_BITS - 1 - __builtin_clzll(word);
}

/* The first bit that is set from AT on, or one that isn't before the end. */
static int64_t next_set(struct bits bits, int64_t at)
{
    int64_t count = words_of(bits.length);
    int64_t i = at / WORD_BITS;
    uint64_t word = i < count ? bits.words[i] & UINT64_MAX << (at % WORD_BITS) : 0;
    while (!word && ++i < count)
        word = bits.words[i];
    return word ? i * WORD_BITS + __builtin_ctzll(word) : bits.length;
}

/* How the row of one layer follows from that of the layer behind it. */
struct step {
    int64_t stride; /* the value of one piece, in bits */
    int64_t copies; /* that overlap the row, at most; less than 1 where none does */
    int64_t shift;  /* where bit 0 stands in the first of them, perhaps below 0 */
};

static int64_t floor_divided(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The step to layer K. Both windows count in the plan's divisor. */
static struct step step_to(const struct plan *plan, size_t k)
{
    const struct layer *to = &plan->layers[k];
    const struct layer *from = &plan->layers[k + 1];
    struct step step = {.stride = plan->kinds[k].value / plan->divisor};
    int64_t offset = (from->low - to->low) / plan->divisor;
    int64_t fewest = larger(0, -floor_divided(offset + from->cells - 1, step.stride));
    int64_t most =
        smaller(plan->kinds[k].limit, floor_divided(to->cells - 1 - offset, step.stride));
    step.copies = most - fewest + 1;
    step.shift = offset + fewest * step.stride;
    return step;
}

/* The length of the row in which the copies are made, which begins with the first copy. */
static int64_t room_of(const struct layer *to, struct step step)
{
    return to->cells + larger(0, -step.shift);
}

/* Sets BITS to FROM, moved up by SHIFT, which may be more than there is room for. */
static void place_bits(struct bits bits, struct bits from, int64_t shift)
{
    int64_t count = words_of(bits.length);
    int64_t skipped = shift / WORD_BITS;
    int part = (int)(shift % WORD_BITS);
    int64_t sources = words_of(from.length);
    if (from.length % WORD_BITS)
        from.words[sources - 1] &= (UINT64_C(1) << (from.length % WORD_BITS)) - 1;
    memset(bits.words, 0, (size_t)count * sizeof *bits.words);
    for (int64_t i = 0; i < sources && i + skipped < count; i++) {
        bits.words[i + skipped] |= from.words[i] << part;
        if (part && i + skipped + 1 < count)
            bits.words[i + skipped + 1] |= from.words[i] >> (WORD_BITS - part);
    }
}

/* Adds to BITS a copy of itself, moved up by SHIFT. From the top down, so that it moves once. */
static void add_once(struct bits bits, int64_t shift)
{
    int64_t skipped = shift / WORD_BITS;
    int part = (int)(shift % WORD_BITS);
    int64_t i = words_of(bits.length) - 1;
    if (part) {
        for (; i > skipped; i--)
            bits.words[i] |=
                bits.words[i - skipped] << part | bits.words[i - skipped - 1] >> (WORD_BITS - part);
    }
    for (; i >= skipped; i--)
        bits.words[i] |= bits.words[i - skipped] << part;
}

/* Makes COPIES of the bits in BITS, each moved by STRIDE more than the one before it. */
static void repeat(struct bits bits, int64_t stride, int64_t copies)
{
    for (int64_t there = 1; there < copies;) {
        int64_t added = smaller(there, copies - there);
        if (added * stride >= bits.length)
            return; /* the copies reach the end */
        add_once(bits, added * stride);
        there += added;
    }
}

/* Sets BITS to what it has from bit SHIFT on. */
static void drop_bits(struct bits bits, int64_t shift)
{
    int64_t count = words_of(bits.length);
    int64_t skipped = shift / WORD_BITS;
    int part = (int)(shift % WORD_BITS);
    for (int64_t i = 0; i + skipped < count; i++) {
        uint64_t next = i + skipped + 1 < count ? bits.words[i + skipped + 1] : 0;
        bits.words[i] = bits.words[i + skipped] >> part | (part ? next << (WORD_BITS - part) : 0);
    }
}

/* The cost of all steps; more than any plan has if a row would be too long. */
static int64_t cost_of(const struct plan *plan)
{
    int64_t cost = 0;
    for (size_t k = 0; k < plan->count; k++) {
        if (plan->layers[k].cells > (int64_t)BITS_WORDS / 2 * WORD_BITS ||
            plan->layers[k + 1].cells > (int64_t)BITS_WORDS / 2 * WORD_BITS)
            return INT64_MAX;
        struct step step = step_to(plan, k);
        int64_t words = words_of(room_of(&plan->layers[k], step)) + 1;
        int passes = 3;
        for (int64_t there = 1; there < step.copies && there * step.stride < words * WORD_BITS;
             there *= 2)
            passes++;
        cost += words * passes * COST_OF_WORD;
    }
    return cost;
}

/* Fills the row of the first layer, in either half of SPACE. False: out of memory. */
static bool fill_rows(struct plan *plan, struct bits *bits)
{
    int64_t longest = 0;
    for (size_t k = 0; k < plan->count; k++)
        longest = larger(longest, words_of(room_of(&plan->layers[k], step_to(plan, k))));
    uint64_t *rows = plan_work_space(plan, 2 * (size_t)longest * sizeof *rows);
    if (!rows)
        return false;
    struct bits from = {rows, 1};
    struct bits to = {rows + longest, 0};
    from.words[0] = 1; /* no pieces make 0 */
    for (size_t k = plan->count; k-- > 0;) {
        const struct layer *layer = &plan->layers[k];
        struct step step = step_to(plan, k);
        to.length = room_of(layer, step);
        if (step.copies > 0)
            place_bits(to, from, larger(0, step.shift));
        else
            memset(to.words, 0, (size_t)words_of(to.length) * sizeof *to.words);
        repeat(to, step.stride, step.copies);
        if (step.shift < 0)
            drop_bits(to, -step.shift);
        to.length = layer->cells;
        struct bits swapped = from;
        from = to;
        to = swapped;
    }
    *bits = from;
    return true;
}

enum coins_outcome plan_nearest_by_bits(struct plan *plan, int64_t amount,
                                        struct coins_answer *answer)
{
    int64_t end = plan->end;
    answer->nearest = end <= amount || (answer->has_above && end - answer->below == plan->divisor);
    if (answer->nearest)
        return COINS_IMPOSSIBLE;
    plan_for_amounts(plan, answer->below, end);
    struct bits bits;
    if (!plan_afford(plan, cost_of(plan)))
        return COINS_TOO_HARD;
    if (!fill_rows(plan, &bits))
        return COINS_NO_MEMORY;
    int64_t below = (amount - answer->below) / plan->divisor;
    int64_t nearest = last_set(bits, below); /* bit 0 can be made */
    if (amount % plan->divisor == 0 && nearest == below)
        return COINS_MADE;
    int64_t above = next_set(bits, below + 1);
    answer->has_above = above < bits.length;
    answer->above = answer->has_above ? answer->below + above * plan->divisor : 0;
    answer->below += nearest * plan->divisor;
    answer->nearest = true;
    return COINS_IMPOSSIBLE;
}
