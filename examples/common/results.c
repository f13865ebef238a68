/* results.c -- where data lies, and where results go: whole files or none. */
#include "common/cli.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct cli_metrics {
    json_t *object;
};

bool cli_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int cli_find_data(const cli *c, const char *set, char path[CLI_PATH])
{
    const char *root = getenv("MLCORE_DATA");
    if (c->data) {
        if (snprintf(path, CLI_PATH, "%s", c->data) >= CLI_PATH)
            return cli_fail(c, "--data: a path of %zu bytes is too long", strlen(c->data));
        return cli_is_folder(path) ? -1 : cli_fail(c, "--data %s: there is no such folder", path);
    }
    if (root && *root && snprintf(path, CLI_PATH, "%s/%s", root, set) < CLI_PATH && cli_is_folder(path))
        return -1;
    if (snprintf(path, CLI_PATH, "%s/data/%s", MLCORE_SOURCE_DIR, set) < CLI_PATH && cli_is_folder(path))
        return -1;
    return cli_fail(c, "the data set %s is neither in $MLCORE_DATA nor in %s/data: scripts/get-data.sh %s gets it, or "
                    "name its folder with --data", set, MLCORE_SOURCE_DIR, set);
}

/* ---- the folder of results ---- */

static int make_folders(const cli *c, char *path)
{
    for (char *p = path + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char held = *p;
        *p = 0;
        if (mkdir(path, 0777) != 0 && errno != EEXIST && !cli_is_folder(path))
            return cli_fail(c, "--out %s: the folder %s cannot be made: %s", c->out, path, strerror(errno));
        *p = held;
        if (!held)
            break;
    }
    return cli_is_folder(path) ? -1 : cli_fail(c, "--out %s: there is a file of that name", c->out);
}

const char *cli_out_path(const cli *c, const char *name, char path[CLI_PATH])
{
    snprintf(path, CLI_PATH, "%s/%s", c->out, name);
    return path;
}

/* Writes text and a newline beside its place, flushes it to the disk, renames. NULL, or why not. */
static const char *write_whole(const char *path, const char *text)
{
    char beside[CLI_PATH + 32];
    snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid());
    FILE *f = fopen(beside, "w");
    if (!f)
        return strerror(errno);
    size_t n = strlen(text);
    bool good = fwrite(text, 1, n, f) == n && fputc('\n', f) != EOF && fflush(f) == 0 && fsync(fileno(f)) == 0;
    int why = errno;
    if (fclose(f) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && rename(beside, path) == 0)
        return NULL;
    why = good ? errno : why;
    remove(beside);
    return strerror(why);
}

/* Whether a file is what a process, which is no more, has left of one: "metrics.json.process.part" or
 * "model.safetensors.process-number.part". Files of other kinds are not ours to take away. */
static bool is_left_over(const char *name)
{
    static const char *const kinds[] = {".safetensors.", ".json.", ".csv.", ".trial.", ".dot.", ".svg.", ".html."};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *end;
        const char *at = strstr(name, kinds[i]);
        if (!at)
            continue;
        long process = strtol(at + strlen(kinds[i]), &end, 10);
        if (*end == '-')
            strtol(end + 1, &end, 10);
        if (process > 0 && process <= INT_MAX && strcmp(end, ".part") == 0)
            return kill((pid_t)process, 0) != 0 && errno == ESRCH;
    }
    return false;
}

/* A run that is killed in the middle of a write leaves what it had written. */
static void remove_left_overs(const char *folder)
{
    char path[2 * CLI_PATH];
    DIR *dir = opendir(folder);
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_left_over(entry->d_name)) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            remove(path);
        }
    if (dir)
        closedir(dir);
}

int cli_prepare_out(const cli *c)
{
    char path[CLI_PATH], blank[4096];
    /* Room is left for the names of files in it. */
    if (snprintf(path, CLI_PATH, "%s", c->out) >= CLI_PATH - 128)
        return cli_fail(c, "--out: a path of %zu bytes is too long", strlen(c->out));
    int status = make_folders(c, path);
    if (status >= 0)
        return status;
    /* A trial: permissions, a read-only or a full disk show now, and not after the training. */
    memset(blank, ' ', sizeof blank);
    blank[sizeof blank - 1] = 0;
    remove_left_overs(path);
    const char *why = write_whole(cli_out_path(c, ".trial", path), blank);
    if (why)
        return cli_fail(c, "--out %s: files cannot be written there: %s", c->out, why);
    remove(path);
    return -1;
}

/* ---- metrics.json ---- */

static void note(cli *c, const char *name, json_t *value)
{
    if (!c->metrics) {
        c->metrics = calloc(1, sizeof *c->metrics);
        if (c->metrics)
            c->metrics->object = json_object();
    }
    if (c->metrics)
        json_object_set_new(c->metrics->object, name, value);
    else
        json_decref(value);
}

void cli_metric(cli *c, const char *name, double value)
{
    note(c, name, isfinite(value) ? json_real(value) : json_null());
}

void cli_metric_int(cli *c, const char *name, int64_t value)
{
    note(c, name, json_integer(value));
}

void cli_metric_text(cli *c, const char *name, const char *value)
{
    note(c, name, json_string(value));
}

int cli_write(const cli *c, const char *name, const char *text)
{
    char path[CLI_PATH];
    const char *why = write_whole(cli_out_path(c, name, path), text);
    return why ? cli_fail(c, "%s: write failed: %s", path, why) : 0;
}

int cli_finish(cli *c)
{
    cli_metric_int(c, "seed", c->seed);
    cli_metric_int(c, "threads", c->threads);
    cli_metric(c, "peak_rss_mb", cli_peak_rss_mb());
    char *text = c->metrics ? json_dumps(c->metrics->object, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    if (!text)
        return cli_fail(c, "out of memory for metrics.json");
    int status = cli_write(c, "metrics.json", text);
    free(text);
    return status;
}

int cli_close_stdout(const cli *c)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    fprintf(stderr, "%s: stdout: write failed: %s\n", c->program, strerror(errno));
    return 2;
}

void cli_free(cli *c)
{
    if (c->metrics)
        json_decref(c->metrics->object);
    free(c->metrics);
    c->metrics = NULL;
}

/* ---- clock and memory ---- */

double cli_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double cli_peak_rss_mb(void)
{
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) != 0)
        return NAN;
#ifdef __APPLE__
    return (double)use.ru_maxrss / 1e6; /* bytes there, kilobytes elsewhere */
#else
    return (double)use.ru_maxrss * 1024 / 1e6;
#endif
}
