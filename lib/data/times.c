/* times.c -- dates and times as text, in the calendar that is in use today, continued to the past.
 *
 * Source    days and dates: E. Reingold, N. Dershowitz, Calendrical Calculations, chapter 2: the year begins in March, so that
 *           the day that is sometimes there is its last.
 */
#include "data/times.h"

#include <stdio.h>
#include <string.h>

typedef struct parts {
    int64_t year, month, day, hour, minute, second, micro;
    int64_t zone; /* minutes east of Greenwich */
    int half;     /* of a 12-hour clock: 1 morning, 2 afternoon */
} parts;

int64_t mli_days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400, in_era = year - era * 400;
    const int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

void mli_days_date(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097, in_era = days - era * 146097;
    const int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int64_t in_year = in_era - (365 * years + years / 4 - years / 100), m = (5 * in_year + 2) / 153;
    *day = in_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = years + era * 400 + (*month <= 2);
}

static int64_t days_in(int64_t year, int64_t month)
{
    return month == 12 ? 31 : mli_days_of(year, month + 1, 1) - mli_days_of(year, month, 1);
}

static bool combine(const parts *t, int64_t *microseconds)
{
    int64_t hour = t->hour;
    if (t->half && (hour < 1 || hour > 12))
        return false;
    if (t->half)
        hour = hour % 12 + (t->half == 2 ? 12 : 0);
    if (t->month < 1 || t->month > 12 || t->day < 1 || t->day > days_in(t->year, t->month) || hour > 23 || t->minute > 59 ||
        t->second > 59)
        return false;
    const int64_t minutes = (mli_days_of(t->year, t->month, t->day) * 24 + hour) * 60 + t->minute - t->zone;
    *microseconds = (minutes * 60 + t->second) * 1000000 + t->micro;
    return true;
}

/* ---- reading ---- */

/* Between least and most digits, as many as there are. */
static bool number(const char **p, const char *end, int least, int most, int64_t *v)
{
    int n = 0;
    *v = 0;
    for (; n < most && *p < end && (unsigned)(**p - '0') <= 9; n++)
        *v = 10 * *v + (*(*p)++ - '0');
    return n >= least;
}

static bool literal(const char **p, const char *end, char c)
{
    const bool is = *p < end && **p == c;
    *p += is;
    return is;
}

/* Digits behind a point: six count, the rest is dropped. */
static bool fraction(const char **p, const char *end, int64_t *micro)
{
    const char *begin = *p;
    int64_t scale = 100000;
    *micro = 0;
    for (; *p < end && (unsigned)(**p - '0') <= 9; (*p)++, scale /= 10)
        *micro += (**p - '0') * scale;
    return *p > begin;
}

static bool zone(const char **p, const char *end, int64_t *minutes)
{
    int64_t hours, rest = 0;
    *minutes = 0;
    if (literal(p, end, 'Z'))
        return true;
    const bool west = *p < end && **p == '-';
    if (!literal(p, end, '-') && !literal(p, end, '+'))
        return false;
    if (!number(p, end, 2, 2, &hours))
        return false;
    const bool more = literal(p, end, ':') || (*p < end && (unsigned)(**p - '0') <= 9);
    if ((more && !number(p, end, 2, 2, &rest)) || hours > 23 || rest > 59)
        return false;
    *minutes = west ? -(60 * hours + rest) : 60 * hours + rest;
    return true;
}

bool mli_time_read(const char *text, size_t n, int64_t *microseconds)
{
    const char *p = text, *end = text + n;
    parts t = {0};
    if (n < 10 || !number(&p, end, 4, 4, &t.year) || !literal(&p, end, '-') || !number(&p, end, 2, 2, &t.month) ||
        !literal(&p, end, '-') || !number(&p, end, 2, 2, &t.day))
        return false;
    if (p == end)
        return combine(&t, microseconds);
    if ((!literal(&p, end, 'T') && !literal(&p, end, ' ')) || !number(&p, end, 2, 2, &t.hour) || !literal(&p, end, ':') ||
        !number(&p, end, 2, 2, &t.minute))
        return false;
    if (literal(&p, end, ':') && (!number(&p, end, 2, 2, &t.second) || (literal(&p, end, '.') && !fraction(&p, end, &t.micro))))
        return false;
    if (p < end && !zone(&p, end, &t.zone))
        return false;
    return p == end && combine(&t, microseconds);
}

static bool month_name(const char **p, const char *end, int64_t *month)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (end - *p < 3)
        return false;
    for (int m = 0; m < 12; m++)
        if ((((*p)[0] | 0x20) == names[3 * m]) && ((*p)[1] | 0x20) == names[3 * m + 1] && ((*p)[2] | 0x20) == names[3 * m + 2]) {
            *p += 3;
            *month = m + 1;
            return true;
        }
    return false;
}

static bool half_of_day(const char **p, const char *end, int *half)
{
    if (end - *p < 2 || ((*p)[1] | 0x20) != 'm')
        return false;
    const char c = (char)((*p)[0] | 0x20);
    *half = c == 'a' ? 1 : 2;
    *p += 2;
    return c == 'a' || c == 'p';
}

/* What one letter of a format stands for. */
static bool read_part(char letter, const char **p, const char *end, parts *t)
{
    bool good;
    switch (letter) {
    case 'Y': return number(p, end, 4, 4, &t->year);
    case 'y':
        good = number(p, end, 2, 2, &t->year);
        t->year += t->year < 69 ? 2000 : 1900; /* as POSIX has it */
        return good;
    case 'm': return number(p, end, 1, 2, &t->month);
    case 'd': return number(p, end, 1, 2, &t->day);
    case 'b': return month_name(p, end, &t->month);
    case 'H':
    case 'I': return number(p, end, 1, 2, &t->hour);
    case 'p': return half_of_day(p, end, &t->half);
    case 'M': return number(p, end, 1, 2, &t->minute);
    case 'S': return number(p, end, 1, 2, &t->second);
    case 'f': return fraction(p, end, &t->micro);
    case 'z': return zone(p, end, &t->zone);
    default: return literal(p, end, letter); /* '%' */
    }
}

bool mli_time_read_as(const char *format, const char *text, size_t n, int64_t *microseconds)
{
    const char *p = text, *end = text + n;
    parts t = {.year = 1970, .month = 1, .day = 1};
    if (!format)
        return mli_time_read(text, n, microseconds);
    for (; *format; format++) {
        const bool part = *format == '%' && format[1];
        if (part ? !read_part(*++format, &p, end, &t) : !literal(&p, end, *format))
            return false;
    }
    return p == end && combine(&t, microseconds);
}

const char *mli_time_format_check(const char *format)
{
    for (const char *p = format; p && *p; p++) {
        if (*p != '%')
            continue;
        if (!p[1] || !strchr("YymdbHIpMSfz%", p[1])) {
            mli_fail(ML_EINVAL,
                     "the format '%s' has %%%c: what can be read is %%Y %%y %%m %%d %%b %%H %%I %%p %%M %%S %%f %%z %%%%",
                     format, p[1] ? p[1] : ' ');
            return ml_error();
        }
        p++;
    }
    return NULL;
}

/* ---- writing ---- */

int mli_time_text(int64_t microseconds, bool date_only, char buf[MLI_TIME_TEXT])
{
    const int64_t days = microseconds / MLI_DAY - (microseconds % MLI_DAY < 0);
    const int64_t rest = (microseconds % MLI_DAY + MLI_DAY) % MLI_DAY, seconds = rest / 1000000, micro = rest % 1000000;
    int64_t year, month, day;
    mli_days_date(days, &year, &month, &day);
    int n = snprintf(buf, MLI_TIME_TEXT, "%04lld-%02d-%02d", (long long)year, (int)month, (int)day);
    if (!date_only)
        n += snprintf(buf + n, (size_t)(MLI_TIME_TEXT - n), " %02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                      (int)(seconds % 60));
    if (!date_only && micro)
        n += snprintf(buf + n, (size_t)(MLI_TIME_TEXT - n), ".%06d", (int)micro);
    return n;
}
