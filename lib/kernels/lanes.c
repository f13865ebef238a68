/* lanes.c -- see lanes.h. */
#include "kernels/lanes.h"

#include "kernels/ranges.h"

int64_t mlk_lanes(int64_t n, int64_t least, int64_t most)
{
    int64_t lanes = n / (least > 1 ? least : 1);
    return lanes < 1 ? 1 : lanes > most ? most : lanes;
}

mlk_lane mlk_lane_of(int64_t n, int64_t lanes, int64_t i)
{
    int64_t each = n / lanes, rest = n % lanes, begin = i * each + (i < rest ? i : rest);
    return (mlk_lane){i, begin, begin + each + (i < rest)};
}

typedef struct job {
    int64_t n, lanes;
    void (*body)(void *arg, mlk_lane l);
    void *arg;
} job;

static ml_status run_one(void *arg, int64_t i)
{
    const job *j = arg;
    j->body(j->arg, mlk_lane_of(j->n, j->lanes, i));
    return ML_OK;
}

void mlk_run_lanes(int64_t n, int64_t lanes, void (*body)(void *arg, mlk_lane l), void *arg)
{
    job j = {n, lanes, body, arg};
    ml_parallel_for(lanes, run_one, &j); /* run_one cannot fail */
}

void mlk_run_items(int64_t n, int64_t size, void (*body)(void *arg, mlk_lane l), void *arg)
{
    if (n > 0)
        mlk_run_lanes(n, mlk_lanes(n, MLK_CHUNK / (size > 1 ? size : 1), MLK_LANES_MAX), body, arg);
}

typedef struct parts {
    ml_real *out;
    bool add;
    const ml_real *v;
    int64_t lanes, size;
} parts;

static void sum_range(void *arg, int64_t begin, int64_t end)
{
    const parts *p = arg;
    for (int64_t i = begin; i < end; i += MLK_BLOCK) {
        int64_t n = end - i < MLK_BLOCK ? end - i : MLK_BLOCK;
        ml_real sum[MLK_BLOCK];
        for (int64_t k = 0; k < n; k++)
            sum[k] = p->add ? p->out[i + k] : 0;
        for (int64_t l = 0; l < p->lanes; l++)
            for (int64_t k = 0; k < n; k++)
                sum[k] += p->v[l * p->size + i + k];
        for (int64_t k = 0; k < n; k++)
            p->out[i + k] = sum[k];
    }
}

void mlk_sum_parts(ml_real *out, bool add, const ml_real *v, int64_t lanes, int64_t size)
{
    mlk_ranges(size, sum_range, &(parts){out, add, v, lanes, size});
}
