/* models.h -- what the builders of models share. Internal. */
#ifndef MLI_MODELS_H
#define MLI_MODELS_H

#include "base/base.h"

#include <mlcore/models.h>

/* An option of whole numbers, where 0 means its default; below 0 is an error, "<option> is -3: ...". */
static inline ml_status mli_model_option(const char *name, int64_t *value, int64_t standard)
{
    if (*value < 0)
        return mli_fail(ML_EINVAL, "%s is %lld: it must be 1 or more, or 0 for the default, %lld", name, (long long)*value,
                        (long long)standard);
    *value = mli_given(*value, standard);
    return ML_OK;
}

#endif
