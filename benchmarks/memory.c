/* memory.c -- ops that do little with each number: how near to the speed of memory they run.
 *
 *   bench-memory [--threads 2] [--repeat 21]
 *
 * On numbers as a layer of ResNet-18 has them, (32,56,56,64): 26 MB, which no cache holds. Bytes are those that an op must move: each
 * operand read once for each time that its definition needs all of it, each result written once. The ceiling is a copy by memcpy in
 * pieces of 64 KB, cut among the threads as the ops are. Prints a Markdown table. */
#include "lab/measure.h"

#include "kernels/activations.h"
#include "kernels/batch_norm.h"
#include "kernels/elementwise.h"
#include "kernels/lanes.h"
#include "kernels/pool2d.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>
#include <string.h>

enum { N = 32, H = 56, C = 64, PIXELS = N * H * H, SIZE = PIXELS * C, PIECE = 1 << 14 };

static struct {
    ml_real *x, *y, *dy, *dx, *gamma, *beta;
    void *at, *work;
    double mean[C], scale[C];
    mlk_broadcast same, row;
    mlk_pool2d two, three, global;
} all;

static ml_real *numbers(int64_t n)
{
    ml_rng rng = ml_rng_seed((uint64_t)n);
    ml_real *v = mli_alloc((size_t)n * sizeof *v);
    if (!v)
        exit(ml_perror("memory"));
    for (int64_t i = 0; i < n; i++)
        v[i] = (ml_real)(ml_rng_uniform(&rng) - 0.5);
    return v;
}

/* ---- what is measured ---- */

static void copy_lane(void *arg, mlk_lane l)
{
    (void)arg;
    for (int64_t i = l.begin; i < l.end; i++)
        memcpy(all.y + i * PIECE, all.x + i * PIECE, PIECE * sizeof *all.y);
}

static void copy(void *arg)
{
    mlk_run_lanes(SIZE / PIECE, MLK_LANES_MAX, copy_lane, arg);
}

static mlk_norm norm(void)
{
    return (mlk_norm){.rows = PIXELS, .n = C, .mean = all.mean, .scale = all.scale, .gamma = all.gamma, .beta = all.beta};
}

#define WORK(name, call)                                                                                       \
    static void name(void *arg)                                                                                    \
    {                                                                                                              \
        (void)arg;                                                                                                 \
        call;                                                                                                      \
    }
WORK(relu, mlk_relu_forward(all.y, all.x, SIZE))
WORK(relu_back, mlk_relu_backward(all.dx, false, all.dy, all.y, SIZE))
WORK(sigmoid, mlk_sigmoid_forward(all.y, all.x, SIZE))
WORK(sigmoid_back, mlk_sigmoid_backward(all.dx, false, all.dy, all.y, SIZE))
WORK(gelu, mlk_gelu_forward(all.y, all.x, SIZE))
WORK(add, mlk_add_forward(all.y, all.x, all.dy, &all.same))
WORK(add_back, mlk_add_backward(all.dx, false, &(mlk_terms){.dy = all.dy}, &all.same, 0))
WORK(add_row, mlk_add_forward(all.y, all.x, all.gamma, &all.row))
WORK(mul, mlk_mul_forward(all.y, all.x, all.dy, &all.same))
WORK(mul_back, mlk_mul_backward(all.dx, false, &(mlk_terms){.dy = all.dy, .a = all.x, .b = all.y}, &all.same, 0))
WORK(max_2, mlk_max_pool2d_forward(all.y, all.at, all.x, &all.two))
WORK(max_2_back, mlk_max_pool2d_backward(all.dx, false, all.dy, all.at, &all.two))
WORK(max_3, mlk_max_pool2d_forward(all.y, all.at, all.x, &all.three))
WORK(max_3_back, mlk_max_pool2d_backward(all.dx, false, all.dy, all.at, &all.three))
WORK(avg_2, mlk_avg_pool2d_forward(all.y, all.x, &all.two))
WORK(avg_2_back, mlk_avg_pool2d_backward(all.dx, false, all.dy, &all.two))
WORK(avg_all, mlk_avg_pool2d_forward(all.y, all.x, &all.global))
WORK(avg_all_back, mlk_avg_pool2d_backward(all.dx, false, all.dy, &all.global))

static void batch_norm(void *arg)
{
    (void)arg;
    mlk_norm b = norm();
    mlk_batch_norm_moments(all.mean, all.scale, all.x, PIXELS, C, all.work);
    mlk_batch_norm_scale(all.scale, C, 1e-5);
    mlk_batch_norm_forward(all.y, all.x, &b, all.work);
}

static void batch_norm_back(void *arg)
{
    (void)arg;
    mlk_norm b = norm();
    ml_real dgamma[C], dbeta[C];
    mlk_batch_norm_backward(&(mlk_norm_grads){.dx = all.dx, .dgamma = dgamma, .dbeta = dbeta}, all.dy, all.x, &b, all.work);
}

/* Pixels of y to those of x, and a byte that says who won. */
#define QUARTER 0.25
#define WINNERS (QUARTER / sizeof(ml_real))

static const struct {
    const char *name;
    void (*run)(void *arg);
    double moves; /* times SIZE numbers */
    const char *what;
} WORKS[] = {
    {"copy", copy, 2, "read x, write y"},
    {"relu", relu, 2, "read x, write y"},
    {"relu, backward", relu_back, 3, "read dy, y, write dx"},
    {"sigmoid", sigmoid, 2, "read x, write y"},
    {"sigmoid, backward", sigmoid_back, 3, "read dy, y, write dx"},
    {"gelu", gelu, 2, "read x, write y"},
    {"add", add, 3, "read a, b, write y"},
    {"add, backward", add_back, 2, "read dy, write da"},
    {"add a row", add_row, 2, "read a, write y"},
    {"mul", mul, 3, "read a, b, write y"},
    {"mul, backward", mul_back, 3, "read dy, b, write da"},
    {"max pool 2x2", max_2, 1 + QUARTER + WINNERS, "read x, write y and who won"},
    {"max pool 2x2, backward", max_2_back, 1 + QUARTER + WINNERS, "read dy and who won, write dx"},
    {"max pool 3x3/2", max_3, 1 + QUARTER + WINNERS, "read x, write y and who won"},
    {"max pool 3x3/2, backward", max_3_back, 1 + QUARTER + WINNERS, "read dy and who won, write dx"},
    {"average pool 2x2", avg_2, 1 + QUARTER, "read x, write y"},
    {"average pool 2x2, backward", avg_2_back, 1 + QUARTER, "read dy, write dx"},
    {"average of all pixels", avg_all, 1, "read x"},
    {"average of all pixels, backward", avg_all_back, 1, "write dx"},
    {"batch norm", batch_norm, 3, "read x twice, write y"},
    {"batch norm, backward", batch_norm_back, 5, "read dy and x twice, write dx"},
};

static mlk_pool2d pool(int64_t out, int64_t k, int64_t stride, int64_t pad)
{
    mlk_pool_axis a = {H, out, k, stride, pad};
    return (mlk_pool2d){.n = N, .c = C, .h = a, .w = a};
}

static void prepare(void)
{
    all.x = numbers(SIZE), all.y = numbers(SIZE), all.dy = numbers(SIZE), all.dx = numbers(SIZE);
    all.gamma = numbers(C), all.beta = numbers(C);
    all.two = pool(H / 2, 2, 2, 0), all.three = pool(H / 2, 3, 2, 1), all.global = pool(1, 0, 0, 0);
    size_t saved = mlk_max_pool2d_saved(&all.two), more = mlk_max_pool2d_saved(&all.three);
    all.at = mli_alloc(saved > more ? saved : more);
    all.work = mli_alloc(mlk_batch_norm_work(PIXELS, C));
    if (!all.at || !all.work)
        exit(ml_perror("memory"));
    mlk_broadcast_plan(&all.same, 2, (int64_t[]){PIXELS, C}, 2, (int64_t[]){PIXELS, C});
    mlk_broadcast_plan(&all.row, 2, (int64_t[]){PIXELS, C}, 1, (int64_t[]){C});
}

int main(int argc, char **argv)
{
    int threads = 2, repeat = 21;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc)
            repeat = atoi(argv[++i]);
        else
            return fputs("usage: bench-memory [--threads N] [--repeat N]\n", stderr), 2;
    }
    if (ml_set_threads(threads))
        return ml_perror("memory");
    prepare();
    printf("| op | threads | GB/s | of a copy | bytes |\n| --- | --- | --- | --- | --- |\n");
    double ceiling = 0;
    for (size_t i = 0; i < sizeof WORKS / sizeof *WORKS; i++) {
        double speed = WORKS[i].moves * SIZE * sizeof(ml_real) / lab_measure(WORKS[i].run, NULL, repeat).seconds * 1e-9;
        ceiling = i ? ceiling : speed;
        printf("| %s | %d | %.1f | %.0f%% | %s |\n", WORKS[i].name, threads, speed, 100 * speed / ceiling, WORKS[i].what);
        fflush(stdout);
    }
    return 0;
}
