/* ml_tape_dot: what is on the tape is in the drawing once, names cannot break its language, and the file is whole or not there. */
#include "support/check.h"
#include "support/tiny_ops.h"
#include "support/tmp.h"

#include <stdlib.h>
#include <string.h>

#define SHAPE(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}

static char *drawn(const ml_tape *t)
{
    size_t n;
    const char *path = tmp_path("tape.dot");
    if (ml_tape_dot(t, path))
        fail_msg("%s", ml_error());
    char *bytes = (char *)slurp(path, &n), *text = malloc(n + 1);
    memcpy(text, bytes, n);
    text[n] = 0;
    free(bytes);
    remove(path);
    assert_int_equal(tmp_count(), 0);
    return text;
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void once(const char *text, const char *part)
{
    if (count(text, part) != 1)
        fail_msg("\"%s\" is %d times in:\n%s", part, count(text, part), text);
}

static void braces_match(const char *text)
{
    int depth = 0, label = 0; /* a label is in angles, and may hold anything */
    bool quoted = false;
    for (const char *p = text; *p; p++) {
        label += quoted ? 0 : *p == '<' ? 1 : *p == '>' && label ? -1 : 0;
        quoted ^= !label && *p == '"';
        depth += quoted || label ? 0 : (*p == '{') - (*p == '}');
        assert_true(depth >= 0);
    }
    assert_int_equal(depth, 0);
    assert_false(quoted || label);
}

static void a_net(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = ml_net_new(&rng, ML_INPUT(6, 6, 1),
                             ML_NAME("features", ML_SEQ(ML_CONV(2, .k = 3), ML_RELU(), ML_CONV(3, .k = 3))), ML_FLATTEN(),
                             ML_NAME("fc", ML_DENSE(2)));
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true});
    ml_tensor *x = random_tensor(&rng, SHAPE(4, 6, 6, 1), 0, 1);
    x->requires_grad = false;
    assert_int_equal(ml_backward(t, ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){(int32_t[]){0, 1, 0, 1}, 4})), ML_OK);
    char *text = drawn(t);
    braces_match(text);
    for (int64_t i = 0; i < ml_tape_ops(t); i++) {
        char part[64];
        snprintf(part, sizeof part, "op%lld [shape", (long long)i);
        once(text, part);
    }
    once(text, "<b>softmax_xent</b>");
    assert_int_equal(count(text, "<b>conv2d</b>"), 2);
    assert_int_equal(count(text, "<b>weight</b>"), 3);
    assert_int_equal(count(text, "<b>bias</b>"), 3);
    once(text, "<b>constant</b>  4x6x6x1");
    /* weight, bias and op of each convolution in a frame of its own, in one that is called features */
    assert_int_equal(count(text, "subgraph cluster_features { labelloc=t; labeljust=l; label=<features> subgraph cluster_features_2e0 { labelloc=t; labeljust=l; label=<0> "), 3);
    assert_int_equal(count(text, "subgraph cluster_features { labelloc=t; labeljust=l; label=<features> subgraph cluster_features_2e2 { labelloc=t; labeljust=l; label=<2> "), 3);
    assert_int_equal(count(text, "subgraph cluster_fc { labelloc=t; labeljust=l; label=<fc> "), 3);
    assert_int_equal(count(text, " -> "), 3 * 3 + 2 * 1 + 1 + (int)(ml_tape_ops(t) - 6));
    /* each op has a gradient, and so has each parameter */
    assert_int_equal(count(text, "|grad|"), (int)ml_tape_ops(t) + 6);
    once(text, "color=\"#b3412e\""); /* the loss */
    free(text);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void leaves_are_drawn_once(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_params *ps = ml_params_new();
    ml_tensor *w = ml_param(ps, "w", SHAPE(2)), *y = w;
    for (int i = 0; i < 100; i++)
        y = ml_mul(t, y, ml_add(t, w, ml_constant(t, SHAPE(2), (ml_real[]){1, 2})));
    char *text = drawn(t);
    once(text, "<b>w</b>");
    assert_int_equal(count(text, "<b>constant</b>"), 100);
    assert_int_equal(count(text, " -> "), 400);
    assert_int_equal(count(text, "style=dashed]"), 100);
    assert_int_equal(count(text, "|grad|"), 0); /* there is none yet */
    free(text);
    /* Numbers that are not finite are red, an empty tape is an empty drawing, an error is no obstacle. */
    ml_tape_reset(t);
    ml_log(t, w);
    ml_matmul(t, w, w);
    text = drawn(t);
    once(text, "<font color=\"#c00000\"><b>|out| not finite</b></font>");
    free(text);
    ml_tape_reset(t);
    text = drawn(t);
    once(text, "step 2, 0 ops");
    assert_int_equal(count(text, "label=<"), 0);
    free(text);
    ml_tape_free(t);
    ml_params_free(ps);
}

/* Names of parameters and ops may hold anything. */
static void names_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *name, *label, *frame;
    } cases[] = {
        {"a<b>&\"c\"", "<b>a&lt;b&gt;&amp;&quot;c&quot;</b>", NULL},
        {"\\N } ; --", "<b>\\N } ; --</b>", NULL},
        {"gr\xc3\xb6\xc3\x9f" "e", "<b>gr\xc3\xb6\xc3\x9f" "e</b>", NULL},
        {"bad\xff\xc3", "<b>bad?" "?</b>", NULL},
        {"line\nend\t\x7f", "<b>line?end?" "?</b>", NULL},
        {"a\"}.w", "<b>w</b>", "subgraph cluster_a_22_7d { labelloc=t; labeljust=l; label=<a&quot;}> "},
        {"\xc3\xa4.\xe2\x82.w", "<b>w</b>", "subgraph cluster__c3_a4 { labelloc=t; labeljust=l; label=<\xc3\xa4> subgraph cluster__c3_a4_2e_e2_82 { labelloc=t; labeljust=l; label=<?" "?> "},
        {"dot.", "<b>dot.</b>", "subgraph cluster_dot { labelloc=t; labeljust=l; label=<dot> "},
        {"..", "<b>..</b>", "subgraph cluster_ { labelloc=t; labeljust=l; label=<> subgraph cluster__2e { labelloc=t; labeljust=l; label=<> "},
    };
    ml_tape *t = ml_tape_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ml_params *ps = ml_params_new();
        ml_tape_reset(t);
        ml_relu(t, ml_param(ps, cases[i].name, SHAPE(2)));
        char *text = drawn(t);
        braces_match(text);
        once(text, cases[i].label);
        if (cases[i].frame)
            assert_int_equal(count(text, cases[i].frame), 2); /* the parameter and its op */
        else
            assert_int_equal(count(text, "subgraph"), 0);
        free(text);
        ml_params_free(ps);
    }
    ml_tape_free(t);
}

static void whole_or_not_at_all(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    assert_int_equal(ml_tape_dot(NULL, "x"), ML_EINVAL);
    assert_string_equal(ml_error(), "dot: the tape is NULL");
    assert_int_equal(ml_tape_dot(t, NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "dot: the path is NULL");
    assert_int_equal(ml_tape_dot(t, tmp_path("no/such/folder")), ML_EIO);
    assert_int_equal(ml_tape_dot(t, tmp_path("")), ML_EIO); /* a folder */
    assert_int_equal(tmp_count(), 0);
    /* What was there is replaced when the new one is whole. */
    const char *path = tmp_file("held", "before", 6);
    assert_int_equal(ml_tape_dot(t, path), ML_OK);
    assert_false(same_file(path, "before", 6));
    assert_int_equal(tmp_count(), 1);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_net, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(leaves_are_drawn_once, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(names_are_escaped, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(whole_or_not_at_all, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
