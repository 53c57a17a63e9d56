/*
 * change.c - the fewest coins for an amount.
 *
 * The fields say which pieces there are: those of a currency, a list of one's own, or what a till
 * holds. The amount is read exactly (money/decimal.c), the solver finds the fewest pieces
 * (money/coins.c), and what is left here is to say it: `res` as the course's Python original did,
 * more where more was asked, and a page with the coins drawn for a browser. change(8) lists what
 * differs from the original.
 */
#include "dime.h"

#include <stdio.h>

#include "base/text.h"
#include "money/coins.h"
#include "money/currency.h"
#include "money/decimal.h"
#include "money/drawing.h"
#include "request/call.h"

DIME_EMBED(CHANGE_PAGE, "www/pages/change.html");

struct change {
    dime_text amount, currency;
    bool notes;
    DIME_LIST_OF(int64_t) coins;
    DIME_MAP_OF(int64_t) till;
};

static const dime_field FIELDS[] = {
    DIME_NUMBER(struct change, amount, .required = true,
                .help = "the amount of money, such as 1.89"),
    DIME_TEXT(struct change, currency, .max = 16, .fallback = "USD",
              .help = "its ISO 4217 code; USD if left out"),
    DIME_BOOLEAN(struct change, notes, .help = "whether to use notes too"),
    DIME_INTEGERS(struct change, coins, .min = 1, .max = COINS_MAX_VALUE, .most = COINS_MAX_KINDS,
                  .help = "the denominations to use, in cents, such as 25,10,5,1"),
    DIME_INTEGER_MAP(
        struct change, till, .max = INT64_MAX, .most = COINS_MAX_KINDS, .whole_names = true,
        .help = "how many there are of each, such as 25:2,10:0; what isn't listed isn't there"),
};

/* What was asked, and what may be used for it. */
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

/* The piece of this value that the currency has, a note or a coin before the other; or NULL. */
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

/* What the till holds; of that, with a list of coins too, only those. */
static bool take_till(struct question *question)
{
    const struct change *input = question->input;
    for (size_t i = 0; i < input->till.count; i++) {
        int64_t value = 0;
        (void)text_to_int64(input->till.items[i].name, &value); /* the table has seen to it */
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

/* From the largest to the smallest, as the answer lists them. False where one stands there twice.
 */
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

/* The list of coins is checked even where the till's numbers take its place. */
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

/* Reads on though one field is wrong, so that all that are wrong are said at once. */
static bool read_question(struct question *question)
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

/* So many of one piece: what an answer is made of. */
struct pile {
    const struct piece *piece;
    int64_t how_many;
};

/* Steps from *AT on to the next pile of the answer, from large to small; false behind the last. */
static bool next_pile(const struct question *question, const struct coins_answer *answer,
                      size_t *at, struct pile *pile)
{
    while (*at < question->count && !answer->counts[*at])
        ++*at;
    if (*at == question->count)
        return false;
    *pile = (struct pile){piece_of(question, question->kinds[*at].value), answer->counts[*at]};
    ++*at;
    return pile->piece; /* none: memory has ended, and so will the whole response */
}

static void put_res(dime_json *json, const struct question *question,
                    const struct coins_answer *answer)
{
    dime_json *res = dime_put_array(json, "res");
    char count[24];
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

/* "7 quarters, 1 dime, 4 pennies" */
static void put_sentence(struct buffer *html, const struct question *question,
                         const struct coins_answer *answer)
{
    const char *separator = "";
    char number[DECIMAL_TEXT];
    struct pile pile;
    for (size_t at = 0; next_pile(question, answer, &at, &pile);) {
        decimal_write_count(pile.how_many, question->currency, number);
        buffer_puts(html, separator);
        buffer_puts(html, number);
        buffer_puts(html, piece_link(pile.piece));
        buffer_html(html, text_of(piece_name(pile.piece, pile.how_many)));
        separator = ", ";
    }
    if (!answer->pieces)
        buffer_puts(html, "Nothing: no coins are needed");
}

/* The same question in JSON, for the command line that the page shows. */
static dime_text question_json(const struct question *question)
{
    const struct change *input = question->input;
    char amount[DECIMAL_TEXT];
    struct buffer json;
    decimal_write(question->amount, question->currency, amount);
    buffer_open(&json, question->call->request->arena, 4096);
    buffer_printf(&json, "{\"amount\":%s", amount);
    if (strcmp(question->currency->code, "USD") != 0)
        buffer_printf(&json, ",\"currency\":\"%s\"", question->currency->code);
    if (question->input->notes)
        buffer_puts(&json, ",\"notes\":true");
    for (size_t i = 0; i < input->coins.count; i++)
        buffer_printf(&json, "%s%lld", i ? "," : ",\"coins\":[", (long long)input->coins.items[i]);
    buffer_puts(&json, input->coins.count ? "]" : "");
    for (size_t i = 0; i < input->till.count; i++) {
        int64_t value = 0;
        (void)text_to_int64(input->till.items[i].name, &value);
        buffer_printf(&json, "%s\"%lld\":%lld", i ? "," : ",\"till\":{", (long long)value,
                      (long long)input->till.items[i].value);
    }
    buffer_puts(&json, input->till.count ? "}}" : "}");
    return buffer_text(&json);
}

static void put_command(struct buffer *html, const struct question *question)
{
    buffer_puts(html, "<div class=\"command\">\n<h3>From a shell</h3>\n<pre class=\"curl\"><code>"
                      "curl -d '");
    buffer_html(html, question_json(question));
    buffer_puts(html, "' ");
    buffer_html(html, dime_address(question->call));
    buffer_puts(html, "</code></pre>\n</div>\n</section>");
}

static void put_drawings(struct buffer *html, const struct question *question,
                         const struct coins_answer *answer)
{
    struct pile pile;
    if (!answer->pieces)
        return;
    buffer_puts(html, "<ul class=\"coins\">\n");
    for (size_t at = 0; next_pile(question, answer, &at, &pile);)
        drawing_put(html, question->currency, pile.piece, pile.how_many);
    buffer_puts(html, "</ul>\n");
}

static void answer_html(const struct question *question, const struct coins_answer *answer)
{
    struct buffer *html = response_html(question->call->response);
    char amount[DECIMAL_TEXT];
    decimal_write_for_people(question->amount, question->currency, amount);
    buffer_puts(html, "<section class=\"result\" id=\"result\" tabindex=\"-1\" "
                      "aria-labelledby=\"result-amount result-sentence\">\n"
                      "<div class=\"answer\">\n<h2 id=\"result-amount\">");
    buffer_html(html, text_of(amount));
    buffer_puts(html, "</h2>\n<p class=\"sentence\" id=\"result-sentence\">");
    put_sentence(html, question, answer);
    buffer_puts(html, "</p>\n<p class=\"total\">");
    decimal_write_count(answer->pieces, question->currency, amount);
    buffer_puts(html, amount);
    const char *what = question->input->notes ? "piece" : "coin";
    buffer_printf(html, " %s%s</p>\n</div>\n", what, answer->pieces == 1 ? "" : "s");
    put_drawings(html, question, answer);
    put_command(html, question);
}

/* "$0.25", or "$0.25 and $0.50": the amounts that can be made below and above the one asked for. */
static dime_text neighbours(const struct question *question, const struct coins_answer *answer)
{
    char amount[DECIMAL_TEXT];
    struct buffer text;
    buffer_open(&text, question->call->request->arena, 256);
    decimal_write_for_people(answer->below, question->currency, amount);
    buffer_puts(&text, amount);
    if (answer->has_above) {
        decimal_write_for_people(answer->above, question->currency, amount);
        buffer_printf(&text, " and %s", amount);
    }
    return buffer_text(&text);
}

/* The same for programs. */
static void put_neighbours(dime_json *json, const struct coins_answer *answer)
{
    dime_put_integer(json, "below", answer->below);
    if (answer->has_above)
        dime_put_integer(json, "above", answer->above);
}

/* What the solver has proved before its limit, for programs: the problem's member `proved`. */
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
                   amounts, answer->has_above ? "are" : "is", (int)near.length, near.data);
        return;
    }
    dime_wrong(question->call, &question->input->amount,
               "%s can't be made of these %s; %.*s can, but the search for nearer "
               "amounts reached its limit.",
               asked, pieces, (int)near.length, near.data);
    extend_problem(question, answer);
}

/*
 * The solver has reached its limit. That is a problem and no answer, even where some way is known,
 * since an answer promises the fewest.
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
                   asked, (int)near.length, near.data, advice);
    extend_problem(question, answer);
}

static void handle(dime_call *call, const void *input)
{
    struct question question = {.call = call, .input = input};
    struct coins_answer answer;
    if (!read_question(&question))
        return;
    switch (coins_solve(call->request->arena, question.kinds, question.count, question.amount,
                        &answer)) {
    case COINS_MADE:
        (dime_wants_page(call) ? answer_html : answer_json)(&question, &answer);
        break;
    case COINS_IMPOSSIBLE:
        say_impossible(&question, &answer);
        break;
    case COINS_TOO_HARD:
        say_too_hard(&question, &answer);
        break;
    case COINS_NO_MEMORY:
        break; /* the call is out of memory, and dime answers for that */
    case COINS_INVALID:
        dime_problem(call, 500, "The solver was asked wrongly; please report this.");
        break;
    }
}

static void check(dime_call *call, const void *input)
{
    struct question question = {.call = call, .input = input};
    read_question(&question);
}

DIME_FUNCTION(change, .summary = "The fewest coins for an amount of money", .body_max = 8 * 1024,
              DIME_INPUT(struct change, FIELDS), .effects = DIME_READS, .page = CHANGE_PAGE,
              .handle = handle, .check = check);
