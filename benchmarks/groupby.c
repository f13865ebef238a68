/* groupby.c -- the mean of 7 columns by 1,000 keys over 1,000,000 rows.
 *
 *   bench-groupby [ROWS] [ROUNDS] [THREADS]
 *
 * Prints one JSON line: seconds a call, the median over the rounds, and the sum of all means. benchmarks/groupby.py runs it beside
 * pandas, on the same numbers. */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>

enum { COLUMNS = 7, KEYS = 1000 };

/* What make() of groupby.py is too: keys of a multiplicative generator, values that are exact in both. */
static ml_frame *make(int64_t rows)
{
    int64_t *key = malloc((size_t)rows * sizeof *key);
    double *v = malloc((size_t)rows * sizeof *v);
    ml_frame *f = ml_frame_new();
    ml_status s = key && v && f ? ML_OK : ML_ENOMEM;
    for (int64_t i = 0; !s && i < rows; i++)
        key[i] = (int64_t)(((uint64_t)i * 2654435761u % 4294967296u) >> 7) % KEYS;
    if (!s)
        s = ml_frame_put_integers(f, "key", key, rows);
    for (int j = 0; !s && j < COLUMNS; j++) {
        char name[] = {(char)('a' + j), 0};
        for (int64_t i = 0; i < rows; i++)
            v[i] = (double)((i * 31 + j * 17) % 4093) / 64;
        s = ml_frame_put_numbers(f, name, v, rows);
    }
    free(key), free(v);
    if (!s)
        return f;
    ml_frame_free(f);
    return NULL;
}

int main(int argc, char **argv)
{
    const long rows = argc > 1 ? atol(argv[1]) : 1000000, rounds = argc > 2 ? atol(argv[2]) : 11, threads = argc > 3 ? atol(argv[3]) : 2;
    double *seconds = rounds > 0 ? calloc((size_t)rounds, sizeof *seconds) : NULL, sum = 0;
    ml_aggregate mean[COLUMNS];
    char name[COLUMNS][2];
    if (rows < 1 || !seconds || ml_set_threads((int)threads)) {
        fprintf(stderr, "usage: %s [ROWS >= 1] [ROUNDS >= 1] [THREADS >= 1]\n", argv[0]);
        return 2;
    }
    ml_frame *f = make(rows);
    for (int j = 0; j < COLUMNS; j++) {
        name[j][0] = (char)('a' + j), name[j][1] = 0;
        mean[j] = (ml_aggregate){.column = name[j]};
    }
    for (long i = -1; f && i < rounds; i++) { /* the first is not counted: it touches the memory for the first time */
        const double start = lab_seconds();
        ml_frame *out = ml_frame_group(f, "key", mean, COLUMNS, (ml_frame_group_opts){0});
        if (!out)
            break;
        if (i >= 0)
            seconds[i] = lab_seconds() - start;
        for (int64_t k = sum = 0; k < out->rows * COLUMNS; k++)
            sum += ml_column_number(&out->column[1 + k % COLUMNS], k / COLUMNS);
        ml_frame_free(out);
    }
    if (!f || seconds[rounds - 1] <= 0)
        return ml_perror("groupby");
    printf("{\"rows\": %ld, \"threads\": %ld, \"seconds\": %.6f, \"sum\": %.6f}\n", rows, threads, lab_median(seconds, (int)rounds), sum);
    ml_frame_free(f), free(seconds);
    return 0;
}
