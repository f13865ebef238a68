/* bodies.c -- an op through the tape, body by body: its numbers compared, its gradient checked, its passes timed. */
#include "lab.h"

#include "kernels/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- how far apart ---- */

double lab_difference(const ml_real *a, const ml_real *b, int64_t n)
{
    double most = 0, scale = 1;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        if (isnan(d) && !(isnan(a[i]) && isnan(b[i])))
            return INFINITY;
        most = d > most ? d : most;
        scale = fabs((double)b[i]) > scale ? fabs((double)b[i]) : scale;
    }
    return most / scale;
}

/* Two orders of one sum differ by its rounding, which grows with its terms; what a wrong body does is larger. */
double lab_tolerance(const lab *l)
{
    double eps = sizeof(ml_real) == 8 ? 2.3e-16 : 1.2e-7, bound = 4 * eps * (l->terms + 16);
    return bound < 0.01 ? bound : 0.01;
}

/* ---- the table ---- */

void lab_print_header(const char *title)
{
    printf("\n%-9s %-20s %11s %6s %9s %8s  %s\n", "pass", title, "ms", "runs", "GFLOPS", "of peak", "difference");
}

void lab_print_row(lab *l, const char *pass, const char *body, lab_time time, double flops, double difference)
{
    double gflops = flops / time.seconds * 1e-9;
    l->most = gflops > l->most ? gflops : l->most;
    printf("%-9s %-20s %11.4f %6d %9.2f %6.1f %%", pass, body, 1e3 * time.seconds, time.runs, gflops, 100 * gflops / l->peak);
    if (difference < 0)
        printf("  (the judge)\n");
    else
        printf("  %.1e\n", difference);
    fflush(stdout); /* the next may take long */
}

/* ---- one pass ---- */

/* The op alone, not a loss behind it: its backward is called with dy in the hand. */
static void backward(const lab *l, ml_tape *t, ml_tensor *y)
{
    for (int i = 0; i < l->n_in; i++)
        l->in[i]->has_grad = false;
    const ml_node *n = mli_tape_node(t, y->op);
    y->grad = l->dy->data;
    n->op->backward(t, n);
    y->grad = NULL;
}

typedef struct work {
    const lab *l;
    ml_tape *t;
    ml_tensor *y;
} work;

static void run_forward(void *arg)
{
    work *w = arg;
    ml_tape_reset(w->t);
    w->y = w->l->op->run(w->l, w->t, w->l->in);
}

static void run_backward(void *arg)
{
    const work *w = arg;
    backward(w->l, w->t, w->y);
}

/* y, with the gradients of all inputs for dy in the inputs' grad. NULL after an error. */
static ml_tensor *once(work *w)
{
    run_forward(w);
    if (w->y)
        run_backward(w);
    return ml_tape_error(w->t) ? NULL : w->y;
}

/* ---- the bodies ---- */

/* What the first body gave: y, then the gradient of each input. */
typedef struct judge {
    const char *name; /* NULL: there is none yet */
    ml_real *v[1 + LAB_INPUTS];
} judge;

static const ml_real *numbers_of(const lab *l, const ml_tensor *y, int i, int64_t *n)
{
    *n = i ? l->in[i - 1]->size : y->size;
    return i ? l->in[i - 1]->grad : y->data;
}

static bool keep(judge *j, const lab *l, const ml_tensor *y, const char *name)
{
    j->name = name;
    for (int i = 0; i <= l->n_in; i++) {
        int64_t n;
        const ml_real *v = numbers_of(l, y, i, &n);
        if (!(j->v[i] = malloc((size_t)n * sizeof *v + 1)))
            return false;
        memcpy(j->v[i], v, (size_t)n * sizeof *v);
    }
    return true;
}

/* Of y, and of the gradients: the largest. */
static void compare(const judge *j, const lab *l, const ml_tensor *y, double *forward, double *back)
{
    *back = 0;
    for (int i = 0; i <= l->n_in; i++) {
        int64_t n;
        const ml_real *v = numbers_of(l, y, i, &n);
        double d = lab_difference(v, j->v[i], n);
        if (i == 0)
            *forward = d;
        else
            *back = d > *back ? d : *back;
    }
}

static int disagree(const char *pass, const char *body, const judge *j, double difference, double tolerance)
{
    lab_fail("%s of %s is not that of %s: the largest difference is %.2g, and rounding explains %.2g", pass, body, j->name,
             difference, tolerance);
    return 1;
}

/* Forward and backward once more, timed. Backward first, since y is at hand; forward leaves it at hand again. */
static void time_passes(lab *l, work *w, const char *name, double forward, double back)
{
    lab_time b = lab_measure(run_backward, w, l->value[LAB_REPEAT]), a = lab_measure(run_forward, w, l->value[LAB_REPEAT]);
    lab_print_row(l, "forward", name, a, l->flops, forward);
    lab_print_row(l, "backward", name, b, l->flops_back, back);
}

static int run_body(lab *l, ml_kernel kernel, const char *name, judge *j, char *said, size_t size)
{
    work w = {.l = l, .t = ml_tape_open((ml_tape_opts){.kernel = kernel})};
    double forward = -1, back = -1; /* below 0: nothing to compare with */
    w.y = w.t ? once(&w) : NULL;
    int status = w.y ? 0 : lab_fail("%s", ml_error());
    if (!status && j->name)
        compare(j, l, w.y, &forward, &back);
    else if (!status && !keep(j, l, w.y, name))
        status = lab_fail("out of memory");
    if (!status)
        time_passes(l, &w, name, forward, back);
    if (forward > lab_tolerance(l))
        status = disagree("forward", name, j, forward, lab_tolerance(l));
    else if (back > lab_tolerance(l))
        status = disagree("backward", name, j, back, lab_tolerance(l));
    if (!status && !lab_gradient(l, w.t, w.y, kernel, said, size)) {
        lab_fail("the gradient of %s is wrong: %s", name, said);
        status = 1;
    }
    ml_tape_free(w.t);
    return status;
}

int lab_bodies(lab *l)
{
    const struct {
        ml_kernel kernel;
        const char *name;
        bool there;
    } bodies[] = {{ML_KERNEL_REF, "ref", l->op->ref && !l->no_ref},
                  {ML_KERNEL_BLAS, "blas", l->op->blas && mlk_have_blas()},
                  {ML_KERNEL_FAST, "fast", true}};
    judge j = {0};
    char said[3][200];
    int status = 0;
    lab_print_header("body");
    for (int i = 0; i < 3 && !status; i++)
        if (bodies[i].there)
            status = run_body(l, bodies[i].kernel, bodies[i].name, &j, said[i], sizeof said[i]);
    for (int i = 0; i < 3 && !status; i++)
        if (bodies[i].there)
            printf("%sgradient of %s: %s\n", i == 0 || !bodies[0].there ? "\n" : "", bodies[i].name, said[i]);
    for (int i = 0; i <= LAB_INPUTS; i++)
        free(j.v[i]);
    return status;
}
