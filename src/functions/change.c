/*
 * change.c - the fewest coins for an amount.
 *
 * The fields say which pieces there are: those of a currency, a list of one's own, or what a till
 * holds. The amount is read exactly (money/decimal.c), the solver finds the fewest pieces
 * (money/coins.c), and what is left here is to say it: `res` as the course's Python original did,
 * more where more was asked, and a page with the coins drawn for a browser. change(8) lists what
 * differs from the original.
 */
#include "function.h"

#include <stdio.h>

#include "money/coins.h"
#include "money/currency.h"
#include "money/decimal.h"
#include "money/drawing.h"

extern const dime_text change_page; /* www/change.html */

static const dime_field FIELDS[] = {
    {.name = "amount",
     .kind = FIELD_NUMBER,
     .required = true,
     .max = 128,
     .help = "the amount of money, such as 1.89"},
    {.name = "currency",
     .kind = FIELD_TEXT,
     .max = 16,
     .help = "its ISO 4217 code; USD if left out"},
    {.name = "notes", .kind = FIELD_BOOLEAN, .help = "whether to use notes too"},
    {.name = "coins",
     .kind = FIELD_LIST,
     .min = 1,
     .max = COINS_MAX_VALUE,
     .most = COINS_MAX_KINDS,
     .help = "the denominations to use, in cents, such as 25,10,5,1"},
    {.name = "till",
     .kind = FIELD_MAP,
     .min = 0,
     .max = INT64_MAX,
     .most = COINS_MAX_KINDS,
     .help = "how many there are of each, such as 25:2,10:0; what isn't listed isn't there"},
    {0},
};

/* What was asked, and what may be used for it. */
struct question {
    const struct request *request;
    struct response *response;
    const struct currency *currency;
    int64_t amount;            /* in minor units */
    enum piece_kind preferred; /* where a value is both a coin and a note */
    size_t count;
    struct coins_kind kinds[COINS_MAX_KINDS];
};

static bool read_currency(struct question *question)
{
    bool given = field_given(question->request, "currency");
    dime_text code = text_bare(field_text(question->request, "currency"));
    question->currency = currency_find(given ? code : TEXT("USD"));
    if (question->currency)
        return true;
    struct buffer codes;
    size_t count;
    const struct currency *currencies = currency_list(&count);
    buffer_open(&codes, question->request->arena, 256);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&codes, i ? ", %s" : "%s", currencies[i].code);
    dime_text list = buffer_text(&codes);
    response_field_problem(question->response, "currency",
                           "This currency isn't known; use one of %.*s.", (int)list.length,
                           list.data);
    return false;
}

static bool read_amount(struct question *question)
{
    char sentence[DECIMAL_SENTENCE];
    dime_text amount = field_text(question->request, "amount");
    if (decimal_read(amount, question->currency, &question->amount, sentence) == DECIMAL_OK)
        return true;
    response_field_problem(question->response, "amount", "%s", sentence);
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
    question->preferred = field_boolean(question->request, "notes") ? PIECE_NOTE : PIECE_COIN;
    for (size_t i = 0; i < currency->count; i++) {
        const struct piece *piece = &currency->pieces[i];
        if (piece->kind == PIECE_NOTE && question->preferred == PIECE_COIN)
            continue;
        if (piece == find_piece(currency, piece->value, question->preferred))
            question->kinds[question->count++] = (struct coins_kind){piece->value, COINS_UNLIMITED};
    }
}

static void take_list(struct question *question, const struct value *coins)
{
    for (size_t i = 0; i < coins->count; i++)
        question->kinds[question->count++] =
            (struct coins_kind){coins->items[i].value, COINS_UNLIMITED};
}

static bool lists(const struct value *coins, int64_t value)
{
    for (size_t i = 0; i < coins->count; i++) {
        if (coins->items[i].value == value)
            return true;
    }
    return !coins->given;
}

/* What the till holds; of that, with a list of coins too, only those. */
static bool take_till(struct question *question, const struct value *till,
                      const struct value *coins)
{
    for (size_t i = 0; i < till->count; i++) {
        const struct item *item = &till->items[i];
        if (item->key < 1 || item->key > COINS_MAX_VALUE) {
            response_field_problem(question->response, "till",
                                   "till names a denomination that isn't from 1 to %d.",
                                   COINS_MAX_VALUE);
            return false;
        }
        if (lists(coins, item->key))
            question->kinds[question->count++] = (struct coins_kind){item->key, item->value};
    }
    return true;
}

/* From the largest to the smallest, as the answer lists them. False where one stands there twice.
 */
static bool sort_kinds(struct question *question, const char *field_name)
{
    struct coins_kind *kinds = question->kinds;
    for (size_t i = 1; i < question->count; i++) {
        struct coins_kind moving = kinds[i];
        size_t at = i;
        for (; at && kinds[at - 1].value < moving.value; at--)
            kinds[at] = kinds[at - 1];
        kinds[at] = moving;
        if (at && kinds[at - 1].value == moving.value) {
            response_field_problem(question->response, field_name,
                                   "%s names %lld more than once; name it once.", field_name,
                                   (long long)moving.value);
            return false;
        }
    }
    return true;
}

/* The list of coins is checked even where the till's numbers take its place. */
static bool read_kinds(struct question *question)
{
    const struct value *coins = field(question->request, "coins");
    const struct value *till = field(question->request, "till");
    if (!coins->given && !till->given) {
        if (question->currency)
            take_currency(question); /* sorted already */
        return true;
    }
    take_list(question, coins);
    if (!sort_kinds(question, "coins"))
        return false;
    if (!till->given)
        return true;
    question->count = 0;
    return take_till(question, till, coins) && sort_kinds(question, "till");
}

/* Reads on though one field is wrong, so that all that are wrong are told of at once. */
static bool read_question(struct question *question)
{
    const struct response *response = question->response;
    bool currency = !response_field_error(response, TEXT("currency")) && read_currency(question);
    bool amount =
        currency && !response_field_error(response, TEXT("amount")) && read_amount(question);
    bool kinds = !response_field_error(response, TEXT("coins")) &&
                 !response_field_error(response, TEXT("till")) && read_kinds(question);
    return amount && kinds;
}

/* A piece that the currency doesn't have: a silver coin of 20 mm, named by its value. */
static const struct piece *plain_piece(const struct question *question, int64_t value)
{
    struct piece *piece = arena_array(question->request->arena, 1, sizeof *piece);
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

static void put_res(struct buffer *json, const struct question *question,
                    const struct coins_answer *answer)
{
    const char *separator = "{\"";
    struct pile pile;
    buffer_puts(json, "{\"res\":[");
    for (size_t at = 0; next_pile(question, answer, &at, &pile);) {
        buffer_puts(json, separator);
        buffer_int64(json, pile.how_many);
        buffer_puts(json, "\":");
        buffer_json(json, text_of(pile.piece->plural));
        buffer_puts(json, "}");
        separator = ",{\"";
    }
    buffer_puts(json, "]");
}

static void put_coins(struct buffer *json, const struct question *question,
                      const struct coins_answer *answer)
{
    const char *separator = "";
    struct pile pile;
    buffer_printf(json, "\"count\":%lld,\"coins\":[", (long long)answer->pieces);
    for (size_t at = 0; next_pile(question, answer, &at, &pile);) {
        buffer_puts(json, separator);
        buffer_puts(json, "{\"value\":");
        buffer_int64(json, pile.piece->value);
        buffer_puts(json, ",\"name\":");
        buffer_json(json, text_of(pile.piece->singular));
        buffer_puts(json, ",\"count\":");
        buffer_int64(json, pile.how_many);
        buffer_puts(json, "}");
        separator = ",";
    }
    buffer_puts(json, "]");
}

static void answer_json(const struct question *question, const struct coins_answer *answer)
{
    const struct request *request = question->request;
    struct buffer *json = response_json(question->response);
    put_res(json, question, answer);
    if (field_given(request, "currency") || field_given(request, "notes") ||
        field_given(request, "coins") || field_given(request, "till")) {
        buffer_printf(json, ",\"currency\":\"%s\",", question->currency->code);
        put_coins(json, question, answer);
    }
    buffer_puts(json, "}");
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
    const struct value *coins = field(question->request, "coins");
    const struct value *till = field(question->request, "till");
    char amount[DECIMAL_TEXT];
    struct buffer json;
    decimal_write(question->amount, question->currency, amount);
    buffer_open(&json, question->request->arena, 4096);
    buffer_printf(&json, "{\"amount\":%s", amount);
    if (strcmp(question->currency->code, "USD") != 0)
        buffer_printf(&json, ",\"currency\":\"%s\"", question->currency->code);
    if (field_boolean(question->request, "notes"))
        buffer_puts(&json, ",\"notes\":true");
    for (size_t i = 0; i < coins->count; i++)
        buffer_printf(&json, "%s%lld", i ? "," : ",\"coins\":[", (long long)coins->items[i].value);
    buffer_puts(&json, coins->count ? "]" : "");
    for (size_t i = 0; i < till->count; i++)
        buffer_printf(&json, "%s\"%lld\":%lld", i ? "," : ",\"till\":{",
                      (long long)till->items[i].key, (long long)till->items[i].value);
    buffer_puts(&json, till->count ? "}}" : "}");
    return buffer_text(&json);
}

/* The address that the browser used, if it can stand on a command line unquoted. */
static dime_text host(const struct request *request)
{
    dime_text host = request_header(request, "host");
    for (size_t i = 0; i < host.length; i++) {
        char c = host.data[i];
        bool plain =
            text_alphanumeric(c) || c == '.' || c == ':' || c == '-' || c == '[' || c == ']';
        if (!plain)
            host.length = 0;
    }
    return host.length ? host : TEXT("localhost");
}

static void put_command(struct buffer *html, const struct question *question)
{
    buffer_puts(html, "<div class=\"command\">\n<h3>From a shell</h3>\n<pre class=\"curl\"><code>"
                      "curl -d '");
    buffer_html(html, question_json(question));
    buffer_puts(html, "' ");
    buffer_html(html, question->request->scheme);
    buffer_puts(html, "://");
    buffer_html(html, host(question->request));
    buffer_puts(html, "/cgi-bin/change</code></pre>\n</div>\n</section>");
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
    struct buffer *html = response_html(question->response);
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
    const char *what = field_boolean(question->request, "notes") ? "piece" : "coin";
    buffer_printf(html, " %s%s</p>\n</div>\n", what, answer->pieces == 1 ? "" : "s");
    put_drawings(html, question, answer);
    put_command(html, question);
}

/* "$0.25", or "$0.25 and $0.50": the amounts that can be made below and above the one asked for. */
static dime_text neighbours(const struct question *question, const struct coins_answer *answer)
{
    char amount[DECIMAL_TEXT];
    struct buffer text;
    buffer_open(&text, question->request->arena, 256);
    decimal_write_for_people(answer->below, question->currency, amount);
    buffer_puts(&text, amount);
    if (answer->has_above) {
        decimal_write_for_people(answer->above, question->currency, amount);
        buffer_printf(&text, " and %s", amount);
    }
    return buffer_text(&text);
}

/* Adds the same as members of an object. */
static void put_neighbours(struct buffer *json, const struct coins_answer *answer)
{
    buffer_printf(json, "\"below\":%lld", (long long)answer->below);
    if (answer->has_above)
        buffer_printf(json, ",\"above\":%lld", (long long)answer->above);
}

/* What the solver has proved before its limit, for programs: the problem's member `proved`. */
static void extend_problem(const struct question *question, const struct coins_answer *answer)
{
    struct buffer json;
    buffer_open(&json, question->request->arena, 16 * 1024);
    buffer_puts(&json, "\"proved\":{");
    if (answer->at_least)
        buffer_printf(&json, "\"atLeast\":%lld,", (long long)answer->at_least);
    if (answer->found)
        put_coins(&json, question, answer);
    else
        put_neighbours(&json, answer);
    buffer_puts(&json, "}");
    response_extend(question->response, buffer_text(&json));
}

static void say_impossible(const struct question *question, const struct coins_answer *answer)
{
    char asked[DECIMAL_TEXT];
    const char *pieces = field_boolean(question->request, "notes") ? "coins and notes" : "coins";
    const char *amounts = answer->has_above ? "amounts" : "amount";
    dime_text near = neighbours(question, answer);
    decimal_write_for_people(question->amount, question->currency, asked);
    if (answer->nearest) {
        response_field_problem(question->response, "amount",
                               "%s can't be made of these %s; the nearest %s that can %s %.*s.",
                               asked, pieces, amounts, answer->has_above ? "are" : "is",
                               (int)near.length, near.data);
        return;
    }
    response_field_problem(question->response, "amount",
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
    const char *field_name = field_given(question->request, "till") ? "till" : "coins";
    const char *advice = "Use fewer or smaller denominations, or ask for a smaller amount.";
    char asked[DECIMAL_TEXT], least[DECIMAL_TEXT], found[DECIMAL_TEXT];
    dime_text near = neighbours(question, answer);
    decimal_write_for_people(question->amount, question->currency, asked);
    decimal_write_count(answer->at_least, question->currency, least);
    decimal_write_count(answer->pieces, question->currency, found);
    if (answer->found)
        response_field_problem(question->response, field_name,
                               "The search for the fewest coins reached its limit: %s takes at "
                               "least %s of these coins, and %s are enough. %s",
                               asked, least, found, advice);
    else if (answer->possible)
        response_field_problem(question->response, field_name,
                               "The search for the fewest coins reached its limit: %s can be made, "
                               "and takes at least %s of these coins. %s",
                               asked, least, advice);
    else
        response_field_problem(question->response, field_name,
                               "The search for the fewest coins reached its limit before it was "
                               "known whether %s can be made of these coins; %.*s can. %s",
                               asked, (int)near.length, near.data, advice);
    extend_problem(question, answer);
}

static void handle(const struct request *request, struct response *response)
{
    struct question question = {.request = request, .response = response};
    struct coins_answer answer;
    if (!read_question(&question))
        return;
    switch (coins_solve(request->arena, question.kinds, question.count, question.amount, &answer)) {
    case COINS_MADE:
        (request->html ? answer_html : answer_json)(&question, &answer);
        break;
    case COINS_IMPOSSIBLE:
        say_impossible(&question, &answer);
        break;
    case COINS_TOO_HARD:
        say_too_hard(&question, &answer);
        break;
    case COINS_NO_MEMORY:
        break; /* the arena has failed, and the host answers for that */
    case COINS_INVALID:
        response_problem(response, 500, "The solver was asked wrongly; please report this.");
        break;
    }
}

static void check(const struct request *request, struct response *response)
{
    struct question question = {.request = request, .response = response};
    read_question(&question);
}

const dime_function function_change = {
    .name = "change",
    .summary = "The fewest coins for an amount of money",
    .methods = METHOD_GET | METHOD_POST,
    .body_max = 8 * 1024,
    .fields = FIELDS,
    .page = &change_page,
    .handle = handle,
    .check = check,
};
