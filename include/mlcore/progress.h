/* progress.h -- one line that moves on a terminal; plain lines elsewhere. */
#ifndef MLCORE_PROGRESS_H
#define MLCORE_PROGRESS_H

#include <mlcore/real.h>

ML_BEGIN

typedef struct ml_progress {
    FILE *out;         /* NULL: silent */
    char label[48];    /* "epoch 1/5" */
    int64_t total;     /* how many items in all */
    int64_t done;
    double loss;       /* NaN: not shown */
    double started, shown; /* seconds of a monotonic clock */
    bool terminal;
    int width;         /* columns */
    int printed;       /* in a pipe: tenths reported so far */
} ml_progress;

/* Starts a bar over `total` items with a label, cut to fit. out may be NULL. */
ML_API ml_progress ml_progress_start(FILE *out, int64_t total, const char *label);
/* Says that `done` items are done; draws at most 20 times a second. loss: NaN where there is none. */
ML_API void ml_progress_update(ml_progress *p, int64_t done, double loss);
/* Ends the line with the total time and `note` (may be NULL): "epoch 1/5  60000/60000  61234/s  loss 0.3012  note". */
ML_API void ml_progress_end(ml_progress *p, const char *note);

ML_END
#endif
