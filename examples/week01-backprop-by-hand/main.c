/* week01-backprop-by-hand -- from Rosenblatt's perceptron to reverse mode, with numbers small enough for paper.
 *
 * Seven parts: learn AND, fail on XOR, solve it with chosen weights (perceptron.c); the chain
 * rule by hand (network.c); the same by the tape, and the check by differences (tape.c); training (train.c). The program
 * ends with status 1 when hand, tape and differences do not agree.
 */
#include "week01-backprop-by-hand/week01.h"

#include <string.h>

const int TABLE[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
const int AND[4] = {0, 0, 0, 1}, XOR[4] = {0, 1, 1, 0};

void heading(const lesson *l, int number, const char *text)
{
    fprintf(l->board, "\n%d. %s\n", number, text);
    for (size_t i = 0; i < strlen(text) + 3; i++)
        fputc('-', l->board);
    fputs("\n\n", l->board);
}

static int disagree(const cli *c, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", c->program, what);
    return 1;
}

static int run(cli *c, const lesson *l)
{
    paper p = {0};
    solution s = {0};
    ml_gradcheck_result check;
    double largest;
    int and_epochs = perceptron_learns_and(l), cycle = perceptron_fails_on_xor(l);
    int solved = hidden_layer_solves_xor(l);
    if (!and_epochs || !cycle || solved != 4)
        return disagree(c, "a perceptron did what it cannot do, or did not what it can");
    chain_rule_by_hand(l, &p);
    if (tape_agrees(l, &p, &largest) || gradcheck_agrees(l, &p, &check) || train_xor(l, &s))
        return disagree(c, *ml_error() ? ml_error() : "the tape's gradients are not those by hand");

    cli_metric_int(c, "and_epochs", and_epochs);
    cli_metric_int(c, "xor_cycle_epochs", cycle);
    cli_metric(c, "tape_largest_difference", largest);
    cli_metric(c, "gradcheck_worst", check.worst);
    cli_metric_int(c, "draws", s.draws);
    cli_metric_int(c, "epochs", s.epochs);
    cli_metric(c, "train_loss", s.loss);
    cli_metric(c, "train_accuracy", s.right / 4.0);
    int status = cli_finish(c);
    if (status)
        return status;
    if (s.right < 4)
        return disagree(c, "XOR was not learned: try more --epochs or another --seed");
    printf("hand, tape and differences agree; XOR learned: 4 of 4\n");
    if (!c->quiet)
        printf("numbers: %s/metrics.json\n", c->out);
    return 0;
}

int main(int argc, char **argv)
{
    cli c = {.program = "week01-backprop-by-hand",
             .about = "backpropagation by hand, by the tape and by differences, on numbers small enough for paper",
             .seed = 42,
             .epochs = 2000};
    bool doctor = false, dot = false;
    const cli_option options[] = {
        {"doctor", CLI_FLAG, &doctor, 0, 0, NULL, "examine the training of part 7 instead of the lesson", NULL},
        {"dot", CLI_FLAG, &dot, 0, 0, NULL, "draw the tape of part 5: tape.dot, and tape.svg by Graphviz", NULL}};
    int status = cli_parse(&c, argc, argv, options, 2);
    if (status < 0)
        status = cli_prepare_out(&c);
    if (status < 0) {
        lesson l = {.board = stdout, .kernel = (ml_kernel)c.kernel, .seed = (uint64_t)c.seed, .epochs = c.epochs,
                    .draw = dot ? &c : NULL};
        if (doctor)
            status = examine_xor(&c, &l);
        else if (c.quiet && !(l.board = fopen("/dev/null", "w")))
            status = cli_fail(&c, "/dev/null cannot be opened");
        else
            status = run(&c, &l);
        if (l.board && l.board != stdout)
            fclose(l.board);
    }
    cli_free(&c);
    int closed = cli_close_stdout(&c);
    return status ? status : closed > 0 ? closed : 0;
}
