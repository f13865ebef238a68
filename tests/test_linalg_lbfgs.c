/* L-BFGS: PyTorch's trajectories, minima that are known, places where there is no function, and what an end leaves. */
#include "support/check.h"

#include "linalg/lbfgs.h"
#include "linalg/vector.h"
#include "linalg/wolfe.h"

#include <math.h>
#include <string.h>

enum { N = 4, LARGE = 60 };

/* As torch.optim.LBFGS, but for a search. */
static const mli_lbfgs_opts USUAL = {
    .rate = 1, .iterations = 200, .evaluations = 250, .gradient = 1e-7, .change = 1e-9, .curvature = 1e-10, .strong_wolfe = true};

/* ---- functions ---- */

/* What an objective is handed: how large x is, how often it was asked, how often it had no answer. */
typedef struct counts {
    int64_t n;
    int64_t asked, nowhere, most;
} counts;

static ml_status rosenbrock(void *user, const double *x, double *value, double *g)
{
    counts *c = user;
    c->asked++;
    *value = 0;
    memset(g, 0, (size_t)c->n * sizeof *g);
    for (int64_t i = 0; i + 1 < c->n; i++) {
        double u = x[i + 1] - x[i] * x[i], v = 1 - x[i];
        *value += 100 * u * u + v * v;
        g[i] += -400 * u * x[i] - 2 * v;
        g[i + 1] += 200 * u;
    }
    return ML_OK;
}

static ml_status wavy(void *user, const double *x, double *value, double *g)
{
    counts *c = user;
    c->asked++;
    double e = exp(-x[0] * x[1]) / 10;
    *value = e;
    for (int64_t i = 0; i < c->n; i++) {
        *value += x[i] * x[i] / 2 + 3 * sin(2 * x[i]);
        g[i] = x[i] + 6 * cos(2 * x[i]);
    }
    g[0] -= x[1] * e;
    g[1] -= x[0] * e;
    return ML_OK;
}

static ml_status steep(void *user, const double *x, double *value, double *g)
{
    counts *c = user;
    c->asked++;
    *value = 0;
    for (int64_t i = 0; i < c->n; i++) {
        double e = exp(3 * x[i] - 1), d = x[i] - 4;
        *value += log(1 + e) + d * d * d * d / 50;
        g[i] = 3 * e / (1 + e) + 4 * d * d * d / 50;
    }
    return ML_OK;
}

/* Half of sum 10^k_i (x_i - i)^2, with k from -4 to 4. */
static ml_status valley(void *user, const double *x, double *value, double *g)
{
    counts *c = user;
    c->asked++;
    *value = 0;
    for (int64_t i = 0; i < c->n; i++) {
        double curve = pow(10, -4 + 8 * (double)i / (double)(c->n - 1)), d = x[i] - (double)i;
        *value += curve * d * d / 2;
        g[i] = curve * d;
    }
    return ML_OK;
}

/* sum x - log x, which is not there where an x is not above 0: NaN, infinity, or a NaN in the gradient alone, in turn. Least
 * at 1, 1, ... */
static ml_status barrier(void *user, const double *x, double *value, double *g)
{
    counts *c = user;
    c->asked++;
    *value = 0;
    bool inside = true;
    for (int64_t i = 0; i < c->n; i++) {
        inside = inside && x[i] > 0;
        *value += x[i] - log(fabs(x[i]));
        g[i] = 1 - 1 / x[i];
    }
    if (inside)
        return ML_OK;
    int64_t way = c->nowhere++ % 4;
    if (way == 0)
        *value = NAN;
    else if (way == 1)
        *value = INFINITY;
    else if (way == 2)
        *value = -INFINITY;
    else
        g[0] = NAN;
    return ML_OK;
}

/* Fails at the call number c->most. */
static ml_status fragile(void *user, const double *x, double *value, double *g)
{
    counts *c = user;
    if (c->asked == c->most)
        return mli_fail(ML_ESTATE, "fragile: call %lld", (long long)c->asked);
    return rosenbrock(user, x, value, g);
}

/* ---- PyTorch ---- */

static void equal_to_pytorch(void **state)
{
    (void)state;
    const struct {
        mli_objective f;
        double start[N], rate;
        int64_t history;
    } cases[] = {
        {rosenbrock, {-1.2, 1, -0.5, 2}, 1, 5},
        {wavy, {3, -2.5, 0.7, 9}, 1, 3},
        {wavy, {2, 4, -6, 1}, 7, 2},
        {steep, {-8, 0, 3, 12}, 0.05, 100},
    };
    golden all = golden_read("lbfgs_functions");
    const double *row = all.v;
    for (int k = 0; k < 4; k++) {
        counts c = {.n = N};
        mli_lbfgs *m = mli_lbfgs_new(N, cases[k].history);
        mli_lbfgs_opts o = {.rate = cases[k].rate, .iterations = 1, .evaluations = 25, .gradient = 1e-7, .change = 1e-9,
                            .curvature = 1e-10, .strong_wolfe = true};
        double x[N];
        memcpy(x, cases[k].start, sizeof x);
        for (int64_t step = 0; step < all.shape[1]; step++, row += N + 2) {
            mli_lbfgs_result r;
            assert_int_equal(mli_lbfgs_run(m, &o, cases[k].f, &c, x, &r), ML_OK);
            for (int i = 0; i < N; i++)
                if (!(fabs(x[i] - row[i]) <= 1e-7 * (1 + fabs(row[i]))))
                    fail_msg("function %d, step %lld, x[%d]: %.12g, expected %.12g", k, (long long)step, i, x[i], row[i]);
            assert_true(fabs(r.first - row[N]) <= 1e-7 * (1 + fabs(row[N])));
            assert_int_equal(c.asked, (int64_t)row[N + 1]); /* the same places, one for one */
        }
        mli_lbfgs_free(m);
    }
    golden_free(&all);
}

/* ---- minima ---- */

static mli_lbfgs_result minimize(mli_objective f, int64_t n, double *x, int64_t history, mli_lbfgs_opts o)
{
    counts c = {.n = n};
    mli_lbfgs_result r;
    mli_lbfgs *m = mli_lbfgs_new(n, history);
    assert_non_null(m);
    if (mli_lbfgs_run(m, &o, f, &c, x, &r))
        fail_msg("%s", ml_error());
    assert_int_equal(r.evaluations, c.asked);
    mli_lbfgs_free(m);
    return r;
}

static void finds_the_valley_of_rosenbrock(void **state)
{
    (void)state;
    const int64_t histories[] = {1, 3, 10, 100};
    for (int k = 0; k < 4; k++) {
        double two[2] = {-1.2, 1}, many[LARGE];
        mli_lbfgs_result r = minimize(rosenbrock, 2, two, histories[k], USUAL);
        assert_true(fabs(two[0] - 1) < 1e-4 && fabs(two[1] - 1) < 1e-4);
        assert_true(r.last < 1e-9 && r.first > 24 && r.end != MLI_LBFGS_EVALUATIONS);
        for (int i = 0; i < LARGE; i++)
            many[i] = i % 2 ? 1 : -1.2;
        mli_lbfgs_opts patient = USUAL;
        patient.iterations = 3000, patient.evaluations = 6000;
        r = minimize(rosenbrock, LARGE, many, histories[k], patient);
        assert_true(r.end == MLI_LBFGS_GRADIENT || r.end == MLI_LBFGS_CHANGE);
        assert_true(r.last < 1e-6 || fabs(r.last - 3.98) < 0.1); /* it has a second, higher minimum, near x_0 = -1 */
    }
}

static void crosses_curvatures_a_hundred_million_apart(void **state)
{
    (void)state;
    double x[10] = {0};
    mli_lbfgs_opts o = {.rate = 1, .iterations = 5000, .evaluations = 10000, .gradient = 1e-9, .change = 0, .strong_wolfe = true};
    mli_lbfgs_result r = minimize(valley, 10, x, 10, o);
    assert_int_equal(r.end, MLI_LBFGS_GRADIENT);
    for (int i = 0; i < 10; i++)
        assert_true(fabs(x[i] - i) < 2e-5); /* 1e-9 of gradient at a curvature of 1e-4 */
    assert_true(r.iterations < 1000); /* steepest descent would need some 1e9 */
}

static void without_a_search(void **state)
{
    (void)state;
    double x[N] = {3, -2.5, 0.7, 0.1};
    mli_lbfgs_opts o = USUAL;
    o.strong_wolfe = false;
    o.rate = 0.3;
    mli_lbfgs_result r = minimize(steep, N, x, 5, o);
    assert_int_equal(r.end, MLI_LBFGS_CHANGE);
    assert_true(r.evaluations == r.iterations + 1);
    for (int i = 1; i < N; i++)
        assert_true(fabs(x[i] - x[0]) < 1e-3);
}

/* docs/math/lbfgs.md */
static ml_status bowl(void *user, const double *x, double *value, double *g)
{
    (void)user;
    *value = (x[0] * x[0] + 10 * x[1] * x[1]) / 2;
    g[0] = x[0];
    g[1] = 10 * x[1];
    return ML_OK;
}

static void by_numbers(void **state)
{
    (void)state;
    const double places[2][3] = {{0.9091, 0.0909, 0.4545}, {0.8083, -0.0081, 0.3270}};
    double x[2] = {1, 1};
    mli_lbfgs *m = mli_lbfgs_new(2, 5);
    mli_lbfgs_opts o = USUAL;
    o.iterations = 1;
    for (int k = 0; k < 2; k++) {
        mli_lbfgs_result r;
        assert_int_equal(mli_lbfgs_run(m, &o, bowl, NULL, x, &r), ML_OK);
        assert_int_equal(r.evaluations, 2);
        assert_true(fabs(x[0] - places[k][0]) < 5e-5 && fabs(x[1] - places[k][1]) < 5e-5 && fabs(r.last - places[k][2]) < 5e-5);
    }
    mli_lbfgs_free(m);
}

/* ---- where there is no function ---- */

static void steps_back_from_nan_and_infinity(void **state)
{
    (void)state;
    const double rates[] = {1, 50, 1e6};
    for (int k = 0; k < 3; k++) {
        counts c = {.n = 3};
        double x[3] = {0.02, 3, 40};
        mli_lbfgs_opts o = USUAL;
        o.rate = rates[k];
        o.evaluations = 10000; /* a rate of 1e6 is halved twenty times in each search */
        mli_lbfgs_result r;
        mli_lbfgs *m = mli_lbfgs_new(3, 10);
        if (mli_lbfgs_run(m, &o, barrier, &c, x, &r))
            fail_msg("%s", ml_error());
        for (int i = 0; i < 3; i++)
            assert_true(fabs(x[i] - 1) < 1e-3);
        assert_true(k == 0 || c.nowhere > 0);
        mli_lbfgs_free(m);
    }
}

static void nowhere_to_begin(void **state)
{
    (void)state;
    counts c = {.n = 2};
    double x[2] = {-1, 2};
    mli_lbfgs_result r;
    mli_lbfgs *m = mli_lbfgs_new(2, 3);
    assert_int_equal(mli_lbfgs_run(m, &USUAL, barrier, &c, x, &r), ML_EINVAL);
    assert_string_equal(ml_error(), "lbfgs: at iteration 0 the value is nan and the largest of the gradient 2");
    assert_true(x[0] == -1 && x[1] == 2 && r.evaluations == 1);
    c.nowhere = 3; /* the gradient alone */
    assert_int_equal(mli_lbfgs_run(m, &USUAL, barrier, &c, x, NULL), ML_EINVAL);
    mli_lbfgs_free(m);
}

static void without_a_search_nobody_steps_back(void **state)
{
    (void)state;
    counts c = {.n = 1};
    double x = 40;
    mli_lbfgs_opts o = USUAL;
    o.strong_wolfe = false;
    o.rate = 39;
    mli_lbfgs *m = mli_lbfgs_new(1, 3);
    assert_int_equal(mli_lbfgs_run(m, &o, barrier, &c, &x, NULL), ML_EINVAL);
    assert_non_null(strstr(ml_error(), ": a line search (strong_wolfe) or a smaller step would not have gone there"));
    assert_true(x > 0 && x <= 40); /* the last place where all was well */
    mli_lbfgs_free(m);
}

/* ---- ends ---- */

static void exhausted_and_resumed(void **state)
{
    (void)state;
    counts c = {.n = 2}, d = {.n = 2};
    double x[2] = {-1.2, 1}, y[2] = {-1.2, 1};
    mli_lbfgs *m = mli_lbfgs_new(2, 5), *w = mli_lbfgs_new(2, 5);
    mli_lbfgs_opts o = USUAL;
    mli_lbfgs_result r, s;
    o.iterations = 3;
    assert_int_equal(mli_lbfgs_run(m, &o, rosenbrock, &c, x, &r), ML_OK);
    assert_int_equal(r.end, MLI_LBFGS_ITERATIONS);
    assert_int_equal(r.iterations, 3);
    assert_true(r.last < r.first);
    o.iterations = 6; /* in one go: the same places */
    assert_int_equal(mli_lbfgs_run(w, &o, rosenbrock, &d, y, &s), ML_OK);
    o.iterations = 3;
    assert_int_equal(mli_lbfgs_run(m, &o, rosenbrock, &c, x, &r), ML_OK);
    assert_memory_equal(x, y, sizeof x);
    assert_int_equal(c.asked, d.asked + 1); /* the second run looks once more at where it begins */

    o.iterations = 100, o.evaluations = 4;
    assert_int_equal(mli_lbfgs_run(m, &o, rosenbrock, &c, x, &r), ML_OK);
    assert_int_equal(r.end, MLI_LBFGS_EVALUATIONS);
    assert_true(r.evaluations >= 4 && r.evaluations <= 5);
    o.evaluations = 1; /* not even a search */
    assert_int_equal(mli_lbfgs_run(m, &o, rosenbrock, &c, x, &r), ML_OK);
    assert_int_equal(r.evaluations, 2);
    assert_true(r.last <= r.first);

    mli_lbfgs_forget(m);
    mli_lbfgs_free(w);
    w = mli_lbfgs_new(2, 5);
    memcpy(y, x, sizeof y);
    assert_int_equal(mli_lbfgs_run(m, &USUAL, rosenbrock, &c, x, &r), ML_OK);
    assert_int_equal(mli_lbfgs_run(w, &USUAL, rosenbrock, &d, y, &s), ML_OK);
    assert_memory_equal(x, y, sizeof x); /* as if new */
    assert_int_equal(mli_lbfgs_run(m, &USUAL, rosenbrock, &c, x, &r), ML_OK);
    assert_true(r.evaluations <= 30 && r.last < 1e-9); /* at the minimum already */
    mli_lbfgs_free(m);
    mli_lbfgs_free(w);
}

static void an_error_of_the_function_ends_it(void **state)
{
    (void)state;
    for (int search = 0; search < 2; search++)
        for (int64_t most = 0; most < 12; most++) {
            counts c = {.n = 2, .most = most}, d = {.n = 2};
            double x[2] = {-1.2, 1}, value, g[2];
            mli_lbfgs *m = mli_lbfgs_new(2, 5);
            mli_lbfgs_opts o = USUAL;
            o.strong_wolfe = search == 1;
            o.rate = search ? 1 : 0.01;
            mli_lbfgs_result r = {0};
            assert_int_equal(mli_lbfgs_run(m, &o, fragile, &c, x, &r), ML_ESTATE);
            char want[64];
            snprintf(want, sizeof want, "fragile: call %lld", (long long)most);
            assert_string_equal(ml_error(), want);
            rosenbrock(&d, x, &value, g);
            assert_true(isfinite(value) && (!search || value <= 24.2 + 1e-9)); /* no worse than where it began */
            c.most = -1;
            assert_int_equal(mli_lbfgs_run(m, &USUAL, fragile, &c, x, &r), ML_OK); /* and it can go on */
            assert_true(r.last < 1e-9);
            mli_lbfgs_free(m);
        }
}

static void impossible_sizes(void **state)
{
    (void)state;
    assert_null(mli_lbfgs_new(0, 5));
    assert_string_equal(ml_error(), "lbfgs: 0 numbers and a history of 5: both must be >= 1");
    assert_null(mli_lbfgs_new(5, 0));
    assert_null(mli_lbfgs_new(-1, INT64_MAX));
    assert_null(mli_lbfgs_new(INT64_MAX, 1));
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    assert_null(mli_lbfgs_new(3, INT64_MAX));
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    mli_lbfgs_free(NULL);
}

/* ---- the line search by itself ---- */

/* Each of these functions along its steepest descent, from first steps far too short to far too long. */
static void steps_satisfy_the_conditions(void **state)
{
    (void)state;
    const mli_objective functions[] = {rosenbrock, steep, valley};
    const double firsts[] = {1e-6, 1e-3, 0.1, 1, 30, 1e4};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 6; i++) {
            counts c = {.n = N};
            double x[N] = {-1.2, 1, -0.5, 2}, d[N], g[N], at[N], room[3][N], value;
            assert_int_equal(functions[k](&c, x, &value, g), ML_OK);
            for (int j = 0; j < N; j++)
                d[j] = -g[j] / sqrt(mli_dot(g, g, N));
            mli_line line = {.objective = functions[k], .user = &c, .n = N, .x = x, .d = d, .at = at,
                             .gradient = {room[0], room[1], room[2]}, .shortest = 0, .most = 60};
            mli_place zero = {.f = value, .slope = mli_dot(g, d, N), .g = g}, p;
            assert_int_equal(mli_wolfe(&line, &zero, firsts[i], &p), ML_OK);
            assert_true(p.t > 0 && p.f <= zero.f + 1e-4 * p.t * zero.slope);
            assert_true(fabs(p.slope) <= 0.9 * fabs(zero.slope));
            const double slope = mli_dot(p.g, d, N); /* may be rounded another way than in the library */
            assert_true(line.evaluations < 25 && fabs(p.slope - slope) <= 1e-14 * sqrt(mli_dot(p.g, p.g, N)));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(finds_the_valley_of_rosenbrock),
        cmocka_unit_test(crosses_curvatures_a_hundred_million_apart),
        cmocka_unit_test(without_a_search),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(steps_back_from_nan_and_infinity),
        cmocka_unit_test(nowhere_to_begin),
        cmocka_unit_test(without_a_search_nobody_steps_back),
        cmocka_unit_test(exhausted_and_resumed),
        cmocka_unit_test(an_error_of_the_function_ends_it),
        cmocka_unit_test(impossible_sizes),
        cmocka_unit_test(steps_satisfy_the_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
