/* print.c -- the confusion matrix as a table: a row a true class, a column a predicted one. */
#include "metrics/print.h"
#include "io/io.h"

#include <mlcore/metrics.h>

#include <string.h>

static int columns_of(const char *text) /* characters, not bytes */
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void mli_print_right(FILE *out, const char *name, int width)
{
    char text[MLI_SHOWN];
    int shown = 0, bytes = 0;
    mli_shown(name, text);
    while (text[bytes]) {
        if (((unsigned char)text[bytes] & 0xC0) != 0x80 && shown++ == MLI_NAME_COLUMNS)
            break;
        bytes++;
    }
    shown = shown > MLI_NAME_COLUMNS ? MLI_NAME_COLUMNS : shown;
    fprintf(out, "%*s%.*s", width > shown ? width - shown : 0, "", bytes, text);
}

static const char *name_of(const char *const *names, int32_t k, char buf[16])
{
    if (names && names[k])
        return names[k];
    snprintf(buf, 16, "%ld", (long)k);
    return buf;
}

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100 * (double)part / (double)whole : 0;
}

static double precision(const int64_t *counts, int32_t classes, int32_t k)
{
    int64_t predicted = 0;
    for (int32_t i = 0; i < classes; i++)
        predicted += counts[(int64_t)i * classes + k];
    return percent(counts[(int64_t)k * classes + k], predicted);
}

/* Columns for the names of rows, "precision %" among them. */
static int side_width(int32_t classes, const char *const *names)
{
    char buf[16];
    int width = 11;
    for (int32_t k = 0; k < classes; k++) {
        int n = columns_of(name_of(names, k, buf));
        width = n >= MLI_NAME_COLUMNS ? MLI_NAME_COLUMNS : n > width ? n : width;
    }
    return width;
}

static int cell_width(const int64_t *counts, int32_t classes, const char *const *names)
{
    char buf[16];
    int width = 4; /* "98.7" */
    int64_t largest = 0;
    for (int64_t i = 0; i < (int64_t)classes * classes; i++)
        largest = counts[i] > largest ? counts[i] : largest;
    int digits = snprintf(NULL, 0, "%lld", (long long)largest);
    width = digits > width ? digits : width;
    for (int32_t k = 0; k < classes; k++) {
        int n = columns_of(name_of(names, k, buf)), percents = snprintf(NULL, 0, "%.1f", precision(counts, classes, k));
        n = n > MLI_NAME_COLUMNS ? MLI_NAME_COLUMNS : n;
        n = percents > n ? percents : n;
        width = n > width ? n : width;
    }
    return width + 1;
}

void ml_confusion_print(FILE *out, const int64_t *counts, int32_t classes, const char *const *names)
{
    if (!out || !counts || classes < 1)
        return;
    char buf[16];
    int width = cell_width(counts, classes, names), side = side_width(classes, names);
    int64_t total = 0, right = 0;

    fprintf(out, "%*s  predicted\n%*s", side, "", side, "truth");
    for (int32_t k = 0; k < classes; k++)
        mli_print_right(out, name_of(names, k, buf), width);
    fprintf(out, "%8s%9s\n", "total", "recall %");
    for (int32_t i = 0; i < classes; i++) {
        const int64_t *row = counts + (int64_t)i * classes;
        int64_t sum = 0;
        mli_print_right(out, name_of(names, i, buf), side);
        for (int32_t j = 0; j < classes; j++) {
            sum += row[j];
            if (row[j])
                fprintf(out, "%*lld", width, (long long)row[j]);
            else
                fprintf(out, "%*s", width, "."); /* zeros are quiet, so that confusions are seen */
        }
        fprintf(out, "%8lld%9.1f\n", (long long)sum, percent(row[i], sum));
        total += sum;
        right += row[i];
    }
    fprintf(out, "%*s", side, "precision %");
    for (int32_t k = 0; k < classes; k++)
        fprintf(out, "%*.1f", width, precision(counts, classes, k));
    fprintf(out, "%8lld%9.1f\n", (long long)total, percent(right, total));
}
