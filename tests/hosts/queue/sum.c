/*
 * sum.c - the function that the tests of watched folders run: it adds up the bytes of a file
 * (FNV-1a), and notes how many there were.
 *
 * A result then tells which content it is of. It fails on files of an odd length, with
 * PROBE_STATUS.
 */
#include "note.h"

#include <inttypes.h>

struct upload {
    dime_file file;
};

static const dime_field FIELDS[] = {
    DIME_FILE(struct upload, file, .min = 0, .max = 1024 * 1024,
              .types = "application/octet-stream, image/jpeg, image/png", .help = "any file"),
};

static void handle(dime_call *call, const void *input)
{
    const struct upload *upload = input;
    int64_t fails = note_setting("PROBE_STATUS");
    uint64_t sum = 0xCBF29CE484222325;
    dime_text bytes = dime_body(call); /* a field of blanks alone isn't given */
    for (size_t i = 0; i < bytes.length; i++)
        sum = (sum ^ (unsigned char)bytes.data[i]) * 0x100000001B3;
    note_wait(0);
    note_call(call, (int64_t)bytes.length, dime_header(call, "content-disposition"));
    if (fails && bytes.length % 2) {
        dime_problem(call, (int)fails, "As it was told.");
        return;
    }
    dime_json *json = dime_answer(call, 200);
    dime_put_integer(json, "bytes", (int64_t)bytes.length);
    dime_put_format(json, "sum", "%016" PRIx64, sum);
    dime_put_text(json, "type", upload->file.type);
    dime_put_text(json, "name", dime_header(call, "content-disposition"));
}

DIME_FUNCTION(sum, .summary = "Adds up a file", .body_max = 1024 * 1024,
              DIME_INPUT(struct upload, FIELDS), .open = note_open, .handle = handle);
