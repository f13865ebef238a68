#include "support/people.h"

#include "support/check.h"

#include <math.h>

typedef struct person {
    double age, pay;
    int64_t rooms, survived;
    int32_t sex, port;
    char name[24];
} person;

static person make(ml_rng *rng, int64_t i)
{
    person p = {.rooms = 1 + ml_rng_below(rng, 5), .sex = (int32_t)ml_rng_below(rng, 2)};
    p.age = floor(1 + 79 * ml_rng_uniform(rng));
    p.survived = ml_rng_uniform(rng) < 1 / (1 + exp(2.5 - 3 * p.sex - (p.age < 12 ? 2 : 0)));
    p.port = (int32_t)(ml_rng_below(rng, 6) < p.rooms ? p.rooms > 3 ? 2 : 1 : 0);
    p.pay = 0.5 * p.age + 3 * (double)p.rooms + ml_rng_normal(rng);
    snprintf(p.name, sizeof p.name, "person %lld", (long long)i);
    if (ml_rng_below(rng, 6) == 0)
        p.age = (double)NAN;
    if (ml_rng_below(rng, 20) == 0)
        p.sex = -1;
    return p;
}

ml_frame *people(int64_t rows, uint64_t seed)
{
    enum { MOST = 1000 };
    static const char *const sexes[] = {"female", "male"}, *const ports[] = {"Cherbourg", "Queenstown", "Southampton"};
    person p[MOST];
    double age[MOST], pay[MOST];
    int64_t room[MOST], survived[MOST];
    int32_t sex[MOST], port[MOST];
    const char *name[MOST];
    ml_rng rng = ml_rng_seed(seed);
    assert_true(rows <= MOST);
    for (int64_t i = 0; i < rows; i++) {
        p[i] = make(&rng, i);
        age[i] = p[i].age, pay[i] = p[i].pay, room[i] = p[i].rooms, survived[i] = p[i].survived;
        sex[i] = p[i].sex < 0 ? -1 : 1 - p[i].sex, port[i] = p[i].port, name[i] = p[i].name;
    }
    ml_frame *f = ml_frame_new();
    assert_non_null(f);
    assert_int_equal(ml_frame_put_numbers(f, "age", age, rows), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "rooms", room, rows), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "sex", (ml_ints){sex, rows}, sexes, 2), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "name", name, rows), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "survived", survived, rows), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "port", (ml_ints){port, rows}, ports, 3), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "pay", pay, rows), ML_OK);
    return f;
}

ml_recipe people_recipe(ml_learner learner)
{
    return ML_RECIPE(learner, ML_DROP("name"), ML_IMPUTE("*number", .how = ML_IMPUTE_MEDIAN),
                     ML_IMPUTE("*category", .how = ML_IMPUTE_MODE), ML_SCALE("*number"),
                     ML_ONE_HOT("*category", .unseen = ML_UNSEEN_IGNORE));
}

ml_frame *without(ml_frame *f, const char *names)
{
    ml_frame *g = ml_frame_without(f, names);
    assert_non_null(g);
    ml_frame_free(f);
    return g;
}
