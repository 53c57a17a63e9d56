/*
 * merge_test.c - one list of labels out of two networks' answers, and the names in it.
 *
 * The networks themselves aren't needed: what they would say is written down here.
 */
#include "vision/merge.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

Suite *merge_suite(void);

/* Classes of the detector and of the classifier. */
enum { PERSON = 0, BIRD = 15, CAT = 16, CUP = 46, GAP = 11 };
enum {
    TENCH = 0,
    KITE_THE_BIRD = 21,
    EGYPTIAN_CAT = 285,
    ZEBRA = 340,
    TRIPOD = 872,
    CUP_TOO = 968
};

static struct arena arena;
static struct findings findings;
static struct guess guess;
static struct vision_options options;
static struct vision_result result;

static void begin(void)
{
    arena_open(&arena, VISION_ARENA_NEED);
    findings = (struct findings){0};
    guess = (struct guess){0};
    options = (struct vision_options){.max_labels = 100, .min_confidence = 50};
    result = (struct vision_result){0};
}

static void end(void)
{
    arena_close(&arena);
}

/* Finds an object whose box is a square of SIDE. */
static void find(size_t detected, float confidence, float side)
{
    findings.items[findings.count++] = (struct finding){detected, {{0, 0, side, side}, confidence}};
}

static void take_for(size_t classified, const char *name, float confidence)
{
    guess = (struct guess){classified, text_of(name), confidence};
}

static void merged(void)
{
    ck_assert(merge(&findings, &guess, &options, &arena, &result));
}

static void put_texts(char *line, size_t size, char mark, const dime_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(line);
        snprintf(line + used, size - used, "%c%.*s", mark, (int)texts[i].length, texts[i].data);
    }
}

/* The labels as "Name confidence xINSTANCES <parent =alias;". */
static const char *said(void)
{
    static char line[2048];
    line[0] = '\0';
    for (size_t i = 0; i < result.label_count; i++) {
        const struct vision_label *label = &result.labels[i];
        size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, "%.*s %g x%zu", (int)label->name.length,
                 label->name.data, (double)label->confidence, label->instance_count);
        put_texts(line, sizeof line, '<', label->parents, label->parent_count);
        put_texts(line, sizeof line, '=', label->aliases, label->alias_count);
        used = strlen(line);
        snprintf(line + used, sizeof line - used, ";");
    }
    return line;
}

START_TEST(is_empty_for_nothing)
{
    merged();
    ck_assert_uint_eq(result.label_count, 0);
}
END_TEST

START_TEST(gathers_instances_by_name)
{
    find(CUP, 90, 0.1F);
    find(PERSON, 80, 0.1F);
    find(CUP, 70, 0.2F);
    find(CUP, 49.9F, 0.3F);
    merged();
    ck_assert_str_eq(said(), "Cup 90 x2<Kitchen;Person 80 x1=Human;");
    ck_assert_float_eq(result.labels[0].instances[1].confidence, 70);
    ck_assert_float_eq(result.labels[0].instances[1].box.width, 0.2F);
}
END_TEST

START_TEST(keeps_to_the_options)
{
    find(CUP, 90, 0.1F);
    find(PERSON, 50, 0.1F);
    options.max_labels = 1;
    merged();
    ck_assert_str_eq(said(), "Cup 90 x1<Kitchen;");
    options = (struct vision_options){.max_labels = 0};
    merged();
    ck_assert_uint_eq(result.label_count, 0);
    options = (struct vision_options){.max_labels = 10, .min_confidence = 100};
    merged();
    ck_assert_uint_eq(result.label_count, 0);
}
END_TEST

START_TEST(adds_a_fine_name_with_its_wider_ones)
{
    find(CAT, 70, 0.9F);
    ck_assert(merge_wants_guess(&findings));
    take_for(EGYPTIAN_CAT, "Egyptian cat", 80);
    merged();
    ck_assert_str_eq(said(), "Egyptian Cat 80 x0<Cat<Animal;Cat 70 x1<Animal;");
}
END_TEST

START_TEST(believes_the_classifier_where_nothing_was_found)
{
    ck_assert(merge_wants_guess(&findings));
    find(CUP, 49, 0.1F); /* which isn't sure enough to count */
    ck_assert(merge_wants_guess(&findings));
    take_for(TENCH, "tench", 80);
    merged();
    ck_assert_str_eq(said(), "Tench 80 x0<Animal;");
    take_for(TRIPOD, "tripod", 80);
    merged();
    ck_assert_str_eq(said(), "Tripod 80 x0;");
}
END_TEST

START_TEST(does_not_ask_of_a_busy_scene)
{
    find(CUP, 90, 0.4F);
    find(PERSON, 90, 0.4F);
    ck_assert(!merge_wants_guess(&findings));
    find(PERSON, 60, 0.5F);
    ck_assert(merge_wants_guess(&findings));
}
END_TEST

START_TEST(does_not_believe_a_contradiction_or_doubt)
{
    find(BIRD, 90, 0.9F);
    take_for(EGYPTIAN_CAT, "Egyptian cat", 99);
    merged();
    ck_assert_str_eq(said(), "Bird 90 x1<Animal;");
    take_for(KITE_THE_BIRD, "kite", 59.9F);
    merged();
    ck_assert_str_eq(said(), "Bird 90 x1<Animal;");
    take_for(KITE_THE_BIRD, "kite", 60);
    options.min_confidence = 70;
    merged();
    ck_assert_str_eq(said(), "Bird 90 x1<Animal;");
}
END_TEST

START_TEST(gives_each_name_once)
{
    find(CUP, 90, 0.9F);
    take_for(CUP_TOO, "cup", 99);
    merged();
    ck_assert_str_eq(said(), "Cup 90 x1<Kitchen;");
    findings.count = 0;
    take_for(ZEBRA, "zebra", 99);
    merged();
    ck_assert_str_eq(said(), "Zebra 99 x0<Animal;");
}
END_TEST

START_TEST(has_room_for_all_that_the_detector_may_find)
{
    for (size_t i = 0; i < FINDINGS_MAX; i++)
        find(i, 90, 0.9F);
    take_for(TRIPOD, "tripod", 99);
    merged();
    ck_assert_uint_eq(result.label_count, FINDINGS_MAX + 1);
    ck_assert(text_equal(result.labels[0].name, TEXT("Tripod")));
}
END_TEST

START_TEST(says_when_memory_ends)
{
    find(CAT, 70, 0.9F);
    take_for(EGYPTIAN_CAT, "Egyptian cat", 80);
    bool done = false;
    size_t limit = 0;
    for (; !done; limit += 16) {
        arena_close(&arena);
        arena_open(&arena, limit);
        done = merge(&findings, &guess, &options, &arena, &result);
        ck_assert_int_eq(done, !arena.failed);
    }
    ck_assert_uint_gt(limit, 100);
    ck_assert_uint_lt(limit, VISION_ARENA_NEED);
}
END_TEST

START_TEST(knows_what_is_a_kind_of_what)
{
    size_t kinds = 0, with_parent = 0;
    for (size_t i = 0; i < NAMES_CLASSIFIED; i++) {
        int wider = names_wider(i);
        ck_assert(wider >= -1 && wider < NAMES_DETECTED);
        ck_assert(wider < 0 || detected_names[wider].name.length);
        kinds += wider >= 0;
        with_parent += names_parent(i).length > 0;
    }
    ck_assert_uint_eq(kinds, 299);
    ck_assert_uint_eq(with_parent, 457);
    ck_assert_uint_eq(detected_names[GAP].name.length, 0);
}
END_TEST

/* A zip archive of one stored file behind other bytes, as in a model. */
static dime_text archive(const char *list, char *room)
{
    size_t length = strlen(list);
    char local[30] = "PK\3\4", entry[46] = "PK\1\2", last[22] = "PK\5\6";
    local[26] = entry[28] = 1; /* the length of its name, "x" */
    local[28] = 3;
    for (int i = 0; i < 4; i++) {
        entry[24 + i] = (char)(length >> 8 * i & 0xFF);
        last[16 + i] = (char)((5 + 34 + length) >> 8 * i & 0xFF);
    }
    entry[42] = 5;
    struct buffer buffer;
    buffer_over(&buffer, room, 65536);
    buffer_puts(&buffer, "model");
    buffer_put(&buffer, (dime_text){local, sizeof local});
    buffer_put(&buffer, (dime_text){"x\0\0\0", 4});
    buffer_puts(&buffer, list);
    buffer_put(&buffer, (dime_text){entry, sizeof entry});
    buffer_puts(&buffer, "x");
    buffer_put(&buffer, (dime_text){last, sizeof last});
    return buffer_text(&buffer);
}

static char room[65536];

static dime_text archive_of_names(size_t count)
{
    static char list[32768];
    struct buffer buffer;
    buffer_over(&buffer, list, sizeof list - 1);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&buffer, "%sname %zu", i ? "\r\n" : "", i);
    list[buffer.length] = '\0';
    return archive(list, room);
}

START_TEST(reads_the_list_in_a_model)
{
    static dime_text names[NAMES_CLASSIFIED];
    ck_assert(names_read(archive_of_names(NAMES_CLASSIFIED), names));
    ck_assert(text_equal(names[0], TEXT("name 0")));
    ck_assert(text_equal(names[999], TEXT("name 999")));
    ck_assert(!names_read(archive_of_names(NAMES_CLASSIFIED - 1), names));
    ck_assert(!names_read(archive_of_names(NAMES_CLASSIFIED + 1), names));
}
END_TEST

/* Whatever is cut off or changed, nothing behind the end is read. */
START_TEST(reads_no_list_that_is_damaged)
{
    static dime_text names[NAMES_CLASSIFIED];
    dime_text whole = archive_of_names(NAMES_CLASSIFIED);
    for (size_t length = 0; length < whole.length; length += length < 100 ? 1 : 97) {
        char *copy = malloc(length + 1);
        memcpy(copy, whole.data, length);
        ck_assert(!names_read((dime_text){copy, length}, names));
        free(copy);
    }
    for (size_t back = 1; back <= 22 + 47; back++) {
        char *copy = malloc(whole.length);
        memcpy(copy, whole.data, whole.length);
        copy[whole.length - back] ^= (char)0xFF;
        names_read((dime_text){copy, whole.length}, names);
        free(copy);
    }
}
END_TEST

Suite *merge_suite(void)
{
    Suite *suite = suite_create("merge");
    TCase *labels = tcase_create("labels");
    tcase_add_checked_fixture(labels, begin, end);
    tcase_add_test(labels, is_empty_for_nothing);
    tcase_add_test(labels, gathers_instances_by_name);
    tcase_add_test(labels, keeps_to_the_options);
    tcase_add_test(labels, adds_a_fine_name_with_its_wider_ones);
    tcase_add_test(labels, believes_the_classifier_where_nothing_was_found);
    tcase_add_test(labels, does_not_ask_of_a_busy_scene);
    tcase_add_test(labels, does_not_believe_a_contradiction_or_doubt);
    tcase_add_test(labels, gives_each_name_once);
    tcase_add_test(labels, has_room_for_all_that_the_detector_may_find);
    tcase_add_test(labels, says_when_memory_ends);
    suite_add_tcase(suite, labels);
    TCase *names = tcase_create("names");
    tcase_add_test(names, knows_what_is_a_kind_of_what);
    tcase_add_test(names, reads_the_list_in_a_model);
    tcase_add_test(names, reads_no_list_that_is_damaged);
    suite_add_tcase(suite, names);
    return suite;
}
