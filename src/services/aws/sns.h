/*
 * sns.h - messages that Amazon SNS sends over HTTP (its guide, "Sending Amazon SNS messages to
 * HTTP/HTTPS endpoints"): verifies their signature, and confirms a subscription.
 *
 * Anybody can send such a message to an open address, so nothing in it counts before its signature
 * is verified, by a certificate that comes from an address of SNS over verified TLS. No other
 * address is ever called, whatever a message says.
 */
#ifndef DIME_SERVICES_AWS_SNS_H
#define DIME_SERVICES_AWS_SNS_H

#include "services/aws/aws.h"

/* As they stand in the message. Absent texts are empty, with data NULL. */
struct sns_message {
    dime_text type; /* Notification, SubscriptionConfirmation, UnsubscribeConfirmation */
    dime_text id, topic, subject, text, timestamp, token, subscribe_url;
    dime_text signature, signature_version, certificate_url;
};

struct sns; /* the key of the certificate that was last seen */

/* Makes one for a worker, which closes it. NULL: out of memory. */
struct sns *sns_open(void);

/* Frees it. SNS may be NULL. */
void sns_close(struct sns *sns);

/*
 * Whether SNS has signed this message within the last hour. False, with the status: 422 it hasn't;
 * 502 or 504 its certificate can't be fetched now. A certificate is kept for a day.
 */
bool sns_verify(struct sns *sns, struct aws *aws, struct aws_call *call,
                const struct sns_message *message);

/*
 * Confirms a subscription, for a SubscriptionConfirmation that has been verified and whose topic is
 * wanted.
 */
bool sns_confirm(struct aws *aws, struct aws_call *call, const struct sns_message *message);

#endif
