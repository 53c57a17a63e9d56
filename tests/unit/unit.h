/*
 * unit.h - what the suites share with the program that runs them.
 *
 * A test that a build can't run must not vanish silently, so there is one way to leave it out.
 */
#ifndef DIME_TESTS_UNIT_H
#define DIME_TESTS_UNIT_H

#include <json.h>
#include <stddef.h>

/* Says that the test NAME is left out because of WHY, and counts it. Called while suites are made.
 */
void unit_skip(const char *name, const char *why);

/*
 * What json-c makes of DATA, which must be one JSON value and no byte more, in UTF-8; the caller
 * puts it. json-c is strict, but not 0.18, which then refuses all text beyond ASCII where char is
 * signed; UTF-8 is checked by dime.
 */
struct json_object *unit_json(const char *data, size_t length);

#endif
