/*
 * resize.c - resampling in two passes, across and then down.
 *
 * For each pixel of the result, a pass needs only a few weights, which are the same for all rows or
 * columns. They are computed once, as whole numbers that add up to ONE. The letterbox keeps a
 * picture's shape: in a stretched one, people and cups aren't recognized.
 */
#include "vision/resize.h"

#include <math.h>
#include <stdlib.h>

enum { SHIFT = 14, ONE = 1 << SHIFT };

/* For each pixel of the result: its first source, and TAPS weights. */
struct filter {
    size_t taps;
    uint32_t *first;
    uint16_t *weights;
};

struct placement letterbox(size_t width, size_t height, size_t side)
{
    size_t longer = width > height ? width : height;
    size_t across = (width * side + longer / 2) / longer;
    size_t down = (height * side + longer / 2) / longer;
    return (struct placement){across ? across : 1, down ? down : 1};
}

/*
 * The weights of one pixel, whose middle lies at CENTRE of the source. The largest gets the
 * rounding error, so that they add up to ONE.
 */
static void fill_weights(uint16_t *weights, size_t taps, double first, double centre,
                         double support)
{
    double sum = 0;
    for (size_t i = 0; i < taps; i++)
        sum += fmax(0, 1 - fabs(first + (double)i - centre) / support);
    unsigned left = ONE;
    size_t largest = 0;
    for (size_t i = 0; i < taps; i++) {
        double weight = fmax(0, 1 - fabs(first + (double)i - centre) / support) / sum;
        weights[i] = (uint16_t)(weight * (double)ONE);
        left -= weights[i];
        largest = weights[i] > weights[largest] ? i : largest;
    }
    weights[largest] = (uint16_t)(weights[largest] + left);
}

static void filter_close(struct filter *filter)
{
    free(filter->first);
    free(filter->weights);
    *filter = (struct filter){0};
}

static bool filter_open(struct filter *filter, size_t from, size_t to)
{
    double scale = (double)from / (double)to, support = scale > 1 ? scale : 1;
    size_t taps = (size_t)ceil(2 * support) + 1;
    filter->taps = taps < from ? taps : from;
    filter->first = malloc(to * sizeof *filter->first);
    filter->weights = malloc(to * filter->taps * sizeof *filter->weights);
    if (!filter->first || !filter->weights) {
        filter_close(filter);
        return false;
    }
    for (size_t i = 0; i < to; i++) {
        double centre = ((double)i + 0.5) * scale - 0.5;
        double first = fmax(0, ceil(centre - support));
        first = fmin(first, (double)(from - filter->taps));
        filter->first[i] = (uint32_t)first;
        fill_weights(filter->weights + i * filter->taps, filter->taps, first, centre, support);
    }
    return true;
}

static void row_across(const struct filter *filter, struct view view, size_t y, size_t width,
                       uint8_t *into)
{
    const uint8_t *row = view.origin + (ptrdiff_t)y * view.down;
    for (size_t x = 0; x < width; x++) {
        const uint8_t *pixel = row + (ptrdiff_t)filter->first[x] * view.right;
        const uint16_t *weight = filter->weights + x * filter->taps;
        uint32_t red = ONE / 2, green = ONE / 2, blue = ONE / 2;
        for (size_t i = 0; i < filter->taps; i++, pixel += view.right) {
            red += (uint32_t)weight[i] * pixel[0];
            green += (uint32_t)weight[i] * pixel[1];
            blue += (uint32_t)weight[i] * pixel[2];
        }
        *into++ = (uint8_t)(red >> SHIFT);
        *into++ = (uint8_t)(green >> SHIFT);
        *into++ = (uint8_t)(blue >> SHIFT);
    }
}

/* Row Y of the result from ROWS of BYTES each. */
static void row_down(const struct filter *filter, const uint8_t *rows, size_t bytes, size_t y,
                     uint8_t *into, uint32_t *sums)
{
    const uint16_t *weight = filter->weights + y * filter->taps;
    for (size_t x = 0; x < bytes; x++)
        sums[x] = ONE / 2;
    for (size_t i = 0; i < filter->taps; i++) {
        const uint8_t *row = rows + (filter->first[y] + i) * bytes;
        for (size_t x = 0; x < bytes; x++)
            sums[x] += (uint32_t)weight[i] * row[x];
    }
    for (size_t x = 0; x < bytes; x++)
        into[x] = (uint8_t)(sums[x] >> SHIFT);
}

bool resize(struct view view, size_t width, size_t height, uint8_t *into, size_t stride)
{
    struct filter across = {0}, down = {0};
    size_t bytes = 3 * width;
    uint8_t *rows = malloc(view.height * bytes);
    uint32_t *sums = malloc(bytes * sizeof *sums);
    bool done = rows && sums && filter_open(&across, view.width, width) &&
                filter_open(&down, view.height, height);
    if (done) {
        for (size_t y = 0; y < view.height; y++)
            row_across(&across, view, y, width, rows + y * bytes);
        for (size_t y = 0; y < height; y++)
            row_down(&down, rows, bytes, y, into + y * stride, sums);
    }
    filter_close(&across);
    filter_close(&down);
    free(rows);
    free(sums);
    return done;
}
