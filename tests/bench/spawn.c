/*
 * spawn.c - what one process of a program costs, next to that of another.
 *
 * usage: spawn ROUNDS BASE PROGRAM
 *
 * Starts both as a web server starts a CGI program, waits for each to end, and prints the median
 * microseconds of BASE and of PROGRAM, and the median of the rounds' ratios. A round is a few dozen
 * spawns of each in turn, and its figures are their medians: whatever else the machine does falls
 * on both alike, and what it does now and then doesn't count.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

enum { SPAWNS = 50, ROUNDS_MAX = 1000 };

static char *const ENVIRONMENT[] = {
    "GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1",
    "REQUEST_METHOD=GET",        "SCRIPT_NAME=/cgi-bin/change",
    "QUERY_STRING=amount=1.89",  "REQUEST_URI=/cgi-bin/change?amount=1.89",
    "SERVER_NAME=localhost",     "SERVER_PORT=80",
    "REMOTE_ADDR=127.0.0.1",     "HTTP_HOST=localhost",
    "HTTP_ACCEPT=*/*",           "HTTP_USER_AGENT=bench",
    "PATH=/usr/bin:/bin",        NULL,
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void fail(const char *program)
{
    fprintf(stderr, "spawn: %s can't be run, or fails\n", program);
    exit(1);
}

static void run(char *program, const posix_spawn_file_actions_t *actions)
{
    char *arguments[] = {program, NULL};
    int status;
    pid_t child;

    if (posix_spawn(&child, program, actions, NULL, arguments, ENVIRONMENT) != 0 ||
        waitpid(child, &status, 0) != child || status != 0)
        fail(program);
}

/* Microseconds from the start of a process to its end. */
static double time_of(char *program, const posix_spawn_file_actions_t *actions)
{
    double start = now();
    run(program, actions);
    return now() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* One round: median microseconds of both. Which of the two goes first changes by the round. */
static void round_of(char **programs, const posix_spawn_file_actions_t *actions, long first,
                     double medians[2])
{
    double times[2][SPAWNS];
    for (int i = 0; i < SPAWNS; i++) {
        times[first][i] = time_of(programs[first], actions);
        times[1 - first][i] = time_of(programs[1 - first], actions);
    }
    medians[0] = median(times[0], SPAWNS);
    medians[1] = median(times[1], SPAWNS);
}

int main(int argc, char **argv)
{
    static double base[ROUNDS_MAX], program[ROUNDS_MAX], ratio[ROUNDS_MAX];
    posix_spawn_file_actions_t quiet;
    long rounds = argc == 4 ? strtol(argv[1], NULL, 10) : 0;

    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: spawn ROUNDS BASE PROGRAM\n");
        return 2;
    }
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    for (long i = 0; i < rounds; i++) {
        double medians[2];
        round_of(argv + 2, &quiet, i % 2, medians);
        base[i] = medians[0];
        program[i] = medians[1];
        ratio[i] = program[i] / base[i];
    }
    printf("%.0f %.0f %.3f\n", median(base, (size_t)rounds), median(program, (size_t)rounds),
           median(ratio, (size_t)rounds));
    return 0;
}
