/* read.c -- where the table lies, and whether it is one of passengers. */
#include "week02-titanic/week02.h"

#include <string.h>

const char *plain_text(const char *text, char *buffer, size_t size)
{
    size_t n = 0;
    for (; text[n] && n + 1 < size; n++)
        buffer[n] = (unsigned char)text[n] < ' ' || text[n] == 127 ? '?' : text[n];
    buffer[n] = 0;
    return buffer;
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

ml_frame *read_table(const study *s, ml_csv_opts opts)
{
    char path[CLI_PATH];
    if (s->c.data && !cli_is_folder(s->c.data))
        return read_csv(s, s->c.data, opts);
    if (cli_find_data(&s->c, "titanic", path) >= 0)
        return NULL;
    strncat(path, "/titanic.csv", CLI_PATH - strlen(path) - 1);
    return read_csv(s, path, opts);
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
    ml_frame *f = read_table(s, (ml_csv_opts){.types = types, .n_types = sizeof types / sizeof *types});
    const char *wrong = f ? what_is_wrong(f) : NULL;
    if (!wrong)
        return f;
    cli_fail(&s->c, "%s; for a table of another kind name its column with --target", wrong);
    ml_frame_free(f);
    return NULL;
}
