/*
 * stopping.c - the signals that stop a program, at a descriptor.
 *
 * The kernel sends SIGIO when a lease on a file is broken (watch_work.c), and SIGPIPE when the peer
 * has closed a connection. Both are ignored, because the next call reports the same.
 */
#include "base/stopping.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"

enum { SAME_MS = 1000 };

int stopping_signals(int also)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (also)
        sigaddset(&set, also);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGIO, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool stopping_repeated(int signals, int64_t since_ns)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) > 0)
        continue;
    return clock_since_ms(since_ns) < SAME_MS;
}
