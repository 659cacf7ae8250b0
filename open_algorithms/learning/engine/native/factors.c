/* Factorization machines, several at once: scores of rows, gradients of mini-batches, and lazy steps of Adam.

   A machine scores a row x by bias + sum_j w_j x_j + sum_{i<j} <v_i, v_j> x_i x_j, where the sum over pairs is
   half of sum_f (s_f^2 - sum_j (v_jf x_j)^2) with s_f = sum_j v_jf x_j (Rendle 2010). What a feature has of parameters
   are columns: first the machines' linear weights, then their factors. Columns lie in blocks of EIGHT; those of linear
   weights come first, each other block is owned by one machine. A column of padding is 0 and stays so: its gradient is. */

#include "lanes.h"

enum { EIGHT = 8, TOGETHER = 4, ROWS_AHEAD = 4, SLOTS_AHEAD = 6 };
enum { MOST_COUNTED = 1 << 16 }; /* updates in a mean: float32 would lose what more of them change */
enum { LOSS, SQUARES, DISTANCES, TRUE_POSITIVES, FALSE_POSITIVES, FALSE_NEGATIVES, TRUE_NEGATIVES, TALLIES };

typedef float eight __attribute__((vector_size(4 * EIGHT), aligned(4), may_alias));

/* A mini-batch by features: slots, each a feature's, and one after the other their entries. */
struct slot { int32_t feature, end; };
struct entry { int32_t row; float value; };

struct factors {
    int64_t ordered, features;
    int32_t machines, linear_blocks, blocks, batch_rows, is_logistic, slot_count;
    const float *values;
    const int32_t *indices;
    const int64_t *row_ends; /* (rows + 1,) */
    const float *labels, *row_weights; /* (rows,), the latter may be null */
    const int32_t *order;   /* (ordered,) */
    const int32_t *owners;  /* (blocks,): the machine of a block of factors */
    const float *label_mean, *label_scale; /* (8 linear_blocks,): machines learn (label - mean) / scale */
    float *weights, *first, *second, *means; /* (features, 8 blocks) */
    float *bias; /* (4, 8 linear_blocks): weights, first and second moments, means */
    int32_t *touched_at; /* (features,): the update of an epoch that a feature has had last */
    const float *rates, *decays, *shrinkage; /* (8 blocks,), the last times a feature's occurrences */
    const float *bias_rates, *bias_decays; /* (8 linear_blocks,) */
    float beta_1, beta_2, epsilon, clip, rescale; /* the last is 0 for means */
    int64_t updates, epoch_updates; /* made before, in all and in this epoch */
    double *tallies;     /* (machines, TALLIES) */
    float *totals;       /* (batch_rows, 8 blocks): what rows give to the gradients of their features */
    float *slopes;       /* (batch_rows, 8 linear_blocks) */
    float *gradients;    /* (slots, 8 blocks) */
    float *scratch;      /* (3, 8 blocks), and then (TALLIES, 8 linear_blocks) */
    int32_t *slot_of;    /* (features,): the number of a feature's slot, -1 without one */
    struct slot *slots;
    struct entry *entries;
    float *bias_gradient; /* (8 linear_blocks,) */
};

INLINE int64_t width_of(const struct factors *job) { return (int64_t)EIGHT * job->blocks; }

/* Put the sums over a row's features of n blocks into s, and those of squares into q. */
INLINE void sum_blocks(int n, const struct factors *job, const float *weights, int64_t begin, int64_t end, int b,
                       float *s, float *q) {
    eight sum[TOGETHER], square[TOGETHER];
    for (int i = 0; i < n; i++) sum[i] = square[i] = (eight){0};
    for (int64_t e = begin; e < end; e++) {
        const float *w = weights + job->indices[e] * width_of(job) + EIGHT * b;
        float value = job->values[e];
        for (int i = 0; i < n; i++) {
            eight part = value * *(const eight *)(w + EIGHT * i);
            sum[i] += part, square[i] += part * part;
        }
    }
    for (int i = 0; i < n; i++)
        *(eight *)(s + EIGHT * (b + i)) = sum[i], *(eight *)(q + EIGHT * (b + i)) = square[i];
}

#define EACH_BLOCK(count, work, ...)                                          \
    for (int b = 0; b < (count);)                                             \
        if ((count) - b >= TOGETHER) work(TOGETHER, __VA_ARGS__), b += TOGETHER; \
        else work(1, __VA_ARGS__), b += 1;

INLINE void fetch_row(const struct factors *job, const float *weights, int64_t row) {
    for (int64_t e = job->row_ends[row]; e < job->row_ends[row + 1]; e++)
        for (int64_t c = 0; c < width_of(job); c += LANES)
            __builtin_prefetch(weights + job->indices[e] * width_of(job) + c, 0, 2);
}

/* Put the scores of a row into z, (8 linear_blocks,), and the sums over its features into s, (8 blocks,). */
static void score_row(const struct factors *job, const float *weights, const float *bias, int64_t row, float *s,
                      float *q, float *restrict z) {
    int64_t begin = job->row_ends[row], end = job->row_ends[row + 1];
    EACH_BLOCK(job->blocks, sum_blocks, job, weights, begin, end, b, s, q)
    for (int c = 0; c < EIGHT * job->linear_blocks; c++) z[c] = bias[c] + s[c];
    for (int b = job->linear_blocks; b < job->blocks; b++) {
        eight sum = *(eight *)(s + EIGHT * b), pairs = sum * sum - *(eight *)(q + EIGHT * b);
        float half = 0;
        for (int i = 0; i < EIGHT; i++) half += pairs[i];
        z[job->owners[b]] += half / 2;
    }
}

/* Count a row that scored z for what training reports, in the label's own units; `counts` are (TALLIES, machines). */
static void tally_row(const struct factors *job, float label, float weight, const float *restrict z,
                      const float *restrict loss, float *restrict counts) {
    int count = EIGHT * job->linear_blocks;
    if (job->is_logistic) {
        float *hits = counts + (label > 0.5f ? TRUE_POSITIVES : FALSE_POSITIVES) * count;
        float *misses = counts + (label > 0.5f ? FALSE_NEGATIVES : TRUE_NEGATIVES) * count;
#pragma omp simd
        for (int c = 0; c < count; c++) {
            float hit = z[c] >= 0 ? weight : 0;
            counts[LOSS * count + c] += weight * loss[c], hits[c] += hit, misses[c] += weight - hit;
        }
    } else {
#pragma omp simd
        for (int c = 0; c < count; c++) {
            float error = (z[c] * job->label_scale[c] + job->label_mean[c]) - label, square = weight * error * error;
            counts[LOSS * count + c] += square, counts[SQUARES * count + c] += square;
            counts[DISTANCES * count + c] += weight * magnitude(error);
        }
    }
}

/* Add the counts of a mini-batch to the tallies. */
static void keep_tallies(const struct factors *job, const float *counts) {
    for (int t = 0; t < TALLIES; t++)
        for (int m = 0; m < job->machines; m++)
            job->tallies[m * TALLIES + t] += counts[t * EIGHT * job->linear_blocks + m];
}

/* Turn scores z into the slopes of the losses there, and put the logistic losses into `loss`. */
static void take_slopes(const struct factors *job, float label, float weight, float *restrict z, float *restrict loss,
                        float *restrict slope) {
    int count = EIGHT * job->linear_blocks;
    if (job->is_logistic) {
        float sign = label > 0.5f ? 1 : -1;
#pragma omp simd
        for (int c = 0; c < count; c++) {
            float margin = sign * z[c], tail = exponential(-magnitude(margin)); /* of e^-|margin| */
            loss[c] = logarithm(1 + tail) + (margin < 0 ? -margin : 0);
            slope[c] = -sign * weight * (margin < 0 ? 1 : tail) / (1 + tail);
        }
    } else {
#pragma omp simd
        for (int c = 0; c < count; c++) slope[c] = weight * (z[c] - (label - job->label_mean[c]) / job->label_scale[c]);
    }
}

/* Write down the entries of a mini-batch of rows by features. */
static void transpose(struct factors *job, const int32_t *order, int32_t rows) {
    struct slot *slots = job->slots;
    int32_t count = 0;
    for (int32_t r = 0; r < rows; r++)
        for (int64_t e = job->row_ends[order[r]]; e < job->row_ends[order[r] + 1]; e++) {
            int32_t feature = job->indices[e];
            if (job->slot_of[feature] < 0) job->slot_of[feature] = count, slots[count++] = (struct slot){feature, 0};
            slots[job->slot_of[feature]].end++;
        }
    for (int32_t s = 0, end = 0; s < count; s++) end += slots[s].end, slots[s].end = end - slots[s].end;
    for (int32_t r = 0; r < rows; r++)
        for (int64_t e = job->row_ends[order[r]]; e < job->row_ends[order[r] + 1]; e++)
            job->entries[slots[job->slot_of[job->indices[e]]].end++] = (struct entry){r, job->values[e]};
    for (int32_t s = 0; s < count; s++) job->slot_of[slots[s].feature] = -1;
    job->slot_count = count;
}

/* Add up what rows give to n blocks of a feature's gradient; `slopes` are summed, times squares of values. */
INLINE void add_entries(int n, const struct factors *job, int64_t begin, int64_t end, int b, const float *weights,
                        const float *slopes, float *gradient) {
    eight sum[TOGETHER];
    for (int i = 0; i < n; i++) sum[i] = (eight){0};
    for (int64_t e = begin; e < end; e++) {
        const float *total = job->totals + job->entries[e].row * width_of(job) + EIGHT * b;
        float value = job->entries[e].value;
        for (int i = 0; i < n; i++) sum[i] += value * *(const eight *)(total + EIGHT * i);
    }
    for (int i = 0; i < n; i++) {
        float own = b + i < job->linear_blocks ? 0 : slopes[job->owners[b + i]];
        *(eight *)(gradient + EIGHT * (b + i)) = sum[i] - own * *(const eight *)(weights + EIGHT * (b + i));
    }
}

static void sum_slot(const struct factors *job, int32_t s) {
    float *slopes = job->scratch;
    int64_t begin = s ? job->slots[s - 1].end : 0, end = job->slots[s].end;
    const float *weights = job->weights + job->slots[s].feature * width_of(job);
    memset(slopes, 0, 4 * EIGHT * job->linear_blocks);
    for (int64_t e = begin; e < end; e++) {
        float value = job->entries[e].value, square = value * value;
        const float *slope = job->slopes + (int64_t)job->entries[e].row * EIGHT * job->linear_blocks;
        for (int c = 0; c < EIGHT * job->linear_blocks; c++) slopes[c] += square * slope[c];
    }
    EACH_BLOCK(job->blocks, add_entries, job, begin, end, b, weights, slopes, job->gradients + s * width_of(job))
}

/* Sum the gradients of a mini-batch: those of features in slots, with what they count, and those of biases. */
void sum_factor_gradients(struct factors *job, const int32_t *order, int32_t rows) {
    int linear = EIGHT * job->linear_blocks;
    float *q = job->scratch, *z = q + width_of(job), *loss = z + width_of(job), *counts = loss + width_of(job);
    transpose(job, order, rows);
    memset(job->bias_gradient, 0, 4 * linear);
    memset(counts, 0, 4 * TALLIES * linear);
    for (int32_t r = 0; r < rows; r++) {
        int64_t row = order[r];
        float *s = job->totals + r * width_of(job), *slope = job->slopes + (int64_t)r * linear;
        float weight = job->row_weights ? job->row_weights[row] : 1;
        if (r + ROWS_AHEAD < rows) fetch_row(job, job->weights, order[r + ROWS_AHEAD]);
        score_row(job, job->weights, job->bias, row, s, q, z);
        take_slopes(job, job->labels[row], weight, z, loss, slope);
        tally_row(job, job->labels[row], weight, z, loss, counts);
        for (int c = 0; c < linear; c++) job->bias_gradient[c] += slope[c], s[c] = slope[c];
        for (int b = job->linear_blocks; b < job->blocks; b++) *(eight *)(s + EIGHT * b) *= slope[job->owners[b]];
    }
    keep_tallies(job, counts);
    for (int32_t s = 0; s < job->slot_count; s++) sum_slot(job, s);
}

/* Make a step of Adam from summed gradients g of n parameters, whose moments these are. */
INLINE void step(int64_t n, const struct factors *job, const float *restrict g, float share, const float *restrict decay,
                 const float *restrict shrinkage, float occurrences, const float *restrict rate, float correction,
                 float *restrict w, float *restrict first, float *restrict second) {
    float beta_1 = job->beta_1, beta_2 = job->beta_2, clip = job->clip, epsilon = job->epsilon;
#pragma omp simd
    for (int64_t c = 0; c < n; c++) {
        float slope = g[c] * share;
        slope = slope > clip ? clip : slope < -clip ? -clip : slope;
        slope += (decay[c] + (shrinkage ? shrinkage[c] * occurrences : 0)) * w[c];
        first[c] = beta_1 * first[c] + (1 - beta_1) * slope;
        second[c] = beta_2 * second[c] + (1 - beta_2) * slope * slope;
        w[c] -= rate[c] * correction * first[c] / (__builtin_sqrtf(second[c]) + epsilon);
    }
}

/* Let the means (8 blocks,) of a feature's weights over the updates of an epoch count those since the last one, too. */
static void take_mean(struct factors *job, int64_t feature, int64_t width) {
    int64_t at = feature * width;
    float share = job->epoch_updates ? (float)(job->epoch_updates - job->touched_at[feature]) / (float)job->epoch_updates : 0;
#pragma omp simd
    for (int64_t c = 0; c < width; c++) job->means[at + c] += share * (job->weights[at + c] - job->means[at + c]);
}

/* Let the updates of an epoch so far count half. */
static void halve_updates(struct factors *job) {
    for (int64_t f = 0; f < job->features; f++) {
        take_mean(job, f, width_of(job));
        job->touched_at[f] = (int32_t)(job->epoch_updates / 2);
    }
    job->epoch_updates /= 2;
}

/* Update features by their summed gradients (count, 8 blocks), and biases, by those of so many rows. Of how many of
   these each feature is in, `occurrences` (count,) tells. */
void update_factors(struct factors *job, const int32_t *features, const float *occurrences, const float *gradients,
                    int64_t count, double rows) {
    int64_t width = width_of(job), linear = EIGHT * job->linear_blocks;
    double step_number = (double)(++job->updates);
    float correction = (float)(__builtin_sqrt(1 - __builtin_pow(job->beta_2, step_number)) /
                               (1 - __builtin_pow(job->beta_1, step_number)));
    float share = (float)(job->rescale > 0 ? job->rescale : 1 / rows); /* of their sum, unless the user says another */
    for (int64_t s = 0; s < count; s++) {
        int64_t at = features[s] * width;
        if (s + SLOTS_AHEAD < count)
            for (int64_t c = 0, ahead = features[s + SLOTS_AHEAD] * width; c < width; c += LANES) {
                __builtin_prefetch(job->first + ahead + c, 1, 2), __builtin_prefetch(job->second + ahead + c, 1, 2);
                __builtin_prefetch(job->means + ahead + c, 1, 2), __builtin_prefetch(job->weights + ahead + c, 1, 2);
            }
        take_mean(job, features[s], width);
        job->touched_at[features[s]] = (int32_t)job->epoch_updates;
        step(width, job, gradients + s * width, share, job->decays, job->shrinkage, occurrences[s] / (float)rows,
             job->rates, correction, job->weights + at, job->first + at, job->second + at);
    }
    float *bias = job->bias;
    step(linear, job, job->bias_gradient, share, job->bias_decays, 0, 0, job->bias_rates, correction, bias,
         bias + linear, bias + 2 * linear);
    float part = 1 / (float)++job->epoch_updates;
    for (int64_t c = 0; c < linear; c++) bias[3 * linear + c] += part * (bias[c] - bias[3 * linear + c]);
    if (job->epoch_updates == MOST_COUNTED) halve_updates(job);
}

/* Train on mini-batches of the rows in their order. */
void train_factors(struct factors *job, int32_t *features, float *occurrences) {
    for (int64_t done = 0; done < job->ordered; done += job->batch_rows) {
        int32_t rows = (int32_t)least(job->batch_rows, job->ordered - done);
        sum_factor_gradients(job, job->order + done, rows);
        for (int32_t s = 0; s < job->slot_count; s++) {
            features[s] = job->slots[s].feature;
            occurrences[s] = (float)(job->slots[s].end - (s ? job->slots[s - 1].end : 0));
        }
        update_factors(job, features, occurrences, job->gradients, job->slot_count, rows);
    }
}

/* Complete the means over an epoch, and put weights in their place where not `averaged` (8 blocks,). Of what is
   averaged, numbers that no row has ever had a gradient for are 0, and not what they were drawn as. */
void average_factors(struct factors *job, const float *averaged, const float *bias_averaged) {
    int64_t width = width_of(job), linear = EIGHT * job->linear_blocks;
    for (int64_t f = 0, at = 0; f < job->features; f++, at += width) {
        take_mean(job, f, width);
        job->touched_at[f] = 0;
#pragma omp simd
        for (int64_t c = 0; c < width; c++) {
            float mean = job->second[at + c] != 0 ? job->means[at + c] : 0;
            job->means[at + c] = averaged[c] == 0 ? job->weights[at + c] : mean;
        }
    }
    float *bias = job->bias, *means = bias + 3 * linear;
    for (int64_t c = 0; c < linear; c++) means[c] = bias_averaged[c] != 0 ? means[c] : bias[c];
}

/* Put the scores of rows, in the units that machines learn, into `scores` (machines, rows). */
void score_factors(const struct factors *job, const float *weights, const float *bias, int64_t rows, float *scores) {
    float *s = job->scratch, *q = s + width_of(job), *z = q + width_of(job);
    for (int64_t r = 0; r < rows; r++) {
        if (r + ROWS_AHEAD < rows) fetch_row(job, weights, r + ROWS_AHEAD);
        score_row(job, weights, bias, r, s, q, z);
        for (int m = 0; m < job->machines; m++) scores[m * rows + r] = z[m];
    }
}
