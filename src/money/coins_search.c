/*
 * coins_search.c - finds the fewest pieces by trying, if a table and residues cost too much.
 *
 * Two searches share the work. The first takes the large kinds first and drops branches that can't
 * beat the best way so far. It is quick if some kinds are much smaller than others, and its best
 * way is a result even if the work runs out. The second tries one number of pieces after the
 * other, from the least possible one, so the first way that it finds is the answer, and each
 * number that failed is proven impossible. It is quick if all kinds are large: with the number of
 * pieces and the amount both fixed, two comparisons rule out most choices (the pieces can't all be
 * the largest, nor all the smallest), and the last three kinds need no trying: two equations in
 * whole numbers have one best solution, which is computed.
 */
#include <string.h>

#include "money/coins_plan.h"

/* Kinds a > b > c, the last ones. With p pieces for r, b is short of a by d1 and c by d2, and what
 * p pieces of a have too much, p a - r, is d1 times those of b and d2 times those of c. */
struct last_kinds {
    int64_t shared;  /* the gcd of d1 and d2 */
    int64_t d1, d2;  /* divided by it */
    int64_t inverse; /* of d2, modulo d1 */
};

struct search {
    struct plan *plan;
    int64_t fewest; /* pieces of the best way so far, or NONE */
    int64_t best[COINS_MAX_KINDS];
    struct last_kinds last;
    int64_t taken[COINS_MAX_KINDS]; /* of each kind, by its window; counted in nothing below */
    int64_t most[COINS_MAX_KINDS];
    int64_t used[COINS_MAX_KINDS];
    int64_t high[COINS_MAX_KINDS + 1]; /* of a rest before kind k */
    bool ended;                        /* no work is left, or the numbers are too large */
};

/*
 * Tries all counts of kind K, then goes on with REST; at most COINS_MAX_KINDS deep. The first of
 * several equally good answers is the one wanted, so only a better one replaces it.
 */
static void search_fewest(struct search *search, size_t k, int64_t rest, int64_t pieces)
{
    const struct plan *plan = search->plan;
    if (rest == 0) {
        search->fewest = pieces;
        memset(search->best, 0, sizeof search->best);
        memcpy(search->best, search->used, k * sizeof search->used[0]);
        return;
    }
    if (rest > plan->worth[k] || plan->common[k] == 0 || rest % plan->common[k] != 0)
        return;
    const struct kind *kind = &plan->kinds[k];
    int64_t next = k + 1 < plan->count ? plan->kinds[k + 1].value : kind->value;
    for (int64_t used = smaller(kind->limit, rest / kind->value); used >= 0; used--) {
        int64_t left = rest - used * kind->value;
        int64_t least = pieces + used + left / next + (left % next != 0);
        search->ended = !plan_afford(search->plan, COST_OF_CHOICE);
        if (search->ended || left > plan->layers[k + 1].high || least >= search->fewest)
            break;
        search->used[k] = used;
        search_fewest(search, k + 1, left, pieces + used);
        if (search->ended)
            break;
    }
}

/* The inverse of A modulo M, which share no factor (Euclid, extended); 0 where M is 1. */
static int64_t inverse(int64_t a, int64_t m)
{
    int64_t rest = m, next = a % m;
    int64_t x = 0, next_x = 1;
    while (next != 0) {
        int64_t quotient = rest / next;
        int64_t t = rest - quotient * next;
        rest = next;
        next = t;
        t = x - quotient * next_x;
        x = next_x;
        next_x = t;
    }
    return m == 1 ? 0 : (x % m + m) % m;
}

static struct last_kinds equation_of(int64_t a, int64_t b, int64_t c)
{
    struct last_kinds last = {.shared = gcd(a - b, a - c)};
    last.d1 = (a - b) / last.shared;
    last.d2 = (a - c) / last.shared;
    last.inverse = inverse(last.d2, last.d1);
    return last;
}

/*
 * Makes REST of PIECES pieces of the kinds K, K + 1 and K + 2, the last ones, with as many of kind
 * K as can be. The solutions are LAST's d1 pieces of kind K + 2 apart, and each has more of kind K
 * than one with fewer of kind K + 2.
 */
static bool solve_last(struct search *search, size_t k, int64_t pieces, int64_t rest)
{
    const struct last_kinds *last = &search->last;
    const int64_t *most = search->most + k;
    int64_t worth = saturated_product(pieces, search->plan->kinds[k].value);
    search->ended = worth == INT64_MAX;
    if (search->ended || worth < rest || (worth - rest) % last->shared != 0)
        return false;
    int64_t over = (worth - rest) / last->shared;
    int64_t first = over % last->d1 * last->inverse % last->d1;
    int64_t room = smaller(most[2], over / last->d2) - first;
    if (room < 0)
        return false;
    int64_t c = first + room / last->d1 * last->d1;
    int64_t b = (over - c * last->d2) / last->d1;
    int64_t too_many = pieces - b - c - most[0];
    if (too_many > 0) {
        int64_t back = (too_many + last->d2 - last->d1 - 1) / (last->d2 - last->d1);
        if (back > c / last->d1)
            return false;
        c -= back * last->d1;
        b += back * last->d2;
    }
    if (b > most[1] || b + c > pieces)
        return false;
    search->used[k] = pieces - b - c;
    search->used[k + 1] = b;
    search->used[k + 2] = c;
    return true;
}

/* Whether the kinds behind K might make REST, by a quick check. */
static bool may_be_left(const struct search *search, size_t k, int64_t rest)
{
    const struct plan *plan = search->plan;
    return plan->common[k + 1] == plan->divisor || rest % plan->common[k + 1] == 0;
}

/*
 * Makes REST of PIECES pieces of the kinds from K on, with as many of the large ones as can be; at
 * most COINS_MAX_KINDS deep. The counts of unused kinds stay 0. Fewer pieces of a kind leave more
 * for the kinds behind it, so the loop ends when that is too much for them.
 */
static bool search_pieces(struct search *search, size_t k, int64_t pieces, int64_t rest)
{
    const struct plan *plan = search->plan;
    int64_t smallest = plan->kinds[plan->count - 1].value;
    for (; k + 3 < plan->count; k++) {
        int64_t value = plan->kinds[k].value, next = plan->kinds[k + 1].value;
        int64_t spare = rest - saturated_product(pieces, smallest);
        search->ended = !plan_afford(search->plan, COST_OF_KIND);
        if (search->ended || spare < 0 || saturated_product(pieces, value) < rest)
            return false;
        int64_t most = spare < value - smallest ? 0 : spare / (value - smallest);
        most = smaller(most, smaller(search->most[k], pieces));
        for (int64_t used = most; used > 0; used--) {
            int64_t left = rest - used * value;
            if (saturated_product(pieces - used, next) < left || left > search->high[k + 1])
                break;
            search->ended = !plan_afford(search->plan, COST_OF_NODE);
            search->used[k] = used;
            if (!search->ended && may_be_left(search, k, left) &&
                search_pieces(search, k + 1, pieces - used, left))
                return true;
            search->used[k] = 0;
            if (search->ended)
                return false;
        }
        if (rest > search->high[k + 1])
            return false;
    }
    return solve_last(search, k, pieces, rest);
}

/* The fewest pieces that are worth AMOUNT if the last of them may be cut. */
static int64_t least_pieces(const struct plan *plan, int64_t amount)
{
    int64_t pieces = 0;
    for (size_t k = 0; k < plan->count && amount > 0; k++) {
        const struct kind *kind = &plan->kinds[k];
        int64_t used = smaller(kind->available, amount / kind->value);
        amount -= used * kind->value;
        pieces += used;
        if (used < kind->available)
            return pieces + (amount > 0);
    }
    return pieces;
}

/* The most pieces that are worth no more than AMOUNT. */
static int64_t most_pieces(const struct plan *plan, int64_t amount)
{
    int64_t pieces = 0;
    for (size_t k = plan->count; k-- > 0;) {
        int64_t used = smaller(plan->kinds[k].available, amount / plan->kinds[k].value);
        amount -= used * plan->kinds[k].value;
        pieces += used;
    }
    return pieces;
}

/*
 * Two kinds are treated as three with one that is worth nothing: then any number of pieces above
 * the needed one is right, and the answer has as many of the largest as possible.
 */
static bool search_two(struct search *search, int64_t amount)
{
    const struct kind *kinds = search->plan->kinds;
    int64_t pieces = amount / kinds[1].value + 1;
    search->most[2] = pieces;
    search->last = equation_of(kinds[0].value, kinds[1].value, 0);
    return solve_last(search, 0, pieces, amount);
}

/* Tries LEAST pieces, and one more at a time up to MOST. Leaves in *LEAST what was tried last. */
static bool search_more(struct search *search, int64_t amount, int64_t *least, int64_t most)
{
    struct plan *plan = search->plan;
    const struct kind *last = &plan->kinds[plan->count - 1];
    search->last = equation_of(last[-2].value, last[-1].value, last[0].value);
    for (; *least <= most; ++*least) {
        search->ended = !plan_afford(plan, COST_OF_NODE);
        if (!search->ended && search_pieces(search, 0, *least, amount))
            return true;
        if (search->ended)
            return false;
    }
    return false;
}

/*
 * Takes the pieces of each kind that the windows require, so that numbers stay small. Returns the
 * amount that is left, and counts the pieces into *PIECES.
 */
static int64_t take_certain(struct search *search, int64_t *pieces)
{
    const struct plan *plan = search->plan;
    int64_t taken = 0;
    *pieces = 0;
    for (size_t k = plan->count; k-- > 0;) {
        const struct layer *behind = &plan->layers[k + 1];
        int64_t value = plan->kinds[k].value;
        search->high[k + 1] = behind->high - taken;
        search->taken[k] = larger(0, plan->layers[k].low - behind->high) / value;
        search->most[k] = smaller(plan->kinds[k].available, plan->low / value) - search->taken[k];
        search->used[k] = 0;
        taken += search->taken[k] * value;
        *pieces += search->taken[k];
    }
    return plan->low - taken;
}

/* The second search, by the number of pieces. *AT_LEAST is how many it takes, as far as is known.
 */
static void search_by_pieces(struct search *search, int64_t *at_least)
{
    const struct plan *plan = search->plan;
    int64_t taken;
    int64_t amount = take_certain(search, &taken);
    int64_t least = least_pieces(plan, plan->low) - taken;
    int64_t most = smaller(most_pieces(plan, plan->low), search->fewest) - taken;
    bool found =
        plan->count == 2 ? search_two(search, amount) : search_more(search, amount, &least, most);
    *at_least = taken + least;
    if (!found)
        return;
    search->fewest = 0;
    for (size_t k = 0; k < plan->count; k++) {
        search->best[k] = search->taken[k] + search->used[k];
        search->fewest += search->best[k];
    }
}

enum coins_outcome plan_solve_by_search(struct plan *plan, int64_t first,
                                        struct coins_answer *answer)
{
    struct search search = {.plan = plan, .fewest = NONE};
    int64_t kept = plan->work - first;
    plan->work = first;
    search_fewest(&search, 0, plan->low, 0);
    plan->work += kept;
    if (search.ended)
        search_by_pieces(&search, &answer->at_least);
    if (search.fewest == NONE)
        return search.ended ? COINS_TOO_HARD : COINS_IMPOSSIBLE;
    answer->found = answer->possible = true;
    answer->pieces = search.fewest;
    for (size_t k = 0; k < plan->count; k++)
        answer->counts[plan->kinds[k].position] = search.best[k];
    return search.ended ? COINS_TOO_HARD : COINS_MADE;
}

/* The nearest sums to an amount: the least that is left over, and the least that is too much. */
struct nearest {
    struct plan *plan;
    int64_t below;
    int64_t above; /* or NONE */
    bool ended;
};

/*
 * Tries all choices from kind K on that stay below REST, and all that pass it with their last,
 * smallest piece: of the sums above, the least is one of these. At most COINS_MAX_KINDS deep.
 */
static void search_nearest(struct nearest *nearest, size_t k, int64_t rest)
{
    const struct plan *plan = nearest->plan;
    if (plan->worth[k] <= rest) {
        nearest->below = smaller(nearest->below, rest - plan->worth[k]);
        return;
    }
    const struct kind *kind = &plan->kinds[k];
    int64_t used = smaller(kind->limit, rest / kind->value);
    if (used < kind->limit)
        nearest->above = smaller(nearest->above, (used + 1) * kind->value - rest);
    for (; used >= 0 && !nearest->ended; used--) {
        nearest->ended = !plan_afford(nearest->plan, COST_OF_NODE);
        if (!nearest->ended)
            search_nearest(nearest, k + 1, rest - used * kind->value);
    }
}

void plan_nearest_by_search(struct plan *plan, int64_t amount, struct coins_answer *answer)
{
    struct nearest nearest = {.plan = plan, .below = amount - answer->below};
    nearest.above = answer->has_above ? answer->above - amount : NONE;
    search_nearest(&nearest, 0, amount);
    answer->below = amount - nearest.below;
    answer->has_above = nearest.above <= INT64_MAX - amount;
    answer->above = answer->has_above ? amount + nearest.above : 0;
    answer->nearest = !nearest.ended;
}
