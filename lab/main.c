/* main.c -- mlcore-lab: what is to be measured, from the command line. See lab.h. */
#include "lab.h"

#include "kernels/gemm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#ifdef MLCORE_DOUBLE
#define PROGRAM "mlcore-double-lab"
#else
#define PROGRAM "mlcore-lab"
#endif

int lab_fail(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fputs(PROGRAM ": ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return 2;
}

/* ---- flags ---- */

typedef struct flag {
    const char *name, *help;
    int64_t low, high, standard;
} flag;

enum { MOST = 1000000000 };
static const flag FLAGS[LAB_FLAGS] = {
    [LAB_FILTERS] = {"filters", "filters of a convolution", 1, MOST, 0},
    [LAB_OUT] = {"out", "features out of linear", 1, MOST, 0},
    [LAB_K] = {"k", "the window, along H and W (or T)", 1, MOST, 0},
    [LAB_K_W] = {"k-w", "... along W, where that differs", 1, MOST, 0},
    [LAB_STRIDE] = {"stride", "from window to window (default 1; pooling: k)", 1, MOST, 0},
    [LAB_STRIDE_W] = {"stride-w", "... along W", 1, MOST, 0},
    [LAB_PAD] = {"pad", "around the image (default 0)", 0, MOST, 0},
    [LAB_PAD_W] = {"pad-w", "... along W", 0, MOST, 0},
    [LAB_OUTPUT_PAD] = {"output-pad", "of a transposed convolution (default 0)", 0, MOST, 0},
    [LAB_DILATION] = {"dilation", "distance of the window's taps (default 1)", 1, MOST, 0},
    [LAB_GROUPS] = {"groups", "of a convolution (default 1)", 1, MOST, 0},
    [LAB_AXIS] = {"axis", "default the last; sum: all", -ML_MAX_RANK, ML_MAX_RANK - 1, 0},
    [LAB_REPEAT] = {"repeat", "runs, of which the median counts (default 7; at most 2 seconds each row)", 1, 1000, 7},
    [LAB_THREADS] = {"threads", "default: the CPUs this process may use", 1, 256, 0},
    [LAB_SEED] = {"seed", "of the random inputs (default 42)", 0, MOST, 42},
};

static int print_help(void)
{
    printf(PROGRAM ": one op in all its bodies on a shape of your choice: times, GFLOPS, and whether they agree\n\n"
                   "usage: " PROGRAM " OP SHAPE... [flags]\n\nops:\n\n");
    for (const lab_op *op = lab_ops; op->name; op++)
        printf("  %-18s %s\n", op->name, op->usage);
    printf("\nflags:\n\n");
    for (int i = 0; i < LAB_FLAGS; i++)
        printf("  --%-12s N   %s\n", FLAGS[i].name, FLAGS[i].help);
    printf("  --no-ref           leave the plain loops out: they take long on large shapes\n"
           "  --list             the ops, their bodies, and a command to try for each\n"
           "  --help             this text\n\nfor example: " PROGRAM " matmul 256x784 784x128\n");
    return 0;
}

static int print_list(void)
{
    printf("%-18s %-14s %s\n", "op", "bodies", "try");
    for (const lab_op *op = lab_ops; op->name; op++)
        printf("%-18s %-14s " PROGRAM " %s %s\n", op->name, op->blas ? "ref blas fast" : op->ref ? "ref fast" : "fast", op->name,
               op->example);
    return 0;
}

/* A whole number up to `end`, which is left behind it. */
static bool read_number(const char *text, const char **end, int64_t *value)
{
    char *stop;
    if (!(*text >= '0' && *text <= '9') && *text != '-')
        return false;
    errno = 0;
    *value = strtoll(text, &stop, 10);
    *end = stop;
    return stop != text && errno == 0;
}

static bool takes(const lab_op *op, int f)
{
    for (const lab_flag *known = op->flags; *known != LAB_FLAGS; known++)
        if ((int)*known == f)
            return true;
    return f >= LAB_REPEAT;
}

/* --name value, or --name=value. *at is moved past the value. */
static int read_flag(lab *l, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2, *value = strchr(name, '='), *end;
    size_t length = value ? (size_t)(value - name) : strlen(name);
    int f = 0;
    while (f < LAB_FLAGS && (strlen(FLAGS[f].name) != length || strncmp(FLAGS[f].name, name, length) != 0))
        f++;
    if (f == LAB_FLAGS)
        return lab_fail("there is no flag --%.*s; --help lists those there are", (int)length, name);
    if (!takes(l->op, f))
        return lab_fail("%s takes no --%s: %s %s", l->op->name, FLAGS[f].name, l->op->name, l->op->usage);
    if (!value && *at + 1 >= argc)
        return lab_fail("--%s wants a value", FLAGS[f].name);
    value = value ? value + 1 : argv[++*at];
    if (!read_number(value, &end, &l->value[f]) || *end || l->value[f] < FLAGS[f].low || l->value[f] > FLAGS[f].high)
        return lab_fail("--%s wants a whole number between %lld and %lld, not '%s'", FLAGS[f].name, (long long)FLAGS[f].low,
                        (long long)FLAGS[f].high, value);
    l->given[f] = true;
    return 0;
}

/* ---- shapes ---- */

/* "8x56x56x64", of the rank that the op wants. */
static int read_shape(lab *l, const char *text)
{
    const lab_op *op = l->op;
    if (l->shapes == op->shapes)
        return lab_fail("'%s' is one shape too many: %s %s", text, op->name, op->usage);
    lab_shape *s = &l->shape[l->shapes++];
    const char *p = text;
    for (;;) {
        if (s->rank == ML_MAX_RANK)
            return lab_fail("shape '%s' has more than %d extents", text, ML_MAX_RANK);
        if (!read_number(p, &p, &s->extent[s->rank]) || (*p && *p != 'x') || s->extent[s->rank] < 1)
            return lab_fail("'%s' is not a shape: wanted extents of 1 or more with x between, such as %s", text, op->example);
        s->rank++;
        if (!*p++)
            break;
    }
    if (op->rank && s->rank != op->rank)
        return lab_fail("shape '%s' has %d extents, and %s wants %d: %s %s", text, s->rank, op->name, op->rank, op->name,
                        op->usage);
    return 0;
}

static const lab_op *find_op(const char *name)
{
    for (const lab_op *op = lab_ops; op->name; op++)
        if (strcmp(op->name, name) == 0)
            return op;
    return NULL;
}

/* What an op cannot do without. */
static int check_complete(const lab *l)
{
    static const lab_flag needed[] = {LAB_FILTERS, LAB_OUT, LAB_K};
    const lab_op *op = l->op;
    if (l->shapes < op->shapes)
        return lab_fail("%s wants %s, and %d %s given: for example %s %s", op->name, op->usage, l->shapes,
                        l->shapes == 1 ? "shape was" : "shapes were", op->name, op->example);
    for (int i = 0; i < 3; i++)
        if (takes(op, needed[i]) && !l->given[needed[i]])
            return lab_fail("%s wants --%s: for example %s %s", op->name, FLAGS[needed[i]].name, op->name, op->example);
    return 0;
}

static int read_arguments(lab *l, int argc, char **argv)
{
    for (int i = 0; i < LAB_FLAGS; i++)
        l->value[i] = FLAGS[i].standard;
    if (!(l->op = find_op(argv[1])))
        return lab_fail("there is no op '%s' here; --list names those there are", argv[1]);
    for (int i = 2; i < argc; i++) {
        int status = 0;
        if (strcmp(argv[i], "--no-ref") == 0)
            l->no_ref = true;
        else if (strncmp(argv[i], "--", 2) == 0)
            status = read_flag(l, argc, argv, &i);
        else
            status = read_shape(l, argv[i]);
        if (status)
            return status;
    }
    return check_complete(l);
}

/* ---- the work ---- */

/* Padding and strides may make much of little: an empty batch tells how much, before any memory is asked for. */
static int check_output(const lab *l, ml_tape *t)
{
    ml_tensor none = *l->in[0], *in[LAB_INPUTS] = {&none, l->in[1], l->in[2]};
    int64_t shape[ML_MAX_RANK], size;
    char text[160];
    none.shape[0] = none.size = 0;
    const ml_tensor *y = l->op->run(l, t, in);
    if (!y)
        return lab_fail("%s", ml_error());
    memcpy(shape, y->shape, sizeof shape);
    shape[0] = l->in[0]->shape[0];
    if (!mli_shape_size(y->rank, shape, &size) || size > LAB_NUMBERS)
        return lab_fail("%s: y would be %s: the lab takes %d numbers at most", l->op->name,
                        mli_shape_text(y->rank, shape, text, sizeof text), LAB_NUMBERS);
    return 0;
}

/* A gradient for the output, and what all costs. The op itself says what is wrong with a shape. */
static int prepare_output(lab *l, ml_tape *t, ml_rng *rng)
{
    if (l->op->rank >= 3 && check_output(l, t))
        return 2;
    const ml_tensor *y = l->op->run(l, t, l->in);
    if (!y || !(l->dy = ml_tensor_new(y->rank, y->shape)) || ml_init_uniform(l->dy, rng, -1, 1))
        return lab_fail("%s", ml_error());
    l->op->cost(l, y);
    return 0;
}

static int prepare(lab *l)
{
    ml_rng rng = ml_rng_seed((uint64_t)l->value[LAB_SEED]);
    if (l->given[LAB_THREADS] && ml_set_threads((int)l->value[LAB_THREADS]))
        return lab_fail("%s", ml_error());
    if (l->op->make(l, &rng))
        return lab_fail("%s: %s", l->op->name, *ml_error() ? ml_error() : "out of memory");
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true});
    int status = t ? prepare_output(l, t, &rng) : lab_fail("%s", ml_error());
    ml_tape_free(t);
    return status;
}

static void print_what(const lab *l)
{
    char text[160];
    printf("%s\n%s: ", ml_build_info(), l->op->name);
    for (int i = 0; i < l->n_in; i++)
        printf("%s%s %s", i ? ", " : "", l->name[i], ml_shape_text(l->in[i], text, sizeof text));
    printf(" -> y %s\n", ml_shape_text(l->dy, text, sizeof text));
    printf("%.4g GFLOP forward, %.4g backward; ceiling of multiply-adds %.1f GFLOPS\n", 1e-9 * l->flops, 1e-9 * l->flops_back,
           l->peak);
    if (!l->op->ref)
        printf("one body: --kernel ref, blas and fast run the same loop\n");
    else if (!l->op->blas)
        printf("no matrix product in it: blas is fast\n");
    else if (!mlk_have_blas())
        printf("this library was built without BLAS: blas is fast\n");
    if (l->op->one_back)
        printf("its backward has one body\n");
    if (l->op->ref && !l->no_ref && l->flops + l->flops_back > 1e10)
        printf("the plain loops will take a while; --no-ref leaves them out\n");
}

static void clean(lab *l)
{
    for (int i = 0; i < l->n_in; i++)
        ml_tensor_free(l->in[i]);
    ml_tensor_free(l->dy);
    free(l->labels);
}

int main(int argc, char **argv)
{
    lab l = {0};
    if (ml_cpu_check())
        return lab_fail("%s", ml_cpu_check());
    if (argc < 2)
        return lab_fail("wants an op and a shape, such as matmul 256x784 784x128; --help says more");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return print_help();
        if (strcmp(argv[i], "--list") == 0)
            return print_list();
    }
    int status = read_arguments(&l, argc, argv);
    if (!status)
        status = prepare(&l);
    if (!status) {
        l.peak = lab_peak();
        print_what(&l);
        status = lab_bodies(&l);
    }
    if (!status && strcmp(l.op->name, "conv2d") == 0)
        status = lab_conv_bodies(&l);
    if (!status && l.most > l.peak)
        printf("\nabove 100 %%: the ceiling was measured while something else ran, without optimisation, or in a build for any CPU\n");
    clean(&l);
    if (fclose(stdout) && !status)
        status = lab_fail("what was printed could not be written");
    return status;
}
