/*
 * mutate.c - damages pictures in thousands of ways and sees that each is read or refused.
 *
 *     mutate COUNT FILE...
 *
 * The files are pictures as they should be. COUNT copies are damaged, each the same way in every
 * run: bytes changed, cut out, doubled, cut off, or put in from another file; numbers set to their
 * extremes. Each copy lies in memory of its very size, so that a build with sanitizers sees a read
 * past it. Where there are models, every twentieth that can be read is labelled too.
 */
#include "look.h"

#include <string.h>

#include "vision/format.h"
#include "vision/resize.h"
#include "vision/vision.h"

enum { SIDE = 320, ROOM = 4 << 20, LABELLED = 20 };

static uint64_t state = 1;

/* xorshift64*: the same numbers on every machine. */
static size_t number(size_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return below ? (size_t)((state * 0x2545F4914F6CDD1DU) >> 33) % below : 0;
}

struct copy {
    char *bytes; /* ROOM of them */
    size_t length;
};

/* Most damage is done where the headers are. */
static size_t place(const struct copy *copy)
{
    return number(number(3) ? (copy->length < 700 ? copy->length : 700) : copy->length);
}

static void change_byte(struct copy *copy, dime_text other)
{
    (void)other;
    if (copy->length)
        copy->bytes[place(copy)] = (char)number(256);
}

static void flip_bit(struct copy *copy, dime_text other)
{
    (void)other;
    if (copy->length)
        copy->bytes[place(copy)] ^= (char)(1 << number(8));
}

static void cut_off(struct copy *copy, dime_text other)
{
    (void)other;
    copy->length = number(copy->length + 1);
}

static void cut_out(struct copy *copy, dime_text other)
{
    (void)other;
    size_t at = place(copy), length = number(number(2) ? 16 : copy->length - at + 1);
    length = length > copy->length - at ? copy->length - at : length;
    memmove(copy->bytes + at, copy->bytes + at + length, copy->length - at - length);
    copy->length -= length;
}

static void insert(struct copy *copy, const char *bytes, size_t length)
{
    size_t at = place(copy);
    if (length > ROOM - copy->length)
        return;
    memmove(copy->bytes + at + length, copy->bytes + at, copy->length - at);
    memcpy(copy->bytes + at, bytes, length);
    copy->length += length;
}

static void put_in(struct copy *copy, dime_text other)
{
    size_t at = number(other.length), length = number(number(2) ? 64 : other.length - at);
    length = length > other.length - at ? other.length - at : length;
    insert(copy, other.data + at, length);
}

static void set_number(struct copy *copy, dime_text other)
{
    static const char NUMBERS[][4] = {
        {0, 0, 0, 0},
        {'\xFF', '\xFF', '\xFF', '\xFF'},
        {'\x7F', '\xFF', '\xFF', '\xFF'},
        {0, 0, 0, 1},
        {0, 0, '\x27', '\x10'},           /* the longest side */
        {'\xFF', '\xD8', '\xFF', '\xE1'}, /* markers */
        {'\xFF', '\xC2', 0, '\x11'},
        {'\xFF', '\xDA', 0, '\x0C'},
    };
    (void)other;
    size_t size = number(2) ? 2 : 4;
    if (copy->length < size)
        return;
    size_t at = place(copy) % (copy->length - size + 1);
    memcpy(copy->bytes + at, NUMBERS[number(sizeof NUMBERS / sizeof *NUMBERS)], size);
}

static void (*const DAMAGES[])(struct copy *copy, dime_text other) = {
    change_byte, flip_bit, cut_off, cut_out, put_in, set_number, change_byte, set_number};

static void damage(struct copy *copy, const dime_text *files, size_t count)
{
    dime_text whole = files[number(count)];
    copy->length = whole.length < ROOM ? whole.length : ROOM;
    memcpy(copy->bytes, whole.data, copy->length);
    for (size_t i = 0, times = 1 + number(4); i < times; i++)
        DAMAGES[number(sizeof DAMAGES / sizeof *DAMAGES)](copy, files[number(count)]);
}

struct outcome {
    size_t read, refused, labelled, wrong;
    double longest_ms;
};

static void wrong(struct outcome *outcome, size_t which, const char *what)
{
    printf("not ok - number %zu: %s\n", which, what);
    outcome->wrong++;
}

static void look_at(const struct picture *picture, size_t which, struct outcome *outcome)
{
    static uint8_t square[SIDE * SIDE * 3];
    struct view view = picture_view(picture);
    struct placement placed = letterbox(view.width, view.height, SIDE);
    if (view.width > 1250 || view.height > 1250)
        wrong(outcome, which, "a picture is larger than it is to be");
    if (!resize(view, placed.width, placed.height, square, (size_t)SIDE * 3))
        wrong(outcome, which, "it can't be resized");
    outcome->read++;
}

static void label(struct vision *vision, dime_text bytes, size_t which, struct outcome *outcome)
{
    struct arena arena;
    struct vision_result result;
    struct vision_options options = {.max_labels = VISION_LABELS_MAX};
    arena_open(&arena, VISION_ARENA_NEED);
    if (!vision_look(vision, bytes, &options, &arena, &result))
        wrong(outcome, which, "it can be read but not labelled");
    arena_close(&arena);
    outcome->labelled++;
}

static void try_one(struct vision *vision, dime_text bytes, size_t which, struct outcome *outcome)
{
    struct picture picture;
    struct picture_refusal refusal = {0};
    double began = now_ms();
    bool done = picture_read(&picture, bytes, &refusal);
    double ms = now_ms() - began;
    outcome->longest_ms = ms > outcome->longest_ms ? ms : outcome->longest_ms;
    if (done) {
        look_at(&picture, which, outcome);
        picture_free(&picture);
        if (vision && outcome->read % LABELLED == 0)
            label(vision, bytes, which, outcome);
        return;
    }
    outcome->refused++;
    bool helps = strstr(refusal.why, "end ") || strstr(refusal.why, "save ");
    if (refusal.status < 400 || refusal.status > 499 || !helps)
        wrong(outcome, which, refusal.why);
}

static size_t try_all(size_t count, const dime_text *files, size_t file_count)
{
    struct outcome outcome = {0};
    struct copy copy = {.bytes = malloc(ROOM)};
    struct vision *vision = NULL;
    const char *why;
    if (!vision_open(&vision, &why))
        printf("skip - no labels: %s\n", why);
    for (size_t which = 0; which < count; which++) {
        state = (which + 1) * 0x9E3779B97F4A7C15U;
        damage(&copy, files, file_count);
        char *exact = malloc(copy.length ? copy.length : 1);
        memcpy(exact, copy.bytes, copy.length);
        try_one(vision, (dime_text){exact, copy.length}, which, &outcome);
        free(exact);
    }
    vision_close(vision);
    free(copy.bytes);
    printf("%zu damaged pictures: %zu read, %zu refused, %zu labelled, %zu wrong; "
           "%.0f ms at most, %ld KiB at most\n",
           count, outcome.read, outcome.refused, outcome.labelled, outcome.wrong,
           outcome.longest_ms, memory_kb("VmHWM:"));
    return outcome.wrong;
}

int main(int count, char **arguments)
{
    enum { FILES_MAX = 256 };
    static dime_text files[FILES_MAX];
    size_t file_count = 0;
    for (int i = 2; i < count && file_count < FILES_MAX; i++)
        files[file_count++] = read_file(arguments[i]);
    if (!file_count)
        return 2;
    size_t wrongs = try_all(strtoul(arguments[1], NULL, 10), files, file_count);
    while (file_count)
        free_file(files[--file_count]);
    return wrongs ? 1 : 0;
}
