/*
 * json_check.c - checks that a text is JSON before anything reads it.
 *
 * The check is one walk over the text. It keeps a bit per level instead of recursing, so no text
 * can exhaust the stack. Each step either moves on or says what is wrong at this byte. The decoded
 * names of open objects lie on a small stack, which moves to the arena when it is full. When an
 * object closes, its names are compared: a few pairwise, many by sorting. The limit on names and
 * memcmp keep hostile names about as cheap as other text.
 */
#include "base/json_check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_NAMES = 32, PAIRWISE_MAX = 8 };

/* A member's name. */
struct member_name {
    dime_text text; /* decoded */
    const char *at; /* after its opening quote */
};

struct gate {
    const char *start;
    const char *at;
    const char *end;
    struct arena *arena;
    const char *fault;         /* the sentence; NULL if memory ran out */
    bool escaped;              /* the last string has an escape */
    bool nul;                  /* the last string holds U+0000 */
    unsigned depth;            /* how many arrays and objects are open */
    uint64_t objects;          /* a bit for each open level: it is an object */
    struct member_name *names; /* of all open objects */
    size_t name_count;
    size_t name_capacity;
    size_t first_name[JSON_DEPTH_MAX + 1]; /* of each level that is an object */
    struct member_name few[FEW_NAMES];     /* the first memory of `names` */
};

/* Records what is wrong at the current byte. */
static bool gate_fault(struct gate *gate, const char *sentence)
{
    gate->fault = sentence;
    return false;
}

static bool gate_fault_at(struct gate *gate, const char *at, const char *sentence)
{
    gate->at = at;
    return gate_fault(gate, sentence);
}

static bool gate_at_end(const struct gate *gate)
{
    return gate->at == gate->end;
}

/* Takes the next byte if it is this one. Returns whether it was. */
static bool gate_take(struct gate *gate, char byte)
{
    if (gate_at_end(gate) || *gate->at != byte)
        return false;
    gate->at++;
    return true;
}

static void gate_skip_space(struct gate *gate)
{
    const char *at = gate->at;
    while (at < gate->end && text_blank(*at))
        at++;
    gate->at = at;
}

/* Reads one or more digits. */
static bool read_digits(struct gate *gate)
{
    const char *at = gate->at;
    while (at < gate->end && text_digit(*at))
        at++;
    bool some = at > gate->at;
    gate->at = at;
    if (some)
        return true;
    return gate_fault(gate, gate_at_end(gate) ? "the text ends inside a number"
                                              : "a digit is missing in this number");
}

static bool read_json_number(struct gate *gate)
{
    gate_take(gate, '-');
    const char *first = gate->at;
    if (!read_digits(gate))
        return false;
    if (*first == '0' && gate->at > first + 1)
        return gate_fault_at(gate, first, "a number can't begin with a 0 before other digits");
    if (gate_take(gate, '.') && !read_digits(gate))
        return false;
    if (!gate_take(gate, 'e') && !gate_take(gate, 'E'))
        return true;
    if (!gate_take(gate, '-'))
        gate_take(gate, '+');
    return read_digits(gate);
}

static bool read_word(struct gate *gate, dime_text word)
{
    if ((size_t)(gate->end - gate->at) < word.length ||
        memcmp(gate->at, word.data, word.length) != 0)
        return gate_fault(gate, "the only bare words are true, false and null");
    gate->at += word.length;
    return true;
}

static bool is_low_surrogate(int32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Reads the XXXX of \uXXXX. */
static bool read_unit(struct gate *gate, int32_t *unit)
{
    if (gate->end - gate->at < 4)
        return gate_fault_at(gate, gate->end, "the text ends inside a string");
    *unit = json_hex_unit(gate->at);
    if (*unit < 0)
        return gate_fault(gate, "\\u needs four hexadecimal digits");
    gate->at += 4;
    return true;
}

/* Reads what follows \u. Half a surrogate pair alone isn't a character. */
static bool read_unicode_escape(struct gate *gate)
{
    const char *escape = gate->at - 2;
    int32_t unit;
    if (!read_unit(gate, &unit))
        return false;
    if (unit == 0)
        gate->nul = true;
    if (unit >= 0xD800 && unit <= 0xDBFF) { /* a high surrogate */
        if (gate_take(gate, '\\') && gate_take(gate, 'u')) {
            if (!read_unit(gate, &unit))
                return false;
        } else if (gate_at_end(gate)) {
            return gate_fault(gate, "the text ends inside a string");
        }
        return is_low_surrogate(unit) ||
               gate_fault_at(gate, escape, "this is half a surrogate pair without its other half");
    }
    if (is_low_surrogate(unit))
        return gate_fault_at(gate, escape, "this is half a surrogate pair without its other half");
    return true;
}

/* Reads what follows a backslash. */
static bool read_json_escape(struct gate *gate)
{
    gate->escaped = true;
    if (gate_at_end(gate))
        return gate_fault(gate, "the text ends inside a string");
    switch (*gate->at++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    case 'u':
        return read_unicode_escape(gate);
    default:
        return gate_fault_at(gate, gate->at - 2, "JSON has no such escape");
    }
}

/*
 * Reads the rest of a string after its opening quote. Plain bytes are skipped first, because an
 * image in base64 has megabytes of them.
 */
static bool read_string(struct gate *gate)
{
    for (;;) {
        gate->at += text_plain_length((dime_text){gate->at, (size_t)(gate->end - gate->at)});
        if (gate_at_end(gate))
            return gate_fault(gate, "the text ends inside a string");
        unsigned char byte = (unsigned char)*gate->at;
        if (byte < 0x20)
            return gate_fault(gate,
                              "a line break, tab or control character in a string must be escaped");
        if (byte >= 0x80) {
            dime_text rest = {gate->at, (size_t)(gate->end - gate->at)};
            size_t length = text_utf8_length(rest);
            if (length == 0)
                return gate_fault(gate, "this isn't UTF-8");
            gate->at += length;
            continue;
        }
        gate->at++;
        if (byte == '"')
            return true;
        if (!read_json_escape(gate))
            return false;
    }
}

/* For qsort. Equal names stay in text order. */
static int compare_member_names(const void *a, const void *b)
{
    const struct member_name *left = a, *right = b;
    size_t one = left->text.length, other = right->text.length;
    int order = memcmp(left->text.data, right->text.data, one < other ? one : other);
    if (order == 0)
        order = (one > other) - (one < other);
    return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

/* Returns the position of the second of two equal names, or NULL. */
static const char *find_double(struct member_name *names, size_t count)
{
    if (count > PAIRWISE_MAX) {
        qsort(names, count, sizeof *names, compare_member_names);
        for (size_t i = 1; i < count; i++)
            if (text_equal(names[i - 1].text, names[i].text))
                return names[i].at;
        return NULL;
    }
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (text_equal(names[i].text, names[j].text))
                return names[i].at;
    return NULL;
}

/* Makes room for one more name. */
static bool grow_names(struct gate *gate)
{
    size_t capacity = gate->name_capacity * 2;
    struct member_name *names = arena_alloc(gate->arena, capacity * sizeof *names);
    if (!names)
        return gate_fault(gate, NULL);
    memcpy(names, gate->names, gate->name_count * sizeof *names);
    gate->names = names;
    gate->name_capacity = capacity;
    return true;
}

/* Stores the name that was just read. Its opening quote is at QUOTE. */
static bool keep_name(struct gate *gate, const char *quote)
{
    struct json_value string = {JSON_STRING, {quote, (size_t)(gate->at - quote)}};
    struct member_name name = {{quote + 1, string.raw.length - 2}, quote + 1};
    if (gate->nul)
        return gate_fault_at(gate, quote, "a member's name can't hold \\u0000 here");
    if (gate->name_count - gate->first_name[gate->depth] == JSON_NAMES_MAX)
        return gate_fault_at(gate, quote, "an object has more than 4096 names");
    if (gate->escaped && !json_string(string, gate->arena, &name.text))
        return gate_fault(gate, NULL);
    if (gate->name_count == gate->name_capacity && !grow_names(gate))
        return false;
    gate->names[gate->name_count++] = name;
    return true;
}

/* Reads a name and its colon. */
static bool read_member_name(struct gate *gate)
{
    gate_skip_space(gate);
    if (gate_at_end(gate))
        return gate_fault(gate, "the text ends inside an object");
    if (*gate->at == '}')
        return gate_fault(gate, "there is nothing behind the last comma");
    if (!gate_take(gate, '"'))
        return gate_fault(gate, "a member's name must be in double quotes");
    const char *quote = gate->at - 1;
    gate->escaped = gate->nul = false;
    if (!read_string(gate) || !keep_name(gate, quote))
        return false;
    gate_skip_space(gate);
    if (gate_take(gate, ':'))
        return true;
    return gate_fault(gate, gate_at_end(gate) ? "the text ends inside an object"
                                              : "a colon must stand between a name and its value");
}

static bool in_object(const struct gate *gate)
{
    return gate->objects >> gate->depth & 1;
}

/* Closes the innermost array or object. */
static bool close_level(struct gate *gate)
{
    if (in_object(gate)) {
        size_t first = gate->first_name[gate->depth];
        const char *twice = find_double(gate->names + first, gate->name_count - first);
        if (twice)
            return gate_fault_at(gate, twice - 1, "this name is in its object already");
        gate->name_count = first;
    }
    gate->depth--;
    return true;
}

/* Opens an array or object. *COMPLETE: it is empty and closed already. */
static bool open_level(struct gate *gate, bool object, bool *complete)
{
    if (gate->depth == JSON_DEPTH_MAX)
        return gate_fault_at(gate, gate->at - 1, "arrays and objects are more than 32 deep");
    gate->depth++;
    uint64_t bit = (uint64_t)1 << gate->depth;
    gate->objects = object ? gate->objects | bit : gate->objects & ~bit;
    gate->first_name[gate->depth] = gate->name_count;
    gate_skip_space(gate);
    *complete = gate_take(gate, object ? '}' : ']');
    if (*complete)
        return close_level(gate);
    return !object || read_member_name(gate);
}

/* Says why no value begins here. Recognizes common mistakes. */
static bool fault_of_value(struct gate *gate)
{
    switch (*gate->at) {
    case '\'':
        return gate_fault(gate, "text must be in double quotes");
    case '/':
    case '#':
        return gate_fault(gate, "JSON has no comments");
    case 'N':
    case 'I':
        return gate_fault(gate, "NaN and Infinity aren't JSON, and null is in lower case");
    case 'T':
    case 'F':
        return gate_fault(gate, "true and false are in lower case");
    case '+':
    case '.':
        return gate_fault(gate, "a number must begin with a digit or a minus");
    case ']':
    case '}':
    case ',':
    case ':':
        return gate_fault(gate, "a value is missing here");
    default:
        return gate_fault(gate, "this isn't a JSON value");
    }
}

/* Reads a value, or the start of an array or object, which isn't *COMPLETE then. */
static bool read_value(struct gate *gate, bool *complete)
{
    gate_skip_space(gate);
    if (gate_at_end(gate))
        return gate_fault(gate, gate->depth > 0 ? "the text ends where a value is missing"
                                                : "there is no JSON here: the text is empty");
    *complete = true;
    switch (*gate->at) {
    case '{':
    case '[':
        return open_level(gate, *gate->at++ == '{', complete);
    case '"':
        gate->at++;
        return read_string(gate);
    case 't':
        return read_word(gate, TEXT("true"));
    case 'f':
        return read_word(gate, TEXT("false"));
    case 'n':
        return read_word(gate, TEXT("null"));
    default:
        if (*gate->at == '-' || text_digit(*gate->at))
            return read_json_number(gate);
        return fault_of_value(gate);
    }
}

/* Says why the text after a complete value is wrong. */
static bool fault_of_rest(struct gate *gate)
{
    if (gate_at_end(gate))
        return gate_fault(gate, in_object(gate) ? "the text ends inside an object"
                                                : "the text ends inside an array");
    return gate_fault(gate, in_object(gate) ? "a comma or } is missing here"
                                            : "a comma or ] is missing here");
}

/*
 * Reads what follows a value: closing brackets, or a comma. *COMPLETE: nothing is open any more;
 * otherwise a value must follow.
 */
static bool read_rest(struct gate *gate, bool *complete)
{
    while (gate->depth > 0) {
        bool object = in_object(gate);
        gate_skip_space(gate);
        if (gate_take(gate, object ? '}' : ']')) {
            if (!close_level(gate))
                return false;
            continue;
        }
        *complete = false;
        if (!gate_take(gate, ','))
            return fault_of_rest(gate);
        return !object || read_member_name(gate);
    }
    return true;
}

/* Reads one value with its contents. *VALUE says where it begins and ends. */
static bool read_whole_value(struct gate *gate, struct json_value *value)
{
    dime_text text = {gate->at, (size_t)(gate->end - gate->at)};
    if (text_starts(text, TEXT("\xEF\xBB\xBF")))
        return gate_fault(gate, "the text begins with a byte order mark: leave it out");
    if (text_is_wide(text))
        return gate_fault(gate, "the text is UTF-16 or UTF-32: send it as UTF-8");
    gate_skip_space(gate);
    const char *first = gate->at;
    bool complete = false;
    while (!complete) {
        if (!read_value(gate, &complete))
            return false;
        if (complete && !read_rest(gate, &complete))
            return false;
    }
    value->kind = json_kind_of(*first);
    value->raw = (dime_text){first, (size_t)(gate->at - first)};
    gate_skip_space(gate);
    return gate_at_end(gate) || gate_fault(gate, "there is something behind the value");
}

bool json_check(dime_text text, struct arena *arena, struct json_value *value,
                struct json_error *error)
{
    struct gate
        gate; /* the arrays aren't cleared: that would take longer than checking a short text */
    gate.start = text.length > 0 ? text.data : "";
    gate.at = gate.start;
    gate.end = gate.start + text.length;
    gate.arena = arena;
    gate.fault = NULL;
    gate.depth = 0;
    gate.objects = 0;
    gate.names = gate.few;
    gate.name_count = 0;
    gate.name_capacity = FEW_NAMES;
    if (read_whole_value(&gate, value))
        return true;
    if (gate.fault)
        json_malformed(error, text, (size_t)(gate.at - gate.start), gate.fault);
    else
        json_no_memory(error);
    return false;
}

void json_malformed(struct json_error *error, dime_text text, size_t offset, const char *sentence)
{
    error->fault = JSON_MALFORMED;
    error->offset = offset;
    error->line = 1;
    error->column = 1;
    for (size_t i = 0; i < offset; i++) {
        bool break_ahead = i + 1 < text.length && text.data[i + 1] == '\n';
        if (text.data[i] == '\n' || (text.data[i] == '\r' && !break_ahead)) {
            error->line++;
            error->column = 1;
        } else if ((text.data[i] & 0xC0) != 0x80) {
            error->column++;
        }
    }
    snprintf(error->message, sizeof error->message, "line %zu, column %zu: %s", error->line,
             error->column, sentence);
}

void json_no_memory(struct json_error *error)
{
    *error = (struct json_error){.fault = JSON_NO_MEMORY, .line = 1, .column = 1};
    snprintf(error->message, sizeof error->message, "out of memory while reading this text");
}
