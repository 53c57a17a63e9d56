/*
 * stopping.h - how a program with threads or a loop learns that it should stop.
 *
 * One thread reads the signals from a descriptor. No thread is ever interrupted by one, so no code
 * has to allow for that.
 */
#ifndef DIME_BASE_STOPPING_H
#define DIME_BASE_STOPPING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Blocks SIGINT, SIGTERM, SIGHUP and, unless it is 0, the signal ALSO, in this thread and those
 * that it starts later. Ignores SIGPIPE and SIGIO. Returns a non-blocking descriptor from which the
 * signals are read as struct signalfd_siginfo; the caller closes it. Returns -1 with errno on
 * failure.
 */
int stopping_signals(int also);

/*
 * Reads and drops what such a descriptor holds, after a first signal at SINCE_NS of the monotonic
 * clock. Returns true if this is the same request to stop, repeated: timeout(1), for one, signals
 * its child and then the child's group. A person needs a second to press the key again.
 */
bool stopping_repeated(int signals, int64_t since_ns);

#endif
