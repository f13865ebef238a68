/* table.c -- a frame's rows as a table. */
#include "report/report.h"

#include <math.h>
#include <string.h>

static bool is_number(const ml_column *c)
{
    return c->type == ML_NUMBER || c->type == ML_INTEGER;
}

/* Microseconds since 1970 as "1912-04-15 02:20:00", without a time of day that is zero. The calendar by counting from 0000-03-01,
 * so that leap days end their years: H. Hinnant, "chrono-compatible low-level date algorithms" (2013). */
static void put_time(mli_buffer *b, int64_t microseconds)
{
    const int64_t day_length = 86400, era_length = 146097;
    int64_t seconds = microseconds / 1000000 - (microseconds % 1000000 < 0);
    int64_t days = seconds / day_length - (seconds % day_length < 0), rest = seconds - days * day_length;
    days += 719468;
    int64_t era = days / era_length - (days % era_length < 0), day = days - era * era_length;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    month += month < 10 ? 3 : -9;
    mli_putf(b, "%04lld-%02lld-%02lld", (long long)(year + 400 * era + (month <= 2)), (long long)month, (long long)day + 1);
    if (rest)
        mli_putf(b, " %02lld:%02lld:%02lld", (long long)(rest / 3600), (long long)(rest / 60 % 60), (long long)(rest % 60));
}

static void put_cell(mli_buffer *b, const ml_column *c, int64_t i)
{
    const char *kind = is_number(c) ? "number" : c->type == ML_TIME ? "time" : "text";
    if (ml_column_missing(c, i)) {
        mli_putf(b, "<td class=\"%s none\">&ndash;", kind);
    } else {
        mli_putf(b, "<td class=\"%s\">", kind);
        if (c->type == ML_NUMBER)
            mli_put_number(b, 'g', 6, c->number[i]);
        else if (c->type == ML_INTEGER)
            mli_putf(b, "%lld", (long long)c->integer[i]);
        else if (c->type == ML_TIME)
            put_time(b, c->integer[i]);
        else
            mli_html_put(b, ml_column_text(c, i));
    }
    mli_put(b, "</td>");
}

static void put_head(mli_buffer *b, const ml_frame *f)
{
    mli_put(b, "<thead><tr>");
    for (int j = 0; j < f->columns; j++) {
        mli_put(b, is_number(f->column + j) ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">");
        mli_html_put(b, f->column[j].name);
        mli_put(b, "</th>");
    }
    mli_put(b, "</tr></thead>\n<tbody>\n");
}

ml_status ml_html_table(ml_html *h, const char *caption, const ml_frame *f, int64_t most)
{
    ml_status s = mli_html_check(h, "table");
    most = mli_given(most, 50);
    if (s)
        return s;
    if (!f || most < 0) {
        (void)mli_fail(ML_EINVAL, "table: %s", f ? "less than no rows" : "the frame is NULL");
        return mli_html_failed(h);
    }
    int64_t rows = f->rows < most ? f->rows : most;
    mli_buffer *b = &h->body;
    mli_put(b, "<div class=\"scroll\" tabindex=\"0\"><table>\n");
    mli_html_caption(h, "caption", "Table", &h->tables, caption);
    put_head(b, f);
    for (int64_t i = 0; i < rows && !b->failed; i++) {
        mli_put(b, "<tr>");
        for (int j = 0; j < f->columns; j++)
            put_cell(b, f->column + j, i);
        mli_put(b, "</tr>\n");
    }
    mli_put(b, "</tbody></table></div>\n");
    if (rows < f->rows)
        mli_putf(b, "<p class=\"more\">%lld of %lld rows.</p>\n", (long long)rows, (long long)f->rows);
    return mli_html_status(h);
}
