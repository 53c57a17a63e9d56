/*
 * sqs.h - a queue of Amazon SQS: receive, delete, hide for longer, send (its API reference).
 *
 * All calls take batches, since each costs money and a round trip. A batch may succeed in part:
 * then the reply is ok, and the entries say which failed.
 */
#ifndef DIME_SERVICES_AWS_SQS_H
#define DIME_SERVICES_AWS_SQS_H

#include <stddef.h>

#include "services/aws/aws.h"

enum {
    SQS_BATCH_MAX = 10,            /* messages of one call */
    SQS_MESSAGE_MAX = 1024 * 1024, /* bytes of a message, and of a batch that is sent */
    SQS_WAIT_MAX = 20,             /* seconds that a receive may wait */
};

struct sqs_queue {
    dime_text url;      /* must outlast it */
    char region[64];    /* from the URL where that names one, else the usual one */
    char endpoint[256]; /* scheme and host */
    dime_text name;     /* the last part of the URL's path */
    dime_text account;  /* the part before it; may be empty */
    bool ordered;       /* a FIFO queue */
};

/*
 * Reads a queue's URL: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or one of a server that
 * speaks SQS's protocol, which is called at that URL. AWS_ENDPOINT_URL_SQS and its kin override
 * that. Makes no call. False: *WHY is a sentence, which lasts until the next call.
 */
bool sqs_open(struct sqs_queue *queue, struct aws *aws, dime_text url, const char **why);

/* A message that was received. Texts are the arena's. */
struct sqs_message {
    dime_text id;
    dime_text receipt;    /* for deleting or hiding it; valid for this receive alone */
    dime_text body;       /* decoded */
    dime_text attributes; /* JSON as it came: {"ApproximateReceiveCount":"1",...}; {} for none */
};

struct sqs_messages {
    size_t count;
    struct sqs_message items[SQS_BATCH_MAX];
};

/*
 * Waits up to WAIT_S seconds (0 to 20) for at most MOST messages (1 to 10), with their attributes,
 * and hides them from others for VISIBILITY_S seconds (less than 0: as long as the queue says). No
 * messages is no error. The deadline must be some seconds later than the wait. The arena
 * needs room for twice what comes, at most 2 * 11 MiB.
 */
bool sqs_receive(struct aws *aws, struct aws_call *call, const struct sqs_queue *queue, int most,
                 int wait_s, int visibility_s, struct sqs_messages *messages);

/* One message of a batch that is deleted, hidden, or sent. */
struct sqs_entry {
    dime_text receipt; /* delete, hide: of the message */
    int visibility_s;  /* hide: from now on; 0 makes it visible at once */

    dime_text body;          /* send: 1 to SQS_MESSAGE_MAX bytes of text as XML has it */
    dime_text group;         /* send: of a FIFO queue; empty: none */
    dime_text deduplication; /* send: likewise */
    int delay_s;             /* send: 1 to 900; 0: as the queue says */

    bool failed;       /* afterwards, if the reply is ok */
    bool sender_fault; /* a retry would fail too */
    dime_text code;    /* why it has failed, such as ReceiptHandleIsInvalid */
    dime_text id;      /* send: the message's */
};

enum sqs_action { SQS_DELETE, SQS_HIDE, SQS_SEND };

/*
 * Deletes, hides or sends COUNT entries (1 to SQS_BATCH_MAX) in one call. The reply is ok even if
 * some entries have failed. If it isn't ok, the outcome of each entry is unknown.
 */
bool sqs_batch(struct aws *aws, struct aws_call *call, const struct sqs_queue *queue,
               enum sqs_action action, struct sqs_entry *entries, size_t count);

#endif
