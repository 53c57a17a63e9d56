/*
 * coins_hard.c - finds the fewest pieces if a table would be too large.
 *
 * Only made-up values come here: tens of thousands and more that share no factor. If nothing runs
 * out, a shortest path over the residues modulo one value gives the answer for every amount. A
 * search solves other questions, within the work that is left: few kinds of any value, an amount
 * of a few large pieces, or a till with few pieces in it.
 */
#include "money/coins_plan.h"

#include <string.h>

/*
 * Lowers DISTANCE along the edges that one more piece of kind K makes: it leads HOP residues on and
 * costs WEIGHT. No best path uses an edge of a circle of residues as often as the circle has
 * residues, so one walk from its least residue is enough, and two are from anywhere. The circle of
 * 0 is walked once: its least is 0.
 */
static void walk_circles(int64_t *distance, int64_t cells, int64_t hop, int64_t weight)
{
    int64_t circles = gcd(cells, hop);
    for (int64_t start = 0; start < circles; start++) {
        int64_t at = start;
        for (int64_t steps = (start ? 2 : 1) * (cells / circles); steps > 0; steps--) {
            int64_t to = at + hop < cells ? at + hop : at + hop - cells;
            if (distance[at] != NONE && distance[at] + weight < distance[to])
                distance[to] = distance[at] + weight;
            at = to;
        }
    }
}

/*
 * Whether residues modulo the value of kind K may be used: nothing runs out, and enough work is
 * left, which this takes. Reading the answer takes a division for each residue.
 */
static bool fits_residues(struct plan *plan, size_t k)
{
    int64_t cells = plan->kinds[k].value / plan->divisor;
    int64_t walks = 4;
    for (size_t j = 0; j < plan->count; j++) {
        if (plan->kinds[j].limit != COINS_UNLIMITED)
            return false;
        int64_t hop = plan->kinds[j].value / plan->divisor % cells;
        walks += gcd(cells, hop) == 1 ? 1 : 2;
    }
    return cells <= RESIDUE_CELLS && plan_afford(plan, cells * walks * COST_OF_RESIDUE);
}

/*
 * The shortest ways to each residue modulo the value of kind K, counted in the plan's divisor,
 * where a piece of kind J weighs WEIGHTS[J]. NULL: out of memory.
 */
static int64_t *residue_distances(struct plan *plan, size_t k, const int64_t *weights)
{
    int64_t cells = plan->kinds[k].value / plan->divisor;
    int64_t *distance = plan_work_space(plan, (size_t)cells * sizeof *distance);
    if (!distance)
        return NULL;
    for (int64_t i = 0; i < cells; i++)
        distance[i] = NONE;
    distance[0] = 0;
    for (size_t j = 0; j < plan->count; j++) {
        int64_t hop = plan->kinds[j].value / plan->divisor % cells;
        if (hop != 0)
            walk_circles(distance, cells, hop, weights[j]);
    }
    return distance;
}

/* Reads the pieces of the shortest way to the amount's residue, the large ones first. */
static void read_residues(const struct plan *plan, const int64_t *distance, const int64_t *weights,
                          struct coins_answer *answer)
{
    int64_t cells = plan->kinds[0].value / plan->divisor;
    int64_t at = plan->low / plan->divisor % cells;
    int64_t rest = plan->low;
    for (size_t j = 1; j < plan->count; j++) {
        int64_t hop = plan->kinds[j].value / plan->divisor;
        int64_t used = 0;
        for (;; used++) {
            int64_t from = at >= hop ? at - hop : at - hop + cells;
            if (distance[from] == NONE || distance[from] + weights[j] != distance[at])
                break;
            at = from;
        }
        answer->counts[plan->kinds[j].position] = used;
        answer->pieces += used;
        rest -= used * plan->kinds[j].value;
    }
    answer->counts[plan->kinds[0].position] = rest / plan->kinds[0].value;
    answer->pieces += rest / plan->kinds[0].value;
}

/*
 * Where nothing runs out, using a piece of kind j rather than its worth in the largest kind, c,
 * wastes c - c_j. The way to the amount's residue that wastes least is the answer, if its pieces
 * are worth no more than the amount. A weight holds the waste above and one piece below, so that of
 * equal wastes the fewest small pieces win, and 60 bits are enough: a way has fewer pieces than
 * there are residues.
 */
enum coins_outcome plan_solve_by_residues(struct plan *plan, struct coins_answer *answer)
{
    int64_t weights[COINS_MAX_KINDS] = {0};
    int64_t largest = plan->kinds[0].value;
    if (!fits_residues(plan, 0))
        return COINS_TOO_HARD;
    for (size_t j = 1; j < plan->count; j++)
        weights[j] = (((largest - plan->kinds[j].value) / plan->divisor) << RESIDUE_BITS) + 1;
    const int64_t *distance = residue_distances(plan, 0, weights);
    if (!distance)
        return COINS_NO_MEMORY;
    int64_t way = distance[plan->low / plan->divisor % (largest / plan->divisor)];
    int64_t pieces = way & (RESIDUE_CELLS - 1);
    if (pieces * largest - (way >> RESIDUE_BITS) * plan->divisor > plan->low)
        return COINS_TOO_HARD;
    read_residues(plan, distance, weights, answer);
    return COINS_MADE;
}

enum coins_outcome plan_nearest_by_residues(struct plan *plan, int64_t amount,
                                            struct coins_answer *answer)
{
    size_t last = plan->count - 1;
    if (!fits_residues(plan, last))
        return COINS_TOO_HARD;
    int64_t weights[COINS_MAX_KINDS] = {0};
    for (size_t j = 0; j < plan->count; j++)
        weights[j] = plan->kinds[j].value / plan->divisor;
    const int64_t *least = residue_distances(plan, last, weights);
    if (!least)
        return COINS_NO_MEMORY;
    int64_t at = amount / plan->divisor;
    while (least[at % weights[last]] > at)
        at--;
    answer->below = at * plan->divisor;
    at = amount / plan->divisor + 1;
    while (at <= INT64_MAX / plan->divisor && least[at % weights[last]] > at)
        at++;
    answer->has_above = at <= INT64_MAX / plan->divisor;
    answer->above = answer->has_above ? at * plan->divisor : 0;
    answer->nearest = true;
    return COINS_IMPOSSIBLE;
}
