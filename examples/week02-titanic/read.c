/* read.c -- where the table lies, and whether it is one of passengers. */
#include "week02-titanic/week02.h"

#include <string.h>

const char *plain_text(const char *text, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s", text);
    return cli_plain(buffer);
}

ml_frame *read_csv(const study *s, const char *path, ml_csv_opts opts)
{
    ml_csv_report report = {0};
    opts.skip_bad_rows = s->skip_bad_rows;
    opts.report = &report;
    ml_frame *f = ml_csv_read(path, opts);
    if (!f)
        cli_fail_ml(&s->c);
    else if (report.bad)
        fprintf(s->board, "%lld row%s left out for too few or too many fields, first line %lld\n", (long long)report.bad,
                report.bad == 1 ? "" : "s", (long long)report.bad_line[0]);
    return f;
}

/* -1, or 2 after a sentence. */
static int find_table(const study *s, char path[CLI_PATH])
{
    if (s->c.data && !cli_is_folder(s->c.data))
        return snprintf(path, CLI_PATH, "%s", s->c.data) < CLI_PATH ? -1 : cli_fail(&s->c, "--data: the path is too long");
    if (cli_find_data(&s->c, "titanic", path) >= 0)
        return 2;
    strncat(path, "/titanic.csv", CLI_PATH - strlen(path) - 1);
    return -1;
}

ml_frame *read_table(const study *s, ml_csv_opts opts)
{
    char path[CLI_PATH];
    return find_table(s, path) < 0 ? read_csv(s, path, opts) : NULL;
}

/* ---- passengers ---- */

/* Whether row i of a table stands on line i + 2 of its file: each row has one line, after one of names. */
static bool has_a_line_a_row(const char *path, int64_t rows)
{
    int64_t lines = 0;
    int byte, last = '\n';
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    for (; (byte = getc(file)) != EOF; last = byte)
        lines += byte == '\n';
    fclose(file);
    return lines + (last != '\n') == rows + 1;
}

/* The logarithm of a fare is taken, and its share of a ticket. -1, or 2 after a sentence. */
static int check_fares(const study *s, const ml_frame *f, const char *path)
{
    const ml_column *fare = ml_frame_column(f, "fare");
    for (int64_t i = 0; fare && i < f->rows; i++) {
        if (isnan(fare->number[i]) || (fare->number[i] >= 0 && isfinite(fare->number[i])))
            continue;
        bool lines = has_a_line_a_row(path, f->rows);
        return cli_fail(&s->c, "%s: %s %lld: a fare of %g: it must be finite, and not below 0", path, lines ? "line" : "row",
                        (long long)i + (lines ? 2 : 1), fare->number[i]);
    }
    return -1;
}

/* A sentence, or NULL. */
static const char *what_is_wrong(const ml_frame *f)
{
    static const char *const words[] = {"name", "sex", "ticket", "cabin", "embarked"};
    const ml_column *target = ml_frame_column(f, TARGET);
    int64_t ones = 0;
    if (!target || ml_frame_has(f, "title") || ml_frame_has(f, "deck"))
        return target ? "columns 'title' and 'deck' are made here: rename those of the file" : ml_error();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!ml_frame_column(f, words[i]))
            return ml_error();
    if (target->type != ML_INTEGER || target->missing)
        return "column 'survived' must be 0 or 1 in each row";
    for (int64_t i = 0; i < f->rows; i++) {
        if (target->integer[i] != 0 && target->integer[i] != 1)
            return "column 'survived' must be 0 or 1 in each row";
        ones += target->integer[i];
    }
    if (ones < 10 || f->rows - ones < 10)
        return "column 'survived' must have both classes, each at least ten times: nothing can be learnt from one";
    return NULL;
}

ml_frame *read_passengers(const study *s)
{
    /* Tickets may all be numbers in a short file, and a surname is nobody's category. */
    static const ml_csv_type types[] = {{.column = "name", .type = ML_TEXT},   {.column = "ticket", .type = ML_TEXT},
                                        {.column = "cabin", .type = ML_TEXT},  {.column = "sex", .type = ML_CATEGORY},
                                        {.column = "age", .type = ML_NUMBER},  {.column = "fare", .type = ML_NUMBER},
                                        {.column = "sibsp", .type = ML_INTEGER}, {.column = "parch", .type = ML_INTEGER},
                                        {.column = "pclass", .type = ML_INTEGER}, {.column = "embarked", .type = ML_CATEGORY}};
    char path[CLI_PATH];
    if (find_table(s, path) >= 0)
        return NULL;
    ml_frame *f = read_csv(s, path, (ml_csv_opts){.types = types, .n_types = sizeof types / sizeof *types});
    const char *wrong = f ? what_is_wrong(f) : NULL;
    if (wrong)
        cli_fail(&s->c, "%s; for a table of another kind name its column with --target", wrong);
    else if (!f || check_fares(s, f, path) < 0)
        return f;
    ml_frame_free(f);
    return NULL;
}
