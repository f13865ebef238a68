/* week02-titanic -- from a list of passengers to a model file and a report.
 *
 * Looks at the data, compares five learners by cross-validation, chooses one, judges it once on passengers that were held out,
 * says what it looks at, and saves it. With --predict it reads the file that was saved; with --leak it shows what cheating is
 * worth; with --target it does the same for a table of yours.
 */
#include "week02-titanic/week02.h"

#include <stdlib.h>

static int parse(study *s, int argc, char **argv)
{
    const cli_option options[] = {
        {"data", CLI_TEXT, &s->c.data, 0, 0, NULL,
         "a CSV file, or a folder with titanic.csv (default: $MLCORE_DATA/titanic, then the embedded set)", NULL},
        {"skip-bad-rows", CLI_FLAG, &s->skip_bad_rows, 0, 0, NULL, "leave out rows with too few fields, or too many", NULL},
        {"target", CLI_TEXT, &s->target, 0, 0, NULL, "predict this column of the table, which may be any", NULL},
        {"features", CLI_TEXT, &s->features, 0, 0, NULL, "from these columns, A,B,C (default: all others)", NULL},
        {"model", CLI_TEXT, &s->model, 0, 0, NULL,
         "dummy, linear, logistic, tree, forest or boost, as forest:trees=200 (default: the best of four)", NULL},
        {"predict", CLI_TEXT, &s->predict, 0, 0, NULL, "read this CSV file and write predictions.csv", NULL},
        {"model-file", CLI_TEXT, &s->model_file, 0, 0, NULL, "of --predict (default: model.safetensors in --out)", NULL},
        {"leak", CLI_FLAG, &s->leak, 0, 0, NULL, "what scores look like when a model knows what it cannot", NULL},
    };
    int status = cli_parse(&s->c, argc, argv, options, sizeof options / sizeof *options);
    if (status >= 0)
        return status;
    if ((s->features || s->model) && !s->target)
        return cli_fail(&s->c, "--%s is for a table of your own: name its column with --target",
                        s->features ? "features" : "model");
    if (!!s->target + !!s->predict + s->leak > 1)
        return cli_fail(&s->c, "--target, --predict and --leak are three programs: ask for one");
    if (s->model_file && !s->predict)
        return cli_fail(&s->c, "--model-file is for --predict");
    return -1;
}

static int study_titanic(study *s)
{
    ml_frame *table = read_passengers(s);
    if (!table)
        return 2;
    ml_frame *all = s->leak ? NULL : ml_frame_select(table, INPUTS "," TARGET);
    int status = s->leak || all ? -1 : cli_fail_ml(&s->c);
    if (status < 0 && s->leak)
        status = leak(s, table);
    if (status < 0 && all && (status = explore(s, all)) < 0 && (status = compare(s, all)) < 0)
        status = finish(s, all);
    ml_frame_free(table);
    ml_frame_free(all);
    return status;
}

/* The last section, and the file; one sentence where pictures are missing. */
static int write_page(study *s)
{
    char path[CLI_PATH], seed[32];
    snprintf(seed, sizeof seed, "%lld", (long long)s->c.seed);
    const ml_pair settings[] = {{"data", s->c.data ? s->c.data : "titanic.csv"},
                                {"target", s->target ? s->target : TARGET},
                                {"features", s->features ? s->features : s->target ? "all other columns" : INPUTS},
                                {"model", s->model ? s->model : s->chosen},
                                {"seed", seed}};
    ml_html_section(s->page, "Settings");
    ml_html_pairs(s->page, NULL, settings, sizeof settings / sizeof *settings);
    ml_html_environment(s->page);
    if (ml_html_write(s->page, cli_out_path(&s->c, "report.html", path)))
        return cli_fail_ml(&s->c);
    if (ml_html_missing(s->page))
        fprintf(s->board, "\nreport.html lacks pictures: %s\n", ml_html_missing(s->page));
    return 0;
}

static int run(study *s)
{
    double start = cli_seconds();
    if (s->predict)
        return predict(s);
    s->page = s->target ? ml_html_new("A table", s->target) : ml_html_new("Titanic", "Who survived, and what a model makes of it");
    if (!s->page)
        return cli_fail_ml(&s->c);
    int status = s->target ? study_own(s) : study_titanic(s);
    if (status < 0)
        status = s->leak ? 0 : write_page(s);
    cli_metric(&s->c, "seconds", cli_seconds() - start);
    if (!status)
        status = cli_finish(&s->c);
    ml_html_free(s->page);
    if (!status)
        printf("%sdone: %s/metrics.json%s\n", s->c.quiet ? "" : "\n", s->c.out,
               s->leak ? "" : ", report.html, model.safetensors");
    return status;
}

int main(int argc, char **argv)
{
    study s = {.c = {.program = "week02-titanic",
                     .about = "Titanic from a CSV file to a model and a report; or a table of your own",
                     .seed = 42,
                     .no_tape = true}};
    int status = parse(&s, argc, argv);
    if (status < 0)
        status = cli_prepare_out(&s.c);
    if (status < 0) {
        s.board = s.c.quiet ? fopen("/dev/null", "w") : stdout;
        status = s.board ? run(&s) : cli_fail(&s.c, "/dev/null cannot be opened");
        if (s.board && s.board != stdout)
            fclose(s.board);
    }
    cli_free(&s.c);
    int closed = cli_close_stdout(&s.c);
    return status ? status : closed > 0 ? closed : 0;
}
