/*
 * unit.h - what the suites share with the program that runs them.
 *
 * A test that a build can't run must not vanish silently, so there is one way to leave it out.
 */
#ifndef DIME_TESTS_UNIT_H
#define DIME_TESTS_UNIT_H

/* Says that the test NAME is left out because of WHY, and counts it. Called while suites are made.
 */
void unit_skip(const char *name, const char *why);

#endif
