/*
 * coins_hard.c - the fewest pieces where a table would be too large.
 *
 * Only made-up values come here: hundreds of thousands that share no factor. Where nothing runs
 * out, a shortest path over the residues modulo one value answers for every amount at once. What
 * that can't do, a search with bounds does, if it ends within its steps: an amount of a few large
 * pieces, or a till with few pieces in it.
 */
#include "money/coins_plan.h"

#include <string.h>

/*
 * Lowers DISTANCE along the edges that one more piece of kind K makes: it leads HOP residues on and
 * costs WEIGHT. Each circle of residues is walked twice, as no best path uses an edge of it as
 * often as the circle has residues.
 */
static void walk_circles(int64_t *distance, int64_t cells, int64_t hop, int64_t weight)
{
    int64_t circles = gcd(cells, hop);
    for (int64_t start = 0; start < circles; start++) {
        int64_t at = start;
        for (int64_t steps = 2 * (cells / circles); steps > 0; steps--) {
            int64_t to = at + hop < cells ? at + hop : at + hop - cells;
            if (distance[at] != NONE && distance[at] + weight < distance[to])
                distance[to] = distance[at] + weight;
            at = to;
        }
    }
}

bool plan_fits_residues(const struct plan *plan, size_t k)
{
    int64_t cells = plan->kinds[k].value / plan->divisor;
    for (size_t j = 0; j < plan->count; j++) {
        if (plan->kinds[j].limit != COINS_UNLIMITED)
            return false;
    }
    return cells <= RESIDUE_CELLS && cells * (int64_t)plan->count <= RESIDUE_STEPS;
}

/*
 * The shortest ways to each residue modulo the value of kind K, counted in the plan's divisor,
 * where a piece of kind J weighs WEIGHTS[J]. NULL when memory has run out.
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
 * equal wastes the fewest small pieces win, and 60 bits are enough.
 */
enum coins_outcome plan_solve_by_residues(struct plan *plan, struct coins_answer *answer)
{
    int64_t weights[COINS_MAX_KINDS] = {0};
    int64_t largest = plan->kinds[0].value;
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

/* A search through all choices, large kinds first, that gives up after SEARCH_STEPS. */
struct search {
    const struct plan *plan;
    int64_t steps;
    int64_t used[COINS_MAX_KINDS];
    int64_t best[COINS_MAX_KINDS];
    int64_t pieces; /* of the best answer so far, or NONE */
    int64_t below;  /* the least that is left over, when looking for the nearest amounts */
    int64_t above;  /* the least that is too much, or NONE */
};

/*
 * Tries all counts of kind K, then goes on with REST; at most COINS_MAX_KINDS deep. The first of
 * several equally good answers is the one wanted, so only a better one replaces it.
 */
static void search_fewest(struct search *search, size_t k, int64_t rest, int64_t pieces)
{
    const struct plan *plan = search->plan;
    if (rest == 0) {
        search->pieces = pieces;
        memset(search->best, 0, sizeof search->best);
        memcpy(search->best, search->used, k * sizeof search->used[0]);
        return;
    }
    if (rest > plan->worth[k] || plan->common[k] == 0 || rest % plan->common[k] != 0)
        return;
    const struct kind *kind = &plan->kinds[k];
    int64_t next = k + 1 < plan->count ? plan->kinds[k + 1].value : kind->value;
    int64_t used = smaller(kind->limit, rest / kind->value);
    for (; used >= 0 && --search->steps > 0; used--) {
        int64_t left = rest - used * kind->value;
        int64_t least = pieces + used + left / next + (left % next != 0);
        if (left > plan->layers[k + 1].high || least >= search->pieces)
            break;
        search->used[k] = used;
        search_fewest(search, k + 1, left, pieces + used);
    }
}

enum coins_outcome plan_solve_by_search(struct plan *plan, struct coins_answer *answer)
{
    struct search search = {.plan = plan, .steps = SEARCH_STEPS, .pieces = NONE};
    search_fewest(&search, 0, plan->low, 0);
    if (search.steps <= 0)
        return COINS_TOO_HARD;
    if (search.pieces == NONE)
        return COINS_IMPOSSIBLE;
    answer->pieces = search.pieces;
    for (size_t k = 0; k < plan->count; k++)
        answer->counts[plan->kinds[k].position] = search.best[k];
    return COINS_MADE;
}

enum coins_outcome plan_nearest_by_residues(struct plan *plan, int64_t amount,
                                            struct coins_answer *answer)
{
    size_t last = plan->count - 1;
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
    return COINS_IMPOSSIBLE;
}

/*
 * Tries all choices from kind K on that stay below REST, and all that pass it with their last,
 * smallest piece: of the sums above, the least is one of these.
 */
static void search_nearest(struct search *search, size_t k, int64_t rest)
{
    const struct plan *plan = search->plan;
    if (plan->worth[k] <= rest) {
        search->below = smaller(search->below, rest - plan->worth[k]);
        return;
    }
    const struct kind *kind = &plan->kinds[k];
    int64_t used = smaller(kind->limit, rest / kind->value);
    if (used < kind->limit)
        search->above = smaller(search->above, (used + 1) * kind->value - rest);
    for (; used >= 0 && --search->steps > 0; used--)
        search_nearest(search, k + 1, rest - used * kind->value);
}

enum coins_outcome plan_nearest_by_search(struct plan *plan, int64_t amount,
                                          struct coins_answer *answer)
{
    struct search search = {.plan = plan, .steps = SEARCH_STEPS};
    search.below = amount - plan->low;
    search.above = answer->has_above ? answer->above - amount : NONE;
    search_nearest(&search, 0, amount);
    if (search.steps <= 0)
        return COINS_TOO_HARD;
    answer->below = amount - search.below;
    answer->has_above = search.above <= INT64_MAX - amount;
    answer->above = answer->has_above ? amount + search.above : 0;
    return COINS_IMPOSSIBLE;
}
