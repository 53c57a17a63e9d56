/*
 * coins.c - finds the fewest pieces by a table that is small for any amount.
 *
 * Kinds are taken from the largest to the smallest. After each one, a best answer leaves only a
 * narrow window of rests for the smaller kinds, and only every step-th value in it, where step is
 * the gcd of the values taken so far. For 1.89 in US coins, all windows together have seven cells.
 *
 * If the table would be too large, coins_hard.c goes on: by a shortest path over residues if
 * nothing runs out, else by a search that solves the last three kinds as an equation. Whether an
 * amount, or one near it, can be made at all takes one bit for each amount: coins_bits.c. All
 * methods share COINS_WORK_MAX. COINS_TOO_HARD remains for many values near a million with hardly
 * a common factor.
 */
#include "money/coins.h"

#include <string.h>

#include "money/coins_plan.h"

/* a modulo b, never negative. */
static int64_t modulo(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

/* The number of cells in all windows: 0 if one is empty, TABLE_CELLS + 1 if there are too many. */
static int64_t count_cells(const struct plan *plan)
{
    int64_t total = 0;
    for (size_t k = 0; k <= plan->count; k++) {
        if (plan->layers[k].cells == 0)
            return 0;
        total = smaller(total + smaller(plan->layers[k].cells, TABLE_CELLS), TABLE_CELLS + 1);
    }
    return total;
}

/* One more than the places of the longest line in any layer. */
static int64_t longest_line(const struct plan *plan)
{
    int64_t longest = 0;
    for (size_t k = 0; k < plan->count; k++) {
        const struct layer *from = &plan->layers[k + 1];
        longest = larger(longest, from->cells / (plan->kinds[k].value / from->step));
    }
    return longest + 1;
}

/* Where a line begins: the first place of the layer behind, and which of its own places is 0. */
struct table_line {
    int64_t source; /* the cell of the layer behind at place 0 */
    int64_t place;  /* the place that the line's first cell stands at */
};

/*
 * Fills the cells FIRST, FIRST + STRIDE ... of TO, which lie on one line with those of FROM that
 * begin at LINE's source: their rests differ by pieces of this kind. QUEUE holds the places on the
 * line that can still be best, best one first, so each is looked at a constant number of times.
 */
static void fill_line(const struct layer *from, struct layer *to, const struct kind *kind,
                      int64_t first, struct table_line line, uint32_t *queue)
{
    int64_t stride = kind->value / from->step;
    int64_t hop = to->step / from->step;
    int64_t source = line.source;
    int64_t place = line.place;
    int64_t next = 0;
    size_t head = 0;
    size_t tail = 0;
    for (int64_t cell = first; cell < to->cells; cell += stride, place += hop) {
        for (; next <= place && source < from->cells; next++, source += stride) {
            int64_t fewest = from->fewest[source];
            if (fewest == NONE)
                continue;
            while (tail > head &&
                   fewest <= from->fewest[source - (next - queue[tail - 1]) * stride] +
                                 (next - queue[tail - 1]))
                tail--;
            queue[tail++] = (uint32_t)next;
        }
        while (head < tail && place - queue[head] > kind->limit)
            head++;
        to->fewest[cell] = head == tail ? NONE
                                        : from->fewest[source - (next - queue[head]) * stride] +
                                              (place - queue[head]);
    }
}

/* Fills the layer TO from the one behind it, one line after the other. */
static void fill_layer(const struct layer *from, struct layer *to, const struct kind *kind,
                       uint32_t *queue)
{
    int64_t stride = kind->value / from->step;
    int64_t lines = smaller(stride, to->cells);
    int64_t start = to->low - from->low;
    int64_t hop = to->step / from->step;
    struct table_line line = {.source = modulo(start, kind->value) / from->step};
    line.place = (start - line.source * from->step) / kind->value;
    for (int64_t first = 0; first < lines; first++) {
        fill_line(from, to, kind, first, line, queue);
        line.source += hop % stride;
        line.place += hop / stride;
        if (line.source >= stride) {
            line.source -= stride;
            line.place++;
        }
    }
}

/* Gets the table from the arena and fills it from the smallest kind to the largest. */
static bool fill_table(struct plan *plan, int64_t cells)
{
    size_t queue_bytes = (size_t)longest_line(plan) * sizeof(uint32_t);
    int64_t *table = plan_work_space(plan, (size_t)cells * sizeof *table + queue_bytes);
    if (!table)
        return false;
    uint32_t *queue = (uint32_t *)(table + cells);
    for (size_t k = 0; k <= plan->count; k++) {
        plan->layers[k].fewest = table;
        table += plan->layers[k].cells;
    }
    plan->layers[plan->count].fewest[0] = 0;
    for (size_t k = plan->count; k-- > 0;)
        fill_layer(&plan->layers[k + 1], &plan->layers[k], &plan->kinds[k], queue);
    return true;
}

/* How many of kind K the answer for REST has: the most that don't add a piece. */
static int64_t read_kind(const struct plan *plan, size_t k, int64_t rest)
{
    const struct kind *kind = &plan->kinds[k];
    const struct layer *before = &plan->layers[k];
    const struct layer *behind = &plan->layers[k + 1];
    int64_t fewest = before->fewest[before->step == 0 ? 0 : (rest - before->low) / before->step];
    int64_t left = behind->low + modulo(rest - behind->low, kind->value);
    int64_t used = (rest - left) / kind->value;
    for (; used > 0; used--, left += kind->value) {
        int64_t behind_it = behind->fewest[(left - behind->low) / behind->step];
        if (used <= kind->limit && behind_it != NONE && behind_it + used == fewest)
            break;
    }
    return used;
}

static enum coins_outcome solve_by_table(struct plan *plan, int64_t cells,
                                         struct coins_answer *answer)
{
    if (!fill_table(plan, cells))
        return COINS_NO_MEMORY;
    if (plan->layers[0].fewest[0] == NONE)
        return COINS_IMPOSSIBLE;
    answer->pieces = plan->layers[0].fewest[0];
    int64_t rest = plan->low;
    for (size_t k = 0; k < plan->count; k++) {
        int64_t used = read_kind(plan, k, rest);
        answer->counts[plan->kinds[k].position] = used;
        rest -= used * plan->kinds[k].value;
    }
    return COINS_MADE;
}

/*
 * Solves if the table is too large. The bits come before the search: they show quickly that an
 * amount can't be made, while the search would have to try everything.
 */
static enum coins_outcome solve_hard(struct plan *plan, struct coins_answer *answer)
{
    int64_t amount = plan->low;
    enum coins_outcome outcome = plan_solve_by_residues(plan, answer);
    if (outcome != COINS_TOO_HARD)
        return outcome;
    answer->found = plan_take_largest_first(plan, amount, answer);
    answer->possible = answer->found;
    if (!answer->found) {
        outcome = plan_nearest_by_bits(plan, amount, answer);
        if (outcome == COINS_IMPOSSIBLE || outcome == COINS_NO_MEMORY)
            return outcome;
        answer->possible = outcome == COINS_MADE;
        plan_for_amounts(plan, amount, amount);
    }
    return plan_solve_by_search(plan, plan->work / 2, answer);
}

/* Solves for the one amount plan->low. */
static enum coins_outcome solve_amount(struct plan *plan, struct coins_answer *answer)
{
    if (plan->low > plan->worth[0] || plan->low % plan->divisor != 0)
        return COINS_IMPOSSIBLE;
    if (plan->count == 1) { /* no table is needed; in one, INT64_MAX pieces would mean none */
        answer->pieces = plan->low / plan->kinds[0].value;
        answer->counts[plan->kinds[0].position] = answer->pieces;
        return COINS_MADE;
    }
    plan_set_windows(plan);
    int64_t cells = count_cells(plan);
    if (cells == 0)
        return COINS_IMPOSSIBLE;
    if (cells <= TABLE_CELLS && plan_afford(plan, cells * COST_OF_CELL))
        return solve_by_table(plan, cells, answer);
    return solve_hard(plan, answer);
}

/* Finds the amounts nearest to AMOUNT, which itself can't be made. */
static enum coins_outcome find_nearest(struct plan *plan, int64_t amount,
                                       struct coins_answer *answer)
{
    plan_take_largest_first(plan, amount, answer);
    enum coins_outcome outcome = plan_nearest_by_bits(plan, amount, answer);
    if (outcome == COINS_TOO_HARD)
        outcome = plan_nearest_by_residues(plan, amount, answer);
    if (outcome == COINS_TOO_HARD)
        plan_nearest_by_search(plan, amount, answer);
    return outcome == COINS_NO_MEMORY ? outcome : COINS_IMPOSSIBLE;
}

enum coins_outcome coins_solve(struct arena *arena, const struct coins_kind *kinds, size_t count,
                               int64_t amount, struct coins_answer *answer)
{
    struct plan plan; /* 4 kB, each part set before it is read: no call clears them first */
    memset(answer, 0, sizeof *answer);
    if (!plan_open(&plan, arena, kinds, count, amount))
        return COINS_INVALID;
    if (amount == 0)
        return COINS_MADE;
    enum coins_outcome outcome = solve_amount(&plan, answer);
    if (outcome == COINS_IMPOSSIBLE && !answer->nearest) {
        answer->at_least = 0;
        outcome = find_nearest(&plan, amount, answer);
    }
    answer->work = COINS_WORK_MAX - plan.work;
    return outcome;
}
