/* people.h -- a made-up frame for tests of pipelines: holes, categories, texts, and targets of every kind that follow from them. */
#ifndef TESTS_PEOPLE_H
#define TESTS_PEOPLE_H

#include <mlcore/mlcore.h>

/* Columns age (number, a sixth missing), rooms (integer), sex (category, some missing), name (text, all different), survived
 * (integer 0 or 1, by sex and age), port (category of three, by rooms), pay (number, by age and rooms). For ml_frame_free. */
ml_frame *people(int64_t rows, uint64_t seed);
/* Imputed, scaled, encoded; the name is dropped. */
ml_recipe people_recipe(ml_learner learner);
/* Without the columns of a list. Frees f. */
ml_frame *without(ml_frame *f, const char *names);

#endif
