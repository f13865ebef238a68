/* pattern.h -- POSIX extended regular expressions over UTF-8. Internal. */
#ifndef MLI_PATTERN_H
#define MLI_PATTERN_H

#include "base/base.h"

#include <locale.h>
#include <regex.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

/* An open pattern holds the calling thread's locale for characters, so that '.' is one of UTF-8; close gives it back. */
typedef struct mli_pattern {
    regex_t regex;
    locale_t utf8, before;
} mli_pattern;

/* Fails with the system's own sentence, which names the pattern. */
ml_status mli_pattern_open(mli_pattern *p, const char *where, const char *pattern);
/* The first match: its whole at m[0], groups after it; n of them in all. */
ml_status mli_pattern_find(const mli_pattern *p, const char *text, size_t n, regmatch_t *m, bool *found);
void mli_pattern_close(mli_pattern *p);

#endif
