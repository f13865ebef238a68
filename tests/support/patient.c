/* patient.c -- see patient.h. */
#include "support/patient.h"

#include <stdlib.h>
#include <string.h>

ml_dataset *blobs(int64_t n, int64_t features, int32_t classes, uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    uint8_t *bytes = malloc((size_t)(n * features)), *centre = malloc((size_t)(classes * features));
    int32_t *labels = malloc((size_t)n * sizeof *labels);
    for (int64_t i = 0; i < classes * features; i++)
        centre[i] = (uint8_t)(40 + ml_rng_below(&rng, 160));
    for (int64_t i = 0; i < n; i++) {
        labels[i] = (int32_t)(i % classes);
        for (int64_t f = 0; f < features; f++)
            bytes[i * features + f] = (uint8_t)(centre[labels[i] * features + f] + ml_rng_below(&rng, 40));
    }
    ml_dataset *ds = ml_dataset_new(n, 1, &features, bytes, labels, classes);
    assert_non_null(ds);
    ds->role = ML_ROLE_TRAIN;
    free(bytes);
    free(centre);
    free(labels);
    return ds;
}

ml_dataset *relabelled(const ml_dataset *ds, const int32_t *labels, int32_t classes)
{
    ml_dataset *copy = ml_dataset_new(ds->n, ds->rank, ds->shape, ds->bytes, labels, classes);
    assert_non_null(copy);
    copy->role = ds->role;
    return copy;
}

ml_dataset *digits(int64_t n)
{
    static ml_dataset *all;
    if (!all)
        all = ml_dataset_read_idx(MLCORE_SOURCE_DIR "/data/mnist", "train", 0);
    if (!all)
        fail_msg("%s", ml_error());
    ml_dataset *head = ml_dataset_head(all, n);
    assert_non_null(head);
    return head;
}

ml_net *made(ml_net *net)
{
    if (!net)
        fail_msg("%s", ml_error());
    return net;
}

ml_net *custom(ml_forward_fn forward, int64_t features)
{
    ml_net *net = ml_net_custom(forward, NULL, 1, &features);
    return made(net);
}

ml_tensor *drawn(ml_net *net, const char *name, int64_t rows, int64_t columns, double size)
{
    ml_rng rng = ml_rng_split(ml_rng_seed(7), (uint64_t)ml_params_count(net->params), 0);
    ml_tensor *x = ml_param(net->params, name, columns ? 2 : 1, (int64_t[]){rows, columns});
    assert_non_null(x);
    assert_int_equal(ml_init_uniform(x, &rng, -size, size), ML_OK);
    return x;
}

ml_doctor_report examined(ml_net *net, const ml_dataset *set, ml_doctor_opts opts)
{
    ml_doctor_report r;
    if (ml_doctor(net, set, opts, &r))
        fail_msg("%s", ml_error());
    return r;
}

const ml_doctor_finding *finding_of(const ml_doctor_report *r, ml_doctor_code code)
{
    for (int i = 0; i < r->n; i++)
        if (r->finding[i].code == code)
            return &r->finding[i];
    return NULL;
}

void assert_finds(ml_net *net, const ml_dataset *set, ml_doctor_opts opts, ml_doctor_code code, const char *part)
{
    ml_doctor_report r = examined(net, set, opts);
    const ml_doctor_finding *f = finding_of(&r, code);
    if (!f || !strstr(f->text, part))
        ml_doctor_print(stderr, &r);
    if (!f)
        fail_msg("%s is not found", ml_doctor_name(code));
    if (!strstr(f->text, part))
        fail_msg("%s: \"%s\" lacks \"%s\"", f->name, f->text, part);
    ml_doctor_free(&r);
}

void assert_healthy(ml_net *net, const ml_dataset *set, ml_doctor_opts opts)
{
    ml_doctor_report r = examined(net, set, opts);
    if (r.n || !r.complete) {
        ml_doctor_print(stderr, &r);
        fail_msg("findings in a healthy set-up, or not complete");
    }
    ml_doctor_free(&r);
}
