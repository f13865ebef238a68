/* schedule.c -- the learning rate as a pure function of the step.
 *
 * Nothing is carried from step to step, so a resumed run needs no more than its step number:
 *     ml_set_lr(opt, ml_schedule_at(&schedule, ml_optim_steps(opt)));
 *
 * Constant    lr = base
 * Step        lr = base gamma^floor(step / every);    exponential: every = 1
 * Cosine      lr = floor + (base - floor) (1 + cos(pi step / total)) / 2, and floor after total
 * Restarts    the cosine again and again, each `mult` times as long as the one before: it falls from base towards floor, jumps
 *             back to base, and so on
 * One cycle   with a(u, v, x) = v + (u - v) (1 + cos(pi x)) / 2, half a cosine from u at x = 0 to v at x = 1, and
 *             top = pct_start total - 1:
 *             lr = a(max / div, max, step / top)                                   up to the top
 *             lr = a(max, max / div / final_div, (step - top) / (total - 1 - top)) and down
 * Warm-up     of W steps, in front of any of these:
 *             lr = first (start + (1 - start) step / W), first being the schedule's rate at 0; from W on the schedule
 * Source      Loshchilov and Hutter 2017, eq. 5; Smith and Topin 2018, section 2; Goyal et al. 2017, section 2.2; in the
 *             forms of PyTorch's CosineAnnealingLR, CosineAnnealingWarmRestarts, ExponentialLR, OneCycleLR, LinearLR
 * Derivation  docs/math/schedules.md
 */
#include "base/base.h"

#include <mlcore/optim.h>

#include <math.h>

static double constant_at(const ml_schedule *s, int64_t step)
{
    (void)step;
    return s->base;
}

static double step_at(const ml_schedule *s, int64_t step)
{
    return s->base * pow(s->gamma, (double)(step / s->every));
}

static double half_cosine(double from, double to, double x)
{
    return to + (from - to) * (1 + cos(3.14159265358979323846 * x)) / 2;
}

static double cosine_at(const ml_schedule *s, int64_t step)
{
    double x = (double)step / (double)s->total;
    return half_cosine(s->base, s->floor, fmin(x, 1));
}

/* At most 63 rounds where each is longer than the one before; where all are of one length, the remainder. */
static double restarts_at(const ml_schedule *s, int64_t step)
{
    int64_t length = s->every;
    while (s->mult > 1 && step >= length) {
        step -= length;
        length = length > INT64_MAX / s->mult ? INT64_MAX : length * s->mult;
    }
    return half_cosine(s->base, s->floor, (double)(step % length) / (double)length);
}

static double one_cycle_at(const ml_schedule *s, int64_t step)
{
    double low = s->base / s->div, end = low / s->final_div;
    double last = (double)(s->total - 1), top = s->pct_start * (double)s->total - 1;
    double i = fmin((double)step, last); /* past the end it stays at the end */
    if (i <= top)
        return half_cosine(low, s->base, i / top);
    return half_cosine(s->base, end, (i - top) / (last - top));
}

ml_schedule ml_schedule_constant(double base)
{
    return (ml_schedule){.at = constant_at, .base = base, .every = 1, .total = 1, .mult = 1};
}

ml_schedule ml_schedule_step(double base, int64_t every, double gamma)
{
    return (ml_schedule){.at = step_at, .base = base, .every = every, .gamma = gamma, .total = 1, .mult = 1};
}

ml_schedule ml_schedule_cosine(double base, int64_t total, double floor)
{
    return (ml_schedule){.at = cosine_at, .base = base, .floor = floor, .total = total, .every = 1, .mult = 1};
}

ml_schedule ml_schedule_cosine_restarts(double base, int64_t first, int64_t mult, double floor)
{
    return (ml_schedule){.at = restarts_at, .base = base, .floor = floor, .every = first, .mult = mult, .total = 1};
}

ml_schedule ml_schedule_exponential(double base, double gamma)
{
    return ml_schedule_step(base, 1, gamma);
}

ml_schedule ml_schedule_one_cycle(double max, int64_t total)
{
    return (ml_schedule){
        .at = one_cycle_at, .base = max, .div = 25, .final_div = 1e4, .pct_start = 0.3, .total = total, .every = 1, .mult = 1};
}

ml_schedule ml_schedule_warm_up(ml_schedule after, int64_t steps, double start)
{
    after.warm_up = steps;
    after.start = start;
    return after;
}

double ml_schedule_at(const ml_schedule *s, int64_t step)
{
    if (!s || !s->at || s->every < 1 || s->total < 1 || s->mult < 1 || step < 0) {
        mli_fail(ML_EINVAL, "schedule: step %lld, every %lld, total %lld, mult %lld: step must be >= 0, the others >= 1",
                 (long long)step, s ? (long long)s->every : 0, s ? (long long)s->total : 0, s ? (long long)s->mult : 0);
        return NAN;
    }
    if (s->warm_up < 0 || !(s->start >= 0 && s->start <= 1)) {
        mli_fail(ML_EINVAL, "schedule: a warm-up of %lld steps from %g: steps must be >= 0, the start in [0, 1]",
                 (long long)s->warm_up, s->start);
        return NAN;
    }
    if (step >= s->warm_up)
        return s->at(s, step - s->warm_up);
    double done = (double)step / (double)s->warm_up;
    return s->at(s, 0) * (s->start + (1 - s->start) * done);
}
