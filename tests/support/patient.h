/* patient.h -- what the tests of the doctor share: small sets, and what a report must or must not say. */
#ifndef TESTS_PATIENT_H
#define TESTS_PATIENT_H

#include "support/check.h"

/* n samples of bytes, shape (features), in `classes` classes that lie well apart: a random row each, and noise. TRAIN. */
ml_dataset *blobs(int64_t n, int64_t features, int32_t classes, uint64_t seed);
/* The same bytes with these labels. */
ml_dataset *relabelled(const ml_dataset *ds, const int32_t *labels, int32_t classes);
/* The first n training digits of data/mnist. They look into a set that is read once. */
ml_dataset *digits(int64_t n);

/* A net that must come to be. */
ml_net *made(ml_net *net);
/* A net of one function; its parameters are the caller's to add. */
ml_net *custom(ml_forward_fn forward, int64_t features);
/* A new parameter of uniform numbers in -size .. size. */
ml_tensor *drawn(ml_net *net, const char *name, int64_t rows, int64_t columns, double size);

/* Examines; fails the test where that is an error. */
ml_doctor_report examined(ml_net *net, const ml_dataset *set, ml_doctor_opts opts);
const ml_doctor_finding *finding_of(const ml_doctor_report *r, ml_doctor_code code);
/* Fails, with the printed report, unless the code is found, and its text has this part. Frees nothing. */
void assert_finds(ml_net *net, const ml_dataset *set, ml_doctor_opts opts, ml_doctor_code code, const char *part);
/* Fails, with the printed report, where anything is found, or something was not looked at. */
void assert_healthy(ml_net *net, const ml_dataset *set, ml_doctor_opts opts);

#endif
