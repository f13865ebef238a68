/* week02.h -- from a list of passengers to a model file and a page. */
#ifndef EXAMPLES_WEEK02_TITANIC_H
#define EXAMPLES_WEEK02_TITANIC_H

#include "common/cli.h"

#include <math.h>

#define TARGET "survived"
#define INPUTS "pclass,name,sex,age,sibsp,parch,ticket,fare,cabin,embarked"

/* What the program was asked for, and what it writes to. */
typedef struct study {
    cli c;
    const char *target, *features, *model, *predict, *model_file;
    bool leak, skip_bad_rows;
    char chosen[160]; /* the model that is judged, and what was chosen for it: "logistic, C = 0.3" */
    FILE *board;   /* stdout, or nowhere with --quiet */
    ml_html *page;
} study;

/* A learner of the comparison: its name for ml_learner_named, and what is tried inside of each fold. */
typedef struct contender {
    const char *name, *learner;
    const ml_choice *choice;
    int choices;
} contender;

/* Who is compared with whom, and by what. */
typedef struct contest {
    const contender *contender;
    int contenders;
    ml_recipe (*recipe)(const char *learner); /* up to a learner */
    const char *target, *stratify; /* stratify: the target where it has classes, else NULL */
    const char *scores; /* of ml_cross_validate; the first decides, the larger the better */
} contest;
extern const contest PASSENGERS; /* compare.c: five models, with companion rates */

/* For tables that are read by people. */
static inline double four_digits(double v)
{
    return round(v * 1e4) / 1e4;
}

/* read.c: a name out of a file, cut to a buffer, as a terminal may be given it: '?' for control characters. Returns the buffer. */
const char *plain_text(const char *text, char *buffer, size_t size);

/* Each function that returns an int: -1 to go on, else the status to exit with, after a sentence. */

/* read.c: a CSV file, without its bad rows where --skip-bad-rows asks for that. NULL after a sentence. */
ml_frame *read_csv(const study *s, const char *path, ml_csv_opts opts);
/* The file of --data, or titanic.csv of its folder, $MLCORE_DATA or the source tree. */
ml_frame *read_table(const study *s, ml_csv_opts opts);
/* The same with the columns of a passenger list there, and a target of 0 and 1. */
ml_frame *read_passengers(const study *s);

/* recipe.c: what is made of a passenger, up to the learner. */
ml_recipe titanic_recipe(const char *learner, bool companions);
/* The functions in it, by their names: before a model file is loaded. */
ml_status titanic_register(void);
/* The first function alone: title, deck, surname, family size. */
ml_frame *titanic_words(const ml_frame *f, void *unused);

/* explore.c, compare.c, finish.c: the chapters of the study. */
int explore(study *s, const ml_frame *all);
int compare(study *s, const ml_frame *all);
int finish(study *s, const ml_frame *all);
/* explore.c: a table on the board and on the page; frees f. And a square of correlations as a picture. */
int show(study *s, const char *caption, ml_frame *f);
void plot_correlations(study *s, const ml_frame *square);
/* finish.c: a pipeline of one tree, printed and drawn; names of its classes, NULL of a regression. */
int draw_tree(study *s, const ml_pipeline *p, const char *caption, const char *const *names);
/* The model file, with its score on `test` and the seed in it. */
int save(study *s, ml_pipeline *p, const ml_frame *test);

/* choose.c: what is tried in a search over `k` folds for a contender. */
ml_search_opts search_of(const contest *c, const contender *m, int64_t k, uint64_t seed);
/* The contender that is best over five folds, with the options that were best: its recipe, and s->chosen. All candidates are on the page. */
int choose(study *s, const contest *c, const ml_frame *train, ml_recipe *best);

/* explain.c: a fitted pipeline on rows that it has not seen, beside a baseline fitted on the same rows: scores with intervals,
 * pictures, what each column counts; into metrics.json, the page, and on the board. */
int judge(study *s, const ml_pipeline *p, const ml_pipeline *baseline, const ml_frame *test);

int leak(study *s, const ml_frame *all); /* leak.c */
int study_own(study *s);                 /* own.c: --target */
int predict(study *s);                   /* predict.c: --predict; 0 at the end */

/* explore_own.c: the first look at any table; the target is its last column. */
int explore_own(study *s, const ml_frame *f);
/* own_models.c: what is made of any table, up to a learner by name; and what is tried where no learner is named. */
ml_recipe own_recipe(const char *learner);
contest own_contest(const char *target, bool classes);

/* predict.c: appends a name to a list of names, a backslash before each comma and backslash; room is for twice the name and a comma. */
char *add_name(char *at, const char *name, bool first);

#endif
