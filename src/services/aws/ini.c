/*
 * ini.c - finds a value by reading the file's lines from the first to the last.
 *
 * A hash or a semicolon begins a comment only at the start of a line, as in botocore: a secret may
 * hold either.
 */
#include "services/aws/ini.h"

/* The reader's position. */
struct ini_reader {
    const struct ini_place *place;
    bool inside;      /* the section that is looked for */
    size_t indent;    /* of the latest key or section: a deeper line belongs to the key */
    dime_text parent; /* the latest key; empty: none since the section's name */
    bool nested;      /* that key has no value on its own line: it may have keys below it */
    bool found;
    dime_text value;
};

/* The text without its first word and the blanks after it, if that is WORD. */
static bool skip_ini_word(dime_text *text, dime_text word)
{
    dime_text rest = text_skip(*text, word.length);
    if (!text_starts(*text, word) || !rest.length || (rest.data[0] != ' ' && rest.data[0] != '\t'))
        return false;
    *text = text_trim(rest);
    return true;
}

static dime_text ini_unquote(dime_text text)
{
    char first = text.length > 1 ? text.data[0] : '\0';
    if ((first == '"' || first == '\'') && text.data[text.length - 1] == first)
        return (dime_text){text.data + 1, text.length - 2};
    return text;
}

/* [default] is a profile without the word `profile`. */
static bool is_section(const struct ini_place *place, dime_text line)
{
    dime_text title;
    line = text_skip(line, 1);
    if (!text_cut(&line, ']', &title) || !line.data)
        return false;
    title = text_trim(title);
    if (!place->kind.length ||
        (text_equal(place->kind, TEXT("profile")) && text_equal(place->name, TEXT("default")) &&
         text_equal(title, TEXT("default"))))
        return text_equal(title, place->name);
    return skip_ini_word(&title, place->kind) && text_equal(ini_unquote(title), place->name);
}

static void take_found(struct ini_reader *reader, dime_text value)
{
    reader->found = true;
    reader->value = value;
}

/* The first of these marks separates a line's key and value. */
static bool cut_key(dime_text line, const char *marks, dime_text *key, dime_text *value)
{
    size_t length = 0;
    while (length < line.length && (!line.data[length] || !strchr(marks, line.data[length])))
        length++;
    if (length == line.length)
        return false;
    *key = text_trim((dime_text){line.data, length});
    *value = text_trim(text_skip(line, length + 1));
    return true;
}

/* A line that belongs to the key above it; it's a key below that one if that has no value. */
static void read_deeper(struct ini_reader *reader, dime_text line)
{
    dime_text key, value;
    const struct ini_place *place = reader->place;
    if (reader->nested && place->under.length && text_equal_nocase(reader->parent, place->under) &&
        cut_key(line, "=", &key, &value) && text_equal_nocase(key, place->key))
        take_found(reader, value);
}

static void read_key(struct ini_reader *reader, dime_text line)
{
    dime_text value;
    const struct ini_place *place = reader->place;
    if (!cut_key(line, "=:", &reader->parent, &value)) {
        reader->parent = TEXT("");
        return;
    }
    reader->nested = !value.length;
    if (reader->inside && !place->under.length && text_equal_nocase(reader->parent, place->key))
        take_found(reader, value);
}

static void read_line(struct ini_reader *reader, dime_text line)
{
    dime_text trimmed = text_trim(line);
    if (!trimmed.length || trimmed.data[0] == '#' || trimmed.data[0] == ';')
        return;
    size_t indent = (size_t)(trimmed.data - line.data);
    if (reader->parent.length && indent > reader->indent) {
        if (reader->inside)
            read_deeper(reader, trimmed);
        return;
    }
    reader->indent = indent;
    reader->nested = false;
    if (trimmed.data[0] == '[') {
        reader->inside = is_section(reader->place, trimmed);
        reader->parent = TEXT("");
        reader->found |= reader->inside && !reader->place->key.length;
    } else {
        read_key(reader, trimmed);
    }
}

bool ini_find(dime_text file, const struct ini_place *place, dime_text *value)
{
    const dime_text mark = TEXT("\xEF\xBB\xBF");
    struct ini_reader reader = {.place = place, .value = TEXT("")};
    dime_text line;
    if (text_starts(file, mark))
        file = text_skip(file, mark.length);
    while (text_cut(&file, '\n', &line))
        read_line(&reader, line);
    *value = reader.value;
    return reader.found;
}
