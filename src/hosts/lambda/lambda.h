/*
 * lambda.h - a function as a custom runtime of AWS Lambda.
 *
 * Only bootstrap programs have it, since it links libcurl.
 */
#ifndef DIME_HOSTS_LAMBDA_LAMBDA_H
#define DIME_HOSTS_LAMBDA_LAMBDA_H

#include "request/response.h"

/*
 * Answers the events of the Runtime API that AWS_LAMBDA_RUNTIME_API names until Lambda ends the
 * environment. Returns the program's exit status. COUNT and ARGUMENTS are those of main.
 */
int lambda_main(const dime_function *function, int count, char **arguments);

#endif
