/*
 * coins.c - the fewest pieces, by a small table whatever the amount.
 *
 * Kinds are taken from the largest to the smallest. After each one, only a narrow window of rests
 * is left for the smaller kinds in a best answer, and only every step-th value in it, where step is
 * the gcd of the values taken so far. For 1.89 in US coins all windows together have seven cells.
 *
 * Where the table would be too large, coins_hard.c goes on: by a shortest path over residues if
 * nothing runs out, else by a search for one number of pieces after the other, which solves its
 * last three kinds as an equation. Whether an amount can be made at all, and what can next to it,
 * takes one bit for each amount and no table: coins_bits.c. All of them draw on COINS_WORK_MAX.
 * What is COINS_TOO_HARD then are many values near a million that share hardly a factor.
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

static int64_t saturated_product(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t saturated_sum(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Sorts the kinds that aren't used up from large to small. False where they break the rules. */
static bool sort_kinds(struct plan *plan, const struct coins_kind *kinds, size_t count)
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
    if (amount < 0 || !sort_kinds(plan, kinds, count))
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
                     const struct bound *bound)
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
static int64_t most_left(const struct kind *kind, const struct bound *bound, int64_t high)
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

/* Sets all windows. One amount has the step 0: every value is 0 modulo itself. */
static void set_windows(struct plan *plan)
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
    set_windows(plan);
}

bool plan_afford(struct plan *plan, int64_t cost)
{
    if (cost > plan->work)
        return false;
    plan->work -= cost;
    return true;
}

/* How many cells all windows have: 0 where one is empty, TABLE_CELLS + 1 where they are too many.
 */
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

/* How many places the longest line of any layer has, and one more. */
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
struct line {
    int64_t source; /* the cell of the layer behind at place 0 */
    int64_t place;  /* the place that the line's first cell stands at */
};

/*
 * Fills the cells FIRST, FIRST + STRIDE ... of TO, which lie on one line with those of FROM that
 * begin at LINE's source: their rests differ by pieces of this kind. QUEUE holds the places on the
 * line that can still be best, best one first, so each is looked at a constant number of times.
 */
static void fill_line(const struct layer *from, struct layer *to, const struct kind *kind,
                      int64_t first, struct line line, uint32_t *queue)
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
    struct line line = {.source = modulo(start, kind->value) / from->step};
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

void *plan_work_space(struct plan *plan, size_t size)
{
    if (size > plan->room) {
        size_t room = size > WORK_BYTES / 4 ? WORK_BYTES : size;
        plan->space = arena_alloc(plan->arena, room);
        plan->room = plan->space ? room : 0;
    }
    return plan->space;
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

/* How many of kind K the answer for REST has: the most that cost no piece more. */
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

/* One kind needs no table, in which as many as INT64_MAX pieces would read as none. */
static enum coins_outcome solve_one_kind(const struct plan *plan, struct coins_answer *answer)
{
    answer->pieces = plan->low / plan->kinds[0].value;
    answer->counts[plan->kinds[0].position] = answer->pieces;
    return COINS_MADE;
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

/*
 * Where the table is too large. The bits come before the search: they find out quickly that an
 * amount can't be made, for which the search would have to try everything.
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
    if (plan->count == 1)
        return solve_one_kind(plan, answer);
    set_windows(plan);
    int64_t cells = count_cells(plan);
    if (cells == 0)
        return COINS_IMPOSSIBLE;
    if (cells <= TABLE_CELLS && plan_afford(plan, cells * COST_OF_CELL))
        return solve_by_table(plan, cells, answer);
    return solve_hard(plan, answer);
}

/* Finds the amounts next to AMOUNT, which can't be made. */
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
