#include "losses.h"

typedef float margin_loss(float z, float y, float a, float *slope);

INLINE float signed_logistic(float u, float y, float a, float *slope) {
    float e = exponential(-magnitude(u)), inverse = 1 / ((1 + e) * (2 + e));
    *slope = (u < 0 ? e : 1) * (2 + e) * inverse;
    return (u < 0 ? 0 : u) + twice_atanh(e * (1 + e) * inverse);
}

INLINE float logistic(float z, float y, float a, float *slope) {
    float value = signed_logistic(z, y, a, slope) - z * y;
    *slope -= y;
    return value;
}

INLINE float hinge(float z, float y, float a, float *slope) {
    float side = 1 - 2 * y, value = side * (z - 0.5f) + a / 2;
    *slope = value <= 0 ? 0 : side;
    return value <= 0 ? 0 : value;
}

INLINE float squared(float z, float y, float a, float *slope) {
    *slope = z - y;
    return *slope * *slope;
}

INLINE float sign(float x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

INLINE float absolute(float z, float y, float a, float *slope) {
    *slope = sign(z - y);
    return magnitude(z - y);
}

INLINE float quantile(float z, float y, float a, float *slope) {
    float error = z - y;
    *slope = error > 0 ? 1 - a : error < 0 ? -a : error;
    return *slope * error;
}

INLINE float huber(float z, float y, float a, float *slope) {
    float error = z - y;
    *slope = error > a ? a : error < -a ? -a : error;
    return *slope * (error - 0.5f * *slope);
}

INLINE float insensitive_squared(float z, float y, float a, float *slope) {
    float error = z - y, value = error * error - a * a;
    *slope = value <= 0 ? 0 : error;
    return value <= 0 ? 0 : value;
}

INLINE float insensitive_absolute(float z, float y, float a, float *slope) {
    float error = z - y, value = magnitude(error) - a;
    *slope = value <= 0 ? 0 : sign(error);
    return value <= 0 ? 0 : value;
}

struct slab {
    int rows, columns;
    int64_t stride;
    float *z;
    const float *label, *counted;
    float *lost;
};

/* What multiplies the slopes and the losses of a row, by column; null where all is 1. */
INLINE const float *row_shares(const struct objective *objective, int columns, float label) {
    return objective->shares ? objective->shares + (int64_t)label * columns : 0;
}

INLINE void each_margin(margin_loss *loss, const struct objective *objective, const struct slab *slab) {
    for (int r = 0; r < slab->rows; r++) {
        float *restrict z = slab->z + r * slab->stride, *restrict lost = slab->lost;
        float y = slab->label[r], count = slab->counted[r], a = objective->parameter;
        float scale = objective->weighs_slopes ? count : 1;
        const float *shares = row_shares(objective, slab->columns, y);
        if (!shares) {
#pragma omp simd
            for (int c = 0; c < slab->columns; c++) {
                float slope, value = loss(z[c], y, a, &slope);
                z[c] = slope * scale;
                lost[c] += value * count;
            }
        } else {
            float reported = objective->reports_shares;
#pragma omp simd
            for (int c = 0; c < slab->columns; c++) {
                float slope, value = loss(z[c], y, a, &slope);
                z[c] = slope * scale * shares[c];
                lost[c] += value * count * (1 + reported * (shares[c] - 1));
            }
        }
    }
}

/* The losses of the models are added to those of their first outputs. */
static void softmax(const struct objective *objective, const struct slab *slab, float *scratch) {
    int models = objective->models, outputs = objective->outputs;
    float *restrict largest = scratch, *restrict total = scratch + models, *restrict truths = scratch + 2 * models;
    for (int r = 0; r < slab->rows; r++) {
        float *restrict z = slab->z + r * slab->stride, *restrict lost = slab->lost;
        float count = slab->counted[r], scale = objective->weighs_slopes ? count : 1;
        const float *shares = row_shares(objective, slab->columns, slab->label[r]);
        const float *reported = objective->reports_shares ? shares : 0;
        float *truth = z + (int)slab->label[r] * models;
        memcpy(largest, z, 4 * models);
        for (int k = 1; k < outputs; k++)
#pragma omp simd
            for (int m = 0; m < models; m++)
                largest[m] = z[k * models + m] <= largest[m] ? largest[m] : z[k * models + m];
#pragma omp simd
        for (int m = 0; m < models; m++) total[m] = 0, truths[m] = truth[m];
        for (int k = 0; k < outputs; k++)
#pragma omp simd
            for (int m = 0; m < models; m++) {
                float e = exponential(z[k * models + m] - largest[m]);
                z[k * models + m] = e;
                total[m] += e;
            }
#pragma omp simd
        for (int m = 0; m < models; m++) {
            float value = logarithm(total[m]) + largest[m] - truths[m];
            lost[m] += value * count * (reported ? reported[m] : 1);
            largest[m] = scale * (shares ? shares[m] : 1);
            total[m] = largest[m] / total[m];
        }
        for (int k = 0; k < outputs; k++)
#pragma omp simd
            for (int m = 0; m < models; m++) z[k * models + m] *= total[m];
        for (int m = 0; m < models; m++) truth[m] -= largest[m];
    }
}

void take_slopes(const struct objective *objective, int rows, int columns, int64_t stride, float *z, const float *label,
                 const float *counted, float *lost, float *scratch) {
    struct slab slab = {rows, columns, stride, z, label, counted, lost};
    switch ((enum loss)objective->loss) {
    case SIGNED_LOGISTIC: each_margin(signed_logistic, objective, &slab); break;
    case LOGISTIC: each_margin(logistic, objective, &slab); break;
    case HINGE: each_margin(hinge, objective, &slab); break;
    case SOFTMAX: softmax(objective, &slab, scratch); break;
    case SQUARED: each_margin(squared, objective, &slab); break;
    case ABSOLUTE: each_margin(absolute, objective, &slab); break;
    case QUANTILE: each_margin(quantile, objective, &slab); break;
    case HUBER: each_margin(huber, objective, &slab); break;
    case INSENSITIVE_SQUARED: each_margin(insensitive_squared, objective, &slab); break;
    case INSENSITIVE_ABSOLUTE: each_margin(insensitive_absolute, objective, &slab); break;
    }
}
