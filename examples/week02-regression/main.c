/* week02-regression -- linear and logistic regression from three sides, which meet.
 *
 * A formula that gives the answer (QR; for logistic regression, Newton's steps, each such a formula), L-BFGS, which looks at values
 * and gradients, and gradient descent on the tape, as a net of one layer. The program ends with status 1 where they do not
 * reach the same coefficients.
 */
#include "week02-regression/week02.h"

#include <math.h>

const int64_t MILESTONE[MILESTONES] = {1, 2, 5, 10, 20, 50, 100, 1000, 10000};

static void print_coefficients(FILE *board, const task *t, const answer a[WAYS])
{
    fprintf(board, "\n%-20s", t->what);
    for (int k = 0; k < WAYS; k++)
        fprintf(board, "%15s", t->way[k]);
    fputc('\n', board);
    for (int64_t j = 0; j <= t->columns; j++) {
        fprintf(board, "%-20s", j < t->columns ? t->name[j] : "(intercept)");
        for (int k = 0; k < WAYS; k++)
            fprintf(board, "%15.6f", a[k].w[j]);
        fputc('\n', board);
    }
    fprintf(board, "%-20s", "steps");
    for (int k = 0; k < WAYS; k++)
        fprintf(board, "%15lld", (long long)a[k].steps);
    fprintf(board, "\n\nloss after\n");
    for (int i = 0; i < MILESTONES; i++) {
        fprintf(board, "%6lld %-13s", (long long)MILESTONE[i], i ? "steps" : "step");
        for (int k = 0; k < WAYS; k++)
            fprintf(board, "%15.9f", a[k].loss[i]);
        fputc('\n', board);
    }
}

/* The largest difference of a coefficient from that of the first way. */
static double largest_difference(const task *t, const answer *a, const answer *from)
{
    double most = 0;
    for (int64_t j = 0; j <= t->columns; j++)
        most = fmax(most, fabs(a->w[j] - from->w[j]));
    return most;
}

/* 0, 1 where the ways do not meet, 2 after a sentence. */
static int compare(cli *c, FILE *board, const task *t, const char *prefix)
{
    const char *learner[] = {t->classes ? "logistic:solver=newton" : "linear:solver=qr",
                             t->classes ? "logistic:solver=lbfgs" : "linear:solver=lbfgs"};
    answer a[WAYS] = {0};
    char name[64];
    fprintf(board, "\n%s\n", t->title);
    for (int k = 0; k < WAYS; k++)
        if (k < 2 ? solve(t, learner[k], &a[k]) : descend(t, c->epochs, (ml_kernel)c->kernel, &a[k]))
            return cli_fail_ml(c);
    print_coefficients(board, t, a);
    double lbfgs = largest_difference(t, &a[1], &a[0]), descent = largest_difference(t, &a[2], &a[0]);
    fprintf(board, "\nlargest difference from %s: L-BFGS %.1e, descent %.1e\n", t->way[0], lbfgs, descent);

    const char *const words[] = {"loss", "lbfgs_difference", "descent_difference", "lbfgs_steps", "descent_steps"};
    const double values[] = {loss_of(t, a[0].w), lbfgs, descent};
    const int64_t steps[] = {a[1].steps, a[2].steps};
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "%s_%s", prefix, words[i]);
        if (i < 3)
            cli_metric(c, name, values[i]);
        else
            cli_metric_int(c, name, steps[i - 3]);
    }
    return lbfgs < 1e-6 && descent < 2e-3 ? 0 : 1;
}

/* The logistic one: 30 columns that go together, and so the harder descent. */
static int doctor(cli *c)
{
    task tumours = {0};
    int status = read_tumours(c, &tumours);
    if (!status)
        status = examine(c, &tumours);
    task_free(&tumours);
    return status;
}

static int run(cli *c, FILE *board)
{
    task flowers = {0}, tumours = {0};
    int status = read_flowers(c, &flowers), apart = 0;
    if (!status)
        status = read_tumours(c, &tumours);
    if (!status && (apart = compare(c, board, &flowers, "linear")) == 2)
        status = 2;
    int other = status ? 0 : compare(c, board, &tumours, "logistic");
    if (other == 2)
        status = 2;
    task_free(&flowers);
    task_free(&tumours);
    if (!status)
        status = cli_finish(c);
    if (status)
        return status;
    if (apart || other) {
        fflush(stdout);
        fprintf(stderr, "%s: the three ways do not meet: try more --epochs\n", c->program);
        return 1;
    }
    fprintf(board, "\n");
    printf("three ways, the same coefficients\n");
    if (!c->quiet)
        printf("numbers: %s/metrics.json\n", c->out);
    return 0;
}

int main(int argc, char **argv)
{
    cli c = {.program = "week02-regression",
             .about = "linear and logistic regression from three sides: a formula, L-BFGS, and descent on the tape",
             .seed = 42,
             .epochs = 20000};
    bool ask_doctor = false;
    const cli_option flag = {"doctor", CLI_FLAG, &ask_doctor, 0, 0, NULL, "examine the logistic descent instead of running it", NULL};
    int status = cli_parse(&c, argc, argv, &flag, 1);
    if (status < 0)
        status = cli_prepare_out(&c);
    if (status < 0 && ask_doctor)
        status = doctor(&c);
    if (status < 0) {
        FILE *board = c.quiet ? fopen("/dev/null", "w") : stdout;
        status = board ? run(&c, board) : cli_fail(&c, "/dev/null cannot be opened");
        if (board && board != stdout)
            fclose(board);
    }
    cli_free(&c);
    int closed = cli_close_stdout(&c);
    return status ? status : closed > 0 ? closed : 0;
}
