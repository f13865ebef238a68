/* choose.c -- one model out of several: folds of the training rows decide, and no other row is looked at. */
#include "week02-titanic/week02.h"

#include <math.h>
#include <string.h>

enum { FOLDS = 5, MOST = 32, TEXT = 64 };

/* What was tried, a row each. */
typedef struct candidates {
    int64_t n;
    const char *model[MOST];
    char option[MOST][TEXT];
    double score[MOST], spread[MOST];
} candidates;

ml_search_opts search_of(const contest *c, const contender *m, int64_t k, uint64_t seed)
{
    return (ml_search_opts){.choice = m->choice,
                            .choices = m->choices,
                            .folds = {.k = k, .shuffle = true, .seed = seed, .stratify = c->stratify},
                            .scores = c->scores};
}

static void first_score(const contest *c, char name[TEXT])
{
    snprintf(name, TEXT, "%.*s", (int)strcspn(c->scores, ","), c->scores);
}

static void option_text(const contender *m, const ml_search *found, int64_t row, char text[TEXT])
{
    const char *option = m->choice->option;
    snprintf(text, TEXT, "%s = %g", option, ml_column_number(ml_frame_column(found->results, option), row));
}

static void add(candidates *all, const contest *c, const contender *m, const ml_search *found)
{
    char score[TEXT], spread[TEXT + 8];
    first_score(c, score);
    snprintf(spread, sizeof spread, "%s_spread", score);
    for (int64_t i = 0; i < found->results->rows && all->n < MOST; i++, all->n++) {
        all->model[all->n] = m->name;
        option_text(m, found, i, all->option[all->n]);
        all->score[all->n] = four_digits(ml_column_number(ml_frame_column(found->results, score), i));
        all->spread[all->n] = four_digits(ml_column_number(ml_frame_column(found->results, spread), i));
    }
}

static void put_candidates(study *s, const candidates *all, const char *score, int64_t rows)
{
    const char *options[MOST];
    char text[256];
    for (int64_t i = 0; i < all->n; i++)
        options[i] = all->option[i];
    ml_frame *f = ml_frame_new();
    bool good = f && !ml_frame_put_texts(f, "model", all->model, all->n) && !ml_frame_put_texts(f, "option", options, all->n) &&
                !ml_frame_put_numbers(f, score, all->score, all->n) && !ml_frame_put_numbers(f, "spread", all->spread, all->n);
    snprintf(text, sizeof text, "Chosen by five folds of %lld training rows: %s. The rows that judge it below had no part in that.",
             (long long)rows, s->chosen);
    ml_html_section(s->page, "One model");
    ml_html_text(s->page, text);
    if (good)
        ml_html_table(s->page, "The candidates, over five folds", f, MOST);
    ml_frame_free(f);
}

int choose(study *s, const contest *c, const ml_frame *train, ml_recipe *best)
{
    candidates all = {0};
    char score[TEXT], option[TEXT];
    double most = -INFINITY;
    first_score(c, score);
    fprintf(s->board, "\nOne model, chosen on %lld rows; mean %s of five folds\n\n", (long long)train->rows, score);
    for (int i = 0; i < c->contenders; i++) {
        const contender *m = &c->contender[i];
        if (!m->choices)
            continue;
        ml_search *found = ml_search_fit(c->recipe(m->learner), train, c->target, search_of(c, m, FOLDS, (uint64_t)s->c.seed));
        if (!found)
            return cli_fail_ml(&s->c);
        option_text(m, found, found->best_row, option);
        fprintf(s->board, "%-10s  %.3f with %s\n", m->name, found->best_score, option);
        add(&all, c, m, found);
        if (found->best_score > most) {
            most = found->best_score;
            *best = found->best;
            snprintf(s->chosen, sizeof s->chosen, "%s, %s", m->name, option);
            cli_metric_text(&s->c, "model", m->name);
        }
        ml_search_free(found);
    }
    if (!*s->chosen)
        return cli_fail(&s->c, "no model has a %s on %lld rows: name one with --model", score, (long long)train->rows);
    put_candidates(s, &all, score, train->rows);
    return -1;
}
