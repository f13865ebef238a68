/* mlcore.h -- everything. */
#ifndef MLCORE_H
#define MLCORE_H

#include <mlcore/autograd.h>
#include <mlcore/build.h>
#include <mlcore/checkpoint.h>
#include <mlcore/classical.h>
#include <mlcore/csv.h>
#include <mlcore/custom.h>
#include <mlcore/data.h>
#include <mlcore/doctor.h>
#include <mlcore/error.h>
#include <mlcore/frame.h>
#include <mlcore/io.h>
#include <mlcore/learners.h>
#include <mlcore/losses.h>
#include <mlcore/matrix.h>
#include <mlcore/memory.h>
#include <mlcore/metrics.h>
#include <mlcore/models.h>
#include <mlcore/nn.h>
#include <mlcore/ops.h>
#include <mlcore/optim.h>
#include <mlcore/plot.h>
#include <mlcore/predictor.h>
#include <mlcore/prep.h>
#include <mlcore/progress.h>
#include <mlcore/real.h>
#include <mlcore/report.h>
#include <mlcore/rng.h>
#include <mlcore/select.h>
#include <mlcore/summary.h>
#include <mlcore/tensor.h>
#include <mlcore/threads.h>
#include <mlcore/trees.h>
#include <mlcore/vision.h>
#include <mlcore/wrangle.h>

#endif
