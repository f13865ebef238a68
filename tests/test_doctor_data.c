/* The doctor on data that are not as they should be: each with a net that would learn, were it not for them. */
#include "support/patient.h"

#include <math.h>
#include <stdlib.h>

enum { FEATURES = 20, CLASSES = 4 };

static ml_net *plain(int64_t features, int64_t outputs)
{
    ml_rng rng = ml_rng_seed(1);
    return made(ml_net_new(&rng, ML_INPUT(features), ML_DENSE(24), ML_RELU(), ML_DENSE(outputs)));
}

/* ---- inputs ---- */

static void inputs(void **state)
{
    (void)state;
    ml_net *net = plain(FEATURES, CLASSES);
    ml_dataset *ds = blobs(400, FEATURES, CLASSES, 1);
    assert_healthy(net, ds, (ml_doctor_opts){0});
    ds->scale = 1;
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_INPUTS_SCALE, "The inputs lie between");
    ds->scale = 1e-6;
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_INPUTS_SCALE, "almost nothing");
    ds->scale = 1.0 / 255;
    ds->mean = 2000; /* all between -7.8 and -6.8 */
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_INPUTS_SCALE, "what they share");
    ds->mean = 0;
    ds->scale = 0;
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_INPUTS_CONSTANT, "All 400 samples");
    ds->scale = NAN;
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_INPUTS_NOT_FINITE, "scale nan");
    ml_doctor_report r = examined(net, ds, (ml_doctor_opts){0});
    assert_false(r.complete);
    assert_int_equal(r.n, 1);
    ml_doctor_free(&r);
    ml_dataset_free(ds);
    ml_net_free(net);
}

/* Standard normal rows, the label by the sign of the first number. */
static ml_tensor *table(int64_t n, int64_t features, int32_t *labels)
{
    ml_rng rng = ml_rng_seed(3);
    ml_tensor *x = ml_zeros(n, features);
    assert_int_equal(ml_init_normal(x, &rng, 0, 1), ML_OK);
    for (int64_t i = 0; i < n; i++)
        labels[i] = x->data[i * features] > 0;
    return x;
}

static void columns(void **state)
{
    (void)state;
    int32_t labels[200];
    ml_net *net = plain(6, 2);
    ml_tensor *x = table(200, 6, labels);
    ml_doctor_opts o = {.x = x, .label = {labels, 200}};
    assert_healthy(net, NULL, o);
    x->data[7] = INFINITY;
    assert_finds(net, NULL, o, ML_DOCTOR_INPUTS_NOT_FINITE, "Input 1 of sample 1 is inf");
    x->data[7] = 0;
    for (int64_t i = 0; i < 200; i++)
        x->data[6 * i + 4] = (ml_real)0.25;
    assert_finds(net, NULL, o, ML_DOCTOR_FEATURES_CONSTANT, "1 of 6 features");
    assert_finds(net, NULL, o, ML_DOCTOR_FEATURES_CONSTANT, "feature 4, always 0.25");
    for (int64_t i = 0; i < 200; i++)
        x->data[6 * i + 4] = (ml_real)(1e5 * sin((double)i));
    assert_finds(net, NULL, o, ML_DOCTOR_FEATURES_SCALE, "Feature 4");
    ml_tensor_free(x);
    ml_net_free(net);
}

static void blank_pictures(void **state)
{
    (void)state;
    enum { N = 300, SIDE = 6 };
    static uint8_t bytes[N * SIDE * SIDE];
    int32_t labels[N];
    ml_rng rng = ml_rng_seed(5);
    for (int i = 0; i < N; i++) {
        labels[i] = i % 2;
        for (int p = 0; p < SIDE * SIDE; p++)
            bytes[i * SIDE * SIDE + p] = i % 20 == 0 ? 255 : (uint8_t)ml_rng_below(&rng, labels[i] ? 255 : 100);
    }
    ml_dataset *ds = ml_dataset_new(N, 3, (int64_t[]){SIDE, SIDE, 1}, bytes, labels, 2);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(SIDE, SIDE, 1), ML_FLATTEN(), ML_DENSE(16), ML_RELU(), ML_DENSE(2)));
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_PICTURES_BLANK, "15 of 300 pictures");
    ml_dataset_free(ds);
    ml_net_free(net);
}

/* ---- labels ---- */

static void labels_out_of_range(void **state)
{
    (void)state;
    ml_net *net = plain(FEATURES, 3);
    ml_dataset *ds = blobs(400, FEATURES, CLASSES, 1);
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_LABELS_RANGE, "Label 3 of sample 3 is outside 0 .. 2: the net has 3 outputs");
    int32_t labels[200];
    ml_tensor *x = table(200, FEATURES, labels);
    labels[10] = -1;
    assert_finds(net, NULL, (ml_doctor_opts){.x = x, .label = {labels, 200}}, ML_DOCTOR_LABELS_RANGE, "Label -1 of sample 10");
    ml_tensor_free(x);
    ml_dataset_free(ds);
    ml_net_free(net);
}

static void labels_of_few_kinds(void **state)
{
    (void)state;
    enum { N = 400 };
    int32_t labels[N];
    ml_net *net = plain(FEATURES, 5);
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1);
    for (int i = 0; i < N; i++)
        labels[i] = 2;
    ml_dataset *same = relabelled(ds, labels, 4);
    assert_finds(net, same, (ml_doctor_opts){0}, ML_DOCTOR_LABELS_CONSTANT, "All 400 labels are 2");
    for (int i = 0; i < N; i++)
        labels[i] = i % 20 == 0;
    ml_dataset *most = relabelled(ds, labels, 2);
    assert_finds(net, most, (ml_doctor_opts){0}, ML_DOCTOR_LABELS_UNBALANCED, "95.0 % of 400 labels are 0");
    for (int i = 0; i < N; i++)
        labels[i] = 1 + i % CLASSES;
    ml_dataset *from_1 = relabelled(ds, labels, 5);
    assert_finds(net, from_1, (ml_doctor_opts){0}, ML_DOCTOR_LABELS_MISSING, "Class 0 of 0 .. 4 has not one of 400 samples: do the labels");
    ml_dataset_free(from_1);
    ml_dataset_free(most);
    ml_dataset_free(same);
    ml_dataset_free(ds);
    ml_net_free(net);
}

static void equal_samples(void **state)
{
    (void)state;
    enum { N = 400 };
    static uint8_t bytes[N * FEATURES];
    int32_t labels[N];
    ml_net *net = plain(FEATURES, CLASSES);
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1), *rest, *held;
    for (int i = 0; i < N * FEATURES; i++)
        bytes[i] = ds->bytes[i];
    for (int i = 0; i < N; i++)
        labels[i] = ds->labels[i];
    for (int i = 0; i < 10; i++) { /* sample 200 + i becomes sample i, and keeps another label */
        for (int f = 0; f < FEATURES; f++)
            bytes[(200 + i) * FEATURES + f] = bytes[i * FEATURES + f];
        labels[200 + i] = (labels[i] + 1) % CLASSES;
    }
    ml_dataset *twice = ml_dataset_new(N, 1, (int64_t[]){FEATURES}, bytes, labels, CLASSES);
    assert_finds(net, twice, (ml_doctor_opts){0}, ML_DOCTOR_LABELS_CONTRADICT, "10 of 400 samples equal an earlier one");
    assert_finds(net, twice, (ml_doctor_opts){0}, ML_DOCTOR_LABELS_CONTRADICT, "samples 0 and 200 are equal, their labels are 0 and 1");

    assert_int_equal(ml_dataset_split(ds, 0.25, 1, ML_ROLE_VALIDATION, &rest, &held), ML_OK);
    assert_healthy(net, rest, (ml_doctor_opts){.validation = held});
    assert_finds(net, ds, (ml_doctor_opts){.validation = held}, ML_DOCTOR_VALIDATION_LEAK, "100 of 100 validation samples");
    ml_dataset_free(rest);
    ml_dataset_free(held);
    ml_dataset_free(twice);
    ml_dataset_free(ds);
    ml_net_free(net);
}

/* ---- targets ---- */

static void targets(void **state)
{
    (void)state;
    enum { N = 200 };
    int32_t labels[N];
    ml_net *net = plain(6, 1);
    ml_tensor *x = table(N, 6, labels), *y = ml_zeros(N, 1);
    ml_doctor_opts mse = {.loss = ML_DOCTOR_MSE, .x = x, .target = y}, bce = mse;
    bce.loss = ML_DOCTOR_BCE;
    assert_finds(net, NULL, mse, ML_DOCTOR_LABELS_CONSTANT, "All 200 targets are 0");
    for (int64_t i = 0; i < N; i++)
        y->data[i] = x->data[6 * i] - x->data[6 * i + 1];
    assert_healthy(net, NULL, mse);
    ml_tensor *last = ml_params_find(net->params, "2.weight");
    for (int64_t i = 0; i < last->size; i++)
        last->data[i] *= 1000;
    assert_finds(net, NULL, mse, ML_DOCTOR_FIRST_LOSS, "that of always saying 0 would be");
    for (int64_t i = 0; i < last->size; i++)
        last->data[i] /= 1000;
    assert_finds(net, NULL, bce, ML_DOCTOR_LABELS_RANGE, "this loss takes numbers from 0 to 1");
    for (int64_t i = 0; i < N; i++)
        y->data[i] = 250000 + 100000 * x->data[6 * i];
    assert_finds(net, NULL, mse, ML_DOCTOR_TARGETS_SCALE, "The targets lie between");
    y->data[3] = NAN;
    assert_finds(net, NULL, mse, ML_DOCTOR_LABELS_RANGE, "Target 0 of sample 3 is nan");
    for (int64_t i = 0; i < N; i++)
        y->data[i] = i % 25 == 0;
    assert_finds(net, NULL, bce, ML_DOCTOR_LABELS_UNBALANCED, "96.0 % of 200 targets are 0");
    for (int64_t i = 0; i < N; i++)
        y->data[i] = (ml_real)labels[i];
    assert_healthy(net, NULL, bce);
    assert_healthy(net, NULL, (ml_doctor_opts){.loss = ML_DOCTOR_BCE, .x = x, .label = {labels, N}});
    ml_tensor_free(x);
    ml_tensor_free(y);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs),
        cmocka_unit_test(columns),
        cmocka_unit_test(blank_pictures),
        cmocka_unit_test(labels_out_of_range),
        cmocka_unit_test(labels_of_few_kinds),
        cmocka_unit_test(equal_samples),
        cmocka_unit_test(targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
