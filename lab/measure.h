/* measure.h -- times, and the ceiling of the machine. The benchmarks measure with it, too. */
#ifndef LAB_MEASURE_H
#define LAB_MEASURE_H

#include <stdint.h>

double lab_seconds(void); /* of a clock that only goes forward */
/* Sorts n numbers, 1 or more. */
double lab_median(double *v, int n);

typedef struct lab_time {
    double seconds; /* median of the runs */
    int runs;
} lab_time;
/* Calls work until it has run `repeat` times, or for two seconds; short work many times a run. */
lab_time lab_measure(void (*work)(void *arg), void *arg, int64_t repeat);
/* Multiply-adds of vectors in registers, on all threads: GFLOPS, the most within a third of a second. */
double lab_peak(void);

#endif
