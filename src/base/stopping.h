/*
 * stopping.h - how a program with threads or a loop learns that it is to stop.
 *
 * The signals that say so are read from a descriptor by one thread, and no thread is ever
 * interrupted by one: nothing has to be written with that in mind.
 */
#ifndef DIME_BASE_STOPPING_H
#define DIME_BASE_STOPPING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, and ALSO where that isn't 0, in this thread and those that it
 * starts from now on, and ignores SIGPIPE and SIGIO. Returns a descriptor that doesn't block, from
 * which the signals can be read as struct signalfd_siginfo; the caller closes it. -1 and errno:
 * there is none.
 */
int stopping_signals(int also);

/*
 * Takes what can be read of such a descriptor away, once a first signal came at SINCE_NS of the
 * monotonic clock. True: that is the same wish again. timeout(1), for one, signals its child and
 * then the group that this is in; a person who means it needs a second for it.
 */
bool stopping_repeated(int signals, int64_t since_ns);

#endif
