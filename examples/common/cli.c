/* cli.c -- long options: one sentence and status 2 for each that is wrong. */
#include "common/cli.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *cli_plain(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    return text;
}

/* One line, whatever a file is called. */
int cli_fail(const cli *c, const char *format, ...)
{
    va_list args;
    char text[4096];
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", c->program, cli_plain(text));
    return 2;
}

int cli_fail_ml(const cli *c)
{
    return cli_fail(c, "%s", ml_error());
}

/* ---- values ---- */

/* A whole number and nothing after it. */
static bool parse_int(const char *text, const char **end, int64_t *value)
{
    char *stop;
    if (!(*text >= '0' && *text <= '9') && *text != '-' && *text != '+')
        return false;
    errno = 0;
    long long v = strtoll(text, &stop, 10);
    *value = v;
    *end = stop;
    return stop != text && errno == 0;
}

static int parse_int_option(const cli *c, const cli_option *o, const char *text)
{
    int64_t v;
    const char *end;
    if (!parse_int(text, &end, &v) || *end)
        return cli_fail(c, "--%s wants a whole number between %.0f and %.0f, not '%s'", o->name, o->low, o->high, text);
    if (v < (int64_t)o->low || v > (int64_t)o->high)
        return cli_fail(c, "--%s %s is out of range: %.0f to %.0f", o->name, text, o->low, o->high);
    *(int64_t *)o->value = v;
    return -1;
}

static int parse_real_option(const cli *c, const cli_option *o, const char *text)
{
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    /* Digits first: strtod also takes words (nan, inf), blanks and hexadecimal. */
    if (!*text || *end || strspn(text, "0123456789.+-eE") != strlen(text) || !isfinite(v))
        return cli_fail(c, "--%s wants a number between %g and %g, not '%s'", o->name, o->low, o->high, text);
    if (v < o->low || v > o->high)
        return cli_fail(c, "--%s %s is out of range: %g to %g", o->name, text, o->low, o->high);
    *(double *)o->value = v;
    return -1;
}

static int parse_list_option(const cli *c, const cli_option *o, const char *text)
{
    cli_sizes list = {0};
    for (const char *p = text;; p++) {
        int64_t v;
        if (!parse_int(p, &p, &v) || (*p && *p != ','))
            return cli_fail(c, "--%s wants whole numbers with commas between, such as 512,256, not '%s'", o->name, text);
        if (v < (int64_t)o->low || v > (int64_t)o->high)
            return cli_fail(c, "--%s %s: %lld is out of range: %.0f to %.0f", o->name, text, (long long)v, o->low, o->high);
        if (list.n == CLI_SIZES)
            return cli_fail(c, "--%s %s: more than %d numbers", o->name, text, CLI_SIZES);
        list.v[list.n++] = v;
        if (!*p)
            break;
    }
    *(cli_sizes *)o->value = list;
    return -1;
}

static int parse_choice_option(const cli *c, const cli_option *o, const char *text)
{
    int i = 0;
    size_t length = strlen(text);
    for (const char *p = o->choices; *p; i++) {
        size_t n = strcspn(p, "|");
        if (n == length && strncmp(p, text, n) == 0) {
            *(int *)o->value = i;
            return -1;
        }
        p += n + (p[n] == '|');
    }
    return cli_fail(c, "--%s is one of %s, not '%s'", o->name, o->choices, text);
}

static int parse_value(const cli *c, const cli_option *o, const char *text)
{
    switch (o->kind) {
    case CLI_INT:
        return parse_int_option(c, o, text);
    case CLI_REAL:
        return parse_real_option(c, o, text);
    case CLI_LIST:
        return parse_list_option(c, o, text);
    case CLI_CHOICE:
        return parse_choice_option(c, o, text);
    default:
        if (!*text)
            return cli_fail(c, "--%s wants a value that is not empty", o->name);
        *(const char **)o->value = text;
        return -1;
    }
}

/* ---- names ---- */

/* How many letters to add, drop, change or swap with a neighbour (Damerau 1964, restricted). */
static int edits(const char *a, size_t n, const char *b)
{
    int d[3][64] = {{0}}, m = (int)strlen(b);
    if (n > 60 || m > 60)
        return 99;
    for (int j = 0; j <= m; j++)
        d[0][j] = j;
    for (int i = 1; i <= (int)n; i++) {
        int *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = up[j - 1] + (a[i - 1] != b[j - 1]);
            best = up[j] + 1 < best ? up[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
                best = up2[j - 2] + 1;
            row[j] = best;
        }
    }
    return d[n % 3][m];
}

static const cli_option *find(const char *name, size_t length, const cli_option *options, int n)
{
    for (int i = 0; i < n; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static int unknown(const cli *c, const char *name, size_t length, const cli_option *options, int n)
{
    const char *near = NULL;
    int best = 3; /* more than two edits away is another word */
    for (int i = 0; i < n; i++) {
        int d = edits(name, length, options[i].name);
        if (length > 2 && strncmp(options[i].name, name, length) == 0)
            d = 1; /* the beginning of a name */
        if (d < best && d < (int)strlen(options[i].name)) {
            best = d;
            near = options[i].name;
        }
    }
    if (near)
        return cli_fail(c, "there is no flag --%.*s; did you mean --%s?", (int)length, name, near);
    return cli_fail(c, "there is no flag --%.*s; --help lists those there are", (int)length, name);
}

static void print_help(const cli *c, const cli_option *options, int n)
{
    printf("%s: %s\n\nusage: %s [flags]\n\n", c->program, c->about, c->program);
    for (int i = 0; i < n; i++) {
        static const char *const kinds[] = {"", " N", " X", " TEXT", "", " N,N", " FILE..."};
        char left[80];
        const cli_option *o = &options[i];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->kind == CLI_CHOICE ? " " : kinds[o->kind],
                 o->kind == CLI_CHOICE ? o->choices : "");
        printf("  %-32s %s\n", left, o->help);
    }
    printf("\nA flag and its value may also be joined: --seed=3.\n");
}

static bool is_flag(const char *arg)
{
    return strncmp(arg, "--", 2) == 0;
}

/* The arguments from *at on, up to the next flag. */
static int parse_files(const cli *c, const cli_option *o, char **argv, int *at, int argc)
{
    cli_files *files = o->value;
    if (files->n)
        return cli_fail(c, "--%s is given twice: name all files after one", o->name);
    files->v = argv + *at;
    for (; *at < argc && !is_flag(argv[*at]); ++*at, files->n++)
        if (!*argv[*at])
            return cli_fail(c, "--%s wants names that are not empty", o->name);
    --*at;
    return -1;
}

/* One argument, and those after it that are its value. */
static int parse_one(const cli *c, char **argv, int *at, int argc, const cli_option *options, int n)
{
    const char *arg = argv[*at];
    if (strcmp(arg, "-h") == 0)
        arg = "--help";
    if (!is_flag(arg) || !arg[2])
        return cli_fail(c, "'%s' is not a flag: flags begin with two dashes; --help lists them", arg);
    const char *name = arg + 2, *value = strchr(name, '=');
    size_t length = value ? (size_t)(value - name) : strlen(name);
    const cli_option *o = find(name, length, options, n);
    if (!o)
        return unknown(c, name, length, options, n);
    if (o->given)
        *o->given = true;
    if (o->kind == CLI_FLAG) {
        if (value)
            return cli_fail(c, "--%s takes no value", o->name);
        *(bool *)o->value = true;
        return -1;
    }
    if (value)
        argv[*at] += value + 1 - arg; /* --epochs=3: what follows the sign stands where an argument would */
    else if (*at + 1 >= argc || is_flag(argv[*at + 1]))
        return cli_fail(c, "--%s wants %s", o->name, o->kind == CLI_FILES ? "the names of files" : "a value");
    else
        ++*at;
    return o->kind == CLI_FILES ? parse_files(c, o, argv, at, argc) : parse_value(c, o, argv[*at]);
}

enum { COMMON = 8, OPTIONS_MAX = 40 };

static void common_options(cli *c, cli_option all[COMMON])
{
    const cli_option common[COMMON] = {
        {"data", CLI_TEXT, &c->data, 0, 0, NULL, "folder of the data (default: $MLCORE_DATA, then the embedded set)", NULL},
        {"out", CLI_TEXT, &c->out, 0, 0, NULL, "folder for the results (default: runs/<program>)", &c->out_given},
        {"seed", CLI_INT, &c->seed, 0, 9007199254740992.0, NULL, "of every random number (default 42)", &c->seed_given},
        {"threads", CLI_INT, &c->threads, 1, 256, NULL, "default: the CPUs this process may use", NULL},
        {"epochs", CLI_INT, &c->epochs, 1, 100000, NULL, "passes over the training data", &c->epochs_given},
        {"kernel", CLI_CHOICE, &c->kernel, 0, 0, "fast|blas|ref", "which bodies of the kernels run (default fast)",
         &c->kernel_given},
        {"quiet", CLI_FLAG, &c->quiet, 0, 0, NULL, "print only errors and the last line", NULL},
        {"help", CLI_FLAG, &c->help, 0, 0, NULL, "this text", NULL},
    };
    memcpy(all, common, sizeof common);
}

/* The common flags behind the program's own, n so far: those that it has not itself, and that do something in it. Returns how many
 * there are now. */
static int add_common(cli *c, cli_option *all, int n)
{
    cli_option common[COMMON];
    int own = n;
    common_options(c, common);
    for (int i = 0; i < COMMON; i++) {
        const char *name = common[i].name;
        bool idle = c->no_tape && (strcmp(name, "epochs") == 0 || strcmp(name, "kernel") == 0);
        if (!idle && !find(name, strlen(name), all, own))
            all[n++] = common[i];
    }
    return n;
}

cli_option cli_common(cli *c, const char *name)
{
    cli_option all[COMMON];
    common_options(c, all);
    return *find(name, strlen(name), all, COMMON);
}

int cli_parse(cli *c, int argc, char **argv, const cli_option *options, int n)
{
    /* Before anything else: an instruction that this CPU lacks would end the program without a word. */
    if (ml_cpu_check())
        return cli_fail(c, "%s", ml_cpu_check());
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is then an error of write, which has a sentence */
#endif
    cli_option all[OPTIONS_MAX];
    n = n < OPTIONS_MAX - COMMON ? n : OPTIONS_MAX - COMMON;
    if (n > 0)
        memcpy(all, options, (size_t)n * sizeof *options);
    n = add_common(c, all, n);
    for (int i = 1; i < argc; i++) {
        int status = parse_one(c, argv, &i, argc, all, n);
        if (status >= 0)
            return status;
    }
    if (c->help) {
        print_help(c, all, n);
        return 0;
    }
    if (!c->out) {
        snprintf(c->out_buf, sizeof c->out_buf, "runs/%s", c->program);
        c->out = c->out_buf;
    }
    if (c->threads && ml_set_threads((int)c->threads))
        return cli_fail_ml(c);
    c->threads = ml_threads();
    if (!c->quiet)
        printf("%s\n", ml_build_info());
    return -1;
}
