/*
 * cgi.h - serving one CGI call (RFC 3875). The program ends with it, so nothing has to be kept, and
 * it may block.
 */
#ifndef DIME_HOSTS_CGI_H
#define DIME_HOSTS_CGI_H

#include "dime.h"

/* Serves one CGI call from the process's environment, fd 0 and fd 1. Returns the exit status. */
int cgi_serve(const dime_function *function);

#endif
