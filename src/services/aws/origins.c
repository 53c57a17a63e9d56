/*
 * origins.c - fetches credentials from the servers that hand them out.
 *
 * The container's and the instance's server are close: no proxy may come between, and they answer
 * at once or not at all, so their timeout is a second or two. Their answers are secrets: they are
 * wiped after they are read, and an unreadable one isn't logged.
 */
#include "services/aws/origins.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "services/aws/endpoint.h"
#include "services/aws/fault.h"
#include "services/aws/reply.h"
#include "services/aws/retry.h"
#include "base/clock.h"
#include "base/number.h"
#include "request/log.h"

enum {
    INSTANCE_MS = 1000,
    CONTAINER_MS = 2000,
    STS_MS = 5000,
    ORIGIN_ANSWER_MAX = 64 * 1024,
    TOKEN_FILE_MAX = 20000,
    LONGER_MS = 15 * 60 * 1000,
};

static const char NO_ORIGIN_MEMORY[] =
    "There is no memory left to fetch AWS credentials; try again later.";

static const struct aws_service STS = {"AWS STS", "sts", "AWS_ENDPOINT_URL_STS"};

/* A server, and the request to it. */
struct origin_question {
    const char *name;
    int64_t limit_ms; /* of each try */
    int tries;
    struct http_request request;
};

static void say_failed(const struct aws *aws, const struct aws_call *call, const char *name,
                       enum http_outcome outcome, const struct http_answer *answer, dime_text code)
{
    struct log_subject subject = {.function = aws->function, .request_id = call->request_id};
    if (outcome == HTTP_ANSWERED)
        log_say_of(LOG_LEVEL_WARN, &subject, 0, "%s gave no AWS credentials: status %ld%s%.*s",
                   name, answer->status, code.length ? ", " : "", (int)code.length, code.data);
    else
        log_say_of(LOG_LEVEL_WARN, &subject, 0, "%s can't be asked for AWS credentials: %s", name,
                   aws->http.why[0] ? aws->http.why : "it didn't answer in time");
}

/* Sends the request, and retries if that may help. The body of a good answer is the arena's. */
static bool ask_origin(struct aws *aws, const struct aws_call *call,
                       struct origin_question *question, dime_text *body)
{
    struct http_answer answer = {0};
    int64_t until = aws_until(call);
    for (int tries = 1;; tries++) {
        question->request.most = ORIGIN_ANSWER_MAX;
        question->request.connect_ms = question->limit_ms;
        question->request.until_ms = smaller(until, clock_epoch_ms() + question->limit_ms);
        question->request.stop = call->stop;
        enum http_outcome outcome =
            http_exchange(&aws->http, &question->request, call->arena, &answer);
        *body = buffer_text(&answer.body);
        if (outcome == HTTP_ANSWERED && answer.status == 200)
            return true;
        dime_text code = TEXT("");
        if (outcome == HTTP_ANSWERED)
            code = fault_read(&answer, call->arena).code;
        bool worth = outcome == HTTP_LATE || retry_is_worth(outcome, answer.status, code);
        if (worth && tries < question->tries && retry_pause(tries, &aws->tokens, until, call->stop))
            continue;
        say_failed(aws, call, question->name, outcome, &answer, code);
        return false;
    }
}

/* Reads the answer of a local server, and wipes it. */
static bool read_answer(struct aws *aws, const struct aws_call *call, const char *name,
                        dime_text body, struct credentials *credentials)
{
    bool read = credentials_read(credentials, body, call->arena);
    settings_wipe(body);
    if (!read)
        log_say_of(LOG_LEVEL_WARN,
                   &(struct log_subject){.function = aws->function, .request_id = call->request_id},
                   0, "%s didn't answer with AWS credentials", name);
    return read;
}

/* The hosts that may get the token over plain HTTP. */
static bool is_neighbour(const char *host)
{
    static const char *const OTHERS[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        if (strcmp(host, OTHERS[i]) == 0)
            return true;
    }
    return http_is_loopback(host);
}

bool origins_container_url(char *room, size_t size)
{
    dime_text relative = settings_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    dime_text full = settings_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    struct http_address address;
    struct buffer url;
    buffer_over(&url, room, size - 1);
    if (relative.length && relative.data[0] != '/')
        return false;
    buffer_puts(&url, relative.length ? "http://169.254.170.2" : "");
    buffer_put(&url, relative.length ? relative : full);
    room[url.length] = '\0';
    return !url.failed && http_read_address(&address, buffer_text(&url)) &&
           (address.secure || is_neighbour(address.host));
}

/* The token in the file PATH, which SETTING names. */
static bool read_token(struct aws *aws, const struct aws_call *call, const char *setting,
                       dime_text path, dime_text *token)
{
    char room[PATH_MAX];
    struct buffer name;
    buffer_over(&name, room, sizeof room - 1);
    buffer_put(&name, path);
    room[name.length] = '\0';
    if (!name.failed && settings_read_file(room, TOKEN_FILE_MAX, call->arena, token))
        return true;
    log_say(LOG_LEVEL_WARN, aws->function, name.failed ? ENAMETOOLONG : errno,
            "can't read %s, which %s names", room, setting);
    return false;
}

/* A header of its own could hide behind a line end. */
static bool is_header_value(dime_text value)
{
    for (size_t i = 0; i < value.length; i++) {
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7F)
            return false;
    }
    return true;
}

/* NAME: VALUE for libcurl; NULL: out of memory. */
static char *make_header(struct arena *arena, const char *name, dime_text value)
{
    size_t size = strlen(name) + 2 + value.length + 1;
    char *line = arena_alloc(arena, size);
    if (line)
        snprintf(line, size, "%s: %.*s", name, (int)value.length, value.data);
    return line;
}

bool origins_container(struct aws *aws, const struct aws_call *call,
                       struct credentials *credentials, const char **why)
{
    static const char NAME[] = "the container's server";
    static const char FILE_VARIABLE[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    char url[2048];
    dime_text token = settings_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"), body;
    dime_text path = settings_variable(FILE_VARIABLE);
    struct origin_question question = {
        .name = NAME, .limit_ms = CONTAINER_MS, .tries = RETRY_TRIES};
    *why = "AWS_CONTAINER_CREDENTIALS_FULL_URI may name only this machine, or an https address; "
           "correct it.";
    if (!origins_container_url(url, sizeof url))
        return false;
    *why = "The file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names can't be read; see the log.";
    if (path.length && !read_token(aws, call, FILE_VARIABLE, path, &token))
        return false;
    *why = "The container's authorization token holds a line end; correct it.";
    if (!is_header_value(token))
        return false;
    question.request = (struct http_request){.method = "GET", .url = url, .neighbour = true};
    question.request.headers[0] = "Accept: application/json";
    char *line = token.length ? make_header(call->arena, "Authorization", token) : NULL;
    *why = NO_ORIGIN_MEMORY;
    if (token.length && !line)
        return false;
    question.request.headers[1] = line;
    *why = "The container's server doesn't hand out AWS credentials; try again later.";
    bool fetched =
        ask_origin(aws, call, &question, &body) && read_answer(aws, call, NAME, body, credentials);
    settings_wipe(text_of(line));
    return fetched;
}

/* The instance's server: where it is, and the header with the session's token. */
struct instance {
    dime_text base;
    const char *line;
};

static bool ask_instance(struct aws *aws, const struct aws_call *call,
                         const struct instance *instance, dime_text role, dime_text *body)
{
    char room[1024];
    struct buffer url;
    struct origin_question question = {
        .name = "the instance's metadata server",
        .limit_ms = INSTANCE_MS,
        .tries = 1,
        .request = {.method = "GET", .url = room, .neighbour = true}};
    buffer_over(&url, room, sizeof room - 1);
    buffer_put(&url, instance->base);
    if (instance->line) {
        buffer_puts(&url, "/latest/meta-data/iam/security-credentials/");
        buffer_percent(&url, role);
        question.request.headers[0] = instance->line;
    } else {
        buffer_puts(&url, "/latest/api/token");
        question.request.method = "PUT";
        question.request.headers[0] = "X-aws-ec2-metadata-token-ttl-seconds: 21600";
    }
    room[url.length] = '\0';
    return !url.failed && ask_origin(aws, call, &question, body) && body->length;
}

bool origins_instance(struct aws *aws, const struct aws_call *call, struct credentials *credentials,
                      const char **why)
{
    struct instance instance = {.base = settings_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")};
    dime_text token, roles, role, body;
    if (!instance.base.length)
        instance.base = TEXT("http://169.254.169.254");
    while (instance.base.length && instance.base.data[instance.base.length - 1] == '/')
        instance.base.length--;
    *why = CREDENTIALS_NONE;
    if (!ask_instance(aws, call, &instance, TEXT(""), &token) || !is_header_value(token))
        return false;
    instance.line = make_header(call->arena, "X-aws-ec2-metadata-token", token);
    if (!instance.line) {
        *why = NO_ORIGIN_MEMORY;
        return false;
    }
    if (!ask_instance(aws, call, &instance, TEXT(""), &roles) || !text_cut(&roles, '\n', &role) ||
        !ask_instance(aws, call, &instance, text_trim(role), &body) ||
        !read_answer(aws, call, "the instance's metadata server", body, credentials))
        return false;
    /* If IAM is slow, the server hands out expired credentials on purpose, and AWS accepts them. */
    if (credentials->expires_ms)
        credentials->expires_ms = larger(credentials->expires_ms, clock_epoch_ms() + LONGER_MS);
    return true;
}

static bool file_begins(const char *path, dime_text with)
{
    char room[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, room, sizeof room) : -1;
    if (fd >= 0)
        close(fd);
    return length > 0 && text_starts((dime_text){room, (size_t)length}, with);
}

bool origins_may_be_instance(void)
{
    return settings_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").length ||
           file_begins("/sys/class/dmi/id/sys_vendor", TEXT("Amazon EC2")) ||
           file_begins("/sys/hypervisor/uuid", TEXT("ec2"));
}

/* The form for STS. It isn't signed: the token is the proof. */
static dime_text make_form(struct arena *arena, dime_text role, dime_text session, dime_text token)
{
    struct buffer form;
    buffer_open(&form, arena, (size_t)4 * TOKEN_FILE_MAX);
    buffer_puts(&form, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
    buffer_percent(&form, role);
    buffer_puts(&form, "&RoleSessionName=");
    buffer_percent(&form, session.length ? session : TEXT("dime"));
    buffer_puts(&form, "&WebIdentityToken=");
    buffer_percent(&form, token);
    const dime_text none = {0};
    return form.failed ? none : buffer_text(&form);
}

static bool read_sts(dime_text xml, struct credentials *credentials)
{
    bool read = credentials_set(credentials, fault_element(xml, "AccessKeyId"),
                                fault_element(xml, "SecretAccessKey"),
                                fault_element(xml, "SessionToken")) &&
                credentials_time(fault_element(xml, "Expiration"), &credentials->expires_ms);
    settings_wipe(xml);
    return read;
}

bool origins_web_identity(struct aws *aws, const struct aws_call *call,
                          struct credentials *credentials, const char **why)
{
    dime_text role = settings_web_identity(&aws->settings, SETTINGS_ROLE);
    dime_text session = settings_web_identity(&aws->settings, SETTINGS_SESSION);
    dime_text path = settings_web_identity(&aws->settings, SETTINGS_TOKEN_FILE), token, body;
    struct origin_question question = {.name = STS.name, .limit_ms = STS_MS, .tries = RETRY_TRIES};
    struct aws_endpoint endpoint;
    *why = "AWS_WEB_IDENTITY_TOKEN_FILE (web_identity_token_file) is set without AWS_ROLE_ARN "
           "(role_arn); set both.";
    if (!role.length || !endpoint_find(&aws->settings, &STS, TEXT(""), TEXT(""), &endpoint, why))
        return false;
    *why =
        "The file that AWS_WEB_IDENTITY_TOKEN_FILE (web_identity_token_file) names can't be read; "
        "see the log.";
    if (!read_token(aws, call, "AWS_WEB_IDENTITY_TOKEN_FILE or web_identity_token_file", path,
                    &token))
        return false;
    question.request = (struct http_request){.method = "POST", .url = endpoint.base};
    question.request.body = make_form(call->arena, role, session, text_trim(token));
    question.request.headers[0] = "Content-Type: application/x-www-form-urlencoded";
    *why = NO_ORIGIN_MEMORY;
    if (!question.request.body.data)
        return false;
    *why = "AWS STS doesn't hand out credentials for the web identity; try again later.";
    bool fetched = ask_origin(aws, call, &question, &body) && read_sts(body, credentials);
    settings_wipe(question.request.body);
    settings_wipe(token);
    return fetched;
}
