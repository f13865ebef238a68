/* Each split of a grown tree against its definition: of all cuts of all features, with missing rows on either side, none leaves
 * less impurity. On grids full of equal numbers, NaN, and weights. */
#include "support/check.h"
#include "support/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 3, MOST = 300 };

/* Rows of one side: weight x impurity of them. */
static double cost(const ml_xy *d, const int *rows, int n, bool entropy)
{
    double w[CLASSES] = {0}, whole = 0, mean = 0, sum = 0;
    for (int i = 0; i < n; i++) {
        double weight = d->weight.v ? d->weight.v[rows[i]] : 1;
        whole += weight;
        if (d->label.v)
            w[d->label.v[rows[i]]] += weight;
        else
            mean += weight * d->y.v[rows[i]];
    }
    if (!(whole > 0))
        return NAN;
    for (int i = 0; i < n && !d->label.v; i++)
        sum += (d->weight.v ? d->weight.v[rows[i]] : 1) * pow(d->y.v[rows[i]] - mean / whole, 2);
    for (int k = 0; k < CLASSES && d->label.v; k++) {
        double p = w[k] / whole;
        sum += entropy ? (p > 0 ? -p * log2(p) : 0) : p * (1 - p);
    }
    return d->label.v ? whole * sum : sum;
}

/* Both sides of a cut, or NAN where one has fewer rows than `least`. A row with NaN goes left where missing_left. */
static double cost_of(const ml_xy *d, const int *rows, int n, int64_t j, double threshold, bool missing_left, int least, bool entropy)
{
    int left[MOST], right[MOST], l = 0, r = 0;
    for (int i = 0; i < n; i++) {
        double v = ml_matrix_at(&d->x, rows[i], j);
        if (isnan(v) ? missing_left : v <= threshold)
            left[l++] = rows[i];
        else
            right[r++] = rows[i];
    }
    return l < least || r < least ? NAN : cost(d, left, l, entropy) + cost(d, right, r, entropy);
}

/* Every value of the node is a threshold; infinity parts the missing rows from the rest. */
static double least_cost(const ml_xy *d, const int *rows, int n, int least, bool entropy)
{
    double best = INFINITY;
    for (int64_t j = 0; j < d->x.columns; j++)
        for (int i = -1; i < n; i++)
            for (int left = 0; left < 2; left++) {
                double at = i < 0 ? INFINITY : ml_matrix_at(&d->x, rows[i], j);
                if (!isnan(at))
                    best = fmin(best, cost_of(d, rows, n, j, at, left, least, entropy)); /* fmin passes over NaN */
            }
    return best;
}

/* The node's split is a best one, or it is a leaf because there is none; then the same of its children. */
static void check_node(const ml_model *m, const ml_xy *d, int64_t node, const int *rows, int n, int least, bool entropy)
{
    ml_tree_node at;
    int left[MOST], right[MOST], l = 0, r = 0;
    assert_int_equal(ml_model_node(m, 0, node, &at), ML_OK);
    assert_int_equal(at.samples, n);
    double whole = cost(d, rows, n, entropy), best = n > 1 ? least_cost(d, rows, n, least, entropy) : INFINITY;
    assert_true(fabs(at.weight * at.impurity - whole) <= 1e-10 * (1 + whole));
    if (at.left < 0) {
        if (whole > 1e-12 && isfinite(best))
            fail_msg("node %lld of %d rows is a leaf of impurity %g, and a split would leave %g", (long long)node, n, whole, best);
        return;
    }
    double own = cost_of(d, rows, n, at.feature, at.threshold, at.missing_left, least, entropy);
    if (!(own <= best + 1e-10 * (1 + whole)))
        fail_msg("node %lld of %d rows: the split leaves %.15g, the best %.15g", (long long)node, n, own, best);
    for (int i = 0; i < n; i++) {
        double v = ml_matrix_at(&d->x, rows[i], at.feature);
        if (isnan(v) ? at.missing_left : v <= at.threshold)
            left[l++] = rows[i];
        else
            right[r++] = rows[i];
    }
    check_node(m, d, at.left, left, l, least, entropy);
    check_node(m, d, at.right, right, r, least, entropy);
}

static void check_tree(tree_data *d, ml_tree_opts opts)
{
    int rows[MOST], n = 0;
    for (int i = 0; i < d->xy.x.rows; i++)
        if (!d->xy.weight.v || d->xy.weight.v[i] > 0)
            rows[n++] = i;
    ml_model *m = ml_tree_fit(d->xy, opts);
    if (!m)
        fail_msg("%s", ml_error());
    check_node(m, &d->xy, 0, rows, n, opts.min_samples_leaf ? (int)opts.min_samples_leaf : 1, opts.criterion == ML_ENTROPY);
    ml_model_free(m);
}

static void no_split_is_better(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{2, 1}, {3, 2}, {23, 1}, {24, 3}, {25, 3}, {60, 4}, {129, 2}, {MOST, 3}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int c = 0; c < 12; c++) {
            tree_data d = tree_data_random(sizes[s][0], sizes[s][1], c % 3 < 2, c & 1, 100 * s + (uint64_t)c);
            if (c / 3 == 3)
                d.xy.weight = (ml_doubles){0};
            d.xy.classes = d.xy.label.v ? CLASSES : 0;
            check_tree(&d, (ml_tree_opts){.criterion = c % 3 == 1 ? ML_ENTROPY : ML_CRITERION_AUTO, .min_samples_leaf = c / 3 == 2 ? 4 : 0});
            tree_data_free(&d);
        }
}

/* The rows in another order, the matrix column after column: the same tree. */
static void order_and_layout_do_not_matter(void **state)
{
    (void)state;
    enum { N = 90, D = 3 };
    tree_data d = tree_data_random(N, D, true, true, 5);
    double turned[N * D], weight[N], a[N * CLASSES], b[N * CLASSES];
    int32_t label[N];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++)
            turned[(N - 1 - i) + j * N] = d.x[i * D + j];
        weight[N - 1 - i] = d.weight[i];
        label[N - 1 - i] = d.label[i];
    }
    ml_xy other = {.x = {.v = turned, .rows = N, .columns = D, .row_stride = 1, .column_stride = N}, .label = {label, N},
                   .weight = {weight, N}};
    ml_model *m = ml_tree_fit(d.xy, (ml_tree_opts){0}), *o = ml_tree_fit(other, (ml_tree_opts){0});
    assert_int_equal(ml_model_probabilities(m, d.xy.x, a), ML_OK);
    assert_int_equal(ml_model_probabilities(o, d.xy.x, b), ML_OK);
    assert_memory_equal(a, b, sizeof a);
    ml_model_free(m);
    ml_model_free(o);
    tree_data_free(&d);
}

/* Large enough for lanes and for wide digits of the sort. */
static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { N = 6000, D = 5 };
    tree_data d = tree_data_random(N, D, true, false, 9);
    ml_rng rng = ml_rng_seed(3);
    for (int i = 0; i < N; i++)
        d.x[i * D + 4] = ml_rng_normal(&rng);
    double *first = NULL;
    const ml_tree_opts opts[] = {{0}, {.max_features = 0.5, .seed = 4}, {.random_splits = true, .seed = 4}};
    for (int o = 0; o < 3; o++) {
        for (int threads = 1; threads <= 4; threads *= 2) {
            double *p = malloc(N * CLASSES * sizeof *p);
            assert_int_equal(ml_set_threads(threads), ML_OK);
            ml_model *m = ml_tree_fit(d.xy, opts[o]);
            assert_int_equal(ml_model_probabilities(m, d.xy.x, p), ML_OK);
            if (threads == 1)
                first = p;
            else
                assert_memory_equal(first, p, N * CLASSES * sizeof *p);
            ml_model_free(m);
            if (threads > 1)
                free(p);
        }
        free(first);
    }
    tree_data_free(&d);
}

/* Rows part at a random threshold as predictions do, and go on parting until each is alone with its like. */
static void random_splits_know_the_rows_by_heart(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        tree_data d = tree_data_random(80, 8, seed % 2, false, seed); /* no two rows alike */
        int32_t label[80];
        double y[80];
        ml_model *m = ml_tree_fit(d.xy, (ml_tree_opts){.random_splits = true, .seed = seed});
        int64_t nodes, leaves;
        assert_int_equal(ml_model_tree_size(m, 0, &nodes, &leaves, NULL), ML_OK);
        assert_int_equal(nodes, 2 * leaves - 1);
        assert_true(leaves > 2);
        assert_int_equal(seed % 2 ? ml_model_labels(m, d.xy.x, label) : ml_model_values(m, d.xy.x, y), ML_OK);
        int wrong = 0;
        for (int i = 0; i < 80; i++)
            wrong += seed % 2 ? label[i] != d.label[i] : fabs(y[i] - d.y[i]) > 1e-12;
        assert_int_equal(wrong, 0);
        ml_model_free(m);
        tree_data_free(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_split_is_better),
        cmocka_unit_test(order_and_layout_do_not_matter),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(random_splits_know_the_rows_by_heart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
