/*
 * fastcgi.h - what a function's program does, by how it is started.
 *
 * This is all that such a program's main has to know of its hosts. A bootstrap for AWS Lambda has
 * another (hosts/lambda/lambda.h).
 */
#ifndef DIME_HOSTS_FASTCGI_FASTCGI_H
#define DIME_HOSTS_FASTCGI_FASTCGI_H

#include "request/response.h"

/*
 * Answers one CGI call, serves FastCGI, or says what the program is. Returns its exit status. COUNT
 * and ARGUMENTS are those of main.
 */
int fastcgi_main(const dime_function *function, int count, char **arguments);

#endif
