/* recipe.c -- what is made of a passenger before a learner sees him: words become categories, companions are counted and asked. */
#include "week02-titanic/week02.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 128 };

/* ---- out of the words ---- */

/* "Allen, Miss. Elisabeth Walton": the word between the comma and the point, in one of five groups. */
static const char *title_of(const ml_frame *f, int64_t row, void *unused)
{
    static const char *const groups[][2] = {
        {"Mr", "Mr"},     {"Mrs", "Mrs"}, {"Miss", "Miss"}, {"Master", "Master"}, {"Mlle", "Miss"},
        {"Ms", "Miss"},   {"Mme", "Mrs"}, {"Lady", "Mrs"},  {"Dona", "Mrs"},      {"the Countess", "Mrs"},
    };
    const char *name = ml_column_text(ml_frame_column(f, "name"), row), *from = name ? strstr(name, ", ") : NULL;
    (void)unused;
    if (!from)
        return NULL;
    from += 2;
    size_t length = strcspn(from, ".");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strlen(groups[i][0]) == length && strncmp(groups[i][0], from, length) == 0)
            return groups[i][1];
    return "rare"; /* doctors, officers, clergymen */
}

/* Title and class together: what it meant to be a miss differed from class to class. */
static const char *title_class_of(const ml_frame *f, int64_t row, void *buffer)
{
    const char *title = title_of(f, row, NULL);
    double class = ml_column_number(ml_frame_column(f, "pclass"), row);
    snprintf(buffer, WORD, "%s %.0f", title ? title : "unknown", class);
    return buffer;
}

/* The letter that a cabin begins with. */
static const char *deck_of(const ml_frame *f, int64_t row, void *buffer)
{
    const char *cabin = ml_column_text(ml_frame_column(f, "cabin"), row);
    if (!cabin || !*cabin)
        return NULL;
    snprintf(buffer, WORD, "%c", *cabin >= 'A' && *cabin <= 'Z' ? *cabin : '-');
    return buffer;
}

static double family_size_of(const ml_frame *f, int64_t row, void *unused)
{
    (void)unused;
    return 1 + ml_column_number(ml_frame_column(f, "sibsp"), row) + ml_column_number(ml_frame_column(f, "parch"), row);
}

/* Of those who travel with relatives: a namesake of one who travels alone is no companion. */
static const char *surname_of(const ml_frame *f, int64_t row, void *buffer)
{
    const char *name = ml_column_text(ml_frame_column(f, "name"), row);
    if (!name || !(family_size_of(f, row, NULL) > 1))
        return NULL;
    snprintf(buffer, WORD, "%.*s", (int)strcspn(name, ","), name);
    return buffer;
}

/* What the boats asked: a man, or a woman or child? Large families stayed together, and were lost together. */
static const char *party_of(const ml_frame *f, int64_t row, void *unused)
{
    const char *title = title_of(f, row, NULL);
    (void)unused;
    if (family_size_of(f, row, NULL) > 4)
        return ml_column_number(ml_frame_column(f, "pclass"), row) > 2 ? "large family of third class" : "large family";
    return title && strcmp(title, "Mr") == 0 ? "man" : "woman or child";
}

/* "A/5 21171" is of series A and has number 21171; tickets of near numbers were sold in one place. */
static const char *ticket_series_of(const ml_frame *f, int64_t row, void *buffer)
{
    const char *ticket = ml_column_text(ml_frame_column(f, "ticket"), row);
    if (!ticket || !*ticket)
        return NULL;
    snprintf(buffer, WORD, "%c", *ticket > ' ' && *ticket <= '~' ? *ticket : '-');
    return buffer;
}

static double ticket_number_of(const ml_frame *f, int64_t row, void *unused)
{
    const char *ticket = ml_column_text(ml_frame_column(f, "ticket"), row), *blank = ticket ? strrchr(ticket, ' ') : NULL;
    const char *digits = blank ? blank + 1 : ticket;
    (void)unused;
    return digits && *digits >= '0' && *digits <= '9' ? (double)strtoll(digits, NULL, 10) : NAN;
}

ml_frame *titanic_words(const ml_frame *f, void *unused)
{
    char buffer[WORD];
    ml_frame *g = ml_frame_copy(f);
    (void)unused;
    if (g && !ml_frame_assign_texts(g, "title", title_of, NULL) &&
        !ml_frame_assign_texts(g, "title_class", title_class_of, buffer) &&
        !ml_frame_assign_texts(g, "deck", deck_of, buffer) &&
        !ml_frame_assign_texts(g, "party", party_of, NULL) &&
        !ml_frame_assign_texts(g, "ticket_series", ticket_series_of, buffer) &&
        !ml_frame_assign(g, "ticket_number", ticket_number_of, NULL) &&
        !ml_frame_assign_texts(g, "surname", surname_of, buffer) &&
        !ml_frame_assign(g, "family_size", family_size_of, NULL) &&
        !ml_frame_convert(g, "family_size", "family_size", ML_INTEGER, (ml_convert_opts){0}) &&
        !ml_frame_remove(g, "name") && !ml_frame_remove(g, "cabin"))
        return g;
    ml_frame_free(g);
    return NULL;
}

/* ---- out of the ticket ---- */

/* The group rate of a ticket counts the training rows that share it, but not the row itself. */
static double ticket_size_of(const ml_frame *f, int64_t row, void *unused)
{
    (void)unused;
    return 1 + ml_column_number(ml_frame_column(f, "ticket_rate_count"), row);
}

/* The fare is that of the whole ticket. */
static double fare_per_head_of(const ml_frame *f, int64_t row, void *unused)
{
    return ml_column_number(ml_frame_column(f, "fare"), row) / ticket_size_of(f, row, unused);
}

static ml_frame *titanic_fares(const ml_frame *f, void *unused)
{
    ml_frame *g = ml_frame_copy(f), *done = NULL;
    (void)unused;
    if (g && !ml_frame_assign(g, "ticket_size", ticket_size_of, NULL) &&
        !ml_frame_assign(g, "fare_per_head", fare_per_head_of, NULL))
        done = ml_frame_without(g, "ticket,surname,ticket_rate,ticket_rate_count");
    ml_frame_free(g);
    return done;
}

ml_status titanic_register(void)
{
    ml_status status = ml_prep_register("titanic-words", titanic_words, NULL);
    return status ? status : ml_prep_register("titanic-fares", titanic_fares, NULL);
}

/* ---- the whole ---- */

ml_recipe titanic_recipe(const char *learner, bool companions)
{
    ml_recipe r = ML_RECIPE(ml_learner_named(learner), ML_APPLY("titanic-words", titanic_words, NULL),
                            ML_GROUP_RATE("ticket", .name = "ticket_rate", .count = true));
    if (companions)
        ml_recipe_add(&r, ML_GROUP_RATE("ticket", .also = {"surname,pclass,family_size"}, .name = "companions", .smoothing = 1));
    ml_recipe_add(&r, ML_APPLY("titanic-fares", titanic_fares, NULL)); /* the rate of the ticket alone goes; its count has served */
    ml_recipe_add(&r, ML_IMPUTE("*number", .how = ML_IMPUTE_MEDIAN));
    if (strcmp(ml_learner_name(r.learner), "logistic") == 0) { /* trees do not care, and are read more easily in years and pounds */
        ml_recipe_add(&r, ML_LOG("fare,fare_per_head"));
        ml_recipe_add(&r, ML_SCALE("*number"));
    }
    ml_recipe_add(&r, ML_ONE_HOT("sex,embarked,title,title_class,party,deck,ticket_series", .unseen = ML_UNSEEN_IGNORE,
                                 .missing = true));
    return r;
}
