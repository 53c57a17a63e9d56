/*
 * cgi.h - serves one CGI request (RFC 3875). The program ends after it, so it keeps no state and
 * may block.
 */
#ifndef DIME_HOSTS_CGI_H
#define DIME_HOSTS_CGI_H

#include "dime.h"

/* Serves one CGI request from the process's environment, fd 0 and fd 1. Returns the exit status. */
int cgi_serve(const dime_function *function);

#endif
