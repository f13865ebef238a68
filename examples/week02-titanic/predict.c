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
    if (status < 0) {
        ml_frame_print(s->board, out, (ml_print_opts){.width = 80});
        printf("%lld predictions: %s\n", (long long)out->rows, path);
        status = 0;
    }
    ml_pipeline_free(p);
    ml_frame_free(f);
    ml_frame_free(out);
    return status;
}
