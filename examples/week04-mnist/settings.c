/* settings.c -- the flags of week04-mnist and what they are when not given. */
#include "week04-mnist/week04.h"

#include <string.h>

/* Those before RUN_FLAGS make a run what it is. Those before RUN_FLAGS_KEPT are kept in checkpoints, too. */
enum { MODEL, HIDDEN, LR, BATCH, OPTIMIZER, SCHEDULE, WEIGHT_DECAY, DROPOUT, VALIDATION, PATIENCE, SAMPLES, AUGMENTED,
       RUN_FLAGS, WORKERS = RUN_FLAGS, CHECKPOINT_EVERY, RUN_FLAGS_KEPT, RESUME = RUN_FLAGS_KEPT, DOT, STUDY, DOCTOR,
       EXPLAIN_CONV, PREDICT, MODEL_FILE, FLAGS };

static void list_flags(settings *s, cli_option *all)
{
    const cli_option flags[FLAGS] = {
        [MODEL] = {"model", CLI_CHOICE, &s->model, 0, 0, "softmax|mlp|lenet|cnn",
                   "the network (default cnn; mlp with --study)", NULL},
        [HIDDEN] = {"hidden", CLI_LIST, &s->hidden, 1, 16384, NULL, "sizes of the hidden layers of mlp (default 512)", NULL},
        [LR] = {"lr", CLI_REAL, &s->lr, 1e-8, 100, NULL,
                "learning rate, the highest of one-cycle (default: the README's table)", NULL},
        [BATCH] = {"batch", CLI_INT, &s->batch, 1, 65536, NULL, "samples a step (default 128)", NULL},
        [OPTIMIZER] = {"optimizer", CLI_CHOICE, &s->optimizer, 0, 0, "sgd|adam",
                       "sgd has Nesterov momentum 0.9 (default adam)", NULL},
        [SCHEDULE] = {"schedule", CLI_CHOICE, &s->schedule, 0, 0, "one-cycle|constant",
                      "of the learning rate (default one-cycle; constant with --patience)", NULL},
        [WEIGHT_DECAY] = {"weight-decay", CLI_REAL, &s->weight_decay, 0, 10, NULL, "decoupled with adam: AdamW (default 0)",
                          NULL},
        [DROPOUT] = {"dropout", CLI_REAL, &s->dropout, 0, 0.95, NULL,
                     "before the last layer; of mlp after each hidden one", NULL},
        [VALIDATION] = {"validation", CLI_REAL, &s->validation, 0, 0.9, NULL,
                        "share of the training set held out (default 0; 1/6 with --patience)", NULL},
        [PATIENCE] = {"patience", CLI_INT, &s->patience, 1, 100000, NULL,
                      "stop after N epochs without a better validation accuracy", NULL},
        [SAMPLES] = {"samples", CLI_INT, &s->samples, 1, 1000000000, NULL, "use only the first N training samples", NULL},
        [AUGMENTED] = {"augment", CLI_FLAG, &s->augment, 0, 0, NULL,
                       "shift, turn, scale and bend the digits, anew in each epoch", NULL},
        [WORKERS] = {"workers", CLI_INT, &s->workers, 0, 64, NULL,
                     "threads that prepare batches ahead (default 1 with --augment, else 0)", NULL},
        [CHECKPOINT_EVERY] = {"checkpoint-every", CLI_INT, &s->checkpoint_every, 1, 1000000000, NULL,
                              "steps between checkpoints (default: one after each epoch)", NULL},
        [RESUME] = {"resume", CLI_TEXT, &s->resume, 0, 0, NULL, "go on from a checkpoint of a run that was stopped", NULL},
        [DOT] = {"dot", CLI_FLAG, &s->dot, 0, 0, NULL, "draw the tape of the first step: tape.dot, and tape.svg by Graphviz",
                 NULL},
        [STUDY] = {"study", CLI_CHOICE, &s->study, 0, 0, "overfit", "500 digits, and what helps against learning them by heart",
                   NULL},
        [DOCTOR] = {"doctor", CLI_FLAG, &s->doctor, 0, 0, NULL, "examine data, network and rate instead of training", NULL},
        [EXPLAIN_CONV] = {"explain-conv", CLI_FLAG, &s->explain_conv, 0, 0, NULL,
                          "a convolution by hand, step by step; trains nothing", NULL},
        [PREDICT] = {"predict", CLI_FILES, &s->predict, 0, 0, NULL,
                     "read your own digits: photographs or drawings, JPEG, PNG, BMP, GIF", NULL},
        [MODEL_FILE] = {"model-file", CLI_TEXT, &s->model_file, 0, 0, NULL,
                        "of --predict (default: model.safetensors in the folder of --out)", NULL},
    };
    memcpy(all, flags, sizeof flags);
    for (int i = 0; i < FLAGS; i++)
        all[i].given = &s->given[i];
}

run_flags settings_of_run(settings *s)
{
    static const char *const common[] = {"epochs", "seed", "kernel"};
    cli_option all[FLAGS];
    run_flags f = {.n = 0};
    list_flags(s, all);
    for (int i = 0; i < RUN_FLAGS; i++)
        f.v[f.n++] = all[i];
    for (int i = 0; i < 3; i++)
        f.v[f.n++] = cli_common(&s->c, common[i]);
    f.fixed = f.n;
    for (int i = RUN_FLAGS; i < RUN_FLAGS_KEPT; i++)
        f.v[f.n++] = all[i];
    return f;
}

/* Chosen on 10,000 training digits held out with --validation; the README has the table. */
static const struct defaults {
    double adam_lr, sgd_lr, dropout;
    int64_t epochs;
} DEFAULTS[] = {
    [MODEL_SOFTMAX] = {0.004, 0.2, 0, 10},
    [MODEL_MLP] = {0.003, 0.2, 0.2, 10},
    [MODEL_LENET] = {0.004, 0.1, 0, 10},
    [MODEL_CNN] = {0.006, 0.1, 0.3, 10},
};

static void fill_defaults(settings *s)
{
    const struct defaults *d = &DEFAULTS[s->model];
    if (s->model == MODEL_MLP && !s->given[HIDDEN])
        s->hidden = (cli_sizes){.v = {512}, .n = 1};
    if (!s->given[DROPOUT])
        s->dropout = d->dropout;
    if (!s->given[LR])
        s->lr = s->optimizer == OPTIMIZER_ADAM ? d->adam_lr : d->sgd_lr;
    if (!s->c.epochs)
        s->c.epochs = s->augment ? 2 * d->epochs : d->epochs; /* there is more to learn */
    if (s->patience && !s->given[VALIDATION])
        s->validation = 1.0 / 6;
    if (s->patience && !s->given[SCHEDULE])
        s->schedule = SCHEDULE_CONSTANT; /* a cycle that is cut short never reaches its small rates */
    if (!s->given[WORKERS])
        s->workers = s->augment;
}

static int check_together(const settings *s)
{
    if (s->model != MODEL_MLP && s->given[HIDDEN])
        return cli_fail(&s->c, "--hidden is for --model mlp, not %s", MODEL_NAMES[s->model]);
    if (s->model == MODEL_SOFTMAX && s->given[DROPOUT] && s->dropout > 0)
        return cli_fail(&s->c, "--dropout is for models with a hidden layer, which softmax has not");
    if (s->patience && s->given[VALIDATION] && s->validation == 0)
        return cli_fail(&s->c, "--patience wants a validation set: --validation 0 holds nothing out");
    if (s->doctor && s->resume)
        return cli_fail(&s->c, "--doctor examines a network at its start: leave --resume out");
    if (s->model_file && !s->predict.n)
        return cli_fail(&s->c, "--model-file is for --predict");
    return -1;
}

/* Of what a run can be asked for, one thing; and no flag beside it that would change nothing. */
static int check_modes(const settings *s, const cli_option *flags)
{
    static const int modes[] = {STUDY, DOCTOR, EXPLAIN_CONV, PREDICT};
    int mode = -1;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!s->given[modes[i]])
            continue;
        if (mode >= 0)
            return cli_fail(&s->c, "--%s and --%s are two things: ask for one", flags[mode].name, flags[modes[i]].name);
        mode = modes[i];
    }
    for (int i = 0; i <= DOT && (mode == EXPLAIN_CONV || mode == PREDICT); i++)
        if (s->given[i])
            return cli_fail(&s->c, "--%s is for a training, and --%s trains nothing", flags[i].name, flags[mode].name);
    if (mode == DOCTOR && s->dot)
        return cli_fail(&s->c, "--dot draws the first step of a training, and --doctor trains nothing");
    return -1;
}

/* A study decides itself what a flag of training would say. */
static int check_study(settings *s, const cli_option *flags)
{
    for (int i = LR; i < STUDY; i++)
        if (s->given[i])
            return cli_fail(&s->c, "--%s does not go with --study overfit, which sets such things itself", flags[i].name);
    if (!s->given[MODEL])
        s->model = MODEL_MLP;
    return -1;
}

/* The settings are those of the run, and so are the folders of data and results, unless others are named. */
static int take_up(settings *s)
{
    run_flags flags = settings_of_run(s);
    int status = run_recall(&s->c, s->resume, &flags, &s->resume_data);
    const char *slash = strrchr(s->resume, '/');
    if (status >= 0)
        return status;
    if (!s->c.out_given) {
        int length = slash && slash > s->resume ? (int)(slash - s->resume) : 1;
        snprintf(s->resume_folder, sizeof s->resume_folder, "%.*s", length, slash ? s->resume : ".");
        s->c.out = s->resume_folder;
    }
    if (!s->c.data && cli_is_folder(s->resume_data.folder))
        s->c.data = s->resume_data.folder;
    return -1;
}

int settings_parse(settings *s, int argc, char **argv)
{
    cli_option flags[FLAGS];
    *s = (settings){.c = {.program = "week04-mnist", .seed = 42, .about = "a network learns to read handwritten digits"},
                    .model = MODEL_CNN, .optimizer = OPTIMIZER_ADAM, .batch = 128, .workers = -1, .study = STUDY_NONE};
    list_flags(s, flags);
    int status = cli_parse(&s->c, argc, argv, flags, FLAGS);
    if (status < 0)
        status = check_modes(s, flags);
    if (status < 0 && s->study != STUDY_NONE)
        status = check_study(s, flags);
    if (status < 0 && s->resume)
        status = take_up(s);
    if (status < 0)
        status = check_together(s);
    if (status < 0)
        fill_defaults(s);
    return status;
}
