/* An update of weights by their gradients, for any optimizer: see linear_learner/bank/updating/optimizers.py. */

#ifndef UPDATE_H
#define UPDATE_H

#include "lanes.h"

/* The coefficients of an update, a number for each column. */
struct terms {
    const float *keep_first, *add_first, *keep_second, *add_second, *inside_root, *outside_root, *rate, *decay, *reach;
};

INLINE float root(float x) { return __builtin_sqrtf(x); }

/* Update n weights by gradients; `change` is what was subtracted. Without `second` no optimizer has that moment. */
INLINE void update_weights(int n, const struct terms *terms, int has_second, const float *restrict gradient,
                           float *restrict weight, float *restrict first, float *restrict second,
                           float *restrict change) {
#pragma omp simd
    for (int c = 0; c < n; c++) {
        float g = gradient[c] + terms->decay[c] * weight[c];
        float m = terms->keep_first[c] * first[c] + terms->add_first[c] * g, step = terms->rate[c] * m;
        first[c] = m;
        if (has_second) {
            float v = terms->keep_second[c] * second[c] + terms->add_second[c] * g * g;
            second[c] = v;
            step = step / (root(v + terms->inside_root[c]) + terms->outside_root[c]);
        }
        float w = weight[c] - step, reach = terms->reach[c];
        float near = w > reach ? reach : w < -reach ? -reach : w;
        weight[c] = w - near;
        change[c] = step + near;
    }
}

#endif
