/* pattern.c -- see pattern.h. */
#include "data/pattern.h"
#include "io/io.h"

static ml_status fail(int error, const regex_t *regex, const char *where, const char *pattern)
{
    char why[200], shown[MLI_SHOWN];
    regerror(error, regex, why, sizeof why);
    return mli_fail(error == REG_ESPACE ? ML_ENOMEM : ML_EINVAL, "%s: the pattern '%s': %s", where, mli_shown(pattern, shown), why);
}

ml_status mli_pattern_open(mli_pattern *p, const char *where, const char *pattern)
{
    if (!pattern)
        return mli_fail(ML_EINVAL, "%s: the pattern is NULL", where);
    if (!mli_is_utf8(pattern))
        return mli_fail(ML_EINVAL, "%s: the pattern is not UTF-8", where);
    p->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!p->utf8)
        p->utf8 = newlocale(LC_CTYPE_MASK, "UTF-8", (locale_t)0);
    p->before = p->utf8 ? uselocale(p->utf8) : (locale_t)0;
    const int error = regcomp(&p->regex, pattern, REG_EXTENDED);
    if (!error)
        return ML_OK;
    ml_status s = fail(error, &p->regex, where, pattern);
    if (p->utf8) {
        uselocale(p->before);
        freelocale(p->utf8);
    }
    return s;
}

ml_status mli_pattern_find(const mli_pattern *p, const char *text, size_t n, regmatch_t *m, bool *found)
{
    const int error = regexec(&p->regex, text, n, m, 0);
    *found = error == 0;
    if (!error || error == REG_NOMATCH)
        return ML_OK;
    return fail(error, &p->regex, "match", text);
}

void mli_pattern_close(mli_pattern *p)
{
    regfree(&p->regex);
    if (p->utf8) {
        uselocale(p->before);
        freelocale(p->utf8);
    }
}
