/*
 * uri.c - paths, queries and their encoding.
 *
 * RFC 3986, sections 2.1, 3.3 and 3.4. A '+' stands for itself here; it means a space only in
 * forms.
 */
#include "base/uri.h"

dime_text path_of(const char *uri)
{
    dime_text rest = text_of(uri), path = {0};
    if (!text_cut(&rest, '?', &path))
        path = TEXT("");
    return path;
}

dime_text query_of(const char *uri)
{
    const char *mark = strchr(uri, '?');
    return text_of(mark ? mark + 1 : "");
}

bool path_below(dime_text path, const char *prefix, dime_text *rest)
{
    dime_text before = text_of(prefix);
    if (!text_starts(path, before))
        return false;
    *rest = text_skip(path, before.length);
    return true;
}

bool path_decode(dime_text text, char *room, size_t size, dime_text *decoded)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = text.length - i < 3 ? -1 : text_hex_digit(text.data[i + 1]);
            int low = high < 0 ? -1 : text_hex_digit(text.data[i + 2]);
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || length == size)
            return false;
        room[length++] = c;
    }
    *decoded = (dime_text){room, length};
    return true;
}
