/* doctor.h -- the parts of an examination, and what they share. Internal.
 *
 * Each part looks at one thing, from the net as it was given (mli_doctor_rewind), and adds what it finds to the report. A part
 * returns a status only where it could not look: a finding is no error.
 */
#ifndef MLI_DOCTOR_H
#define MLI_DOCTOR_H

#include "base/base.h"
#include "nn/nn.h"
#include "optim/optim.h"

#include <mlcore/doctor.h>

/* The net as it was given. */
typedef struct mli_doctor_state {
    ml_real *data, *grad;  /* the blocks of the parameters */
    bool *has_grad;        /* of each */
    ml_real *buffers;      /* one after another */
} mli_doctor_state;

typedef struct mli_doctor {
    ml_net *net;
    const ml_dataset *set; /* NULL: o.x */
    ml_doctor_opts o;
    ml_doctor_report *r;
    bool stop; /* what was found makes the parts to come pointless */

    mli_doctor_state state;
    ml_tape *tape;
    ml_optim *optim; /* like the training's; made by mli_doctor_optimizer */
    double lr;       /* that it steps with: the one to judge, or the rule's own where that is 0 */

    int64_t n, features, outputs;
    int64_t batch;   /* samples of a step here: the training's, within limits */
    int64_t *order;  /* of the samples, shuffled */
    ml_real *x, *target, *out; /* of the batch in hand, as it lies in memory; out has room for its answers */
    int32_t *label;
    int64_t room;         /* samples that these have room for */
    int64_t target_size;  /* numbers of one sample's target; 0 where there is none */
    bool **alive;         /* of each activation that is a relu, which units have not been 0 */
    bool *alike;          /* of each parameter: all units have one row of weights, and of gradients */
} mli_doctor;

/* ---- doctor.c: the parts, in their order ---- */

ml_status mli_doctor_inputs(mli_doctor *d);
ml_status mli_doctor_labels(mli_doctor *d);
ml_status mli_doctor_duplicates(mli_doctor *d);
ml_status mli_doctor_optimizer(mli_doctor *d);
ml_status mli_doctor_look(mli_doctor *d);
ml_status mli_doctor_slopes(mli_doctor *d);
ml_status mli_doctor_modes(mli_doctor *d);
ml_status mli_doctor_steps(mli_doctor *d);
ml_status mli_doctor_rates(mli_doctor *d);
ml_status mli_doctor_updates(mli_doctor *d);
ml_status mli_doctor_overfit(mli_doctor *d);

/* ---- findings.c ---- */

/* Adds a finding, unless the code is there already. */
void mli_doctor_find(mli_doctor *d, ml_doctor_code code, const char *format, ...) ML_PRINTF(3, 4);
bool mli_doctor_found(const mli_doctor *d, ml_doctor_code code);
/* " (3 others alike)" into buf, which it returns; "" for none. */
const char *mli_doctor_others(int n, char buf[32]);

/* ---- state.c ---- */

ml_status mli_doctor_state_take(mli_doctor_state *s, ml_params *ps);
/* Parameters and buffers as they were; gradients dropped. */
void mli_doctor_rewind(mli_doctor *d);
/* Everything as it was, gradients too; frees s. Harmless where nothing was taken. */
void mli_doctor_state_give_back(mli_doctor_state *s, ml_params *ps);

/* ---- samples.c ---- */

ml_status mli_doctor_samples_open(mli_doctor *d);
void mli_doctor_samples_close(mli_doctor *d);
/* Puts n samples in hand: those at order[first], order[first + 1], ..., from its beginning again after its end. */
ml_status mli_doctor_fetch(mli_doctor *d, int64_t first, int64_t n);
ml_status mli_doctor_fetch_these(mli_doctor *d, const int64_t *index, int64_t n);

/* ---- train.c: forward, backward and steps on the n samples in hand ---- */

/* Resets the tape and computes the loss. */
ml_status mli_doctor_forward(mli_doctor *d, int64_t n, ml_tensor **loss);
/* The loss in eval mode, and the share of right answers (NaN where no answer is right or wrong). */
ml_status mli_doctor_score(mli_doctor *d, int64_t n, double *loss, double *accuracy);
/* The net as it was given, an optimizer that remembers nothing, and a rate. */
ml_status mli_doctor_restart(mli_doctor *d, ml_optim *opt, double lr);
/* One step; *loss is that before it. Where it is not finite no step is taken. */
ml_status mli_doctor_step(mli_doctor *d, ml_optim *opt, int64_t n, double *loss);

/* ---- graph.c: reading the tape ---- */

/* The node that computed x, or NULL for a leaf; views are looked through. */
const ml_node *mli_graph_maker(const ml_tape *t, const ml_tensor *x);
bool mli_graph_is(const ml_node *n, const char *name);
/* "relu after 0": the op, and the layer whose parameters came last on the way to it. */
const char *mli_graph_name(const ml_tape *t, const ml_node *n, char *buf, size_t size);
/* The last node that is a loss of logits, or NULL. */
const ml_node *mli_graph_loss(const ml_tape *t);
/* The first node whose numbers are not all finite, or NULL. */
const ml_node *mli_graph_not_finite(const ml_tape *t);
/* The name of a parameter's layer, "0" of "0.weight". */
const char *mli_graph_layer(const char *param, char *buf, size_t size);
double mli_rms(const ml_real *v, int64_t n);

/* ---- look.c ---- */

/* The mean loss of the first batches, LOOK samples of them, and dropout the same each time. */
ml_status mli_doctor_mean_loss(mli_doctor *d, double *loss);

/* ---- outputs.c, units.c, symmetry.c, gradients.c: what mli_doctor_look gathers from each batch, and how it is judged ---- */

void mli_doctor_outputs(mli_doctor *d);
ml_status mli_doctor_units_gather(mli_doctor *d);
void mli_doctor_units_judge(mli_doctor *d);
void mli_doctor_units_close(mli_doctor *d);
ml_status mli_doctor_symmetry_open(mli_doctor *d);
void mli_doctor_symmetry_gather(mli_doctor *d);
void mli_doctor_symmetry_judge(mli_doctor *d);
ml_status mli_doctor_gradients_open(mli_doctor *d);
void mli_doctor_gradients_gather(mli_doctor *d);
void mli_doctor_gradients_judge(mli_doctor *d, int64_t batches);

#endif
