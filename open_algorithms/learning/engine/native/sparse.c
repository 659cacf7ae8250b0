/* The bank of sparse models: mini-batch after mini-batch, the slopes of its rows, and then the update of each feature,
   made when its gradient has been summed. See linear_learner/bank/operators/sparse.py for what is computed.

   Columns are the outputs of all models. What a feature has of weights, moments and lags lies `stride` numbers before
   what the next one has. The biases are the weights of the feature after the last. */

#include "losses.h"
#include "parts.h"
#include "update.h"

enum { SLAB_ROWS = 64, PIECE = 32, LINE = 16, VALUES_AHEAD = 16, FEATURES_AHEAD = 12, ROWS_AHEAD = 2 };

/* A mini-batch by features: slots, each a feature's, and one after the other their entries. */
struct slot { int32_t feature, end; };
struct entry { int32_t row; float value; };
struct span { int64_t begin, end; };

struct sparse {
    struct objective objective;
    int64_t rows, ordered, features, stride;
    int32_t columns, wide, batch_size, is_lazy; /* `wide`: columns of margins and slopes, padded */
    const float *values;
    const int32_t *indices;
    const int64_t *row_ends; /* (rows + 1,), from 0 on */
    const float *y, *row_weights;
    const int32_t *order;           /* (ordered,) to train on; null where all rows are scored */
    const float *shift;             /* (features,): what is subtracted from values; may be null */
    const uint8_t *is_constant;     /* (features,): whether a feature is its shift in all rows */
    const float *constants, *steps; /* as those of struct dense, but for the last of a step: the gain of lags */
    float *weights, *first, *second, *lags; /* null, the latter two, where nobody has them */
    float distance;                 /* what lags are multiplied by, to be subtracted from weights */
    const float *l1_sums;           /* (updates, columns), the reaches of L1 so far; null without L1 that is pending */
    int32_t *touched_at;            /* (features,): the update that each feature has had last */
    int64_t reached;                /* the updates before the first, as `touched_at` numbers them */
    float *slopes;                  /* (batch_size or parts * SLAB_ROWS, wide) */
    float *scratch;                 /* (parts, ROOM, wide) */
    double *lost;                   /* (parts, columns) */
    float *margins;                 /* (models, rows) of rows that are scored; may be null */
    int32_t *slot_of;               /* (features,): the number of a feature's slot beyond the base, if it has one */
    struct slot *slots;
    struct entry *entries;
    int64_t slot_room;
    int32_t slot_count, base;       /* of the first mini-batch; each next one's is `slot_room` more */
    struct parts *parts;
};

/* A mini-batch: its rows, number, and step, and the sums of reaches before it. */
struct batch { struct span rows; int32_t number; const float *step, *l1; };

/* What a part has room for, (wide,) each. */
enum { ROOM = 7 };
struct room { float *lost, *total, *shifted, *sum, *loss; };

static struct room part_room(const struct sparse *job, int part) {
    int64_t wide = job->wide;
    float *own = job->scratch + part * ROOM * wide;
    struct room room = {own, own + wide, own + 2 * wide, own + 3 * wide, own + 4 * wide};
    return room;
}

static int64_t share(const struct sparse *job, int64_t count, int part) { return count * part / job->parts->count; }
static int64_t row_number(const struct sparse *job, int64_t r) { return job->order ? job->order[r] : r; }

/* Columns are taken in pieces whose size the compiler knows. There are 1, 2, 4, 8, or a multiple of 16. */
#define EACH_PIECE(columns, work, ...)                            \
    for (int c = 0, left = (columns); left; c = (columns) - left) \
        switch (left) {                                           \
        case 1: work(1, c, __VA_ARGS__), left -= 1; break;        \
        case 2: work(2, c, __VA_ARGS__), left -= 2; break;        \
        case 4: work(4, c, __VA_ARGS__), left -= 4; break;        \
        case 8: work(8, c, __VA_ARGS__), left -= 8; break;        \
        case 16: work(16, c, __VA_ARGS__), left -= 16; break;     \
        default: work(PIECE, c, __VA_ARGS__), left -= PIECE;      \
        }

INLINE void fetch(int n, const float *numbers) {
    for (int i = 0; i < n; i += LINE) __builtin_prefetch(numbers + i, 0, 2);
}

/* Return where the values of a row are, and fetch those of another one that is to come. */
static struct span take_row(const struct sparse *job, int64_t r, int64_t last) {
    if (r + ROWS_AHEAD < last) {
        int64_t ahead = job->row_ends[row_number(job, r + ROWS_AHEAD)];
        __builtin_prefetch(job->indices + ahead), __builtin_prefetch(job->values + ahead);
    }
    int64_t i = row_number(job, r);
    struct span span = {job->row_ends[i], job->row_ends[i + 1]};
    return span;
}

/* The weights of a feature, less the steps of L1 that are pending until `now`, or less the lag. */
INLINE void load_weights(int n, int c, const struct sparse *job, int64_t feature, const float *now, float *restrict w) {
    int64_t at = feature * job->stride + c;
    const float *weights = job->weights + at;
    if (now) {
        const float *since = job->l1_sums + (int64_t)job->touched_at[feature] * job->columns + c;
#pragma omp simd
        for (int i = 0; i < n; i++) {
            float reach = now[c + i] - since[i];
            w[i] = weights[i] - (weights[i] > reach ? reach : weights[i] < -reach ? -reach : weights[i]);
        }
    } else if (job->distance != 0) {
#pragma omp simd
        for (int i = 0; i < n; i++) w[i] = weights[i] - job->distance * job->lags[at + i];
    } else {
#pragma omp simd
        for (int i = 0; i < n; i++) w[i] = weights[i];
    }
}

/* Put the margins of rows into z (rows, wide), fetching the weights of values that are to come. */
INLINE void multiply(int n, int c, const struct sparse *job, struct span rows, const float *now, const float *offset,
                     float *z) {
    struct span here = take_row(job, rows.begin, rows.end), next = here;
    for (int64_t r = rows.begin; r < rows.end; r++, z += job->wide, here = next) {
        next = r + 1 < rows.end ? take_row(job, r + 1, rows.end) : (struct span){0, 0};
        float sums[PIECE], w[PIECE];
        for (int i = 0; i < n; i++) sums[i] = offset[c + i];
        for (int64_t e = here.begin; e < here.end; e++) {
            int is_here = e + VALUES_AHEAD < here.end;
            int64_t ahead = e + VALUES_AHEAD + (is_here ? 0 : next.begin - here.end);
            if (is_here || ahead < next.end) {
                fetch(n, job->weights + job->indices[ahead] * job->stride + c);
                if (now) __builtin_prefetch(job->touched_at + job->indices[ahead]);
            }
            load_weights(n, c, job, job->indices[e], now, w);
            float value = job->values[e];
#pragma omp simd
            for (int i = 0; i < n; i++) sums[i] += value * w[i];
        }
        for (int i = 0; i < n; i++) z[c + i] = sums[i];
    }
}

/* Sum the products of a part's features' shifts and weights, which all margins are to be less. */
INLINE void multiply_shift(int n, int c, const struct sparse *job, int part, float *sum) {
    int64_t end = share(job, job->features, part + 1);
    float sums[PIECE] = {0}, w[PIECE];
    for (int64_t f = share(job, job->features, part); f < end; f++) {
        load_weights(n, c, job, f, 0, w);
#pragma omp simd
        for (int i = 0; i < n; i++) sums[i] = __builtin_fmaf(job->shift[f], w[i], sums[i]);
    }
    for (int i = 0; i < n; i++) sum[c + i] = sums[i];
}

static void shift_part(const struct sparse *job, int part) {
    if (job->shift) EACH_PIECE(job->columns, multiply_shift, job, part, part_room(job, part).shifted)
}

/* Add the parts' sums, of those that they have room for, to `sum`. */
static void add_parts(const struct sparse *job, const float *sums, float sign, float *restrict sum) {
    for (int part = 0; part < job->parts->count; part++, sums += ROOM * (int64_t)job->wide)
#pragma omp simd
        for (int c = 0; c < job->columns; c++) sum[c] += sign * sums[c];
}

/* Return what is added to the margins of all rows: biases, less shifts times weights. */
static const float *find_offset(const struct sparse *job, int part) {
    float *offset = part_room(job, part).sum;
    load_weights(job->columns, 0, job, job->features, 0, offset);
    if (job->shift) add_parts(job, part_room(job, 0).shifted, -1, offset);
    return offset;
}

/* Write down a mini-batch by features. Without laziness these are all, in their order. */
static void transpose(struct sparse *job, const struct batch *batch) {
    struct slot *slots = job->slots;
    int32_t base = job->base + batch->number * (int32_t)job->slot_room, count = 0;
    for (; count < job->features && !job->is_lazy; count++)
        job->slot_of[count] = base + count, slots[count] = (struct slot){count, 0};
    for (int64_t r = batch->rows.begin; r < batch->rows.end; r++) {
        struct span row = take_row(job, r, batch->rows.end);
        for (int64_t e = row.begin; e < row.end; e++) {
            int32_t feature = job->indices[e], own = job->slot_of[feature] - base, is_new = own < 0;
            own = is_new ? count : own;
            job->slot_of[feature] = base + own, slots[count].feature = feature; /* kept if it is new */
            slots[own].end = is_new ? 1 : slots[own].end + 1;
            count += is_new;
        }
    }
    for (int32_t s = 0, end = 0; s < count; s++) end += slots[s].end, slots[s].end = end - slots[s].end;
    for (int64_t r = batch->rows.begin; r < batch->rows.end; r++) {
        struct span row = take_row(job, r, batch->rows.end);
        for (int64_t e = row.begin; e < row.end; e++) {
            struct slot *slot = slots + job->slot_of[job->indices[e]] - base;
            job->entries[slot->end++] = (struct entry){(int32_t)(r - batch->rows.begin), job->values[e]};
        }
    }
    job->slot_count = count;
}

static void keep_margins(const struct sparse *job, struct span rows, const float *z) {
    for (int m = 0; m < job->objective.models; m++)
        for (int64_t r = rows.begin; r < rows.end; r++)
            job->margins[m * job->rows + r] = z[(r - rows.begin) * job->wide + m];
}

/* Put the margins of at most SLAB_ROWS rows into z, and then their slopes. */
static void take_slab(const struct sparse *job, int part, struct span rows, const float *now, const float *offset,
                      float *z) {
    struct room room = part_room(job, part);
    float label[SLAB_ROWS], counted[SLAB_ROWS];
    int count = (int)(rows.end - rows.begin), columns = job->columns, wide = job->wide;
    EACH_PIECE(columns, multiply, job, rows, now, offset, z)
    if (job->margins) keep_margins(job, rows, z);
    for (int r = 0; r < count; r++) {
        int64_t i = row_number(job, rows.begin + r);
        label[r] = job->y[i], counted[r] = job->row_weights ? job->row_weights[i] : 1;
    }
    memset(room.lost, 0, 4 * wide);
    take_slopes(&job->objective, count, wide, wide, z, label, counted, room.lost, room.loss);
    for (int c = 0; c < columns; c++) job->lost[(int64_t)part * columns + c] += room.lost[c];
    for (int r = 0; r < count; r++)
#pragma omp simd
        for (int c = 0; c < columns; c++) room.total[c] += z[(int64_t)r * wide + c];
}

/* Take the slopes of a part of the rows, which stay where they are trained on. */
static void take_rows(const struct sparse *job, const struct batch *batch, int part) {
    const float *offset = find_offset(job, part);
    int64_t begin = batch->rows.begin, count = batch->rows.end - begin, end = share(job, count, part + 1);
    memset(part_room(job, part).total, 0, 4 * job->columns);
    for (int64_t first = share(job, count, part); first < end; first += SLAB_ROWS) {
        struct span rows = {begin + first, begin + least(first + SLAB_ROWS, end)};
        int64_t place = job->order ? first : part * SLAB_ROWS;
        take_slab(job, part, rows, batch->l1, offset, job->slopes + place * job->wide);
    }
}

INLINE void fetch_feature(int n, int c, const struct sparse *job, int64_t feature) {
    int64_t at = feature * job->stride + c;
    fetch(n, job->weights + at), fetch(n, job->first + at);
    if (job->second) fetch(n, job->second + at);
    if (job->lags) fetch(n, job->lags + at);
}

/* Sum a slot's gradient; `total` is the sum of all slopes. A feature that is its shift in all rows has none. */
INLINE void sum_gradient(int n, int c, const struct sparse *job, int64_t s, const float *total, float *gradient) {
    const struct slot *slot = job->slots + s;
    float sums[PIECE] = {0};
    for (int64_t e = s ? slot[-1].end : 0; e < slot->end; e++) {
        const float *slopes = job->slopes + (int64_t)job->entries[e].row * job->wide + c;
        float value = job->entries[e].value;
#pragma omp simd
        for (int i = 0; i < n; i++) sums[i] += value * slopes[i];
    }
    for (int i = 0; i < n; i++)
        gradient[i] = !job->shift ? sums[i]
            : job->is_constant[slot->feature] ? 0 : sums[i] - job->shift[slot->feature] * total[c + i];
}

INLINE void update_feature(int n, int c, const struct sparse *job, const struct terms *terms, const float *gain,
                           int64_t feature, const float *now, const float *gradient) {
    float w[PIECE], change[PIECE];
    int64_t at = feature * job->stride + c;
    load_weights(n, c, job, feature, now, w);
    if (job->second) update_weights(n, terms, 1, gradient, w, job->first + at, job->second + at, change);
    else update_weights(n, terms, 0, gradient, w, job->first + at, 0, change);
#pragma omp simd
    for (int i = 0; i < n; i++) job->weights[at + i] = w[i];
    if (job->lags)
#pragma omp simd
        for (int i = 0; i < n; i++) job->lags[at + i] -= gain[i] * change[i];
}

/* The biases have neither a shift nor L1, and their gradient is the sum of all slopes. */
INLINE void update_piece(int n, int c, const struct sparse *job, const struct batch *batch, int part,
                         const float *total) {
    static const float zeros[PIECE];
    const float *constant = job->constants + c, *step = batch->step + c, *gain = step + 5 * job->columns;
    int64_t columns = job->columns, end = share(job, job->slot_count, part + 1);
    struct terms terms = {constant, step, constant + columns, constant + 2 * columns, constant + 3 * columns,
                          constant + 4 * columns, step + columns, constant + 5 * columns, step + 4 * columns};
    float gradient[PIECE];
    for (int64_t s = share(job, job->slot_count, part); s < end; s++) {
        int32_t feature = job->slots[s].feature;
        if (s + FEATURES_AHEAD < end) fetch_feature(n, c, job, job->slots[s + FEATURES_AHEAD].feature);
        sum_gradient(n, c, job, s, total, gradient);
        update_feature(n, c, job, &terms, gain, feature, batch->l1, gradient);
        if (batch->l1 && c + n == columns) job->touched_at[feature] = (int32_t)job->reached + batch->number + 1;
    }
    if (part) return;
    terms.add_first = step + 2 * columns, terms.rate = step + 3 * columns;
    terms.decay = constant + 6 * columns, terms.reach = zeros;
    update_feature(n, c, job, &terms, gain, job->features, 0, total + c);
}

static void update_part(const struct sparse *job, const struct batch *batch, int part) {
    float *total = part_room(job, part).sum;
    memset(total, 0, 4 * job->columns);
    add_parts(job, part_room(job, 0).total, 1, total);
    EACH_PIECE(job->columns, update_piece, job, batch, part, total)
}

static void train_part(void *given, uint32_t phase, int part) {
    struct sparse *job = given;
    uint32_t phases = job->shift ? 3 : 2, work = (phase - 1) % phases + 3 - phases, number = (phase - 1) / phases;
    int64_t first = (int64_t)number * job->batch_size, columns = job->columns;
    struct batch batch = {{first, least(first + job->batch_size, job->ordered)}, (int32_t)number,
                          job->steps + number * 6 * columns, 0};
    if (job->l1_sums) batch.l1 = job->l1_sums + (job->reached + number) * columns;
    if (work == 0) shift_part(job, part);
    if (work == 1 && part == 0) transpose(job, &batch);
    if (work == 1) take_rows(job, &batch, part);
    if (work == 2) update_part(job, &batch, part);
}

static void score_part(void *given, uint32_t phase, int part) {
    const struct sparse *job = given;
    struct batch batch = {{0, job->rows}, 0, 0, 0};
    if (phase == 1) shift_part(job, part);
    else take_rows(job, &batch, part);
}

INLINE void settle(int n, int c, const struct sparse *job, int64_t feature) {
    float w[PIECE];
    load_weights(n, c, job, feature, job->l1_sums + job->reached * job->columns, w);
    memcpy(job->weights + feature * job->stride + c, w, 4 * n);
}

static void settle_part(void *given, uint32_t phase, int part) {
    const struct sparse *job = given;
    int64_t end = share(job, job->features, part + 1);
    for (int64_t f = share(job, job->features, part); f < end; f++) EACH_PIECE(job->columns, settle, job, f)
}

/* Work as thread number `self` on the phases up to `last`: for each mini-batch that of the shift, if there
   is one, of slopes, and of updates. */
void train_sparse(struct sparse *job, int self, uint32_t last) { share_parts(job->parts, self, last, train_part, job); }

/* Add the losses of all rows with the averaged weights, and keep the margins of models of one output. */
void score_sparse(struct sparse *job, int self) { share_parts(job->parts, self, 2, score_part, job); }

/* Take the steps of L1 that are pending. */
void settle_sparse(struct sparse *job, int self) { share_parts(job->parts, self, 1, settle_part, job); }

int64_t sparse_size(void) { return sizeof(struct sparse); }
