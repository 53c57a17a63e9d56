/*
 * refusal.c - writes down why a picture isn't looked at.
 *
 * The first reason stands: what fails afterwards, while everything is taken down, only follows.
 */
#include "vision/refusal.h"

#include <stdarg.h>
#include <stdio.h>

bool vision_refuse(struct vision_refusal *refusal, int status, const char *format, ...)
{
    if (refusal->status)
        return false;
    refusal->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(refusal->why, sizeof refusal->why, format, arguments);
    va_end(arguments);
    return false;
}

bool vision_refuse_memory(struct vision_refusal *refusal)
{
    return vision_refuse(refusal, 503, "There is no memory for this picture now; try again later.");
}
