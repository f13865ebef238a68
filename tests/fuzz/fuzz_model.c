/* fuzz_model.c -- libFuzzer: any bytes are a model or a pipeline, or get a sentence. Bytes that begin with '{' are the text of the
 * metadata alone: the arrays of one small pipeline are put around it, since those would be hard to guess. What was loaded is asked
 * for predictions, which it gives or refuses, and is saved, loaded and saved again with the same bytes.
 */
#include "classical/model.h"
#include "io/io.h"
#include "select/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void fm_must(bool holds)
{
    if (!holds)
        abort();
}

/* In memory where the system has it, as in fuzz_safetensors.c. */
static const char *fm_path(void)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof path, "%s/mlcore-fuzz-model-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    return path;
}

static void fm_sentence(ml_status s)
{
    fm_must(s != ML_OK && ml_error_status() == s && *ml_error() && !strchr(ml_error(), '\n'));
}

static void fm_same_bytes(const uint8_t *once, size_t n)
{
    uint8_t *twice;
    size_t m;
    fm_must(mli_read_file(fm_path(), SIZE_MAX / 4, &twice, &m) == ML_OK);
    fm_must(n == m && memcmp(once, twice, n) == 0);
    mli_free(twice);
}

/* ---- models ---- */

enum { FM_ROWS = 3, FM_MOST = 64 }; /* what has more columns or classes is loaded, but not asked */

static void fm_ask_model(const ml_model *m)
{
    static double x[FM_ROWS * FM_MOST], out[FM_ROWS * FM_MOST];
    if (m->features > FM_MOST || m->classes > FM_MOST)
        return;
    for (int i = 0; i < FM_ROWS * FM_MOST; i++)
        x[i] = i % 7 - 2.5 + (i % 11 == 0 && m->learner.kind->missing ? (double)NAN : 0);
    const ml_matrix rows = {.v = x, .rows = FM_ROWS, .columns = m->features};
    ml_status s = m->classes ? ml_model_probabilities(m, rows, out) : ml_model_values(m, rows, out);
    if (s)
        fm_sentence(s);
}

static void fm_model(ml_model *m)
{
    uint8_t *bytes;
    size_t n;
    fm_ask_model(m);
    fm_must(ml_model_save(m, fm_path()) == ML_OK);
    fm_must(mli_read_file(fm_path(), SIZE_MAX / 4, &bytes, &n) == ML_OK);
    ml_model *back = ml_model_load(fm_path());
    fm_must(back != NULL);
    fm_must(ml_model_save(back, fm_path()) == ML_OK);
    fm_same_bytes(bytes, n);
    ml_model_free(back);
    mli_free(bytes);
}

/* ---- pipelines ---- */

static ml_status fm_put(ml_frame *f, const char *name, ml_type type)
{
    switch (type) {
    case ML_NUMBER:
        return ml_frame_put_numbers(f, name, (double[]){1.5, (double)NAN, -40}, FM_ROWS);
    case ML_INTEGER:
        return ml_frame_put_integers(f, name, (int64_t[]){1, ML_MISSING, 3}, FM_ROWS);
    case ML_TIME:
        return ml_frame_put_times(f, name, (int64_t[]){1, ML_MISSING, 3}, FM_ROWS);
    case ML_TEXT:
        return ml_frame_put_texts(f, name, (const char *[]){"a", NULL, "never seen"}, FM_ROWS);
    case ML_CATEGORY:
        break;
    }
    return ml_frame_put_categories(f, name, (ml_ints){(int32_t[]){0, -1, 1}, FM_ROWS}, (const char *[]){"b", "a"}, 2);
}

static void fm_ask_pipeline(const ml_pipeline *p)
{
    if (p->in.n > FM_MOST || p->goal.classes > FM_MOST)
        return;
    ml_frame *f = ml_frame_new();
    for (int j = 0; j < p->in.n; j++)
        fm_must(fm_put(f, p->in.v[j].name, p->in.v[j].type) == ML_OK);
    ml_frame *predicted = ml_pipeline_predict(p, f);
    if (!predicted)
        fm_sentence(ml_error_status());
    ml_frame_free(predicted);
    ml_frame_free(f);
}

static void fm_pipeline(ml_pipeline *p)
{
    uint8_t *bytes;
    size_t n;
    fm_ask_pipeline(p);
    fm_must(ml_pipeline_save(p, fm_path()) == ML_OK);
    fm_must(mli_read_file(fm_path(), SIZE_MAX / 4, &bytes, &n) == ML_OK);
    ml_pipeline *back = ml_pipeline_load(fm_path());
    fm_must(back != NULL);
    fm_must(ml_pipeline_save(back, fm_path()) == ML_OK);
    fm_same_bytes(bytes, n);
    ml_pipeline_free(back);
    mli_free(bytes);
}

static int fm_loaded; /* how many inputs were models or pipelines: a test sees that its seeds are */

static void fm_from_file(const uint8_t *bytes, size_t n)
{
    ml_error_clear();
    mli_store *s = mli_store_parse("fuzzed", bytes, n, "pipeline");
    ml_pipeline *p = s ? mli_pipeline_take(s) : NULL;
    if (!p)
        fm_sentence(ml_error_status());
    else
        fm_pipeline(p);
    fm_loaded += p != NULL;
    ml_pipeline_free(p);
    mli_store_free(s);

    s = mli_store_parse("fuzzed", bytes, n, "model");
    ml_model *m = s ? mli_model_take(s, "model") : NULL;
    if (!m)
        fm_sentence(ml_error_status());
    else
        fm_model(m);
    fm_loaded += m != NULL;
    ml_model_free(m);
    mli_store_free(s);
    remove(fm_path());
}

/* ---- a text with arrays around it ---- */

static ml_frame *fm_identity(const ml_frame *f, void *arg)
{
    (void)arg;
    return ml_frame_copy(f);
}

static ml_pipeline *fm_fit(ml_learner learner)
{
    enum { N = 12 };
    static const char *const words[] = {"a", "b", "c"};
    double x[N];
    int64_t y[N];
    const char *text[N];
    int32_t code[N];
    for (int i = 0; i < N; i++) {
        x[i] = i == 4 ? (double)NAN : i * 0.5;
        y[i] = i > 5;
        text[i] = words[i % 3];
        code[i] = i % 2;
    }
    ml_frame *f = ml_frame_new();
    fm_must(!ml_frame_put_numbers(f, "x", x, N) && !ml_frame_put_categories(f, "c", (ml_ints){code, N}, words, 2) &&
            !ml_frame_put_texts(f, "t", text, N) && !ml_frame_put_integers(f, "y", y, N));
    ml_pipeline *p = ml_pipeline_fit(ML_RECIPE(learner, ML_APPLY("identity", fm_identity, NULL), ML_GROUP_RATE("t", .count = true),
                                               ML_INDICATE("x"), ML_IMPUTE("x"), ML_SCALE("x"), ML_ONE_HOT("c", .unseen = ML_UNSEEN_OTHER),
                                               ML_ORDINAL("t", .unseen = ML_UNSEEN_IGNORE), ML_IMPUTE("t"), ML_POLYNOMIAL("x,t"),
                                               ML_BIN("t", .bins = 2)),
                                     f, "y");
    fm_must(p != NULL && ml_pipeline_note(p, "seed", 1) == ML_OK);
    ml_frame_free(f);
    return p;
}

/* The file that a text is put into. */
static const ml_safetensors *fm_base(void)
{
    static ml_safetensors *st;
    if (st)
        return st;
    ml_pipeline *p = fm_fit(ML_TREE());
    fm_must(ml_pipeline_save(p, fm_path()) == ML_OK);
    ml_pipeline_free(p);
    st = ml_safetensors_read(fm_path());
    fm_must(st != NULL);
    return st;
}

static void fm_from_text(const char *text)
{
    static const char *const key = MLI_META_KEY;
    const ml_safetensors *st = fm_base();
    ml_safetensor tensors[64];
    const int count = ml_safetensors_count(st);
    uint8_t *bytes;
    size_t n;
    fm_must(count <= 64);
    for (int i = 0; i < count; i++)
        tensors[i] = ml_safetensors_at(st, i);
    if (ml_safetensors_write(fm_path(), tensors, count, &key, &text, 1)) /* text is not UTF-8 */
        return;
    fm_must(mli_read_file(fm_path(), SIZE_MAX / 4, &bytes, &n) == ML_OK);
    fm_from_file(bytes, n);
    mli_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fm_must(ml_prep_register("identity", fm_identity, NULL) == ML_OK);
    if (n && bytes[0] == '{') {
        char *text = calloc(1, n + 1);
        memcpy(text, bytes, n);
        fm_from_text(text);
        free(text);
    } else {
        fm_from_file(bytes, n);
    }
    return 0;
}
