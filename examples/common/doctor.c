/* doctor.c -- --doctor, as every program that trains has it. */
#include "common/cli.h"

#include <math.h>
#include <string.h>

/* "softmax-twice inputs-scale" */
static void note_names(cli *c, const ml_doctor_report *r)
{
    char names[ML_DOCTOR_CODES * 24] = "";
    for (int i = 0; i < r->n; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? " " : "", r->finding[i].name);
    }
    cli_metric_text(c, "doctor_found", names);
}

static void note_report(cli *c, const ml_doctor_report *r)
{
    cli_metric_int(c, "doctor_findings", r->n);
    cli_metric_int(c, "doctor_errors", r->errors);
    note_names(c, r);
    cli_metric(c, "doctor_first_loss", r->first_loss);
    cli_metric(c, "doctor_chance_loss", r->chance_loss);
    cli_metric(c, "doctor_steps_loss", r->steps_loss);
    cli_metric(c, "doctor_overfit_loss", r->overfit_loss);
    cli_metric(c, "doctor_lr_steepest", r->lr_steepest);
    cli_metric(c, "doctor_lr_diverged", r->lr_diverged);
    cli_metric(c, "lr", r->lr);
}

int cli_doctor(cli *c, ml_net *net, const ml_dataset *set, ml_doctor_opts opts)
{
    ml_doctor_report r;
    double started = cli_seconds();
    opts.kernel = (ml_kernel)c->kernel;
    opts.seed = (uint64_t)c->seed;
    if (ml_doctor(net, set, opts, &r))
        return cli_fail_ml(c);
    if (!c->quiet)
        ml_doctor_print(stdout, &r);
    else if (r.n)
        printf("doctor: %d finding%s\n", r.n, r.n == 1 ? "" : "s");
    else
        printf("doctor: no finding\n");
    note_report(c, &r);
    cli_metric(c, "doctor_seconds", cli_seconds() - started);
    int status = cli_finish(c), found = r.n > 0;
    ml_doctor_free(&r);
    if (!status)
        status = cli_close_stdout(c);
    return status ? status : found;
}
