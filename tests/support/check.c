/* check.c -- see check.h. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void parse_header(const char *path, char *header, golden *g, char *dtype)
{
    const char *descr = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
    if (!descr || !strchr("<|", descr[10]) || !shape || !strstr(header, "'fortran_order': False"))
        fail_msg("%s: not a little-endian C-order .npy", path);
    memcpy(dtype, descr + 11, 2);
    dtype[2] = 0;
    g->size = 1;
    for (const char *p = shape + 10; *p && *p != ')';) {
        char *end;
        long long extent = strtoll(p, &end, 10);
        if (end == p)
            break;
        g->shape[g->rank++] = extent;
        g->size *= extent;
        p = end + strspn(end, ", ");
    }
}

golden golden_read(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/%s.npy", MLCORE_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s: cannot be opened", path);
    unsigned char start[10];
    char header[4096] = "", dtype[3];
    golden g = {0};
    size_t got = fread(start, 1, 10, f), length = (size_t)start[8] | (size_t)start[9] << 8;
    if (got != 10 || memcmp(start, "\x93NUMPY", 6) != 0 || length >= sizeof header || fread(header, 1, length, f) != length)
        fail_msg("%s: not a .npy file", path);
    parse_header(path, header, &g, dtype);
    g.v = calloc((size_t)g.size + 1, sizeof *g.v);
    size_t width = (size_t)(dtype[1] - '0');
    for (int64_t i = 0; i < g.size; i++) {
        unsigned char raw[8];
        if (fread(raw, width, 1, f) != 1)
            fail_msg("%s: cut short", path);
        double d;
        float s;
        int64_t l;
        int32_t w;
        if (dtype[0] == 'f' && width == 8)
            memcpy(&d, raw, 8);
        else if (dtype[0] == 'f')
            memcpy(&s, raw, 4), d = (double)s;
        else if (width == 8)
            memcpy(&l, raw, 8), d = (double)l;
        else if (width == 1)
            d = raw[0];
        else
            memcpy(&w, raw, 4), d = w;
        g.v[i] = d;
    }
    fclose(f);
    return g;
}

void golden_free(golden *g)
{
    free(g->v);
    g->v = NULL;
}

ml_tensor *golden_tensor(const char *name)
{
    golden g = golden_read(name);
    ml_tensor *x = ml_tensor_new(g.rank, g.shape);
    assert_non_null(x);
    for (int64_t i = 0; i < g.size; i++)
        x->data[i] = (ml_real)g.v[i];
    golden_free(&g);
    return x;
}

static void close_or_fail(double a, double b, int64_t i, double rtol, double atol)
{
    if (isnan(a) && isnan(b))
        return;
    if (a != b && !(fabs(a - b) <= atol + rtol * fabs(b)))
        fail_msg("element %lld: %.12g, expected %.12g", (long long)i, a, b);
}

void assert_close(const ml_real *a, const double *b, int64_t n, double rtol, double atol)
{
    for (int64_t i = 0; i < n; i++)
        close_or_fail((double)a[i], b[i], i, rtol, atol);
}

void assert_reals_close(const ml_real *a, const ml_real *b, int64_t n, double rtol, double atol)
{
    for (int64_t i = 0; i < n; i++)
        close_or_fail((double)a[i], (double)b[i], i, rtol, atol);
}

void assert_gradients(ml_scalar_fn f, ml_tensor *const *inputs, int n, void *user)
{
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_BLAS, ML_KERNEL_FAST};
    for (int k = 0; k < 3; k++)
        if (ml_gradcheck(f, inputs, n, user, (ml_gradcheck_opts){.kernel = bodies[k]}, NULL))
            fail_msg("%s", ml_error());
}

ml_tensor *random_tensor(ml_rng *rng, int rank, const int64_t *shape, double low, double high)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return x;
}

/* The sanitizers stop at a request for more memory than there can be, where the library should say so: let them return
 * NULL as malloc does. (These names are theirs; without a sanitizer nobody calls them.) */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}
