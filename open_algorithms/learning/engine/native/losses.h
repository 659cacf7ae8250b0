/* The losses of the margins of a slab of rows, and their slopes: the derivatives by each margin.

   The formulas are those of linear_learner/objective/losses.py. */

#ifndef LOSSES_H
#define LOSSES_H

#include "lanes.h"

enum loss {
    SIGNED_LOGISTIC, LOGISTIC, HINGE, SOFTMAX, SQUARED, ABSOLUTE, QUANTILE, HUBER, INSENSITIVE_SQUARED,
    INSENSITIVE_ABSOLUTE
};

struct objective {
    int32_t loss, models, outputs; /* column k * models + m is output k of model m */
    float parameter;
    const float *shares;  /* (classes, columns): what a row's class multiplies its slopes by; null where all are 1 */
    int32_t reports_shares; /* whether shares multiply losses, too */
    int32_t weighs_slopes;  /* whether what a row counts multiplies its slopes */
};

/* Put slopes in the place of the margins z (n, stride), and add to each of `lost`, a column's sum, its losses. `label`
   and `counted`, what a row counts, are (n,); `scratch` has room for three numbers of each model. */
void take_slopes(const struct objective *objective, int rows, int columns, int64_t stride, float *z,
                 const float *label, const float *counted, float *lost, float *scratch);

#endif
