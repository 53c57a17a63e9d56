/*
 * stopping.h - how a host with threads learns that it is to stop.
 *
 * The signals that say so are read from a descriptor by one thread, and no thread is ever
 * interrupted by one: nothing has to be written with that in mind.
 */
#ifndef DIME_HOSTS_STOPPING_H
#define DIME_HOSTS_STOPPING_H

/*
 * Blocks SIGINT, SIGTERM and SIGHUP in this thread and those that it starts from now on, and
 * ignores SIGPIPE and SIGIO. Returns a descriptor that doesn't block, from which the signals can be
 * read as struct signalfd_siginfo; the caller closes it. -1 and errno: there is none.
 */
int stopping_signals(void);

#endif
