/* resume.c -- what a checkpoint says about its run: the flags that make it what it is, and the data it saw. Who goes on with
 * a run need say none of them again; one that is said all the same must agree.
 *
 *     {"program": "week04-mnist", "settings": {"model": "cnn", "lr": 0.006, "epochs": 10, ...},
 *      "habits": {"workers": 1}, "data": {"folder": "...", "crc32": 1234567890}}
 *
 * Settings and data decide about every bit of the result; habits are kept, but may be changed.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "week04-mnist/week04.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* ---- a flag as JSON: NULL for one that is off ---- */

static json_t *choice_json(const char *choices, int i)
{
    while (i-- > 0)
        choices = strchr(choices, '|') + 1;
    return json_stringn(choices, strcspn(choices, "|"));
}

static json_t *list_json(const cli_sizes *list)
{
    json_t *array = list->n ? json_array() : NULL;
    for (int i = 0; i < list->n; i++)
        json_array_append_new(array, json_integer(list->v[i]));
    return array;
}

static bool within(const cli_option *o, double value)
{
    return value >= o->low && value <= o->high;
}

static json_t *flag_json(const cli_option *o)
{
    switch (o->kind) {
    case CLI_FLAG:
        return *(const bool *)o->value ? json_true() : NULL;
    case CLI_INT:
        return within(o, (double)*(const int64_t *)o->value) ? json_integer(*(const int64_t *)o->value) : NULL;
    case CLI_REAL:
        return within(o, *(const double *)o->value) ? json_real(*(const double *)o->value) : NULL;
    case CLI_LIST:
        return list_json(o->value);
    case CLI_CHOICE:
        return choice_json(o->choices, *(const int *)o->value);
    default:
        return NULL;
    }
}

static bool set_list(const cli_option *o, const json_t *json)
{
    cli_sizes list = {.n = (int)json_array_size(json)};
    if (list.n < 1 || list.n > CLI_SIZES)
        return false;
    for (int i = 0; i < list.n; i++) {
        list.v[i] = json_integer_value(json_array_get(json, (size_t)i));
        if (!within(o, (double)list.v[i]))
            return false;
    }
    *(cli_sizes *)o->value = list;
    return true;
}

static bool set_choice(const cli_option *o, const json_t *json)
{
    const char *text = json_string_value(json), *word = o->choices;
    for (int i = 0; text && *word; i++) {
        size_t n = strcspn(word, "|");
        if (strlen(text) == n && strncmp(word, text, n) == 0) {
            *(int *)o->value = i;
            return true;
        }
        word += n + (word[n] == '|');
    }
    return false;
}

/* False where this is no value that the flag could have. */
static bool set_flag(const cli_option *o, const json_t *json)
{
    switch (o->kind) {
    case CLI_FLAG:
        *(bool *)o->value = json_is_true(json);
        return json_is_true(json);
    case CLI_INT:
        *(int64_t *)o->value = json_integer_value(json);
        return json_is_integer(json) && within(o, (double)json_integer_value(json));
    case CLI_REAL:
        *(double *)o->value = json_number_value(json);
        return json_is_number(json) && within(o, json_number_value(json));
    case CLI_LIST:
        return set_list(o, json);
    case CLI_CHOICE:
        return set_choice(o, json);
    default:
        return false;
    }
}

/* As it would be typed. */
static const char *flag_text(const json_t *json, char *text, size_t size)
{
    text[0] = 0;
    if (json_is_string(json))
        snprintf(text, size, "%s", json_string_value(json));
    else if (json_is_integer(json))
        snprintf(text, size, "%lld", (long long)json_integer_value(json));
    else if (json_is_real(json))
        snprintf(text, size, "%.15g", json_real_value(json));
    for (size_t i = 0; i < json_array_size(json); i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%lld", i ? "," : "",
                 (long long)json_integer_value(json_array_get(json, i)));
    return text;
}

/* ---- the data ---- */

/* 55 million bytes of MNIST take some 50 ms. */
int64_t run_checksum(const ml_dataset *set, int64_t before)
{
    uLong crc = crc32((uLong)before, (const Bytef *)set->shape, sizeof set->shape);
    for (int64_t i = 0; i < set->n; i++) {
        crc = crc32(crc, (const Bytef *)&set->labels[i], sizeof *set->labels);
        crc = crc32(crc, set->bytes + i * set->features, (uInt)set->features);
    }
    return (int64_t)crc;
}

/* ---- a run as JSON ---- */

static json_t *flags_json(const cli_option *options, int n)
{
    json_t *all = json_object();
    for (int i = 0; i < n; i++) {
        json_t *json = flag_json(&options[i]);
        if (json)
            json_object_set_new(all, options[i].name, json);
    }
    return all;
}

char *run_json(const cli *c, const run_flags *flags, const char *folder, int64_t crc)
{
    char *whole = realpath(folder, NULL);
    json_t *data = json_pack("{s:I}", "crc32", (json_int_t)crc);
    json_object_set_new(data, "folder", json_string(whole ? whole : folder)); /* left out where it is not UTF-8 */
    json_t *settings = flags_json(flags->v, flags->fixed);
    json_t *habits = flags_json(flags->v + flags->fixed, flags->n - flags->fixed);
    json_t *all = json_pack("{s:s, s:o, s:o, s:o}", "program", c->program, "settings", settings, "habits", habits, "data",
                            data);
    char *text = all ? json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(all);
    free(whole);
    return text;
}

bool run_is_same(const char *a, const char *b)
{
    json_t *x = json_loads(a ? a : "", 0, NULL), *y = json_loads(b ? b : "", 0, NULL);
    bool same = json_equal(json_object_get(x, "settings"), json_object_get(y, "settings")) &&
                json_equal(json_object_get(json_object_get(x, "data"), "crc32"),
                           json_object_get(json_object_get(y, "data"), "crc32"));
    json_decref(x);
    json_decref(y);
    return same;
}

/* What the program wrote into a checkpoint, or NULL after a sentence. */
static json_t *read_run(const cli *c, const char *path)
{
    ml_safetensors *st = ml_safetensors_read(path);
    if (!st) {
        cli_fail(c, "--resume %s", ml_error());
        return NULL;
    }
    const char *text = ml_safetensors_meta(st, "mlcore");
    json_t *all = text ? json_loads(text, 0, NULL) : NULL, *run = json_incref(json_object_get(all, "extra"));
    const char *kind = json_string_value(json_object_get(all, "kind"));
    const char *program = json_string_value(json_object_get(run, "program"));
    if (!kind || strcmp(kind, "checkpoint") != 0 || !program || strcmp(program, c->program) != 0) {
        cli_fail(c, "--resume %s: this is no checkpoint of %s", path, c->program);
        json_decref(run);
        run = NULL;
    }
    json_decref(all);
    ml_safetensors_free(st);
    return run;
}

/* One flag; was is NULL where it was off. */
static int recall_flag(const cli *c, const char *path, const cli_option *o, const json_t *was, bool fixed)
{
    char a[256], b[256];
    int status = -1;
    json_t *is = flag_json(o);
    if (!*o->given) {
        if (was ? !set_flag(o, was) : is != NULL)
            status = cli_fail(c, "--resume %s: its --%s cannot be used: it is of another version, or damaged", path, o->name);
        *o->given = was != NULL;
    } else if (fixed && !was)
        status = cli_fail(c, "--resume %s: that run is without --%s", path, o->name);
    else if (fixed && !json_equal(is, was))
        status = cli_fail(c, "--resume %s: that run has --%s %s, not %s", path, o->name, flag_text(was, a, sizeof a),
                          flag_text(is, b, sizeof b));
    json_decref(is);
    return status;
}

int run_recall(const cli *c, const char *path, const run_flags *flags, run_data *data)
{
    json_t *run = read_run(c, path);
    const json_t *settings = json_object_get(run, "settings"), *habits = json_object_get(run, "habits");
    const json_t *seen = json_object_get(run, "data");
    const char *folder = json_string_value(json_object_get(seen, "folder"));
    int status = run ? -1 : 2;
    for (int i = 0; i < flags->n && status < 0; i++) {
        bool fixed = i < flags->fixed;
        status = recall_flag(c, path, &flags->v[i], json_object_get(fixed ? settings : habits, flags->v[i].name), fixed);
    }
    snprintf(data->folder, sizeof data->folder, "%s", folder ? folder : "");
    data->crc = json_integer_value(json_object_get(seen, "crc32"));
    json_decref(run);
    return status;
}
