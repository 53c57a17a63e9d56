/*
 * host.h - puts a function on this host, and takes it away.
 *
 * An administrator shouldn't have to know which files a function needs and where they belong. The
 * host's own servers judge the outcome.
 */
#ifndef DIME_TOOL_DESCRIBE_HOST_H
#define DIME_TOOL_DESCRIBE_HOST_H

/*
 * `dime host install` and `dime host remove`, with their own arguments; the first is the
 * command's. Returns an exit status.
 */
int host_command(int count, char **arguments);

#endif
