/* fuzz_net.c -- libFuzzer: any bytes are a file that holds a net, or get a sentence. Bytes that begin with '{' are the
 * description alone: a file with numbers that fit it is made around it, since those would be hard to guess. A net that was
 * loaded is saved with the same bytes again.
 */
#include "io/io.h"
#include "nn/architecture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void net_must(bool holds)
{
    if (!holds)
        abort();
}

/* In memory where the system has it, as in fuzz_safetensors.c. */
static const char *net_path(void)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof path, "%s/mlcore-fuzz-net-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    return path;
}

static void net_sentence(ml_status s)
{
    net_must((s == ML_EFORMAT || s == ML_EINVAL) && ml_error_status() == s && *ml_error());
    net_must(!strchr(ml_error(), '\n'));
}

static void net_saved(const ml_net *net, const char *extra, uint8_t **bytes, size_t *n)
{
    net_must(ml_net_save(net, net_path(), extra) == ML_OK);
    net_must(mli_read_file(net_path(), SIZE_MAX / 4, bytes, n) == ML_OK);
}

static void net_round_trip(const ml_net *net, const char *extra)
{
    uint8_t *once, *twice;
    size_t n_once, n_twice;
    char *extra_back = NULL;
    net_saved(net, extra, &once, &n_once);
    ml_net *back = ml_net_load(net_path(), &extra_back);
    net_must(back != NULL);
    net_saved(back, extra_back, &twice, &n_twice);
    net_must(n_once == n_twice && memcmp(once, twice, n_once) == 0);
    remove(net_path());
    ml_net_free(back);
    free(extra_back);
    mli_free(once);
    mli_free(twice);
}

static void net_from_file(const uint8_t *bytes, size_t n)
{
    ml_safetensors *st;
    char *extra = NULL;
    if (mli_safetensors_parse("fuzzed", bytes, n, &st))
        return;
    ml_error_clear();
    ml_net *net = mli_net_read("fuzzed", st, &extra);
    if (net) {
        net_round_trip(net, extra);
    } else {
        net_sentence(ML_EFORMAT);
        net_must(!extra && strncmp(ml_error(), "fuzzed: ", 8) == 0);
    }
    ml_safetensors_free(st);
    ml_net_free(net);
    free(extra);
}

static void net_from_layers(json_t *list)
{
    ml_block_opts layers;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = ml_net_empty(&rng);
    mli_build b = {.params = net->params, .rng = &rng, .left = 4096};
    ml_error_clear();
    ml_status s = mli_layers_from_json("fuzzed", list, &layers);
    for (int i = 0; i < layers.n && !s; i++)
        s = mli_net_add(net, &layers.layers[i], &b);
    if (s)
        net_sentence(s);
    else if (layers.n)
        net_round_trip(net, NULL);
    mli_layers_free(&layers);
    ml_net_free(net);
}

static void net_from_text(const uint8_t *bytes, size_t n)
{
    json_t *root = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, NULL);
    if (root)
        net_from_layers(json_object_get(root, "architecture"));
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n && bytes[0] == '{')
        net_from_text(bytes, n);
    else
        net_from_file(bytes, n);
    return 0;
}
