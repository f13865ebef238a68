/* error.c -- the thread's last sentence. */
#include "base/base.h"

#include <stdarg.h>
#include <string.h>

static _Thread_local char sentence[1024];
static _Thread_local ml_status last = ML_OK;

static ml_status set(ml_status status, const char *format, va_list args)
{
    /* Built beside first: the arguments may point into the sentence itself. */
    char text[sizeof sentence] = "";
    vsnprintf(text, sizeof text, format, args);
    memcpy(sentence, text, sizeof text);
    last = status;
    return status;
}

ml_status mli_fail(ml_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(status, format, args);
    va_end(args);
    return status;
}

void *mli_null(ml_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(status, format, args);
    va_end(args);
    return NULL;
}

ml_status mli_fail_in(const char *prefix)
{
    return mli_fail(last, "%s: %s", prefix, sentence);
}

const char *ml_error(void)
{
    return sentence;
}

ml_status ml_error_status(void)
{
    return last;
}

void ml_error_clear(void)
{
    sentence[0] = 0;
    last = ML_OK;
}

int ml_perror(const char *where)
{
    fprintf(stderr, "%s: %s\n", where ? where : "mlcore", sentence[0] ? sentence : "no error");
    return 1;
}
