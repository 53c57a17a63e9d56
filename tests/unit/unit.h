/*
 * unit.h - what the suites share with the program that runs them.
 */
#ifndef DIME_TESTS_UNIT_H
#define DIME_TESTS_UNIT_H

/* Says that the test NAME is left out because of WHY, and counts it. Called while suites are made.
 */
void unit_skip(const char *name, const char *why);

#endif
