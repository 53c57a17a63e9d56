/*
 * plain.c - a FastCGI program that isn't dime's: libfcgi as its manual has it, and nothing else.
 *
 * It answers with the variables and the body that it was handed, a line each, and notes each
 * request in the file that PLAIN_FILE names. A query of "fails" is answered with 500, and one of
 * "log" is written to FCGI_STDERR.
 */
#include <fcgiapp.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(const char *body)
{
    const char *path = getenv("PLAIN_FILE");
    int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0666) : -1;
    if (file >= 0 && write(file, body, strlen(body)) < 0)
        abort();
    if (file >= 0)
        close(file);
}

static void answer(FCGX_Request *request)
{
    static char body[1 << 20];
    const char *query = FCGX_GetParam("QUERY_STRING", request->envp);
    int length = FCGX_GetStr(body, sizeof body - 2, request->in);
    memcpy(body + length, "\n", 2);
    note(body);
    if (query && strcmp(query, "fails=1") == 0)
        FCGX_PutS("Status: 500 No\r\n", request->out);
    if (query && strcmp(query, "log=1") == 0)
        FCGX_PutS("a word to the log\n", request->err);
    FCGX_PutS("Content-Type: text/plain\r\n\r\n", request->out);
    for (char **variable = request->envp; *variable; variable++)
        FCGX_FPrintF(request->out, "%s\n", *variable);
    FCGX_PutS(body, request->out);
}

int main(void)
{
    FCGX_Request request;
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
        return 1;
    while (FCGX_Accept_r(&request) == 0)
        answer(&request);
    return 0;
}
