/* Files of trees that are not what they should be, and memory that is refused. */
#include "support/tmp.h"
#include "support/trees.h"

#include <mlcore/memory.h>

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---- */

/* Where a safetensors file's numbers begin. */
static size_t body(const uint8_t *bytes)
{
    uint64_t header;
    memcpy(&header, bytes, sizeof header);
    return 8 + (size_t)header;
}

/* Loads the bytes; where that is possible all that reads a tree must end. Returns whether it was. */
static bool believed(const uint8_t *bytes, size_t n, const ml_matrix *x)
{
    double out[3 * 20], importance[3];
    ml_model *m = ml_model_load(tmp_file("tree.safetensors", bytes, n));
    if (!m)
        return false;
    assert_int_equal(ml_model_probabilities(m, *x, out), ML_OK);
    assert_int_equal(ml_model_importances(m, importance), ML_OK);
    for (int64_t t = 0; t < ml_model_trees(m); t++) {
        int64_t nodes;
        ml_tree_node node;
        assert_int_equal(ml_model_tree_size(m, t, &nodes, NULL, NULL), ML_OK);
        for (int64_t i = 0; i < nodes; i++)
            assert_int_equal(ml_model_node(m, t, i, &node), ML_OK);
        ml_pruning *p = ml_model_pruning(m, t);
        assert_non_null(p);
        ml_pruning_free(p);
    }
    ml_model_free(m);
    return true;
}

/* Each 4 bytes of the numbers in turn become something else. */
static void every_number_is_checked(void **state)
{
    (void)state;
    const int32_t odd[] = {0, 1, -1, 2, 5, 1 << 20, INT_MAX, INT_MIN, 0x7ff00000, 0x7ff80000, (int32_t)0xfff00000};
    for (int forest = 0; forest < 2; forest++) {
        tree_data d = tree_data_random(20, 3, true, true, 4);
        d.xy.classes = 3;
        ml_model *m = forest ? ml_forest_fit(d.xy, (ml_forest_opts){.trees = 2, .max_depth = 2})
                             : ml_tree_fit(d.xy, (ml_tree_opts){.max_depth = 2});
        assert_int_equal(ml_model_save(m, tmp_path("tree.safetensors")), ML_OK);
        ml_model_free(m);
        size_t n;
        uint8_t *bytes = slurp(tmp_path("tree.safetensors"), &n);
        assert_non_null(bytes);
        assert_true(believed(bytes, n, &d.xy.x));
        int refused = 0;
        for (size_t at = body(bytes); at + 4 <= n; at += 4) {
            uint8_t held[4];
            memcpy(held, bytes + at, 4);
            for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
                memcpy(bytes + at, &odd[k], 4);
                refused += !believed(bytes, n, &d.xy.x);
            }
            memcpy(bytes + at, held, 4);
        }
        assert_true(refused > 100);
        free(bytes);
        tree_data_free(&d);
    }
}

/* ---- memory ---- */

static int64_t asked, refuse, live;

static void *take(void *user, size_t bytes)
{
    (void)user;
    void *p = ++asked == refuse ? NULL : malloc(bytes);
    live += p != NULL;
    return p;
}

static void give(void *user, void *block)
{
    (void)user;
    live--;
    free(block);
}

/* Fits, saves, loads, looks; ends at the first error. */
static ml_status whole(const tree_data *d, ml_learner learner)
{
    double out[3 * 20], importance[3];
    ml_pruning *p = NULL;
    ml_model *m = ml_fit(learner, d->xy), *back = NULL;
    bool good = m && !ml_model_probabilities(m, d->xy.x, out) && !ml_model_save(m, tmp_path("model")) &&
                (back = ml_model_load(tmp_path("model")));
    if (good && ml_model_trees(m))
        good = !ml_model_importances(back, importance) && (p = ml_model_pruning(back, 0)) &&
               (ml_model_trees(m) > 1 ? !ml_forest_oob(m, d->xy, NULL, out) : !ml_tree_dot(m, tmp_path("dot"), NULL));
    ml_pruning_free(p);
    ml_model_free(back);
    ml_model_free(m);
    return good ? ML_OK : ml_error_status();
}

static void every_refused_request_is_an_error(void **state)
{
    (void)state;
    tree_data d = tree_data_random(20, 3, true, true, 4);
    const ml_learner learners[] = {ML_TREE(.ccp_alpha = 0.01), ML_FOREST(.trees = 3), ML_DUMMY(0)};
    assert_int_equal(ml_set_threads(1), ML_OK);
    assert_int_equal(ml_set_allocator((ml_allocator){.alloc = take, .free = give}), ML_OK);
    for (int l = 0; l < 3; l++) {
        refuse = asked = live = 0;
        assert_int_equal(whole(&d, learners[l]), ML_OK);
        int64_t requests = asked, kept = live;
        for (refuse = 1; refuse <= requests; refuse++) {
            int64_t n = refuse;
            asked = live = 0;
            ml_status s = whole(&d, learners[l]);
            if (s != ML_ENOMEM)
                fail_msg("%s: request %lld refused: status %d, %s", ml_learner_name(learners[l]), (long long)n, s, ml_error());
            assert_int_equal(live, kept);
        }
    }
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
    tree_data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_number_is_checked, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(every_refused_request_is_an_error, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
