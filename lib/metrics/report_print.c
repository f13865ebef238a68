/* report_print.c -- a report in words and as a table. Shares are told in per cent, their differences in points. */
#include "base/number.h"
#include "io/io.h"
#include "metrics/print.h"

#include <mlcore/metrics.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 48 };

/* v with so many decimals, and a point whatever the locale. */
static char *fixed(double v, int decimals, char buf[NUMBER])
{
    static const double power[] = {1, 10, 100, 1000, 1e4};
    if (!(fabs(v) < 1e12)) {
        mli_number_text(v, '.', buf);
        return buf;
    }
    const long long scaled = llround(v * power[decimals]), whole = llabs(scaled) / (long long)power[decimals];
    if (decimals)
        snprintf(buf, NUMBER, "%s%lld.%0*lld", scaled < 0 ? "-" : "", whole, decimals, llabs(scaled) % (long long)power[decimals]);
    else
        snprintf(buf, NUMBER, "%lld", scaled);
    return buf;
}

/* Scores between 0 and 1 of which the best is 1. */
static bool is_share(const ml_report_row *row)
{
    return !row->loss && strcmp(row->score, "r2") != 0;
}

static char *number(const ml_report_row *row, double v, char buf[NUMBER])
{
    return is_share(row) ? fixed(100 * v, 1, buf) : fixed(v, 4, buf);
}

static char *level_text(const ml_report *r, char buf[NUMBER])
{
    const double percent = 100 * r->level;
    return fixed(percent, fabs(percent - round(percent)) < 1e-9 ? 0 : 1, buf);
}

/* By how much the model is ahead, and the interval of that. */
typedef struct lead {
    double by, low, high;
} lead;

static lead turned(lead l)
{
    return (lead){-l.by, -l.high, -l.low};
}

char *ml_report_sentence(const ml_report *r, int row, char *buf, size_t size)
{
    char by[NUMBER], low[NUMBER], high[NUMBER], level[NUMBER], other[MLI_SHOWN];
    if (!r || row < 0 || row >= r->rows || !r->other) {
        snprintf(buf, size, "there is nothing to compare with");
        return buf;
    }
    const ml_report_row *x = &r->row[row];
    const char *points = is_share(x) ? " points" : "";
    lead l = {x->difference, x->difference_low, x->difference_high};
    l = x->loss ? turned(l) : l;
    const bool worse = l.high < 0;
    l = worse ? turned(l) : l;
    number(x, l.by, by);
    number(x, l.low, low);
    number(x, l.high, high);
    level_text(r, level);
    mli_shown(r->other, other);
    if (isnan(l.low))
        snprintf(buf, size, "the difference to %s cannot be judged: few draws of %lld samples have this score", other,
                 (long long)r->samples);
    else if (x->noise)
        snprintf(buf, size, "the difference of %s%s is within the noise (%s %% interval %s .. %s)", by, points, level, low, high);
    else
        snprintf(buf, size, "%s than %s by %s%s (%s %% interval %s .. %s)", worse ? "worse" : "better", other, by, points, level, low,
                 high);
    return buf;
}

static void print_row(FILE *out, const ml_report *r, const ml_report_row *row)
{
    char buf[NUMBER], range[2 * NUMBER + 8];
    const char *unit = is_share(row) ? " %" : "  ";
    fprintf(out, "%-18s%12s%s", row->score, number(row, row->value, buf), unit);
    char high[NUMBER];
    snprintf(range, sizeof range, "%s .. %s", number(row, row->low, buf), number(row, row->high, high));
    fprintf(out, "%24s", range);
    if (r->other)
        fprintf(out, "%12s%s", number(row, row->other, buf), unit);
    fprintf(out, "\n");
}

void ml_report_print(FILE *out, const ml_report *r)
{
    char buf[400], level[NUMBER];
    if (!out || !r)
        return;
    fprintf(out, "%-18s", "");
    mli_print_right(out, r->model, 12);
    snprintf(buf, sizeof buf, "%s %% interval", level_text(r, level));
    fprintf(out, "%26s", buf);
    if (r->other)
        mli_print_right(out, r->other, 12);
    fprintf(out, "\n");
    for (int k = 0; k < r->rows; k++)
        print_row(out, r, &r->row[k]);
    for (int k = 0; r->other && k < r->rows; k++)
        fprintf(out, "%s: %s\n", r->row[k].score, ml_report_sentence(r, k, buf, sizeof buf));
}
