/* predict.c -- a model file and a CSV file make predictions.csv. */
#include "week02-titanic/week02.h"

#include <stdlib.h>
#include <string.h>

char *add_name(char *at, const char *name, bool first)
{
    if (!first)
        *at++ = ',';
    for (; *name; *at++ = *name++)
        if (*name == ',' || *name == '\\')
            *at++ = '\\';
    *at = 0;
    return at;
}

/* The columns that the pipeline was fitted on, with the types they had there; a file may have more. */
static ml_frame *read_inputs(const study *s, const ml_pipeline *p)
{
    int n = ml_pipeline_inputs(p);
    size_t room = 1;
    for (int j = 0; j < n; j++)
        room += 2 * strlen(ml_pipeline_input(p, j)) + 1;
    ml_csv_type *types = calloc((size_t)n + 1, sizeof *types);
    char *names = malloc(room), *at = names;
    ml_frame *f = NULL;
    for (int j = 0; j < n && types && names; j++) {
        types[j] = (ml_csv_type){.column = ml_pipeline_input(p, j), .type = ml_pipeline_input_type(p, j)};
        at = add_name(at, types[j].column, j == 0);
    }
    if (types && names)
        f = read_csv(s, s->predict, (ml_csv_opts){.columns = names, .types = types, .n_types = n});
    else
        cli_fail(&s->c, "out of memory");
    free(types);
    free(names);
    return f;
}

static bool is_asked_for(const ml_pipeline *p, const char *name)
{
    bool found = strcmp(name, ml_pipeline_target(p)) == 0;
    for (int j = 0; j < ml_pipeline_inputs(p) && !found; j++)
        found = strcmp(name, ml_pipeline_input(p, j)) == 0;
    return found;
}

/* A file may have columns that the model does not know; which, is said: one of them may be misspelt. */
static int say_left_out(const study *s, const ml_pipeline *p)
{
    enum { MOST = 10 };
    char plain[64];
    int n = 0;
    ml_frame *head = ml_csv_read(s->predict, (ml_csv_opts){.rows = ML_NONE});
    if (!head)
        return cli_fail_ml(&s->c);
    for (int j = 0; j < head->columns; j++) {
        const char *name = head->column[j].name;
        if (!is_asked_for(p, name) && n++ < MOST)
            fprintf(s->board, "%s%s", n == 1 ? "left out: " : ", ", plain_text(name, plain, sizeof plain));
    }
    if (n > MOST)
        fprintf(s->board, " and %d more", n - MOST);
    if (n)
        fprintf(s->board, "\n");
    ml_frame_free(head);
    return -1;
}

int predict(study *s)
{
    char path[CLI_PATH];
    const char *model = s->model_file ? s->model_file : cli_out_path(&s->c, "model.safetensors", path);
    FILE *there = fopen(model, "rb");
    if (!there)
        return cli_fail(&s->c, "%s cannot be opened: run %s without --predict first, or name a model with --model-file", model,
                        s->c.program);
    fclose(there);
    ml_pipeline *p = titanic_register() ? NULL : ml_pipeline_load(model);
    ml_frame *f = p ? read_inputs(s, p) : NULL, *out = f ? ml_pipeline_predict(p, f) : NULL;
    int status = p && !f ? 2 : -1;
    if (status < 0 && (!out || ml_csv_write(out, cli_out_path(&s->c, "predictions.csv", path), (ml_csv_write_opts){0})))
        status = cli_fail_ml(&s->c);
    if (status < 0)
        status = say_left_out(s, p);
    if (status < 0) {
        ml_frame_print(s->board, out, (ml_print_opts){.width = 80});
        printf("%lld prediction%s: %s\n", (long long)out->rows, out->rows == 1 ? "" : "s", path);
        status = 0;
    }
    ml_pipeline_free(p);
    ml_frame_free(f);
    ml_frame_free(out);
    return status;
}
