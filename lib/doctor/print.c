/* print.c -- the report on a terminal of 80 columns: what was measured, then what was found. */
#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 79, NAME = 30, MOST_ROWS = 40, BAR = 40 };

/* Words from column `indent` on; the first line begins with `lead`. */
static void print_wrapped(FILE *out, const char *lead, int indent, const char *text)
{
    int column = fprintf(out, "%-*s", indent, lead);
    bool first = true;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (!first && column + 1 + length > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        column += fprintf(out, "%s%.*s", first ? "" : " ", length, text);
        first = false;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* A number in a table; "-" where there is none. */
static void print_number(FILE *out, int width, double v)
{
    if (isfinite(v))
        fprintf(out, "%*.3g", width, v);
    else
        fprintf(out, "%*s", width, "-");
}

/* ---- what was measured ---- */

static void print_data(FILE *out, const ml_doctor_report *r)
{
    fprintf(out, "doctor: %lld sample%s of %s, %lld parameters", (long long)r->samples, r->samples == 1 ? "" : "s", r->sample,
            (long long)r->params);
    if (r->rule)
        fprintf(out, ", %s at %.3g", r->rule, r->lr);
    fputs("\n\n", out);
    if (isfinite(r->input_mean))
        fprintf(out, "inputs       mean %.3g, deviation %.3g, between %.4g and %.4g\n", r->input_mean, r->input_deviation,
                r->input_low, r->input_high);
    if (isfinite(r->largest_share))
        fprintf(out, "labels       %lld classes, each with %.1f to %.1f %% of the samples\n", (long long)r->classes,
                100 * r->smallest_share, 100 * r->largest_share);
    if (isfinite(r->target_mean))
        fprintf(out, "targets      mean %.3g, deviation %.3g\n", r->target_mean, r->target_deviation);
}

static void print_training(FILE *out, const ml_doctor_report *r)
{
    if (isfinite(r->first_loss)) {
        fprintf(out, "first loss   %.3g", r->first_loss);
        if (isfinite(r->chance_loss))
            fprintf(out, "; a net that knows nothing: %.3g%s", r->chance_loss, r->trained ? "; this one is trained" : "");
        fputc('\n', out);
    }
    if (r->steps)
        fprintf(out, "%lld steps     loss %.3g after them\n", (long long)r->steps, r->steps_loss);
    if (isfinite(r->lr_steepest)) {
        fprintf(out, "rate         the loss falls fastest near %.1g, ", r->lr_steepest);
        if (isfinite(r->lr_diverged))
            fprintf(out, "explodes near %.1g\n", r->lr_diverged);
        else
            fputs("and never explodes\n", out);
    }
    if (r->overfit_samples)
        fprintf(out, "by heart     %lld samples: loss %.2g after %lld steps of %s at %.2g\n", (long long)r->overfit_samples,
                r->overfit_loss, (long long)r->overfit_steps, r->overfit_rule, r->overfit_lr);
}

static void print_more(FILE *out, int n)
{
    if (n > MOST_ROWS)
        fprintf(out, "... and %d more\n", n - MOST_ROWS);
}

static void print_layers(FILE *out, const ml_doctor_report *r)
{
    if (!r->n_layers || !isfinite(r->first_loss))
        return;
    fprintf(out, "\n%-*s%10s%10s%10s%12s\n", NAME, "parameter", "numbers", "size", "gradient", "step/size");
    for (int i = 0; i < r->n_layers && i < MOST_ROWS; i++) {
        const ml_doctor_layer *l = &r->layers[i];
        fprintf(out, "%-*.*s%10lld", NAME, NAME - 1, l->name, (long long)l->size);
        print_number(out, 10, l->weight);
        print_number(out, 10, l->gradient);
        if (l->frozen)
            fprintf(out, "%12s", "frozen");
        else
            print_number(out, 12, l->update);
        fputc('\n', out);
    }
    print_more(out, r->n_layers);
}

static void print_units(FILE *out, const ml_doctor_report *r)
{
    if (!r->n_units || !isfinite(r->first_loss))
        return;
    fprintf(out, "\n%-*s%10s%10s%12s\n", NAME, "activation", "units", "dead", "saturated");
    for (int k = 0; k < r->n_units && k < MOST_ROWS; k++) {
        const ml_doctor_units *u = &r->units[k];
        fprintf(out, "%-*.*s%10lld", NAME, NAME - 1, u->name, (long long)u->units);
        if (strncmp(u->name, "relu", 4) == 0)
            fprintf(out, "%10lld%12s\n", (long long)u->dead, "-");
        else
            fprintf(out, "%10s%10.0f %%\n", "-", 100 * u->saturated);
    }
    print_more(out, r->n_units);
}

/* Every sixth point: two a decade. Bars are cut at one and a half times the first loss. */
static void print_rates(FILE *out, const ml_doctor_report *r)
{
    if (!r->n_rates || !isfinite(r->lr_steepest))
        return;
    double most = 1.5 * r->rates[0].loss;
    fprintf(out, "\nrange test: the loss, smoothed, while the rate rises at each step\n");
    for (int i = 0; i < r->n_rates; i += 6) {
        double loss = r->rates[i].loss, share = most > 0 ? fmin(1, fmax(0, loss / most)) : 0;
        fprintf(out, "%10.1e%10.3g  ", r->rates[i].lr, loss);
        for (int k = 0; k < (int)lround(BAR * share); k++)
            fputc('#', out);
        fputc('\n', out);
    }
}

/* ---- what was found ---- */

static void print_findings(FILE *out, const ml_doctor_report *r, ml_doctor_severity severity)
{
    for (int i = 0; i < r->n; i++) {
        const ml_doctor_finding *f = &r->finding[i];
        if (f->severity != severity)
            continue;
        fprintf(out, "\n%s  %s\n", severity == ML_DOCTOR_ERROR ? "ERROR" : "WARNING", f->name);
        print_wrapped(out, "  what", 8, f->text);
        print_wrapped(out, "  why", 8, f->cause);
        print_wrapped(out, "  try", 8, f->advice);
    }
}

void ml_doctor_print(FILE *out, const ml_doctor_report *r)
{
    if (!out || !r)
        return;
    print_data(out, r);
    print_training(out, r);
    print_layers(out, r);
    print_units(out, r);
    print_rates(out, r);
    print_findings(out, r, ML_DOCTOR_ERROR);
    print_findings(out, r, ML_DOCTOR_WARNING);
    if (!r->n)
        fputs("\nno finding\n", out);
    else
        fprintf(out, "\n%d error%s, %d warning%s%s\n", r->errors, r->errors == 1 ? "" : "s", r->n - r->errors,
                r->n - r->errors == 1 ? "" : "s", r->complete ? "" : "; what comes after was not looked at");
}
