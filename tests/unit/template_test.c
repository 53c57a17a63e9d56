/*
 * template_test.c - what templates give, what is wrong with others, and what their limits are.
 *
 * The pages are those of the specification of Mustache, a line for each rule. Thousands of random
 * ones are compared with npm's mustache by tests/mustache.
 */
#include "request/template.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail_malloc.h"

Suite *template_suite(void);

enum { PAGE_MAX = 1 << 20 };

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, (size_t)64 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

/* The partials that each page here may include. */
static const struct template_partial PARTIALS[] = {
    {TEXT("text"), TEXT("from partial")},
    {TEXT("star"), TEXT("*{{text}}*")},
    {TEXT("node"), TEXT("{{content}}<{{#nodes}}{{>node}}{{/nodes}}>")},
    {TEXT("tabs"), TEXT("\t|\t")},
    {TEXT("lines"), TEXT(">\n>")},
    {TEXT("four"), TEXT("|\n{{{content}}}\n\n|\n")},
    {TEXT("outer"), TEXT(" {{>lines}}\n{{#on}}\n  {{>lines}}\n{{/on}}\n")},
    {TEXT("crlf"), TEXT("a\r\n\r\nb\r\n")},
    {TEXT("other"), TEXT("{{=[ ]=}}[text]{{text}}")},
    {TEXT("endless"), TEXT("{{>endless}}")},
    {TEXT("empty"), TEXT("")},
    {TEXT("head.html"), TEXT("<title>{{title}}</title>\n")},
};
enum { PARTIAL_COUNT = sizeof PARTIALS / sizeof *PARTIALS };

struct page {
    const char *source;
    const char *json;
    const char *page;
};

static struct json_value checked(const char *text)
{
    struct json_value value = {0};
    struct json_error error;
    ck_assert_msg(json_check(text_of(text), &arena, &value, &error), "%s: %s", text, error.message);
    return value;
}

/* Fills a copy of exactly its length, so that a sanitizer sees a step too far. */
static enum template_outcome fill(dime_text source, const struct template_data *data,
                                  struct buffer *out, char why[TEMPLATE_WHY])
{
    char *copy = malloc(source.length ? source.length : 1);
    ck_assert_ptr_nonnull(copy);
    if (source.length)
        memcpy(copy, source.data, source.length);
    enum template_outcome outcome =
        template_write((dime_text){copy, source.length}, data, out, why);
    free(copy);
    return outcome;
}

static void fill_page(const struct page *page)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct json_value value = checked(page->json);
    struct template_data data = {&value, 1, PARTIALS, PARTIAL_COUNT};
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert_msg(fill(text_of(page->source), &data, &out, why) == TEMPLATE_FINE, "%s: %s",
                  page->source, why);
    ck_assert_msg(text_equal(buffer_text(&out), text_of(page->page)),
                  "%s\n wrote: %.*s\n not:   %s", page->source, (int)out.length, out.data,
                  page->page);
    ck_assert_msg(template_check(text_of(page->source), PARTIALS, PARTIAL_COUNT, why), "%s", why);
}

static const struct page VARIABLES[] = {
    {"", "{}", ""},
    {"Hello from {Mustache}!\n", "{}", "Hello from {Mustache}!\n"},
    {"Hello, {{subject}}!", "{\"subject\":\"world\"}", "Hello, world!"},
    {"{{a}}", "{\"a\":\"& \\\" < > '\"}", "&amp; &quot; &lt; &gt; &#39;"},
    {"{{{a}}} {{&a}} {{& a }}", "{\"a\":\"<b>\\n\"}", "<b>\n <b>\n <b>\n"},
    {"{{a}}|{{b}}|{{c}}|{{d}}", "{\"a\":85,\"b\":1.210,\"c\":1e2,\"d\":-0}", "85|1.210|1e2|-0"},
    {"{{a}}|{{b}}|{{c}}", "{\"a\":true,\"b\":false,\"c\":null}", "true|false|"},
    {"{{a}}{{{a}}}{{b}}", "{\"a\":{\"x\":[ 1]},\"b\":[\"<\"]}",
     "{&quot;x&quot;:[ 1]}{\"x\":[ 1]}[&quot;&lt;&quot;]"},
    {"({{a}})({{{a}}})({{&a}})", "{}", "()()()"},
    {"{{a}}", "{\"\\u0061\":\"\\u00e9\\ud83d\\ude00\\u0026\"}", "\xC3\xA9\xF0\x9F\x98\x80&amp;"},
    {"{{a\"b}}", "{\"a\\\"b\":1}", "1"},
    {"| {{a}} |", "{\"a\":\"---\"}", "| --- |"},
    {"  {{a}}\n  {{{a}}}\n  {{&a}}\n", "{\"a\":\"---\"}", "  ---\n  ---\n  ---\n"},
    {"|{{ a }}{{\n\ta\r\n}}{{{ a }}}|", "{\"a\":1}", "|111|"},
    {"{{on?}}{{x-y}}{{\xC3\xA9}}{{_}}{{@id}}{{0}}",
     "{\"on?\":1,\"x-y\":2,\"\xC3\xA9\":3,\"_\":4,"
     "\"@id\":5,\"0\":6}",
     "123456"},
    {"{{{a}}}}{{a}}}", "{\"a\":1}", "1}1}"},
};

static const struct page NAMES[] = {
    {"{{a.b.c.d}}", "{\"a\":{\"b\":{\"c\":{\"d\":\"Phil\"}}}}", "Phil"},
    {"{{a.b.c}}", "{\"a\":{}}", ""},
    {"{{a.b.c}}", "{\"a\":{\"b\":1},\"c\":2}", ""},
    {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{\"c\":1}},\"b\":{\"c\":2}}", "1"},
    /* npm's mustache looks further out, the specification doesn't. */
    {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":2}}", "2"},
    {"{{#a.b}}{{x}}{{/a.b}}{{^a.c}}n{{/a.c}}", "{\"a\":{\"b\":{\"x\":1}}}", "1n"},
    {"{{a.b}}", "{\"a.b\":1}", ""},
    {"{{#a}}{{one}}{{#b}}{{one}}{{two}}{{/b}}{{/a}}", "{\"a\":{\"one\":1},\"b\":{\"two\":2}}",
     "112"},
    {"{{#s}}{{a}}{{b}}{{c.d}}{{/s}}", "{\"a\":1,\"b\":2,\"s\":{\"b\":3},\"c\":{\"d\":4}}", "134"},
    {"{{#s}}{{a}}{{/s}}", "{\"a\":1,\"s\":{\"a\":null}}", ""},
    {"{{l.length}} {{l.0}}{{l.1.x}}{{l.2}}{{l.00}}{{l.-1}}{{l.-0}}{{l.0.x}}",
     "{\"l\":[7,{\"x\":8}]}", "2 78"},
    {"{{#rows}}{{0}}={{1}}/{{length}} {{/rows}}", "{\"rows\":[[\"a\",1],[\"b\",2]]}",
     "a=1/2 b=2/2 "},
    {"{{#l.length}}<ul>{{#l}}<li>{{.}}{{/l}}</ul>{{/l.length}}", "{\"l\":[1,2]}",
     "<ul><li>1<li>2</ul>"},
    {"{{#l.length}}<ul>{{/l.length}}{{^l}}none{{/l}}", "{\"l\":[]}", "none"},
    {"{{s.length}}{{o.length}}{{l.length.x}}", "{\"s\":\"abc\",\"o\":{\"length\":1},\"l\":[]}",
     "1"},
    {"{{.}}", "\"x<\"", "x&lt;"},
    {"{{#.}}{{.}},{{/.}}", "[1,\"2\",[3],null,false]", "1,2,[3],,false,"},
};

static const struct page SECTIONS[] = {
    {"\"{{#b}}yes{{/b}}{{^b}}no{{/b}}\"", "{\"b\":true}", "\"yes\""},
    {"\"{{#b}}yes{{/b}}{{^b}}no{{/b}}\"", "{\"b\":false}", "\"no\""},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{}", "no"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":null}", "no"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":[ ]}", "no"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":\"\"}", "no"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":0}", "no"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":-0.00e7}", "no"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":0.001E0}", "yes"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":\"false\"}", "yes"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":{}}", "yes"},
    {"{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":[0]}", "yes"},
    {"{{#c}}Hi {{name}}.{{/c}}", "{\"c\":{\"name\":\"Joe\"}}", "Hi Joe."},
    {"{{#foo}}{{.}} is {{foo}}{{/foo}}", "{\"foo\":\"bar\"}", "bar is bar"},
    {"{{#on}}{{x}}{{#.}}!{{/.}}{{/on}}", "{\"on\":true,\"x\":1}", "1!"},
    {"{{#list}}{{item}},{{/list}}", "{\"list\":[{\"item\":1},{\"item\":2},{}]}", "1,2,,"},
    {"{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "{\"l\":[[1,2],[\"a\",\"b\"],[]]}", "(12)(ab)()"},
    {"{{#a}}{{#b}}{{x}}{{y}}{{/b}};{{/a}}",
     "{\"a\":[{\"x\":1,\"b\":[{\"y\":2},{\"y\":3}]},{\"x\":4,\"b\":[{\"y\":5}]}]}", "1213;45;"},
    {"| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "{\"b\":true}", "| A B C D E |"},
    {"| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "{\"b\":false}", "| A  E |"},
    {"| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |", "{\"b\":false}", "| A B C D E |"},
    {"|{{# b }}={{/\nb }}|", "{\"b\":true}", "|=|"},
    {"{{^a}}{{x}}{{/a}}", "{\"a\":false,\"x\":1}", "1"},
};

static const struct page LINES[] = {
    {" | {{#b}}\t|\t{{/b}} | \n", "{\"b\":true}", " | \t|\t | \n"},
    {" | {{#b}} {{! Important }}\n {{/b}} | \n", "{\"b\":true}", " |  \n  | \n"},
    {" {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", "{\"b\":true}", " YES\n GOOD\n"},
    {"| This Is\n{{#b}}\n|\n{{/b}}\n| A Line\n", "{\"b\":true}", "| This Is\n|\n| A Line\n"},
    {"| This Is\n  {{#b}}  \n|\n\t{{/b}}\n| A Line\n", "{\"b\":true}", "| This Is\n|\n| A Line\n"},
    {"| This Is\n  {{^b}}\n|\n  {{/b}}\n| A Line\n", "{\"b\":true}", "| This Is\n| A Line\n"},
    {"|\r\n{{#b}}\r\n{{/b}}\r\n|", "{\"b\":true}", "|\r\n|"},
    {"  {{#b}}\n#{{/b}}\n/", "{\"b\":true}", "#\n/"},
    {"#{{#b}}\n/\n  {{/b}}", "{\"b\":true}", "#\n/\n"},
    {"{{#b}}\n{{#b}}\nx\n{{/b}}\n{{/b}}\n", "{\"b\":true}", "x\n"},
    {"{{#l}}\n{{.}}\n{{/l}}\n", "{\"l\":[1,2]}", "1\n2\n"},
    {"{{#l}} {{/l}} \nx", "{\"l\":[1,2]}", "x"}, /* several tags, as npm's mustache has it */
    {"\n\n {{a}} \n\n{{! c }}\n\n", "{\"a\":1}", "\n\n 1 \n\n\n"},
    {"12345{{! Comment }}67890", "{}", "1234567890"},
    {"12345{{!\n  Two\n lines {{ }}67890\n", "{}", "1234567890\n"},
    {"Begin.\n{{! Comment }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
    {"Begin.\n  {{!\nSomething\n  }}  \nEnd.\n", "{}", "Begin.\nEnd.\n"},
    {"|\r\n{{! c }}\r\n|", "{}", "|\r\n|"},
    {"  {{! c }}\n!", "{}", "!"},
    {"!\n  {{! c }}", "{}", "!\n"},
    {"  12 {{! 34 }}\n", "{}", "  12 \n"},
    {"1 {{! c }} 2", "{}", "1  2"},
};

static const struct page DELIMITERS[] = {
    {"{{=<% %>=}}(<%text%>)", "{\"text\":\"Hey!\"}", "(Hey!)"},
    {"({{=[ ]=}}[text])", "{\"text\":\"It worked!\"}", "(It worked!)"},
    {"[{{#s}}{{a}}|a|{{/s}}{{= | | =}}|#s|{{a}}|a||/s|]", "{\"s\":true,\"a\":1}", "[1|a|{{a}}1]"},
    {"{{=<% %>=}}<%{a}%><%&a%><%a%>", "{\"a\":\"<\"}", "<<&lt;"},
    {"{{=| |=}}|={{ }}=|{{a}}", "{\"a\":1}", "1"},
    {"{{= <% %> =}}<%={{ }}=%>{{a}}", "{\"a\":1}", "1"},
    {"Begin.\n  {{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
    {"|\r\n{{=@ @=}}\r\n|", "{}", "|\r\n|"},
    {"|{{= @\n\t@ =}}|", "{}", "||"},
    {"| {{=@ @=}} |", "{}", "|  |"},
    {"[{{>star}}]{{= | | =}}[|>star|]", "{\"text\":1}", "[*1*][*1*]"},
    {"[{{>other}}][{{text}}]", "{\"text\":1}", "[1{{text}}][1]"},
    {"{{#l}}{{a}}{{=<% %>=}}<%a%><%/l%>{{a}}<%a%>", "{\"l\":[1,2],\"a\":3}", "3333{{a}}3"},
    {"{{#n}}{{=<% %>=}}<%/n%><%a%>", "{\"a\":3}", "3"},
    {"{{! x }}{{=<% %>=}}  <%! y %>\n<%a%>", "{\"a\":3}", "3"},
};

static const struct page INCLUDED[] = {
    {"\"{{>text}}\"", "{}", "\"from partial\""},
    {"\"{{>star}}{{> head.html }}\"", "{\"text\":\"c\",\"title\":\"<\"}",
     "\"*c*<title>&lt;</title>\n\""},
    {"{{>node}}", "{\"content\":\"X\",\"nodes\":[{\"content\":\"Y\",\"nodes\":[]}]}", "X<Y<>>"},
    {"| {{>tabs}} |", "{}", "| \t|\t |"},
    {"  {{a}}  {{> lines}}\n", "{\"a\":\"|\"}", "  |  >\n>\n"},
    {"text {{> lines}}\n  {{>lines}} text", "{}", "text >\n>\n  >\n> text"},
    {"|\r\n{{>text}}\r\n|", "{}", "|\r\nfrom partial|"},
    {"  {{>lines}}\n>", "{}", "  >\n  >>"},
    {">\n  {{>lines}}", "{}", ">\n  >\n  >"},
    {"\\\n \t{{>four}} \n/\n", "{\"content\":\"<\\n->\"}", "\\\n \t|\n \t<\n->\n\n \t|\n/\n"},
    {"  {{>outer}}\n.", "{\"on\":true}", "   >\n   >    >\n    >."},
    {" {{>crlf}}\n.", "{}", " a\r\n \r\n b\r\n."},
    {" {{>empty}}\n{{#l}}\n {{>head.html}}\n{{/l}}\n", "{\"l\":[{\"title\":1},{\"title\":2}]}",
     " <title>1</title>\n <title>2</title>\n"},
    {"|{{> text }}|{{>\ntext}}|", "{}", "|from partial|from partial|"},
};

START_TEST(fills_variables)
{
    fill_page(&VARIABLES[_i]);
}
END_TEST

START_TEST(finds_names)
{
    fill_page(&NAMES[_i]);
}
END_TEST

START_TEST(shows_sections)
{
    fill_page(&SECTIONS[_i]);
}
END_TEST

START_TEST(leaves_lines_of_tags_out)
{
    fill_page(&LINES[_i]);
}
END_TEST

START_TEST(takes_delimiters)
{
    fill_page(&DELIMITERS[_i]);
}
END_TEST

START_TEST(includes_partials)
{
    fill_page(&INCLUDED[_i]);
}
END_TEST

static const struct {
    const char *source;
    const char *why;
} MISTAKES[] = {
    {"{{a", "line 1: {{a isn't closed"},
    {"a\n\n {{a}\n\n", "line 3: {{a} isn't closed"},
    {"{{{a}} {{{", "line 1: {{{a}} {{{ isn't closed"},
    {"{{{a}}}\n{{{b}}\n}", "line 2: {{{b}} isn't closed"},
    {"{{", "line 1: {{ isn't closed"},
    {"{{#", "line 1: {{# isn't closed"},
    {"{{=<% %>}}", "line 1: {{=<% %>}} isn't closed"},
    {"{{=<% %>= }", "line 1: {{=<% %>= } isn't closed"},
    {"{{=<% %>=}}{{a}}<%a", "line 1: <%a isn't closed"},
    {"x\n{{#a}}\n{{#b}}{{/b}}", "line 2: {{#a}} isn't ended"},
    {"{{^ a }}", "line 1: {{^ a }} isn't ended"},
    {"x{{/a}}", "line 1: {{/a}} ends no section"},
    {"{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}", "line 3: {{/a}} ends another section than the last one"},
    {"{{#a}}{{/}}", "line 1: {{/}} ends another section than the last one"},
    {"{{}}", "line 1: {{}} has no name"},
    {"{{# }}", "line 1: {{# }} has no name"},
    {"{{{}}}", "line 1: {{{}}} has no name"},
    {"{{>}}", "line 1: {{>}} has no name"},
    {"{{#if x}}", "line 1: {{#if x}} has a blank in its name"},
    {"{{>a\tb}}", "line 1: {{>a\tb}} has a blank in its name"},
    {"{{$a}}", "line 1: {{$a}} is of an unknown kind"},
    {"{{<a}}", "line 1: {{<a}} is of an unknown kind"},
    {"{{>*a}}", "line 1: {{>*a}} is of an unknown kind"},
    {"{{##a}}", "line 1: {{##a}} is of an unknown kind"},
    {"{{~a}}", "line 1: {{~a}} is of an unknown kind"},
    {"{{.a}}", "line 1: {{.a}} has a dot at an end of its name, or two in a row"},
    {"{{a.}}", "line 1: {{a.}} has a dot at an end of its name, or two in a row"},
    {"{{a..b}}", "line 1: {{a..b}} has a dot at an end of its name, or two in a row"},
    {"{{../a}}", "line 1: {{../a}} has a dot at an end of its name, or two in a row"},
    {"{{==}}", "line 1: {{==}} doesn't name two delimiters"},
    {"{{= <% =}}", "line 1: {{= <% =}} doesn't name two delimiters"},
    {"{{= a b c =}}", "line 1: {{= a b c =}} doesn't name two delimiters"},
    {"{{#a}}\n {{/a}}{{$$}}", "line 2: {{$$}} is of an unknown kind"},
};

/* The check says what is wrong, and so does the engine, whether the place is shown or not. */
START_TEST(says_what_is_wrong)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct json_value value = checked("{\"a\":1}");
    struct template_data data = {&value, 1, PARTIALS, PARTIAL_COUNT};
    dime_text source = text_of(MISTAKES[_i].source);
    ck_assert(!template_check(source, PARTIALS, PARTIAL_COUNT, why));
    ck_assert_str_eq(why, MISTAKES[_i].why);
    why[0] = '\0';
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert_int_eq(fill(source, &data, &out, why), TEMPLATE_WRONG);
    ck_assert_str_eq(why, MISTAKES[_i].why);
}
END_TEST

/* A NUL is a byte as any other, but begins no name. */
START_TEST(takes_nuls)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct json_value value = checked("{\"a\":\"\\u0000\"}");
    struct template_data data = {&value, 1, NULL, 0};
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert_int_eq(fill(TEXT("\0{{a}}\0{{{a}}}"), &data, &out, why), TEMPLATE_FINE);
    ck_assert(text_equal(buffer_text(&out), TEXT("\0\xEF\xBF\xBD\0\0")));
    ck_assert(!template_check(TEXT("{{\0a}}"), NULL, 0, why));
    ck_assert_str_eq(why, "line 1: {{ is of an unknown kind");
}
END_TEST

START_TEST(says_what_is_wrong_in_partials)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct template_partial partials[] = {
        {TEXT("good"), TEXT("x")},
        {TEXT("bad.html"), TEXT("\n{{#a}}")},
    };
    struct template_data data = {NULL, 0, partials, 2};
    ck_assert(!template_check(TEXT("{{>good}}"), partials, 2, why));
    ck_assert_str_eq(why, "line 2 of bad.html: {{#a}} isn't ended");
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert_int_eq(template_write(TEXT("\n\n{{>bad.html}}"), &data, &out, why), TEMPLATE_WRONG);
    ck_assert_str_eq(why, "line 2 of bad.html: {{#a}} isn't ended");
    ck_assert_int_eq(template_write(TEXT("{{#a}}{{>bad.html}}{{/a}}"), &data, &out, why),
                     TEMPLATE_FINE);
    ck_assert(!template_check(TEXT("\n{{#a}}{{> x}}{{/a}}"), partials, 1, why));
    ck_assert_str_eq(why, "line 2: {{> x}} names an unknown partial");
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert_int_eq(template_write(TEXT("<{{> x}}>"), &data, &out, why), TEMPLATE_FINE);
    ck_assert(text_equal(buffer_text(&out), TEXT("<>")));
    partials[1].text = TEXT("\xC3");
    ck_assert(!template_check(TEXT("x"), partials, 2, why));
    ck_assert_str_eq(why, "bad.html isn't UTF-8");
    ck_assert(!template_check(TEXT("\xE9"), partials, 1, why));
    ck_assert_str_eq(why, "it isn't UTF-8");
}
END_TEST

/* A sentence has room for it, and holds whole characters. */
START_TEST(cuts_long_names)
{
    char why[TEMPLATE_WHY];
    struct buffer name, tag;
    buffer_open(&name, &arena, 1000);
    buffer_open(&tag, &arena, 2000);
    for (int i = 0; i < 100; i++)
        buffer_puts(&name, "\xE2\x82\xAC");
    buffer_puts(&tag, "{{#");
    buffer_put(&tag, buffer_text(&name));
    buffer_puts(&tag, "}}");
    struct template_partial partial = {buffer_text(&name), buffer_text(&tag)};
    ck_assert(!template_check(TEXT(""), &partial, 1, why));
    ck_assert(text_is_utf8(text_of(why)));
    ck_assert_ptr_nonnull(strstr(why, "\xE2\x82\xAC isn't ended"));
    ck_assert_uint_lt(strlen(why), 160);
}
END_TEST

START_TEST(looks_in_the_last_context_first)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct json_value contexts[] = {checked("{\"a\":1,\"b\":2}"), checked("{\"b\":3}")};
    struct template_data data = {contexts, 2, NULL, 0};
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert_int_eq(template_write(TEXT("{{a}}{{b}}{{.}}"), &data, &out, why), TEMPLATE_FINE);
    ck_assert(text_equal(buffer_text(&out), TEXT("13{&quot;b&quot;:3}")));
    data.context_count = 0;
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert_int_eq(template_write(TEXT("<{{a}}{{.}}>"), &data, &out, why), TEMPLATE_FINE);
    ck_assert(text_equal(buffer_text(&out), TEXT("<>")));
}
END_TEST

/* COUNT sections within each other. */
static dime_text nested(size_t count)
{
    struct buffer text;
    buffer_open(&text, &arena, PAGE_MAX);
    for (size_t i = 0; i < count; i++)
        buffer_puts(&text, "{{#a}}");
    buffer_puts(&text, "x");
    for (size_t i = 0; i < count; i++)
        buffer_puts(&text, "{{/a}}");
    return buffer_text(&text);
}

START_TEST(limits_the_depth)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct json_value value = checked("{\"a\":{\"b\":1}}");
    struct template_data data = {&value, 1, PARTIALS, PARTIAL_COUNT};
    buffer_open(&out, &arena, PAGE_MAX);
    ck_assert(template_check(nested(TEMPLATE_DEPTH_MAX), NULL, 0, why));
    ck_assert_int_eq(fill(nested(TEMPLATE_DEPTH_MAX), &data, &out, why), TEMPLATE_FINE);
    ck_assert(text_equal(buffer_text(&out), TEXT("x")));
    ck_assert(!template_check(nested(TEMPLATE_DEPTH_MAX + 1), NULL, 0, why));
    ck_assert_str_eq(why, "line 1: {{#a}} is more than 32 sections and partials deep");
    ck_assert_int_eq(fill(nested(TEMPLATE_DEPTH_MAX + 1), &data, &out, why), TEMPLATE_WRONG);
    ck_assert(template_check(TEXT("{{>endless}}"), PARTIALS, PARTIAL_COUNT, why));
    ck_assert_int_eq(fill(TEXT("{{>endless}}"), &data, &out, why), TEMPLATE_WRONG);
    ck_assert_str_eq(why,
                     "line 1 of endless: {{>endless}} is more than 32 sections and partials deep");
}
END_TEST

/* Lists within each other that are the same list, which the page would be filled from for hours. */
START_TEST(limits_the_tags)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct json_value value = checked("{\"a\":[1,2,3,4,5,6,7,8,9,10]}");
    struct template_data data = {&value, 1, NULL, 0};
    buffer_open(&out, &arena, (size_t)32 << 20);
    ck_assert_int_eq(fill(nested(12), &data, &out, why), TEMPLATE_WRONG);
    ck_assert_str_eq(why, "line 1: {{/a}} is beyond the 1000000 tags of a page");
}
END_TEST

START_TEST(keeps_to_the_buffers_limit)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer out;
    struct json_value value = checked("{\"a\":[1,2,3]}");
    struct template_data data = {&value, 1, NULL, 0};
    for (size_t limit = 0; limit <= 6; limit++) {
        buffer_open(&out, &arena, limit);
        enum template_outcome outcome =
            template_write(TEXT("{{#a}}{{.}}-{{/a}}"), &data, &out, why);
        ck_assert_int_eq(outcome, limit < 6 ? TEMPLATE_NO_MEMORY : TEMPLATE_FINE);
        ck_assert_uint_le(out.length, limit);
    }
}
END_TEST

/* A long list isn't read anew for each name that stands behind it. */
START_TEST(finds_names_behind_a_long_list)
{
    char why[TEMPLATE_WHY] = "";
    struct buffer json, out;
    enum { ITEMS = 100000 };
    buffer_open(&json, &arena, (size_t)8 << 20);
    buffer_open(&out, &arena, (size_t)8 << 20);
    buffer_puts(&json, "{\"list\":[");
    for (int i = 0; i < ITEMS; i++)
        buffer_printf(&json, "%s{\"i\":%d}", i ? "," : "", i);
    buffer_put(&json, (dime_text){"],\"x\":\"!\"}\0", 11});
    struct json_value value = checked(json.data);
    struct template_data data = {&value, 1, NULL, 0};
    ck_assert_int_eq(template_write(TEXT("{{#list}}{{x}}{{/list}}"), &data, &out, why),
                     TEMPLATE_FINE);
    ck_assert_uint_eq(out.length, ITEMS);
}
END_TEST

/* Escapes, a partial, and more members than there is room for at first. */
static const char LARGE[] =
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,"
    "\"j\":10,\"k\":11,\"l\":12,\"m\":13,\"n\":14,\"o\":15,\"p\":16,"
    "\"q\":\"x\\ny\",\"list\":[{\"r\":\"\\u0041\"},{\"r\":\"\\u0042\"}]}";

/* Fills a page with one allocation failing. True when none failed: there are no more to try. */
static bool fill_failing(size_t number)
{
    char why[TEMPLATE_WHY] = "";
    struct arena own;
    struct buffer out;
    struct json_value value = checked(LARGE);
    struct template_data data = {&value, 1, PARTIALS, PARTIAL_COUNT};
    long live = fail_malloc_live();
    fail_malloc_begin(number);
    arena_open(&own, (size_t)1 << 20);
    buffer_open(&out, &own, PAGE_MAX);
    enum template_outcome outcome = TEMPLATE_FINE;
    /* Each of the arena's blocks holds many allocations, so it's filled until there were several.
     */
    for (int i = 0; i < 40 && outcome == TEMPLATE_FINE; i++)
        outcome = template_write(TEXT("{{q}}{{#list}}{{r}}{{/list}}{{list.length}} {{>text}}\n"),
                                 &data, &out, why);
    bool failed = fail_malloc_end();
    ck_assert_int_eq(outcome, failed ? TEMPLATE_NO_MEMORY : TEMPLATE_FINE);
    arena_close(&own);
    ck_assert_int_eq(fail_malloc_live(), live);
    return !failed;
}

START_TEST(survives_every_failure_of_malloc)
{
    size_t number = 0;
    while (!fill_failing(number))
        number++;
    ck_assert_uint_gt(number, 2); /* there were failures to survive */
}
END_TEST

/* The same where the arena's own limit ends, at every byte. */
START_TEST(survives_the_end_of_its_arena)
{
    char why[TEMPLATE_WHY] = "";
    size_t failures = 0;
    struct json_value value = checked(LARGE);
    struct template_data data = {&value, 1, PARTIALS, PARTIAL_COUNT};
    enum template_outcome outcome = TEMPLATE_NO_MEMORY;
    for (size_t limit = 0; outcome != TEMPLATE_FINE; limit++, failures++) {
        struct arena own;
        struct buffer out;
        arena_open(&own, limit);
        buffer_open(&out, &own, PAGE_MAX);
        outcome = template_write(TEXT("{{q}}{{#list}}{{r}}{{/list}}{{list.length}} {{>text}}\n"),
                                 &data, &out, why);
        ck_assert_int_ne(outcome, TEMPLATE_WRONG);
        if (outcome == TEMPLATE_FINE)
            ck_assert(text_equal(buffer_text(&out), TEXT("x\nyAB2 from partial\n")));
        arena_close(&own);
    }
    ck_assert_uint_gt(failures, 1000);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *template_suite(void)
{
    Suite *suite = suite_create("template");
    TCase *pages = tcase_create("pages");
    tcase_add_checked_fixture(pages, begin, end);
    tcase_add_loop_test(pages, fills_variables, 0, COUNT(VARIABLES));
    tcase_add_loop_test(pages, finds_names, 0, COUNT(NAMES));
    tcase_add_loop_test(pages, shows_sections, 0, COUNT(SECTIONS));
    tcase_add_loop_test(pages, leaves_lines_of_tags_out, 0, COUNT(LINES));
    tcase_add_loop_test(pages, takes_delimiters, 0, COUNT(DELIMITERS));
    tcase_add_loop_test(pages, includes_partials, 0, COUNT(INCLUDED));
    tcase_add_test(pages, looks_in_the_last_context_first);
    suite_add_tcase(suite, pages);
    TCase *limits = tcase_create("mistakes and limits");
    tcase_add_checked_fixture(limits, begin, end);
    tcase_add_loop_test(limits, says_what_is_wrong, 0, COUNT(MISTAKES));
    tcase_add_test(limits, takes_nuls);
    tcase_add_test(limits, says_what_is_wrong_in_partials);
    tcase_add_test(limits, cuts_long_names);
    tcase_add_test(limits, limits_the_depth);
    tcase_add_test(limits, limits_the_tags);
    tcase_add_test(limits, keeps_to_the_buffers_limit);
    tcase_add_test(limits, finds_names_behind_a_long_list);
    tcase_add_test(limits, survives_the_end_of_its_arena);
    if (fail_malloc_works())
        tcase_add_test(limits, survives_every_failure_of_malloc);
    suite_add_tcase(suite, limits);
    return suite;
}
