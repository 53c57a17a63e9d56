/*
 * change.c - the fewest coins for an amount.
 *
 * The fields select the pieces: those of a currency, a list of the client's own, or the contents of
 * a till. The amount is read exactly (money/decimal.c), and the solver finds the fewest pieces
 * (money/coins.c). This file writes the answer: `res` as the course's Python original did, further
 * members where the request has further fields, and for a browser a page that draws the coins.
 * change(8) lists the differences from the original.
 */
#include "dime.h"

#include <stdio.h>

#include "base/text.h"
#include "money/coins.h"
#include "money/currency.h"
#include "money/decimal.h"
#include "money/drawing.h"
#include "request/arena_of.h"

DIME_EMBED(CHANGE_PAGE, "www/whole/change.html");
DIME_EMBED(CHANGE_SCHEMA, "src/functions/change.schema.json");

enum { COUNT_TEXT = 24 }; /* bytes of the longest whole number, with its NUL */

struct change {
    dime_text amount, currency;
    bool notes;
    DIME_LIST_OF(int64_t) coins;
    DIME_MAP_OF(int64_t) till;
};

static const dime_field CHANGE_FIELDS[] = {
    DIME_NUMBER(struct change, amount, .required = true,
                .help = "the amount of money, such as 1.89"),
    DIME_TEXT(struct change, currency, .max = 16, .fallback = "USD",
              .help = "its ISO 4217 code; USD if left out"),
    DIME_BOOLEAN(struct change, notes, .help = "whether to use notes too"),
    DIME_INTEGERS(struct change, coins, .min = 1, .max = COINS_MAX_VALUE, .most = COINS_MAX_KINDS,
                  .help = "the denominations to use, in cents, such as 25,10,5,1"),
    DIME_INTEGER_MAP(
        struct change, till, .max = INT64_MAX, .most = COINS_MAX_KINDS, .whole_names = true,
        .help = "how many the till has of each, such as 25:2,10:0; none of those left out"),
};

/* The question, and the pieces that may be used. */
struct question {
    dime_call *call;
    const struct change *input;
    const struct currency *currency;
    int64_t amount;            /* in minor units */
    enum piece_kind preferred; /* where a value is both a coin and a note */
    size_t count;
    struct coins_kind kinds[COINS_MAX_KINDS];
};

static bool read_currency(struct question *question)
{
    question->currency = currency_find(text_bare(question->input->currency));
    if (question->currency)
        return true;
    char codes[256] = "";
    size_t count, length = 0;
    const struct currency *currencies = currency_list(&count);
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(codes + length, sizeof codes - length, i ? ", %s" : "%s",
                                   currencies[i].code);
    dime_wrong(question->call, &question->input->currency,
               "This currency isn't known; use one of %s.", codes);
    return false;
}

static bool read_amount(struct question *question)
{
    char sentence[DECIMAL_SENTENCE];
    if (decimal_read(question->input->amount, question->currency, &question->amount, sentence) ==
        DECIMAL_OK)
        return true;
    dime_wrong(question->call, &question->input->amount, "%s", sentence);
    return false;
}

/* The currency's piece of this value, preferably a note or preferably a coin; or NULL. */
static const struct piece *find_piece(const struct currency *currency, int64_t value,
                                      enum piece_kind preferred)
{
    const struct piece *found = NULL;
    for (size_t i = 0; i < currency->count; i++) {
        const struct piece *piece = &currency->pieces[i];
        if (piece->value == value && (!found || piece->kind == preferred))
            found = piece;
    }
    return found;
}

/* Where a value is both a note and a coin, it's a note if notes are asked for. */
static void take_currency(struct question *question)
{
    const struct currency *currency = question->currency;
    question->preferred = question->input->notes ? PIECE_NOTE : PIECE_COIN;
    for (size_t i = 0; i < currency->count; i++) {
        const struct piece *piece = &currency->pieces[i];
        if (piece->kind == PIECE_NOTE && question->preferred == PIECE_COIN)
            continue;
        if (piece == find_piece(currency, piece->value, question->preferred))
            question->kinds[question->count++] = (struct coins_kind){piece->value, COINS_UNLIMITED};
    }
}

static void take_list(struct question *question)
{
    const struct change *input = question->input;
    for (size_t i = 0; i < input->coins.count; i++)
        question->kinds[question->count++] =
            (struct coins_kind){input->coins.items[i], COINS_UNLIMITED};
}

/* Whether the list of coins has this value, or there is no list. */
static bool lists(const struct change *input, int64_t value)
{
    for (size_t i = 0; i < input->coins.count; i++) {
        if (input->coins.items[i] == value)
            return true;
    }
    return !input->coins.count;
}

/* The till's contents, limited to the list of coins if one was given. */
static bool take_till(struct question *question)
{
    const struct change *input = question->input;
    for (size_t i = 0; i < input->till.count; i++) {
        int64_t value = 0;
        (void)text_to_int64(input->till.items[i].name, &value); /* the table's limits ensure that */
        if (value < 1 || value > COINS_MAX_VALUE) {
            dime_wrong(question->call, &input->till,
                       "till names a denomination that isn't from 1 to %d.", COINS_MAX_VALUE);
            return false;
        }
        if (lists(input, value))
            question->kinds[question->count++] =
                (struct coins_kind){value, input->till.items[i].value};
    }
    return true;
}

/* From the largest to the smallest, as the answer lists them. False if one is listed twice. */
static bool sort_kinds(struct question *question, const char *name, const void *member)
{
    struct coins_kind *kinds = question->kinds;
    for (size_t i = 1; i < question->count; i++) {
        struct coins_kind moving = kinds[i];
        size_t at = i;
        for (; at && kinds[at - 1].value < moving.value; at--)
            kinds[at] = kinds[at - 1];
        kinds[at] = moving;
        if (at && kinds[at - 1].value == moving.value) {
            dime_wrong(question->call, member, "%s names %lld more than once; name it once.", name,
                       (long long)moving.value);
            return false;
        }
    }
    return true;
}

/* The list of coins is checked even if the till's numbers replace it. */
static bool read_kinds(struct question *question)
{
    const struct change *input = question->input;
    if (!input->coins.count && !input->till.count) {
        if (question->currency)
            take_currency(question); /* sorted already */
        return true;
    }
    take_list(question);
    if (!sort_kinds(question, "coins", &input->coins))
        return false;
    if (!input->till.count)
        return true;
    question->count = 0;
    return take_till(question) && sort_kinds(question, "till", &input->till);
}

/* Reads on after a wrong field, so that all wrong fields are reported at once. */
static bool read_change_question(struct question *question)
{
    const dime_call *call = question->call;
    const struct change *input = question->input;
    bool currency = !dime_is_wrong(call, &input->currency) && read_currency(question);
    bool amount = currency && !dime_is_wrong(call, &input->amount) && read_amount(question);
    bool kinds = !dime_is_wrong(call, &input->coins) && !dime_is_wrong(call, &input->till) &&
                 read_kinds(question);
    return amount && kinds;
}

/* A piece that the currency doesn't have: a silver coin of 20 mm, named by its value. */
static const struct piece *plain_piece(const struct question *question, int64_t value)
{
    struct piece *piece = dime_alloc(question->call, sizeof *piece);
    char amount[DECIMAL_TEXT];
    if (!piece)
        return NULL;
    decimal_write_for_people(value, question->currency, amount);
    *piece = (struct piece){
        .value = value,
        .width = 20000,
        .height = 20000,
        .metal = METAL_SILVER,
    };
    snprintf(piece->singular, sizeof piece->singular, "%.24s coin", amount);
    snprintf(piece->plural, sizeof piece->plural, "%.24s coins", amount);
    return piece;
}

/* The piece of this value as the currency has it, or a plain one made for it. */
static const struct piece *piece_of(const struct question *question, int64_t value)
{
    const struct piece *piece = find_piece(question->currency, value, question->preferred);
    return piece ? piece : plain_piece(question, value);
}

/* One line of the answer: a piece, and how many of it. */
struct pile {
    const struct piece *piece;
    int64_t how_many;
};

/* Steps from *AT to the answer's next pile, from large to small; false after the last. */
static bool next_pile(const struct question *question, const struct coins_answer *answer,
                      size_t *at, struct pile *pile)
{
    while (*at < question->count && !answer->counts[*at])
        ++*at;
    if (*at == question->count)
        return false;
    *pile = (struct pile){piece_of(question, question->kinds[*at].value), answer->counts[*at]};
    ++*at;
    return pile->piece; /* none: out of memory, and the answer will be a 503 */
}

static void put_res(dime_json *json, const struct question *question,
                    const struct coins_answer *answer)
{
    dime_json *res = dime_put_array(json, "res");
    char count[COUNT_TEXT];
    struct pile pile;
    for (size_t at = 0; next_pile(question, answer, &at, &pile);) {
        snprintf(count, sizeof count, "%lld", (long long)pile.how_many);
        dime_put_string(dime_put_object(res, NULL), count, pile.piece->plural);
    }
}

static void put_coins(dime_json *json, const struct question *question,
                      const struct coins_answer *answer)
{
    struct pile pile;
    dime_put_integer(json, "count", answer->pieces);
    dime_json *coins = dime_put_array(json, "coins");
    for (size_t at = 0; next_pile(question, answer, &at, &pile);) {
        dime_json *coin = dime_put_object(coins, NULL);
        dime_put_integer(coin, "value", pile.piece->value);
        dime_put_string(coin, "name", pile.piece->singular);
        dime_put_integer(coin, "count", pile.how_many);
    }
}

static void answer_json(const struct question *question, const struct coins_answer *answer)
{
    const struct change *input = question->input;
    dime_json *json = dime_answer(question->call, 200);
    put_res(json, question, answer);
    if (!dime_given(question->call, &input->currency) &&
        !dime_given(question->call, &input->notes) && !input->coins.count && !input->till.count)
        return;
    dime_put_string(json, "currency", question->currency->code);
    put_coins(json, question, answer);
}

/* The question in JSON, for the command line that the page shows. */
static void put_what_was_asked(dime_json *json, const struct question *question)
{
    const struct change *input = question->input;
    char value[COUNT_TEXT];
    dime_put_decimal(json, "amount", question->amount, question->currency->exponent);
    if (strcmp(question->currency->code, "USD") != 0)
        dime_put_string(json, "currency", question->currency->code);
    if (input->notes)
        dime_put_boolean(json, "notes", true);
    dime_json *coins = input->coins.count ? dime_put_array(json, "coins") : NULL;
    for (size_t i = 0; i < input->coins.count; i++)
        dime_put_integer(coins, NULL, input->coins.items[i]);
    dime_json *till = input->till.count ? dime_put_object(json, "till") : NULL;
    for (size_t i = 0; i < input->till.count; i++) {
        int64_t number = 0;
        (void)text_to_int64(input->till.items[i].name, &number);
        snprintf(value, sizeof value, "%lld", (long long)number);
        dime_put_integer(till, value, input->till.items[i].value);
    }
}

/* A pile as the page shows it: its drawing, count, name and total. */
static void put_pile(dime_json *json, const struct question *question, const struct pile *pile)
{
    struct drawing drawing = drawing_of(question->currency, pile->piece, pile->how_many);
    char text[DECIMAL_TEXT];
    decimal_write_count(pile->how_many, question->currency, text);
    dime_put_string(json, "number", text);
    dime_put_string(json, "link", piece_link(pile->piece));
    dime_put_string(json, "name", piece_name(pile->piece, pile->how_many));
    decimal_write_for_people(pile->how_many * pile->piece->value, question->currency, text);
    dime_put_string(json, "sum", text);
    dime_put_string(json, "kind", drawing.kind);
    dime_put_string(json, "colour", drawing.colour);
    dime_put_string(json, "shape", drawing.shape);
    dime_put_decimal(json, "ems_wide", drawing.whole, 3); /* 1 mm is 0.1 em */
    dime_put_decimal(json, "ems_high", drawing.height, 3);
    dime_put_integer(json, "whole", drawing.whole);
    dime_put_integer(json, "width", drawing.width);
    dime_put_integer(json, "height", drawing.height);
    dime_json *lefts = dime_put_array(json, "lefts");
    for (int i = 0; i < drawing.count; i++)
        dime_put_integer(lefts, NULL, (int64_t)i * drawing.step);
    dime_put_string(json, "label", drawing.label);
    dime_put_integer(json, "label_x", drawing.label_x);
    dime_put_integer(json, "label_y", drawing.label_y);
    dime_put_integer(json, "label_size", drawing.label_size);
}

static void put_change_page(dime_json *page, const struct question *question,
                            const struct coins_answer *answer)
{
    dime_json *result = dime_put_object(page, "result");
    char text[DECIMAL_TEXT];
    struct pile pile;
    decimal_write_for_people(question->amount, question->currency, text);
    dime_put_string(result, "amount", text);
    decimal_write_count(answer->pieces, question->currency, text);
    dime_put_format(result, "total", "%s %s%s", text, question->input->notes ? "piece" : "coin",
                    answer->pieces == 1 ? "" : "s");
    dime_put_text(result, "address", dime_address(question->call));
    put_what_was_asked(dime_put_object(result, "question"), question);
    dime_json *piles = dime_put_array(result, "piles");
    bool first = true;
    for (size_t at = 0; next_pile(question, answer, &at, &pile); first = false) {
        dime_json *json = dime_put_object(piles, NULL);
        dime_put_boolean(json, "first", first);
        put_pile(json, question, &pile);
    }
}

/* "$0.25", or "$0.25 and $0.50": the nearest amounts below and above that can be made. */
static dime_text neighbours(const struct question *question, const struct coins_answer *answer)
{
    char below[DECIMAL_TEXT], above[DECIMAL_TEXT];
    decimal_write_for_people(answer->below, question->currency, below);
    if (!answer->has_above)
        return dime_format(question->call, "%s", below);
    decimal_write_for_people(answer->above, question->currency, above);
    return dime_format(question->call, "%s and %s", below, above);
}

/* The same for programs. */
static void put_neighbours(dime_json *json, const struct coins_answer *answer)
{
    dime_put_integer(json, "below", answer->below);
    if (answer->has_above)
        dime_put_integer(json, "above", answer->above);
}

/* What the solver proved before its limit, for programs: the problem's member `proved`. */
static void extend_problem(const struct question *question, const struct coins_answer *answer)
{
    dime_json *proved = dime_put_object(dime_problem_data(question->call), "proved");
    if (answer->at_least)
        dime_put_integer(proved, "atLeast", answer->at_least);
    if (answer->found)
        put_coins(proved, question, answer);
    else
        put_neighbours(proved, answer);
}

static void say_impossible(const struct question *question, const struct coins_answer *answer)
{
    char asked[DECIMAL_TEXT];
    const char *pieces = question->input->notes ? "coins and notes" : "coins";
    const char *amounts = answer->has_above ? "amounts" : "amount";
    dime_text near = neighbours(question, answer);
    decimal_write_for_people(question->amount, question->currency, asked);
    if (answer->nearest) {
        dime_wrong(question->call, &question->input->amount,
                   "%s can't be made of these %s; the nearest %s that can %s %.*s.", asked, pieces,
                   amounts, answer->has_above ? "are" : "is", DIME_ARG(near));
        return;
    }
    dime_wrong(question->call, &question->input->amount,
               "%s can't be made of these %s; %.*s can, but the search for nearer "
               "amounts reached its limit.",
               asked, pieces, DIME_ARG(near));
    extend_problem(question, answer);
}

/*
 * The solver has reached its limit. The result is a problem even if some way is known, since an
 * answer promises the fewest coins.
 */
static void say_too_hard(const struct question *question, const struct coins_answer *answer)
{
    const struct change *input = question->input;
    const void *member = input->till.count ? (const void *)&input->till : &input->coins;
    const char *advice = "Use fewer or smaller denominations, or ask for a smaller amount.";
    char asked[DECIMAL_TEXT], least[DECIMAL_TEXT], found[DECIMAL_TEXT];
    dime_text near = neighbours(question, answer);
    decimal_write_for_people(question->amount, question->currency, asked);
    decimal_write_count(answer->at_least, question->currency, least);
    decimal_write_count(answer->pieces, question->currency, found);
    if (answer->found)
        dime_wrong(question->call, member,
                   "The search for the fewest coins reached its limit: %s takes at "
                   "least %s of these coins, and %s are enough. %s",
                   asked, least, found, advice);
    else if (answer->possible)
        dime_wrong(question->call, member,
                   "The search for the fewest coins reached its limit: %s can be made, "
                   "and takes at least %s of these coins. %s",
                   asked, least, advice);
    else
        dime_wrong(question->call, member,
                   "The search for the fewest coins reached its limit before it was "
                   "known whether %s can be made of these coins; %.*s can. %s",
                   asked, DIME_ARG(near), advice);
    extend_problem(question, answer);
}

static void handle_change(dime_call *call, const void *input)
{
    struct question question = {.call = call, .input = input};
    struct coins_answer answer;
    if (!read_change_question(&question))
        return;
    switch (
        coins_solve(call_arena(call), question.kinds, question.count, question.amount, &answer)) {
    case COINS_MADE:
        answer_json(&question, &answer);
        if (dime_wants_page(call))
            put_change_page(dime_page_data(call), &question, &answer);
        break;
    case COINS_IMPOSSIBLE:
        say_impossible(&question, &answer);
        break;
    case COINS_TOO_HARD:
        say_too_hard(&question, &answer);
        break;
    case COINS_NO_MEMORY:
        break; /* the call is out of memory; dime answers it */
    case COINS_INVALID:
        dime_problem(call, 500, "The solver refused the question; please report this.");
        break;
    }
}

static void check_change(dime_call *call, const void *input)
{
    struct question question = {.call = call, .input = input};
    read_change_question(&question);
}

DIME_FUNCTION(change, .summary = "The fewest coins for an amount of money", .body_max = 8 * 1024,
              DIME_INPUT(struct change, CHANGE_FIELDS), .effects = DIME_READS, .page = CHANGE_PAGE,
              .schema = CHANGE_SCHEMA, .handle = handle_change, .check = check_change);
