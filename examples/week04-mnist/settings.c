/* settings.c -- the flags of week04-mnist and what they are when not given. */
#include "week04-mnist/week04.h"

/* The defaults were chosen on 10,000 training digits held out with --validation; the README has the table. */
static void defaults_of_model(settings *s, bool has_hidden, bool has_dropout, bool has_lr)
{
    bool mlp = s->model == MODEL_MLP, adam = s->optimizer == OPTIMIZER_ADAM;
    if (mlp && !has_hidden)
        s->hidden = (cli_sizes){.v = {512}, .n = 1};
    if (mlp && !has_dropout)
        s->dropout = 0.2;
    if (!has_lr)
        s->lr = !adam ? 0.2 : mlp ? 0.003 : 0.004;
    if (!s->c.epochs)
        s->c.epochs = 10;
}

int settings_parse(settings *s, int argc, char **argv)
{
    bool hidden = false, lr = false, schedule = false, validation = false, dropout = false;
    *s = (settings){.c = {.program = "week04-mnist", .seed = 42,
                          .about = "a softmax regression or a multilayer perceptron learns to read digits"},
                    .model = MODEL_MLP, .optimizer = OPTIMIZER_ADAM, .batch = 128};
    const cli_option options[] = {
        {"model", CLI_CHOICE, &s->model, 0, 0, "softmax|mlp", "one layer, or several (default mlp)", NULL},
        {"hidden", CLI_LIST, &s->hidden, 1, 16384, NULL, "sizes of the hidden layers (default 512)", &hidden},
        {"lr", CLI_REAL, &s->lr, 1e-8, 100, NULL, "learning rate, the highest of one-cycle (default 0.003; softmax 0.004; sgd 0.2)", &lr},
        {"batch", CLI_INT, &s->batch, 1, 65536, NULL, "samples a step (default 128)", NULL},
        {"optimizer", CLI_CHOICE, &s->optimizer, 0, 0, "sgd|adam", "sgd has Nesterov momentum 0.9 (default adam)", NULL},
        {"schedule", CLI_CHOICE, &s->schedule, 0, 0, "one-cycle|constant",
         "of the learning rate (default one-cycle; constant with --patience)", &schedule},
        {"weight-decay", CLI_REAL, &s->weight_decay, 0, 10, NULL, "decoupled with adam: AdamW (default 0)", NULL},
        {"dropout", CLI_REAL, &s->dropout, 0, 0.95, NULL, "after each hidden layer (default 0.2)", &dropout},
        {"validation", CLI_REAL, &s->validation, 0, 0.9, NULL,
         "share of the training set held out (default 0; 1/6 with --patience)", &validation},
        {"patience", CLI_INT, &s->patience, 1, 100000, NULL,
         "stop after N epochs without a better validation accuracy", NULL},
        {"samples", CLI_INT, &s->samples, 1, 1000000000, NULL, "use only the first N training samples", NULL},
        {"explain-conv", CLI_FLAG, &s->explain_conv, 0, 0, NULL, "a convolution by hand, step by step; trains nothing", NULL},
    };
    int status = cli_parse(&s->c, argc, argv, options, (int)(sizeof options / sizeof *options));
    if (status >= 0)
        return status;
    if (s->model == MODEL_SOFTMAX && (hidden || dropout))
        return cli_fail(&s->c, "--%s is for --model mlp: softmax has no hidden layer", hidden ? "hidden" : "dropout");
    if (s->patience && validation && s->validation == 0)
        return cli_fail(&s->c, "--patience wants a validation set: --validation 0 holds nothing out");
    if (s->patience && !validation)
        s->validation = 1.0 / 6;
    if (s->patience && !schedule)
        s->schedule = SCHEDULE_CONSTANT; /* a cycle that is cut short never reaches its small rates */
    defaults_of_model(s, hidden, dropout, lr);
    return -1;
}
