/* cli.h -- what every example does alike: flags, where data and results lie, the numbers at the end. */
#ifndef EXAMPLES_CLI_H
#define EXAMPLES_CLI_H

#include <mlcore/mlcore.h>

enum { CLI_PATH = 4096, CLI_SIZES = 8 };

/* A list of sizes, "512,256". */
typedef struct cli_sizes {
    int64_t v[CLI_SIZES];
    int n;
} cli_sizes;

/* Names from the command line; those of argv. */
typedef struct cli_files {
    char **v;
    int n;
} cli_files;

typedef enum cli_kind {
    CLI_FLAG,   /* bool *: no value */
    CLI_INT,    /* int64_t *: a whole number, low .. high */
    CLI_REAL,   /* double *: a finite number, low .. high */
    CLI_TEXT,   /* const char **: anything but nothing */
    CLI_CHOICE, /* int *: one of the words in choices, counted from 0 */
    CLI_LIST,   /* cli_sizes *: up to eight whole numbers with commas, each low .. high */
    CLI_FILES   /* cli_files *: all arguments up to the next flag, at least one */
} cli_kind;

/* A flag of one example. The default is what *value holds before parsing. */
typedef struct cli_option {
    const char *name; /* without the dashes */
    cli_kind kind;
    void *value;
    double low, high;
    const char *choices; /* "sgd|adam" */
    const char *help;    /* one line, with the default */
    bool *given;         /* set when the flag was given; may be NULL */
} cli_option;

/* The flags that every example has, and what comes of them. Set program, about and the defaults, then call cli_parse. A program's
 * own flag takes the place of the common one of its name. */
typedef struct cli {
    const char *program; /* "week04-mnist" */
    const char *about;   /* one sentence for --help */
    const char *data;    /* --data, or NULL */
    const char *out;     /* --out; default runs/<program> */
    int64_t seed, threads, epochs; /* threads: 0 for the library's own choice */
    int kernel;          /* an ml_kernel */
    bool quiet;
    bool help;
    bool no_tape; /* nothing is trained on a tape: there are no --epochs and no --kernel */
    bool out_given, seed_given, epochs_given, kernel_given; /* on the command line */
    char out_buf[256];
    struct cli_metrics *metrics;
} cli;

/* Reads the flags, sets the number of threads, and prints ml_build_info() unless --quiet. Returns -1 to go on, else the
 * status to exit with: 0 after --help, 2 after one sentence on stderr. */
int cli_parse(cli *c, int argc, char **argv, const cli_option *options, int n);

/* The option behind a common flag, "epochs", for a program that keeps what it was given. */
cli_option cli_common(cli *c, const char *name);

/* One sentence "program: ..." on stderr; returns 2, the exit status of bad flags, missing files and full disks. */
int cli_fail(const cli *c, const char *format, ...) ML_PRINTF(2, 3);
/* The same with ml_error(). */
int cli_fail_ml(const cli *c);
/* A text as a terminal may be given it: '?' in the place of each control character. Returns it. */
char *cli_plain(char *text);

/* The folder of a data set into path: --data, else $MLCORE_DATA/<set> where that exists, else data/<set> of the source
 * tree. -1, or 2 after a sentence that says which command gets it. */
int cli_find_data(const cli *c, const char *set, char path[CLI_PATH]);

/* Makes the folder of --out, proves, before any work is done, that files can be written there, and takes away what runs
 * that were killed in the middle of a write have left of it. -1 or 2. */
int cli_prepare_out(const cli *c);
bool cli_is_folder(const char *path);
/* "<out>/<name>" */
const char *cli_out_path(const cli *c, const char *name, char path[CLI_PATH]);

/* Writes text and a newline to a file in --out, whole or not at all. 0, or 2 after a sentence. */
int cli_write(const cli *c, const char *name, const char *text);

/* Notes a number for metrics.json; NaN and infinities become null. Names: DESIGN, section 7. */
void cli_metric(cli *c, const char *name, double value);
void cli_metric_int(cli *c, const char *name, int64_t value);
void cli_metric_text(cli *c, const char *name, const char *value);
/* Adds seed, threads and peak_rss_mb, writes <out>/metrics.json whole or not at all. 0, or 2 after a sentence. */
int cli_finish(cli *c);
/* Whether stdout took all that was printed (a full disk behind a `>`): 0, or 2 after a sentence. */
int cli_close_stdout(const cli *c);

/* Writes what is on the tape as a drawing, <out>/tape.dot, and where Graphviz is installed as a picture, <out>/tape.svg. Says
 * so on `say`, unless that is NULL. See ml_error where it fails. */
ml_status cli_draw_tape(const cli *c, const ml_tape *t, FILE *say);

/* --doctor: examines a training instead of running it, prints the report (with --quiet its last line), and writes the number of
 * findings and what was measured into metrics.json. 0 where nothing was found, 1 where something was, 2 after a sentence. */
int cli_doctor(cli *c, ml_net *net, const ml_dataset *set, ml_doctor_opts opts);

/* Frees what cli_metric gathered. */
void cli_free(cli *c);

double cli_seconds(void);     /* of a clock that only goes forward */
double cli_peak_rss_mb(void); /* the most memory this process has held */

#endif
