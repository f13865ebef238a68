/* fuzz_checkpoint.c -- libFuzzer: any bytes are a checkpoint of one small run, or get a sentence and change nothing. Bytes
 * that begin with '{' are the text of the metadata alone: a file with the right tensors is made around it. What was loaded is
 * saved, loaded and saved again with the same bytes.
 */
#include "optim/checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void cp_must(bool holds)
{
    if (!holds)
        abort();
}

/* In memory where the system has it, as in fuzz_safetensors.c. */
static const char *cp_path(void)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof path, "%s/mlcore-fuzz-checkpoint-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                 (long)getpid());
    return path;
}

/* ---- the run ---- */

typedef struct cp_run {
    ml_plateau plateau;
    ml_checkpoint c;
} cp_run;

static void cp_start(cp_run *r)
{
    *r = (cp_run){0};
    ml_params *ps = r->c.params = ml_params_new();
    ml_param(ps, "0.weight", 2, (int64_t[]){2, 3});
    ml_param(ps, "0.bias", 1, (int64_t[]){2});
    ml_buffer(ps, "mean", 1, (int64_t[]){1});
    r->c.optim = ml_adam(ps, (ml_adam_opts){0});
    r->c.ema = ml_ema_new(ps, (ml_ema_opts){.decay = 0.5});
    r->c.tape = ml_tape_new();
    r->c.plateau = &r->plateau;
}

static void cp_end(cp_run *r)
{
    ml_tape_free(r->c.tape);
    ml_ema_free(r->c.ema);
    ml_optim_free(r->c.optim);
    ml_params_free(r->c.params);
}

static void cp_saved(const cp_run *r, const char *extra, uint8_t **bytes, size_t *n)
{
    cp_must(ml_checkpoint_save(&r->c, cp_path(), extra) == ML_OK);
    cp_must(mli_read_file(cp_path(), SIZE_MAX / 4, bytes, n) == ML_OK);
}

/* Whether two runs would write the same file. */
static bool cp_same(const cp_run *a, const char *extra_a, const cp_run *b, const char *extra_b)
{
    uint8_t *p, *q;
    size_t n, m;
    cp_saved(a, extra_a, &p, &n);
    cp_saved(b, extra_b, &q, &m);
    bool same = n == m && memcmp(p, q, n) == 0;
    mli_free(p);
    mli_free(q);
    return same;
}

/* ---- what must hold ---- */

static void cp_round_trip(const cp_run *r, const char *extra)
{
    cp_run back;
    char *extra_back = NULL;
    cp_start(&back);
    cp_must(ml_checkpoint_save(&r->c, cp_path(), extra) == ML_OK);
    cp_must(ml_checkpoint_load(&back.c, cp_path(), &extra_back) == ML_OK);
    cp_must(cp_same(r, extra, &back, extra_back));
    free(extra_back);
    cp_end(&back);
}

static void cp_load(const ml_safetensors *st)
{
    cp_run r, fresh;
    char *extra = NULL;
    cp_start(&r);
    cp_start(&fresh);
    ml_error_clear();
    ml_status s = mli_checkpoint_take(&r.c, "fuzzed", st, &extra);
    if (s) {
        cp_must(s == ML_EFORMAT && ml_error_status() == s && !extra);
        cp_must(strncmp(ml_error(), "fuzzed: ", 8) == 0 && !strchr(ml_error(), '\n'));
        cp_must(cp_same(&r, NULL, &fresh, NULL));
    } else {
        cp_round_trip(&r, extra);
    }
    free(extra);
    cp_end(&fresh);
    cp_end(&r);
    remove(cp_path());
}

/* The tensors of a run at its start, with this text beside them. */
static void cp_from_text(const char *text)
{
    static const char *const key = MLI_META_KEY;
    cp_run r;
    ml_safetensor tensors[16];
    uint8_t *bytes;
    size_t n;
    ml_safetensors *st;
    cp_start(&r);
    cp_saved(&r, NULL, &bytes, &n);
    cp_must(mli_safetensors_parse("saved", bytes, n, &st) == ML_OK);
    int count = ml_safetensors_count(st);
    for (int i = 0; i < count; i++)
        tensors[i] = ml_safetensors_at(st, i);
    ml_status s = ml_safetensors_write(cp_path(), tensors, count, &key, &text, 1); /* fails where text is not UTF-8 */
    ml_safetensors_free(st);
    mli_free(bytes);
    cp_end(&r);
    if (s || !(st = ml_safetensors_read(cp_path())))
        return;
    cp_load(st);
    ml_safetensors_free(st);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    ml_safetensors *st;
    if (n && bytes[0] == '{') {
        char *text = calloc(1, n + 1);
        memcpy(text, bytes, n);
        cp_from_text(text);
        free(text);
    } else if (!mli_safetensors_parse("fuzzed", bytes, n, &st)) {
        cp_load(st);
        ml_safetensors_free(st);
    }
    return 0;
}
