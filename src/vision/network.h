/*
 * network.h - one network: its loaded model, its input and its outputs.
 *
 * Two threads may not use a network at once: each worker has its own.
 */
#ifndef DIME_VISION_NETWORK_H
#define DIME_VISION_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct network;

enum { NETWORK_OUTPUTS = 4 };

/* The shape that a network must have, so that a wrong file is noticed when it's opened. */
struct network_shape {
    const char *file;
    size_t side;                          /* of the square that it looks at: three bytes a pixel */
    int output_type;                      /* of tflite.h */
    size_t output_bytes[NETWORK_OUTPUTS]; /* of each output; 0 ends them */
};

/*
 * Loads the model from FOLDER. False: *WHY says what is wrong; it's a literal or the thread's.
 * *NETWORK is the caller's.
 */
bool network_open(struct network **network, const char *folder, const struct network_shape *shape,
                  const char **why);

/* The model's file, which holds its list of names too. It lasts as long as the network. */
dime_text network_file(const struct network *network);

/* The input, side * side * 3 bytes; it must be filled again before each run. */
uint8_t *network_input(const struct network *network);

/* Runs the network on the picture. False: it failed. */
bool network_run(const struct network *network);

/* An output; it lasts until the next run. */
const void *network_output(const struct network *network, size_t at);

/* Frees it all. NULL is fine. */
void network_close(struct network *network);

#endif
