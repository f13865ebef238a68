/* Buffers: named tensors that are saved and loaded with the parameters, never stepped, and marked when frozen. */
#include "support/check.h"
#include "support/tmp.h"

#include "nn/nn.h"

#include <mlcore/io.h>

#include <string.h>

/* One parameter and two buffers, as a batch norm has them. */
static ml_params *norm_like(ml_real first)
{
    ml_params *ps = ml_params_new();
    assert_non_null(ml_param(ps, "1.weight", 1, (int64_t[]){3}));
    ml_tensor *mean = ml_buffer(ps, "1.running_mean", 1, (int64_t[]){3});
    ml_tensor *var = ml_buffer(ps, "1.running_var", 1, (int64_t[]){3});
    assert_non_null(mean);
    assert_non_null(var);
    for (int i = 0; i < 3; i++) {
        mean->data[i] = first + (ml_real)i;
        var->data[i] = first + (ml_real)(10 * i);
    }
    return ps;
}

static void a_list_of_their_own(void **state)
{
    (void)state;
    ml_params *ps = norm_like(1);
    assert_int_equal(ml_params_count(ps), 1);
    assert_int_equal(ml_params_size(ps), 3);
    assert_int_equal(ml_buffers_count(ps), 2);
    assert_string_equal(ml_buffers_at(ps, 0)->name, "1.running_mean");
    assert_ptr_equal(ml_buffers_find(ps, "1.running_var"), ml_buffers_at(ps, 1));
    assert_null(ml_params_find(ps, "1.running_var"));
    assert_string_equal(ml_error(), "params: none is named \"1.running_var\"");
    assert_null(ml_buffers_find(ps, "1.weight"));
    assert_string_equal(ml_error(), "buffers: none is named \"1.weight\"");
    assert_null(ml_buffers_find(ps, NULL));
    assert_null(ml_buffers_find(NULL, "1.weight"));
    assert_null(ml_buffers_at(ps, 2));
    assert_string_equal(ml_error(), "buffers: there is no number 2: they are 2");
    assert_null(ml_buffers_at(ps, -1));
    assert_int_equal(ml_buffers_count(NULL), 0);
    const ml_tensor *x = ml_buffers_at(ps, 0);
    assert_true(!x->requires_grad && !x->grad && !x->frozen && !x->on_tape);
    ml_params_free(ps);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    ml_params *ps = norm_like(1);
    assert_null(ml_buffer(ps, "1.weight", 1, (int64_t[]){3}));
    assert_string_equal(ml_error(), "buffer: there is already one named \"1.weight\"");
    assert_null(ml_buffer(ps, "1.running_mean", 1, (int64_t[]){3}));
    assert_null(ml_param(ps, "1.running_mean", 1, (int64_t[]){3}));
    assert_string_equal(ml_error(), "param: there is already one named \"1.running_mean\"");
    assert_null(ml_buffer(ps, "", 1, (int64_t[]){3}));
    assert_null(ml_buffer(ps, NULL, 1, (int64_t[]){3}));
    assert_null(ml_buffer(NULL, "x", 1, (int64_t[]){3}));
    assert_null(ml_buffer(ps, "x", 1, (int64_t[]){-3}));
    assert_string_equal(ml_error(), "buffer: tensor: shape -3 is negative or too large");
    assert_int_equal(ml_buffers_count(ps), 2);
    ml_params_free(ps);
}

static void many_of_them(void **state)
{
    (void)state;
    ml_params *ps = ml_params_new();
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "b.%d", i);
        ml_tensor *x = ml_buffer(ps, name, 1, (int64_t[]){i});
        assert_non_null(x);
        assert_ptr_equal(ml_buffers_find(ps, name), x);
    }
    assert_int_equal(ml_buffers_at(ps, 99)->size, 99);
    mli_params_cut(ps, 0, 40);
    assert_int_equal(ml_buffers_count(ps), 40);
    ml_params_free(ps);
}

static void sealing_and_stepping_leave_them_alone(void **state)
{
    (void)state;
    ml_params *ps = norm_like(1);
    ml_tensor *w = ml_params_at(ps, 0), *mean = ml_buffers_at(ps, 0);
    ml_optim *opt = ml_sgd(ps, (ml_sgd_opts){.lr = 1});
    const ml_real *data = mean->data;
    assert_non_null(ml_buffer(ps, "2.running_mean", 1, (int64_t[]){3})); /* the optimizer stays good */
    w->grad[0] = 2;
    w->has_grad = true;
    assert_int_equal(ml_step(opt), ML_OK);
    ml_zero_grad(ps);
    assert_true(w->data[0] == -2);
    assert_ptr_equal(mean->data, data);
    for (int i = 0; i < 3; i++)
        assert_true(mean->data[i] == (ml_real)(1 + i));
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void freezing_marks_them(void **state)
{
    (void)state;
    ml_params *ps = norm_like(1);
    assert_non_null(ml_buffer(ps, "10.running_mean", 1, (int64_t[]){3}));
    assert_int_equal(ml_params_freeze(ps, "1.", true), 3);
    assert_true(ml_params_at(ps, 0)->frozen && !ml_params_at(ps, 0)->requires_grad);
    assert_true(ml_buffers_at(ps, 0)->frozen && ml_buffers_at(ps, 1)->frozen && !ml_buffers_at(ps, 2)->frozen);
    assert_int_equal(ml_params_freeze(ps, "", false), 4);
    assert_false(ml_params_at(ps, 0)->frozen || ml_buffers_at(ps, 0)->frozen || ml_buffers_at(ps, 0)->requires_grad);
    assert_int_equal(ml_params_freeze(ps, "1.running_mean", true), 1);
    assert_int_equal(ml_params_freeze(NULL, "", true), 0);
    assert_int_equal(ml_params_freeze(ps, NULL, true), 0);
    ml_params_free(ps);
}

/* ---- files ---- */

static void saved_and_loaded(void **state)
{
    (void)state;
    ml_params *ps = norm_like(5), *back = norm_like(0);
    const char *path = tmp_path("m.safetensors");
    assert_int_equal(ml_params_save(ps, path, NULL), ML_OK);
    ml_safetensors *st = ml_safetensors_read(path);
    assert_int_equal(ml_safetensors_count(st), 3);
    ml_safetensors_free(st);
    assert_int_equal(ml_params_load(back, path, NULL), ML_OK);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(ml_buffers_at(back, i)->data, ml_buffers_at(ps, i)->data, 3 * sizeof(ml_real));
    ml_params_free(ps);
    ml_params_free(back);
}

/* Loads a file with these tensors into a fresh list, which must stay as it was where a sentence is expected. */
static void assert_loads(const ml_safetensor *t, int n, const char *sentence)
{
    const char *path = tmp_path("m.safetensors");
    assert_int_equal(ml_safetensors_write(path, t, n, NULL, NULL, 0), ML_OK);
    ml_params *ps = norm_like(5);
    ml_error_clear();
    ml_status s = ml_params_load(ps, path, NULL);
    assert_int_equal(s, sentence ? ML_EFORMAT : ML_OK);
    assert_int_equal(ml_error_status(), s);
    if (sentence && !strstr(ml_error(), sentence))
        fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
    assert_true(ml_buffers_at(ps, 0)->data[0] == (sentence ? 5 : 7));
    ml_params_free(ps);
}

static void pytorchs_count_of_batches_is_passed_over(void **state)
{
    (void)state;
    static const float v[] = {7, 7, 7};
    static const int64_t batches = 12;
    const ml_safetensor w = {"1.weight", "F32", 1, {3}, v, 12}, mean = {"1.running_mean", "F32", 1, {3}, v, 12},
                        var = {"1.running_var", "F32", 1, {3}, v, 12}, short_var = {"1.running_var", "F32", 1, {1}, v, 4},
                        count = {"1.num_batches_tracked", "I64", 0, {0}, &batches, 8},
                        other = {"2.num_batches_tracked", "I64", 0, {0}, &batches, 8},
                        bare = {"num_batches_tracked", "I64", 0, {0}, &batches, 8};
    assert_loads((ml_safetensor[]){w, mean, var}, 3, NULL);
    assert_loads((ml_safetensor[]){w, mean, var, count}, 4, NULL);
    assert_loads((ml_safetensor[]){w, mean, var, other}, 4, "\"2.num_batches_tracked\" is in the file but not in the net");
    assert_loads((ml_safetensor[]){w, mean, var, bare}, 4, "\"num_batches_tracked\" is in the file but not in the net");
    assert_loads((ml_safetensor[]){w, mean, count}, 3, "tensor \"1.running_var\" of the net is not in the file");
    assert_loads((ml_safetensor[]){w, mean, short_var}, 3, "tensor \"1.running_var\" is 1 in the file but 3 in the net");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_their_own),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(many_of_them),
        cmocka_unit_test(sealing_and_stepping_leave_them_alone),
        cmocka_unit_test(freezing_marks_them),
        cmocka_unit_test_setup_teardown(saved_and_loaded, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(pytorchs_count_of_batches_is_passed_over, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("nn/buffers", tests, NULL, NULL);
}
