/*
 * coins_plan.c - the windows that contain a best answer, and the work that is left.
 *
 * All methods begin with these: the kinds, bounds on the worth of the smaller kinds behind each,
 * and the sum that taking the largest first makes.
 */
#include "money/coins_plan.h"

static int64_t saturated_sum(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Sorts the kinds that aren't used up from large to small. False where they break the rules. */
static bool take_kinds(struct plan *plan, const struct coins_kind *kinds, size_t count)
{
    if (count > COINS_MAX_KINDS)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (kinds[i].value < 1 || kinds[i].value > COINS_MAX_VALUE || kinds[i].available < 0)
            return false;
        size_t place = i;
        for (; place > 0 && plan->kinds[place - 1].value < kinds[i].value; place--)
            plan->kinds[place] = plan->kinds[place - 1];
        if (place > 0 && plan->kinds[place - 1].value == kinds[i].value)
            return false;
        plan->kinds[place].value = kinds[i].value;
        plan->kinds[place].available = kinds[i].available;
        plan->kinds[place].position = i;
    }
    plan->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (plan->kinds[i].available > 0)
            plan->kinds[plan->count++] = plan->kinds[i];
    }
    return true;
}

/* Says that the amounts are LOW to HIGH. A limit that no amount can reach is none. */
static void set_amounts(struct plan *plan, int64_t low, int64_t high)
{
    plan->low = low;
    plan->high = high;
    for (size_t k = 0; k < plan->count; k++) {
        struct kind *kind = &plan->kinds[k];
        bool enough = kind->available >= high / kind->value;
        kind->limit = enough ? COINS_UNLIMITED : kind->available;
    }
    plan->worth[plan->count] = 0;
    plan->common[plan->count] = 0;
    for (size_t k = plan->count; k-- > 0;) {
        int64_t all = saturated_product(plan->kinds[k].limit, plan->kinds[k].value);
        plan->worth[k] = saturated_sum(plan->worth[k + 1], all);
        plan->common[k] = gcd(plan->kinds[k].value, plan->common[k + 1]);
    }
    plan->divisor = plan->common[0];
}

bool plan_open(struct plan *plan, struct arena *arena, const struct coins_kind *kinds, size_t count,
               int64_t amount)
{
    plan->arena = arena;
    plan->space = NULL;
    plan->room = 0;
    plan->work = COINS_WORK_MAX;
    if (amount < 0 || !take_kinds(plan, kinds, count))
        return false;
    set_amounts(plan, amount, amount);
    return true;
}

/*
 * Why a window is narrow. Call kind k spare by s when s of it are left over, and g = gcd(c_j, c_k).
 * Exchange: c_k/g pieces of a smaller kind j are worth c_j/g pieces of kind k, which are fewer. So
 * in a best answer where k is spare by c_j/g, there are fewer than c_k/g pieces of kind j.
 * Pigeonhole: among any c_k/G smaller pieces (G: the gcd of c_k and all smaller values) some run
 * of prefix sums repeats modulo c_k, so some of them are worth a whole number of pieces of kind k,
 * which are fewer. So where k is spare by c_next/G, there are fewer than c_k/G smaller pieces.
 * Hence kind k is nearly used up, or what the smaller ones make is bounded: see bound_exchange,
 * which also uses that a smaller kind which is sure to be spare bounds all that comes behind it.
 *
 * Both are old: P. C. Gilmore and R. E. Gomory ("The theory and computation of knapsack functions",
 * Oper. Res. 14, 1966) show so that a knapsack becomes periodic. Today they go by proximity: F.
 * Eisenbrand and R. Weismantel (ACM Trans. Algorithms 16, 2020), and for limited numbers of pieces
 * A. Polak, L. Rohwedder and K. Wegrzycki ("Knapsack and subset sum with small items", ICALP 2021).
 */

/* Lowers REST to what BOUND of kind J adds to SUM, where at most MOST of J are used. */
static int64_t chain(int64_t rest, int64_t sum, const struct kind *j, int64_t most,
                     const struct coins_bound *bound)
{
    bool holds = j->limit == COINS_UNLIMITED || j->limit - most >= bound->spare;
    return holds ? smaller(rest, sum + bound->rest) : rest;
}

/*
 * Bounds what the kinds behind K make when K is spare, by exchange with each of them. No sum
 * passes 2^52.
 */
static void bound_exchange(struct plan *plan, size_t k)
{
    struct kind *kind = &plan->kinds[k];
    int64_t sum = 0;
    int64_t rest = INT64_MAX;
    kind->exchange.spare = 0;
    for (size_t j = k + 1; j < plan->count; j++) {
        const struct kind *other = &plan->kinds[j];
        int64_t shared = gcd(kind->value, other->value);
        int64_t most = kind->value / shared - 1;
        kind->exchange.spare = larger(kind->exchange.spare, other->value / shared);
        sum += smaller(most, other->limit) * other->value;
        rest = chain(rest, sum, other, most, &other->exchange);
        rest = chain(rest, sum, other, most, &other->pigeonhole);
    }
    kind->exchange.rest = smaller(rest, sum);
}

static void bound_kinds(struct plan *plan)
{
    for (size_t k = plan->count; k-- > 0;) {
        struct kind *kind = &plan->kinds[k];
        int64_t next = k + 1 < plan->count ? plan->kinds[k + 1].value : 0;
        /* A gcd of values is never 0. NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
        kind->pigeonhole.spare = next / plan->common[k];
        kind->pigeonhole.rest = (kind->value / plan->common[k] - 1) * next;
        bound_exchange(plan, k);
    }
}

/* The most that can be left behind KIND by BOUND, when there were at most HIGH before it. */
static int64_t most_left(const struct kind *kind, const struct coins_bound *bound, int64_t high)
{
    if (kind->limit == COINS_UNLIMITED)
        return bound->rest;
    int64_t surely_used = larger(0, kind->limit - bound->spare + 1);
    return larger(bound->rest, high - surely_used * kind->value);
}

/* Sets the window of the layer behind kind K from the one before it. */
static void set_window(struct plan *plan, size_t k)
{
    const struct kind *kind = &plan->kinds[k];
    const struct layer *before = &plan->layers[k];
    struct layer *layer = &plan->layers[k + 1];
    layer->high = smaller(before->high, plan->worth[k + 1]);
    layer->high = smaller(layer->high, most_left(kind, &kind->exchange, before->high));
    layer->high = smaller(layer->high, most_left(kind, &kind->pigeonhole, before->high));
    layer->low = 0;
    if (kind->limit != COINS_UNLIMITED)
        layer->low = larger(0, before->low - kind->limit * kind->value);
    layer->step = gcd(kind->value, before->step);
    layer->low += (plan->low - layer->low) % layer->step;
    layer->cells = layer->high < layer->low ? 0 : (layer->high - layer->low) / layer->step + 1;
}

/* One amount has the step 0: every value is 0 modulo itself. */
void plan_set_windows(struct plan *plan)
{
    struct layer *first = &plan->layers[0];
    first->low = plan->low;
    first->high = plan->high;
    first->step = plan->low == plan->high ? 0 : plan->divisor;
    first->cells = first->step == 0 ? 1 : (plan->high - plan->low) / first->step + 1;
    bound_kinds(plan);
    for (size_t k = 0; k < plan->count; k++)
        set_window(plan, k);
}

void plan_for_amounts(struct plan *plan, int64_t low, int64_t high)
{
    set_amounts(plan, low, high);
    plan_set_windows(plan);
}

bool plan_afford(struct plan *plan, int64_t cost)
{
    if (cost > plan->work)
        return false;
    plan->work -= cost;
    return true;
}

void *plan_work_space(struct plan *plan, size_t size)
{
    if (size > plan->room) {
        size_t room = size > WORK_BYTES / 4 ? WORK_BYTES : size;
        plan->space = arena_alloc(plan->arena, room);
        plan->room = plan->space ? room : 0;
    }
    return plan->space;
}

bool plan_take_largest_first(struct plan *plan, int64_t amount, struct coins_answer *answer)
{
    int64_t used[COINS_MAX_KINDS];
    int64_t rest = amount;
    int64_t more = 0;
    for (size_t k = 0; k < plan->count; k++) {
        const struct kind *kind = &plan->kinds[k];
        used[k] = smaller(kind->available, rest / kind->value);
        rest -= used[k] * kind->value;
        if (used[k] < kind->available)
            more = kind->value; /* more than the rest */
    }
    answer->below = amount - rest;
    answer->has_above = more > 0 && answer->below <= INT64_MAX - more;
    answer->above = answer->has_above ? answer->below + more : 0;
    plan->end = answer->above;
    if (more > 0 && !answer->has_above)
        plan->end = INT64_MAX / plan->divisor * plan->divisor;
    if (rest > 0)
        return false;
    for (size_t k = 0; k < plan->count; k++) {
        answer->counts[plan->kinds[k].position] = used[k];
        answer->pieces += used[k];
    }
    return true;
}
