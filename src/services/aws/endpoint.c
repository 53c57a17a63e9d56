/*
 * endpoint.c - addresses by AWS's naming rules, or as settings have them.
 *
 * A region or a bucket that becomes part of a host's name is checked first: a slash or an at sign
 * in it would send the signed request to another host. If the bucket is part of the path, a proxy
 * that normalizes paths would take "/photos/../other/a" for an object of another bucket.
 */
#include "services/aws/endpoint.h"

#include <stdio.h>

static const char SCHEME[] = "https://";

/* Regions of China and of Europe's own cloud have a domain of their own. */
static const char *domain(const char *region)
{
    if (strncmp(region, "cn-", 3) == 0)
        return "amazonaws.com.cn";
    return strncmp(region, "eusc-", 5) == 0 ? "amazonaws.eu" : "amazonaws.com";
}

static void make_own(struct aws_endpoint *endpoint, const struct aws_service *service)
{
    endpoint->own = true;
    snprintf(endpoint->base, sizeof endpoint->base, "%s%s.%s.%s", SCHEME, service->id,
             endpoint->region, domain(endpoint->region));
}

/* Copies an address from the settings, without the slash at its end. */
static bool take_address(struct aws_endpoint *endpoint, dime_text url)
{
    struct http_address address;
    if (!http_read_address(&address, url))
        return false;
    while (address.path.length && address.path.data[address.path.length - 1] == '/')
        address.path.length--;
    int length = snprintf(endpoint->base, sizeof endpoint->base, "%s%.*s", address.base,
                          (int)address.path.length, address.path.data);
    endpoint->own = false;
    if (length > 0 && (size_t)length < sizeof endpoint->base)
        return true;
    endpoint->base[0] = '\0';
    return false;
}

bool endpoint_find(const struct aws_settings *settings, const struct aws_service *service,
                   dime_text region, dime_text given, struct aws_endpoint *endpoint,
                   const char **why)
{
    *endpoint = (struct aws_endpoint){0};
    if (!settings_region(settings, region, endpoint->region, why))
        return false;
    dime_text url = settings_endpoint(settings, service);
    if (!url.length)
        url = given;
    if (!url.length)
        make_own(endpoint, service);
    else if (!take_address(endpoint, url))
        *why = "An AWS endpoint must be an address such as https://localhost:4566; correct the "
               "one in AWS_ENDPOINT_URL or in the profile.";
    return endpoint->base[0];
}

bool endpoint_move(struct aws_endpoint *endpoint, const struct aws_service *service,
                   dime_text region)
{
    if (!endpoint->own || !settings_take_region(region, endpoint->region))
        return false;
    make_own(endpoint, service);
    return true;
}

bool endpoint_is_bucket(dime_text bucket)
{
    for (size_t i = 0; i < bucket.length; i++) {
        char c = bucket.data[i];
        if (!text_alphanumeric(c) && (i == 0 || (c != '-' && c != '.' && c != '_')))
            return false;
    }
    return bucket.length >= 3 && bucket.length <= 255;
}

/* Whether it can be the first part of a host's name: a certificate covers none with dots. */
static bool is_label(dime_text bucket)
{
    for (size_t i = 0; i < bucket.length; i++) {
        char c = bucket.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return bucket.length <= 63 && bucket.data[bucket.length - 1] != '-';
}

static bool has_host(const struct aws_endpoint *endpoint, dime_text bucket)
{
    return bucket.length && endpoint->own && is_label(bucket);
}

bool endpoint_stays(const struct aws_endpoint *endpoint, dime_text bucket, dime_text path)
{
    dime_text rest, part;
    if (!bucket.length || has_host(endpoint, bucket) || !text_cut(&path, '?', &rest))
        return true;
    while (text_cut(&rest, '/', &part)) {
        if (text_equal(part, TEXT(".")) || text_equal(part, TEXT("..")))
            return false;
    }
    return true;
}

void endpoint_url(const struct aws_endpoint *endpoint, dime_text bucket, dime_text path,
                  struct buffer *url)
{
    if (has_host(endpoint, bucket)) {
        buffer_puts(url, SCHEME);
        buffer_put(url, bucket);
        buffer_puts(url, ".");
        buffer_puts(url, endpoint->base + sizeof SCHEME - 1);
    } else {
        buffer_puts(url, endpoint->base);
        buffer_puts(url, bucket.length ? "/" : "");
        buffer_put(url, bucket);
    }
    buffer_put(url, path);
}
