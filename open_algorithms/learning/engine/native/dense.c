/* The bank of dense models: mini-batch after mini-batch, slopes are made while the margins of a slab of rows are in
   cache, and their products with these rows while the rows are.

   Columns are the outputs of all models, in panels of LANES. An array of weights is (panels, width, LANES). */

#include "losses.h"
#include "parts.h"
#include "tiles.h"
#include "update.h"

enum { SLAB_ROWS = 24 }; /* worked on at once, with some features of theirs: these fit the first cache */

struct dense {
    struct objective objective;
    int64_t rows, width;
    int32_t panels, batch_size, summed;
    const float *X, *y, *row_weights; /* (rows + 1, width), (rows + 1,); the last row, if it is in `order`, is zeros */
    const float *padding;             /* (width,), zeros: the rows that a slab lacks */
    const int32_t *order;             /* (batches, batch_size) */
    const float *constants; /* (7, columns): keep_first, keep_second, add_second, added inside and outside of the
                               root, decay, and that of the bias */
    const float *steps;     /* (batches, 6, columns): add_first, rate, those of the bias, reach, share */
    float *weights, *averages, *first, *second;
    float *gradients; /* (parts, panels, width, LANES) */
    double *lost;     /* (parts, columns) */
    float *scratch;   /* (parts, slab's margins and more) */
    int64_t scratch_size;
    float *margins; /* (models, margin_stride) of the first `kept` rows that are scored */
    int64_t margin_stride, kept;
    struct parts *parts;
};

/* Add to the gradients of some features the products of rows with their slopes. */
INLINE void add_products_tile(int features, int panels, const float *const *row, const float *const *next, int rows,
                              int64_t feature, const float *slopes, int64_t stride, float *gradients,
                              int64_t panel_size, int is_first) {
    const int vectors = panels * PANEL_VECTORS;
    vector sums[TILE_FEATURES][TILE_VECTORS];
    gradients += feature * LANES;
    for (int f = 0; f < features; f++)
        for (int v = 0; v < vectors; v++) {
            vector zero = {0};
            sums[f][v] = is_first ? zero : *(const vector *)(gradients + f * LANES + vector_place(v, panel_size));
        }
    for (int r = 0; r < rows; r++) {
        const float *x = row[r] + feature;
        __builtin_prefetch(next[r] + feature, 0, 2);
        vector s[TILE_VECTORS];
        for (int v = 0; v < vectors; v++) s[v] = *(const vector *)(slopes + r * stride + v * VECTOR);
        for (int f = 0; f < features; f++)
            for (int v = 0; v < vectors; v++) sums[f][v] += x[f] * s[v];
    }
    for (int f = 0; f < features; f++)
        for (int v = 0; v < vectors; v++) *(vector *)(gradients + f * LANES + vector_place(v, panel_size)) = sums[f][v];
}

struct slab {
    int rows; /* a multiple of TILE_ROWS */
    const float *row[SLAB_ROWS];
    float label[SLAB_ROWS], counted[SLAB_ROWS];
};

INLINE void multiply_panels(int panels, const struct slab *slab, const struct slab *next, int64_t from, int64_t to,
                            const float *weights, int64_t panel_size, float *z, int64_t stride) {
    for (int r = 0; r < slab->rows; r += TILE_ROWS)
        multiply_tile(panels, slab->row + r, next ? next->row + r : 0, from, to, weights, panel_size, z + r * stride,
                      stride);
}

INLINE void multiply(const struct dense *job, const struct slab *slab, const struct slab *next, const float *weights,
                     float *z, int64_t stride) {
    int64_t panel_size = job->width * LANES;
    memset(z, 0, 4 * slab->rows * stride);
    for (int64_t from = 0; from < job->width; from += BLOCK_FEATURES) {
        int64_t to = from + BLOCK_FEATURES < job->width ? from + BLOCK_FEATURES : job->width;
        int p = 0;
        for (; p + TILE_PANELS <= job->panels; p += TILE_PANELS)
            multiply_panels(TILE_PANELS, slab, next, from, to, weights + p * panel_size, panel_size, z + p * LANES,
                            stride);
        for (; p < job->panels; p++)
            multiply_panels(1, slab, next, from, to, weights + p * panel_size, panel_size, z + p * LANES, stride);
    }
}

INLINE void add_products_panels(int panels, const struct slab *slab, const struct slab *next, int64_t width,
                                const float *slopes, int64_t stride, float *gradients, int is_first) {
    int64_t f = 0, size = width * LANES;
    for (; f + TILE_FEATURES <= width; f += TILE_FEATURES)
        add_products_tile(TILE_FEATURES, panels, slab->row, next->row, slab->rows, f, slopes, stride, gradients, size,
                          is_first);
    for (; f < width; f++)
        add_products_tile(1, panels, slab->row, next->row, slab->rows, f, slopes, stride, gradients, size, is_first);
}

static void add_products(const struct dense *job, const struct slab *slab, const struct slab *next, const float *slopes,
                         int64_t stride, float *gradients, int is_first) {
    int64_t size = job->width * LANES;
    int p = 0;
    for (; p + TILE_PANELS <= job->panels; p += TILE_PANELS)
        add_products_panels(TILE_PANELS, slab, next, job->width, slopes + p * LANES, stride, gradients + p * size,
                            is_first);
    for (; p < job->panels; p++)
        add_products_panels(1, slab, next, job->width, slopes + p * LANES, stride, gradients + p * size, is_first);
}

static void take_rows(const struct dense *job, const int32_t *order, int64_t first, int64_t last, struct slab *slab) {
    int taken = (int)(last - first);
    slab->rows = (taken + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    for (int r = 0; r < SLAB_ROWS; r++) {
        int is_there = r < taken;
        int64_t i = !is_there ? 0 : order ? order[first + r] : first + r;
        slab->row[r] = is_there ? job->X + i * job->width : job->padding;
        slab->label[r] = is_there ? job->y[i] : 0;
        slab->counted[r] = !is_there ? 0 : job->row_weights ? job->row_weights[i] : i < job->rows;
    }
}

/* The margins of rows with weights: room for a slab's, for the sums of its losses, and for the loss. */
struct room {
    int64_t stride;
    float *z, *lost, *loss;
};

static struct room part_room(const struct dense *job, int part) {
    int64_t stride = LANES * (job->panels | 1); /* an odd number of lines: rows differ in their places in a cache */
    float *z = job->scratch + part * job->scratch_size;
    struct room room = {stride, z, z + SLAB_ROWS * stride, z + (SLAB_ROWS + 1) * stride};
    return room;
}

static void take_losses(const struct dense *job, const struct slab *slab, const struct room *room, int part) {
    int columns = job->panels * LANES;
    double *total = job->lost + (int64_t)part * columns;
    memset(room->lost, 0, 4 * columns);
    take_slopes(&job->objective, slab->rows, columns, room->stride, room->z, slab->label, slab->counted, room->lost,
                room->loss);
    for (int c = 0; c < columns; c++) total[c] += room->lost[c];
}

static void add_gradients(const struct dense *job, int64_t batch, int part) {
    int64_t begin = (int64_t)job->batch_size * part / job->parts->count;
    int64_t end = (int64_t)job->batch_size * (part + 1) / job->parts->count;
    const int32_t *order = job->order + batch * job->batch_size;
    struct room room = part_room(job, part);
    float *gradients = job->gradients + part * job->panels * job->width * LANES;
    struct slab slabs[2], *slab = slabs, *next = slabs + 1;
    take_rows(job, order, begin, least(begin + SLAB_ROWS, end), slab);
    for (int64_t first = begin; first < end; first += SLAB_ROWS) {
        take_rows(job, order, least(first + SLAB_ROWS, end), least(first + 2 * SLAB_ROWS, end), next);
        multiply(job, slab, 0, job->weights, room.z, room.stride);
        take_losses(job, slab, &room, part);
        add_products(job, slab, next, room.z, room.stride, gradients, first == begin);
        struct slab *done = slab;
        slab = next, next = done;
    }
    if (begin == end) memset(gradients, 0, 4 * job->panels * job->width * LANES);
}

INLINE void update_feature(const struct dense *job, const struct terms *terms, const float *share, int has_second,
                           int64_t at) {
    float gradient[LANES], change[LANES];
    int64_t size = (int64_t)job->panels * job->width * LANES;
    memcpy(gradient, job->gradients + at, sizeof gradient);
    for (int part = 1; part < job->summed; part++)
        for (int c = 0; c < LANES; c++) gradient[c] += job->gradients[part * size + at + c];
    update_weights(LANES, terms, has_second, gradient, job->weights + at, job->first + at, job->second + at, change);
    float *average = job->averages + at;
    for (int c = 0; c < LANES; c++) average[c] += share[c] * (job->weights[at + c] - average[c]);
}

static void update(const struct dense *job, int64_t batch, int part) {
    static const float zeros[LANES];
    int columns = job->panels * LANES;
    int64_t begin = job->width * part / job->parts->count, end = job->width * (part + 1) / job->parts->count;
    for (int p = 0; p < job->panels; p++) {
        const float *constant = job->constants + p * LANES, *step = job->steps + batch * 6 * columns + p * LANES;
        struct terms terms = {constant, step, constant + columns, constant + 2 * columns, constant + 3 * columns,
                              constant + 4 * columns, step + columns, constant + 5 * columns, step + 4 * columns};
        const float *share = step + 5 * columns;
        int has_second = 0;
        for (int c = 0; c < LANES; c++) has_second |= terms.add_second[c] != 0;
        for (int64_t f = begin; f < end; f++) {
            if (f == job->width - 1) {
                terms.add_first = step + 2 * columns, terms.rate = step + 3 * columns;
                terms.decay = constant + 6 * columns, terms.reach = zeros;
            }
            int64_t at = (p * job->width + f) * LANES;
            if (has_second)
                update_feature(job, &terms, share, 1, at);
            else
                update_feature(job, &terms, share, 0, at);
        }
    }
}

static void train_part(void *given, uint32_t phase, int part) {
    const struct dense *job = given;
    int64_t batch = (phase - 1) / 2;
    if (phase % 2)
        add_gradients(job, batch, part);
    else
        update(job, batch, part);
}

static void keep_margins(const struct dense *job, const struct slab *slab, const struct room *room, int64_t first,
                         int64_t last) {
    int64_t rows = least(last, job->kept) - first;
    float sign[SLAB_ROWS];
    for (int64_t r = 0; r < rows; r++) sign[r] = job->objective.loss == SIGNED_LOGISTIC && slab->label[r] > 0 ? -1 : 1;
    for (int m = 0; m < job->objective.models; m++)
        for (int64_t r = 0; r < rows; r++)
            job->margins[m * job->margin_stride + first + r] = sign[r] * room->z[r * room->stride + m];
}

static void score_part(void *given, uint32_t phase, int part) {
    const struct dense *job = given;
    int64_t begin = job->rows * part / job->parts->count, end = job->rows * (part + 1) / job->parts->count;
    struct room room = part_room(job, part);
    struct slab slabs[2], *slab = slabs, *next = slabs + 1;
    take_rows(job, 0, begin, least(begin + SLAB_ROWS, end), slab);
    for (int64_t first = begin; first < end; first += SLAB_ROWS) {
        int64_t last = least(first + SLAB_ROWS, end);
        take_rows(job, 0, last, least(last + SLAB_ROWS, end), next);
        multiply(job, slab, next, job->averages, room.z, room.stride);
        keep_margins(job, slab, &room, first, last);
        take_losses(job, slab, &room, part);
        struct slab *done = slab;
        slab = next, next = done;
    }
}

/* Work as thread number `self` on the phases up to `last`: of each mini-batch its gradients, and then its update. */
void train_dense(struct dense *job, int self, uint32_t last) { share_parts(job->parts, self, last, train_part, job); }

/* Add the losses of all rows with the averaged weights, and keep the margins of models of one output. */
void score_dense(struct dense *job, int self) { share_parts(job->parts, self, 1, score_part, job); }

int64_t dense_size(void) { return sizeof(struct dense); }

int64_t dense_scratch(const struct dense *job) {
    int64_t numbers = (SLAB_ROWS + 1) * LANES * (job->panels | 1) + 3 * job->objective.models;
    return (numbers + LANES) / LANES * LANES;
}
