/*
 * fields_nested_test.c - objects within objects, lists and maps of them, and where a fault lies.
 *
 * Each fault is beside its place, as errors[].field has it, and the sentence, which begins with the
 * same place. The author's side of it is here too: a member's address leads to the same place.
 */
#include "request/fields.h"

#include <check.h>

#include "asking.h"

Suite *fields_nested_suite(void);

static const char *const SORTS[] = {"goods", "service", NULL};

struct country {
    dime_text code;
};

struct address {
    dime_text street;
    struct country country;
    int64_t floor;
};

struct line {
    dime_text name;
    int64_t vat, count;
    int sort;
    DIME_LIST_OF(dime_text) tags;
    DIME_LIST_OF(struct country) origins;
    DIME_MAP_OF(int64_t) shares;
};

struct box {
    DIME_LIST_OF(int64_t) sizes;
};

struct order {
    dime_text id;
    DIME_LIST_OF(struct line) items;
    struct address address;
    struct address second;
    DIME_MAP_OF(struct address) stops;
    DIME_MAP_OF(dime_text) notes;
    DIME_LIST_OF(int64_t) sums;
    struct box box;
};

static const dime_field COUNTRY[] = {
    DIME_TEXT(struct country, code, .max = 2, .fallback = "DE"),
};

static const dime_field ADDRESS[] = {
    DIME_TEXT(struct address, street, .required = true),
    DIME_OBJECT(struct address, country, struct country, COUNTRY),
    DIME_INTEGER(struct address, floor, .min = -3, .max = 200),
};

static const dime_field LINE[] = {
    DIME_TEXT(struct line, name, .required = true, .help = "what it is"),
    DIME_DECIMAL(struct line, vat, .places = 2, .max = 10000),
    DIME_INTEGER(struct line, count, .max = 9),
    DIME_CHOICE(struct line, sort, .choices = SORTS, .fallback = "goods"),
    DIME_TEXTS(struct line, tags, .max = 3, .most = 2),
    DIME_OBJECTS(struct line, origins, struct country, COUNTRY),
    DIME_INTEGER_MAP(struct line, shares),
};

static const dime_field BOX[] = {
    DIME_INTEGERS(struct box, sizes, .required = true),
};

static const dime_field ORDER[] = {
    DIME_TEXT(struct order, id),
    DIME_OBJECTS(struct order, items, struct line, LINE, .most = 3),
    DIME_OBJECT(struct order, address, struct address, ADDRESS),
    DIME_OBJECT(struct order, second, struct address, ADDRESS),
    DIME_OBJECT_MAP(struct order, stops, struct address, ADDRESS, .most = 2),
    DIME_TEXT_MAP(struct order, notes),
    DIME_DECIMALS(struct order, sums, .places = 2),
    DIME_OBJECT(struct order, box, struct box, BOX),
};
static const dime_function order = {.name = "order", DIME_INPUT(struct order, ORDER)};

static struct asking asking;

static void begin(void)
{
    asking_open(&asking, 4 << 20);
}

static void end(void)
{
    asking_close(&asking);
}

static bool reads(const char *json)
{
    return asking_read(&asking, &order, TEXT(""), ASKING_JSON, text_of(json));
}

static const struct {
    const char *json, *outcome;
} documents[] = {
    {"{\"address\":{\"street\":\"Elm 1\",\"country\":{\"code\":\"AT\"},\"floor\":-1}}",
     "address={ street=Elm 1 country={ code=AT } floor=-1 } "},
    {"{\"address\":{\"street\":\"x\",\"country\":{}}}",
     "address={ street=x country={ code~DE } } "},
    {"{\"address\":{\"street\":\"x\",\"country\":null,\"floor\":null}}", "address={ street=x } "},
    {"{\"address\":{\"other\":{\"street\":1},\"Street\":1,\"street\":\"x\"}}",
     "address={ street=x } "},
    {"{\"addr\\u0065ss\":{\"str\\u0065et\":\"\\nb\"}}", "address={ street=\nb } "},
    {"{\"address\":null,\"items\":null,\"stops\":null}", ""},
    {"{\"address\":\"\",\"items\":\" \",\"stops\":\"\"}", ""},
    {"{\"items\":[{\"name\":\"a\",\"vat\":19},{\"name\":\"b\",\"sort\":\"service\"}]}",
     "items={ name=a vat=19.00 sort~goods },{ name=b sort=service }, "},
    {"{\"items\":[{\"name\":\"a\",\"tags\":[\"x\",\"y\"],\"shares\":{\"p\":1,\"q\":2},"
     "\"origins\":[{},{\"code\":\"AT\"}]}]}",
     "items={ name=a sort~goods tags=x,y, origins={ code~DE },{ code=AT }, shares=p:1,q:2, }, "},
    {"{\"stops\":{\"a\":{\"street\":\"x\"},\"\":{\"street\":\"y\",\"country\":{}}}}",
     "stops=a:{ street=x },:{ street=y country={ code~DE } }, "},
};

START_TEST(reads_objects)
{
    bool fine = reads(documents[_i].json);
    ck_assert_str_eq(asking_outcome(&asking, fine), documents[_i].outcome);
}
END_TEST

#define DIGITS     " must be a number with at most 2 digits after the point."
#define LINES      "items must be a list of objects, such as [{...},{...}]."
#define STOPS      "stops must be an object of named values, such as {\"a\":{...}}."
#define NO_ADDRESS "address must be an object, such as {\"street\":...}."

static const struct {
    const char *json, *places, *sentences;
} faults[] = {
    /* Within an object. */
    {"{\"address\":{}}", "address.street", "Give address.street."},
    {"{\"address\":{\"street\":\" \"}}", "address.street", "Give address.street."},
    {"{\"address\":{\"street\":12}}", "address.street", "address.street must be text."},
    {"{\"address\":{\"street\":\"x\",\"country\":{\"code\":\"ATX\"}}}", "address.country.code",
     "address.country.code has 3 characters; give at most 2."},
    {"{\"address\":{\"street\":\"x\",\"country\":\"AT\"}}", "address.country",
     "address.country must be an object, such as {\"code\":...}."},
    {"{\"address\":{\"floor\":201,\"street\":true}}", "address.floor | address.street",
     "address.floor holds 201; it must be from -3 to 200. | address.street must be text."},
    {"{\"address\":{\"floor\":1.5}}", "address.floor | address.street",
     "address.floor must be a whole number from -3 to 200. | Give address.street."},
    {"{\"second\":{},\"address\":{}}", "second.street | address.street",
     "Give second.street. | Give address.street."},
    /* No object, or one that is written in a string. */
    {"{\"address\":\"Elm 1\"}", "address", NO_ADDRESS},
    {"{\"address\":\"{\\\"street\\\":\\\"x\\\"}\"}", "address", NO_ADDRESS},
    {"{\"address\":[{\"street\":\"x\"}]}", "address", NO_ADDRESS},
    {"{\"address\":7}", "address", NO_ADDRESS},
    {"{\"address\":true}", "address", NO_ADDRESS},
    /* In a list. */
    {"{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\",\"vat\":1.234}]}",
     "items[2].vat", "items[2].vat" DIGITS},
    {"{\"items\":[{\"name\":\"a\",\"vat\":100.01}]}", "items[0].vat",
     "items[0].vat must be from 0.00 to 100.00."},
    {"{\"items\":[{\"name\":\"a\"},{\"vat\":1}]}", "items[1].name",
     "Give items[1].name: what it is."},
    {"{\"items\":[{\"name\":\"a\",\"count\":10,\"sort\":\"x\"}]}", "items[0].count | items[0].sort",
     "items[0].count holds 10; it must be from 0 to 9. | items[0].sort must be goods or service."},
    {"{\"items\":[{\"vat\":\"x\"},{\"name\":\"b\",\"vat\":\"y\"}]}",
     "items[0].vat | items[0].name | items[1].vat",
     "items[0].vat" DIGITS " | Give items[0].name: what it is. | items[1].vat" DIGITS},
    {"{\"items\":[{\"name\":\"a\",\"tags\":[\"x\",1]}]}", "items[0].tags[1]",
     "items[0].tags[1] must be text."},
    {"{\"items\":[{\"name\":\"a\",\"tags\":\"x\"}]}", "items[0].tags",
     "items[0].tags must be a list of texts, such as [\"a\",\"b\"]."},
    {"{\"items\":[{\"name\":\"a\",\"tags\":[\"x\",\"y\",\"z\"]}]}", "items[0].tags",
     "items[0].tags may have at most 2 items."},
    {"{\"items\":[{\"name\":\"a\",\"tags\":[]}]}", "items[0].tags",
     "items[0].tags is empty; leave it out or give at least one item."},
    {"{\"items\":[{\"name\":\"a\",\"origins\":[{},{\"code\":\"ATX\"}]}]}",
     "items[0].origins[1].code", "items[0].origins[1].code has 3 characters; give at most 2."},
    {"{\"items\":[{\"name\":\"a\",\"shares\":{\"p\":\"x\"}}]}", "items[0].shares",
     "items[0].shares must be an object of named values, such as {\"25\":2,\"10\":0}."},
    {"{\"items\":[{\"name\":\"a\"},1]}", "items[1]",
     "items[1] must be an object, such as {\"name\":...}."},
    {"{\"items\":[null]}", "items[0]", "items[0] must be an object, such as {\"name\":...}."},
    {"{\"items\":[\"{\\\"name\\\":\\\"a\\\"}\"]}", "items[0]",
     "items[0] must be an object, such as {\"name\":...}."},
    {"{\"items\":[[]]}", "items[0]", "items[0] must be an object, such as {\"name\":...}."},
    {"{\"items\":[]}", "items", "items is empty; leave it out or give at least one item."},
    {"{\"items\":{}}", "items", LINES},
    {"{\"items\":\"[]\"}", "items", LINES},
    {"{\"items\":1}", "items", LINES},
    {"{\"items\":[{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"}]}", "items",
     "items may have at most 3 items."},
    /* In a map. */
    {"{\"stops\":{\"a\":{\"street\":\"x\"},\"b\":{}}}", "stops.b.street", "Give stops.b.street."},
    {"{\"stops\":{\"\\u00e9 1\":{\"street\":\"x\",\"floor\":\"y\"}}}", "stops.\xC3\xA9 1.floor",
     "stops.\xC3\xA9 1.floor must be a whole number from -3 to 200."},
    {"{\"stops\":{\"a\":1}}", "stops.a", "stops.a must be an object, such as {\"street\":...}."},
    {"{\"stops\":{\"a\":null}}", "stops.a", "stops.a must be an object, such as {\"street\":...}."},
    {"{\"stops\":[]}", "stops", STOPS},
    {"{\"stops\":\"{}\"}", "stops", STOPS},
    {"{\"stops\":{}}", "stops", "stops is empty; leave it out or give at least one item."},
    {"{\"stops\":{\"a\":{\"street\":\"x\"},\"b\":{\"street\":\"x\"},\"c\":{\"street\":\"x\"}}}",
     "stops", "stops may have at most 2 items."},
    {"{\"box\":{\"sizes\":[]}}", "box.sizes", "box.sizes is empty; give at least one item."},
    {"{\"box\":{}}", "box.sizes", "Give box.sizes."},
    {"{\"notes\":{\"a\":\"b\",\"c\":1}}", "notes.c", "notes.c must be text."},
};

static const char *places(void)
{
    struct buffer out;
    buffer_open(&out, &asking.arena, 4096);
    for (size_t i = 0; i < asking.response.error_count; i++) {
        buffer_puts(&out, i ? " | " : "");
        buffer_put(&out, asking.response.errors[i].field);
    }
    buffer_put(&out, (dime_text){"", 1});
    ck_assert(!out.failed);
    return out.data;
}

START_TEST(says_where_a_fault_is)
{
    ck_assert(!reads(faults[_i].json));
    ck_assert_int_eq(asking.response.status, 422);
    ck_assert_str_eq(asking_outcome(&asking, false), faults[_i].sentences);
    ck_assert_str_eq(places(), faults[_i].places);
}
END_TEST

/* A form, and a query, gives an object as JSON. */
static const struct {
    const char *form, *outcome;
} forms[] = {
    {"address={\"street\":\"x\"}", "address={ street=x } "},
    {"address=+%7B%22street%22:%22a%2Bb+c%22%7D%0D%0A", "address={ street=a+b c } "},
    {"items=[{\"name\":\"a\"},{\"name\":\"b\",\"vat\":1e1}]&id=7",
     "id=7 items={ name=a sort~goods },{ name=b vat=10.00 sort~goods }, "},
    {"stops={\"a\":{\"street\":\"x\"}}", "stops=a:{ street=x }, "},
    {"address=&items=+&stops", ""},
    {"address=Elm+1", NO_ADDRESS},
    {"address={street:x}", NO_ADDRESS},
    {"address=[]", NO_ADDRESS},
    {"address=null", NO_ADDRESS},
    {"address={\"street\":\"x\",\"street\":\"y\"}", NO_ADDRESS},
    {"address={}", "Give address.street."},
    {"address={\"street\":\"x\",\"floor\":\"y\"}",
     "address.floor must be a whole number from -3 to 200."},
    {"items=a", LINES},
    {"items={\"name\":\"a\"}", LINES},
    {"items=[{}]", "Give items[0].name: what it is."},
    {"items=[{\"name\":\"a\",\"vat\":\"x\"}]", "items[0].vat" DIGITS},
    {"stops=a:b", STOPS},
    {"stops={\"a\":{\"street\":\"x\"},\"a\":{\"street\":\"x\"}}", STOPS},
    {"address={\"street\":\"x\"}&address={\"street\":\"x\"}",
     "address is given more than once; give it once."},
    {"address[street]=x", "address takes no brackets after its name; send one value."},
    {"address.street=x", "address takes no dot after its name; send one value."},
    {"items[0][name]=x",
     "items takes no brackets after its name; send one value, such as [{...},{...}]."},
    {"stops[a]=x",
     "stops takes no brackets after its name; send one value, such as {\"a\":{...}}."},
    {"notes={\"a\":\"x\",\"a\":\"y\"}",
     "notes must be an object of named values, such as {\"a\":\"b\"}."},
};

START_TEST(reads_objects_of_forms)
{
    bool fine = asking_read(&asking, &order, TEXT(""), ASKING_FORM, text_of(forms[_i].form));
    ck_assert_str_eq(asking_outcome(&asking, fine), forms[_i].outcome);
    fine = asking_read(&asking, &order, text_of(forms[_i].form), "", TEXT(""));
    ck_assert_str_eq(asking_outcome(&asking, fine), forms[_i].outcome);
}
END_TEST

START_TEST(reads_json_in_parts)
{
    bool fine = asking_read(
        &asking, &order, TEXT(""), ASKING_PARTS,
        TEXT(ASKING_PART
             "address\r\nContent-Type: text/plain\r\n\r\n{\"street\":\"x\"}\r\n" ASKING_PART
             "items\r\n\r\n[{\"name\":\"a\"}]\r\n--x--"));
    ck_assert_str_eq(asking_outcome(&asking, fine),
                     "items={ name=a sort~goods }, address={ street=x } ");
}
END_TEST

static const char WHOLE[] =
    "{\"id\":\"7\",\"items\":[{\"name\":\"a\",\"tags\":[\"x\",\"y\"],\"shares\":{\"p\":1,\"q\":2}},"
    "{\"name\":\"b\",\"vat\":1,\"origins\":[{\"code\":\"AT\"},{}]}],"
    "\"second\":{\"street\":\"s\",\"country\":{\"code\":\"CH\"}},\"address\":{\"street\":\"x\"},"
    "\"stops\":{\"m\":{\"street\":\"t\"},\"n\":{\"street\":\"u\",\"floor\":1}},"
    "\"notes\":{\"k\":\"v\",\"l\":\"w\"},\"sums\":[1,2]}";

/* The compiler lays structs within structs out as the library fills them. */
START_TEST(fills_the_authors_struct)
{
    ck_assert(reads(WHOLE));
    const struct order *input = (const void *)asking.call.input->base;
    ck_assert(text_equal(input->id, TEXT("7")));
    ck_assert_uint_eq(input->items.count, 2);
    ck_assert(text_equal(input->items.items[1].name, TEXT("b")));
    ck_assert_int_eq(input->items.items[1].vat, 100);
    ck_assert(text_equal(input->items.items[0].tags.items[1], TEXT("y")));
    ck_assert_int_eq(input->items.items[0].shares.items[1].value, 2);
    ck_assert(text_equal(input->items.items[1].origins.items[1].code, TEXT("DE")));
    ck_assert(text_equal(input->address.street, TEXT("x")));
    ck_assert(text_equal(input->second.country.code, TEXT("CH")));
    ck_assert(text_equal(input->stops.items[1].name, TEXT("n")));
    ck_assert_int_eq(input->stops.items[1].value.floor, 1);
}
END_TEST

/* A list whose table names no limit, of what a map may be in. */
struct basket {
    DIME_LIST_OF(struct line) items;
};

static const dime_field BASKET[] = {
    DIME_OBJECTS(struct basket, items, struct line, LINE),
};
static const dime_function basket = {.name = "basket", DIME_INPUT(struct basket, BASKET)};

/* Memory is taken for the values that there are, not for those that there may be. */
START_TEST(takes_memory_for_what_is_there)
{
    struct buffer body;
    buffer_open(&body, &asking.arena, 1 << 16);
    for (size_t i = 0; i < 1000; i++)
        buffer_printf(&body, "%s{\"name\":\"a\",\"shares\":{\"p\":1}}", i ? "," : "{\"items\":[");
    buffer_puts(&body, "]}");
    struct asking other;
    asking_open(&other, 4 << 20);
    ck_assert(asking_read(&other, &basket, TEXT(""), ASKING_JSON, buffer_text(&body)));
    asking_close(&other);
}
END_TEST

START_TEST(knows_what_was_given)
{
    ck_assert(reads(WHOLE));
    const struct dime_call *call = &asking.call;
    const struct order *input = (const void *)asking.call.input->base;
    ck_assert(dime_given(call, &input->id));
    ck_assert(dime_given(call, &input->items));
    ck_assert(dime_given(call, &input->items.items[0].name));
    ck_assert(!dime_given(call, &input->items.items[0].vat));
    ck_assert(dime_given(call, &input->items.items[1].vat));
    ck_assert(!dime_given(call, &input->items.items[1].sort)); /* it has fallen back */
    ck_assert(dime_given(call, &input->items.items[1].origins.items[0].code));
    ck_assert(!dime_given(call, &input->items.items[1].origins.items[1].code));
    ck_assert(dime_given(call, &input->items.items[0].tags.items[1]));
    ck_assert(dime_given(call, &input->address.street));
    ck_assert(!dime_given(call, &input->address.floor));
    ck_assert(!dime_given(call, &input->address.country));
    ck_assert(!dime_given(call, &input->address.country.code));
    ck_assert(dime_given(call, &input->second.country.code));
    ck_assert(!dime_given(call, &input->stops.items[0].value.floor));
    ck_assert(dime_given(call, &input->stops.items[1].value.floor));
    ck_assert(!dime_given(call, &input->id.length)); /* no field begins there */
    ck_assert(!dime_given(call, &call));
    ck_assert(reads("{\"address\":{\"country\":{\"code\":\"AT\"},\"street\":\"x\"}}"));
    input = (const void *)asking.call.input->base;
    ck_assert(dime_given(call, &input->address.country));
    ck_assert(!dime_given(call, &input->second));
    ck_assert(!dime_given(call, &input->second.floor));
    ck_assert(!dime_given(call, &input->items));
}
END_TEST

START_TEST(finds_a_members_place)
{
    ck_assert(reads(WHOLE));
    struct dime_call *call = &asking.call;
    const struct order *input = (const void *)asking.call.input->base;
    const struct {
        const void *member;
        const char *place;
    } CASES[] = {
        {&input->id, "id"},
        {&input->items, "items"},
        {&input->items.items[0].name, "items[0].name"},
        {&input->items.items[1].vat, "items[1].vat"},
        {&input->items.items[1].sort, "items[1].sort"},
        {&input->items.items[0].tags, "items[0].tags"},
        {&input->items.items[0].tags.items[0], "items[0].tags[0]"},
        {&input->items.items[0].tags.items[1], "items[0].tags[1]"},
        {&input->items.items[0].shares.items[1].value, "items[0].shares.q"},
        {&input->items.items[1].origins.items[1].code, "items[1].origins[1].code"},
        {&input->address.street, "address.street"},
        {&input->address.floor, "address.floor"},
        {&input->address.country, "address.country"},
        {&input->second.street, "second.street"},
        {&input->second.country.code, "second.country.code"},
        {&input->stops.items[0].value.street, "stops.m.street"},
        {&input->stops.items[1].value.floor, "stops.n.floor"},
        {&input->notes, "notes"},
        {&input->notes.items[0].value, "notes.k"},
        {&input->notes.items[1].value, "notes.l"},
        {&input->notes.items[1].name, "notes.l"},
        {&input->sums.items[1], "sums[1]"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        response_open(&asking.response, &asking.arena);
        ck_assert_msg(!dime_is_wrong(call, CASES[i].member), "%s", CASES[i].place);
        dime_wrong(call, CASES[i].member, "%s is odd", "it");
        ck_assert_str_eq(places(), CASES[i].place);
        ck_assert_int_eq(asking.response.status, 422);
        ck_assert(text_equal(asking.response.errors[0].detail, TEXT("it is odd")));
        ck_assert_msg(dime_is_wrong(call, CASES[i].member), "%s", CASES[i].place);
        response_open(&asking.response, &asking.arena);
        dime_problem_at(call, CASES[i].member, 409, "no");
        ck_assert_str_eq(places(), CASES[i].place);
        ck_assert_int_eq(asking.response.status, 409);
    }
}
END_TEST

/* What the table finds wrong is known to a function's `check`, and what that finds comes behind. */
START_TEST(knows_what_is_wrong)
{
    ck_assert(!reads("{\"items\":[{\"name\":\"a\",\"vat\":\"x\",\"tags\":[\"y\",1]}],"
                     "\"stops\":{\"m\":{\"floor\":1}},\"notes\":{\"k\":\"v\",\"l\":1},\"id\":1}"));
    struct dime_call *call = &asking.call;
    const struct order *input = (const void *)asking.call.input->base;
    ck_assert(dime_is_wrong(call, &input->id));
    ck_assert(dime_is_wrong(call, &input->items.items[0].vat));
    ck_assert(!dime_is_wrong(call, &input->items.items[0].name));
    ck_assert(!dime_is_wrong(call, &input->items.items[0].tags.items[0]));
    ck_assert(dime_is_wrong(call, &input->items.items[0].tags.items[1]));
    ck_assert(dime_is_wrong(call, &input->stops.items[0].value.street));
    ck_assert(!dime_is_wrong(call, &input->stops.items[0].value.floor));
    ck_assert(!dime_is_wrong(call, &input->notes.items[0].value));
    ck_assert(dime_is_wrong(call, &input->notes.items[1].value));
    ck_assert(!dime_is_wrong(call, &input->address));
    ck_assert(!dime_is_wrong(call, &call));
    size_t count = asking.response.error_count;
    dime_wrong(call, &input->items.items[0].name, "it is odd");
    ck_assert_uint_eq(asking.response.error_count, count + 1);
    ck_assert(text_equal(asking.response.errors[count].field, TEXT("items[0].name")));
}
END_TEST

START_TEST(refuses_a_foreign_member)
{
    ck_assert(reads(WHOLE));
    dime_wrong(&asking.call, &asking, "it is odd");
    ck_assert_int_eq(asking.response.status, 500);
    ck_assert_uint_eq(asking.response.error_count, 0);
    ck_assert(reads(WHOLE));
    dime_problem_at(&asking.call, &asking, 409, "it is odd");
    ck_assert_int_eq(asking.response.status, 500);
}
END_TEST

static const struct {
    const char *type, *body;
} hungry[] = {
    {ASKING_JSON, WHOLE},
    {ASKING_FORM, "address={\"street\":\"\\u0061\",\"country\":{}}&items=[{\"name\":\"\\n\"}]&"
                  "stops={\"\\u0061\":{\"street\":\"\\n\"}}"},
    {ASKING_JSON, "{\"items\":[{\"tags\":[\"x\",1],\"vat\":1.234}],\"stops\":{\"m\":{}}}"},
};

/* With any amount of memory it's read as with plenty, or the arena has failed. */
START_TEST(survives_the_end_of_memory)
{
    size_t limit = 0, failures = 0;
    bool whole = false,
         fine = asking_read(&asking, &order, TEXT(""), hungry[_i].type, text_of(hungry[_i].body));
    const char *wanted = asking_outcome(&asking, fine);
    for (; !whole; limit += 8) {
        struct asking small;
        asking_open(&small, limit);
        fine = asking_read(&small, &order, TEXT(""), hungry[_i].type, text_of(hungry[_i].body));
        whole = !small.arena.failed;
        ck_assert(whole || !fine);
        const struct order *input = small.call.input ? (const void *)small.call.input->base : NULL;
        if (whole && input->items.count) { /* a handler that blames what there is */
            dime_wrong(&small.call, &input->items.items[0].vat, "%s", "it is odd");
            dime_is_wrong(&small.call, &input->items.items[0].vat);
        }
        failures += !whole;
        asking_close(&small);
    }
    ck_assert_uint_gt(failures, 50);
    ck_assert_uint_lt(limit, 1 << 20);
    ck_assert_ptr_nonnull(wanted);
}
END_TEST

Suite *fields_nested_suite(void)
{
    Suite *suite = suite_create("fields_nested");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_loop_test(reading, reads_objects, 0, sizeof documents / sizeof *documents);
    tcase_add_loop_test(reading, says_where_a_fault_is, 0, sizeof faults / sizeof *faults);
    tcase_add_loop_test(reading, reads_objects_of_forms, 0, sizeof forms / sizeof *forms);
    tcase_add_test(reading, reads_json_in_parts);
    tcase_add_test(reading, fills_the_authors_struct);
    tcase_add_test(reading, takes_memory_for_what_is_there);
    suite_add_tcase(suite, reading);
    TCase *members = tcase_create("members");
    tcase_add_checked_fixture(members, begin, end);
    tcase_add_test(members, knows_what_was_given);
    tcase_add_test(members, finds_a_members_place);
    tcase_add_test(members, knows_what_is_wrong);
    tcase_add_test(members, refuses_a_foreign_member);
    tcase_add_loop_test(members, survives_the_end_of_memory, 0, sizeof hungry / sizeof *hungry);
    suite_add_tcase(suite, members);
    return suite;
}
