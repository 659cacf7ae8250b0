/* The assignment of rows to centers: in each of some groups of centers to the one with the largest margin,
   x.c - |c|^2 / 2, that is the nearest; and the sums of the rows of each center.

   Columns are the centers of all groups. Rows are taken in chunks that stay in cache. In a phase those of one chunk find
   their centers, those of the chunk before are listed by center, and those of the one before that are added up. A sum
   is made by one thread, of rows in their order: it depends neither on threads and parts nor on the other groups. */

#include "largest.h"
#include "parts.h"
#include "tiles.h"

enum { SUM_VECTORS = VECTOR == 16 ? 4 : 8, SUM_FEATURES = SUM_VECTORS * VECTOR }; /* of a sum in registers */
enum { NEAR_NUMBERS = 8192 }; /* of rows that are added while they are in the first cache */
enum { SPARSE_VECTORS = 8, SPARSE_PANELS = SPARSE_VECTORS * VECTOR / LANES, VALUES_AHEAD = 16 };
enum { BUFFERED_COLUMNS = SPARSE_VECTORS * VECTOR, DENSE_COLUMNS = TILE_PANELS * LANES };

/* The rows of a center in a chunk. */
struct list {
    const int32_t *begin, *end;
};

struct assignment {
    int64_t begin, end, features, width, numbers; /* rows from `begin` on; of a dense row, and of all, in memory */
    int64_t chunk;                                /* rows, a multiple of SLAB_ROWS */
    int32_t centers, panels, groups;
    const float *X;                               /* (n, width), dense; null where rows are sparse */
    const float *values;
    const int32_t *indices;
    const int64_t *row_ends;                      /* (n + 1,), from 0 on */
    const float *row_weights;                     /* (n,); may be null */
    const float *given;                           /* centers (centers, features) */
    const int32_t *ends;                          /* (groups,) */
    float *weights;                               /* centers, laid out: (panels, features, LANES), or, where rows are
                                                     sparse, (features, panels, LANES) */
    float *offsets;                               /* (panels * LANES), -|c|^2 / 2 */
    int32_t *found, *lists;                       /* (2, groups, chunk): centers of rows, and rows by centers */
    int32_t *starts;                              /* (2, centers + groups): where the rows of each center begin, and
                                                     those of each group end */
    struct list *taken;                           /* (parts, centers) */
    float *partial;                               /* (parts, centers, SUM_FEATURES) */
    int32_t *labels;                              /* (n, groups); may be null */
    float *margins;                               /* (n, groups); may be null */
    double *counts, *sums;                        /* (centers,), (centers, features) */
    struct parts *parts;
};

/* A chunk of rows, and what it has in the buffers. */
struct chunk {
    int64_t begin, rows;
    int32_t *found, *starts, *lists;
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static struct chunk take_chunk(const struct assignment *job, int64_t number) {
    int64_t begin = job->begin + number * job->chunk, buffer = number % 2, size = job->groups * job->chunk;
    struct chunk chunk = {begin, least(job->chunk, job->end - begin), job->found + buffer * size,
                          job->starts + buffer * (job->centers + job->groups), job->lists + buffer * size};
    return chunk;
}

/* Lay out the centers for a part of the features. */
static void lay_out(const struct assignment *job, int part) {
    int64_t blocks = (job->features + LANES - 1) / LANES, parts = job->parts->count, features = job->features;
    int64_t begin = blocks * part / parts * LANES, end = least(features, blocks * (part + 1) / parts * LANES);
    int64_t by_feature = job->X ? LANES : job->panels * LANES, by_panel = job->X ? features * LANES : LANES;
    for (int64_t from = begin; from < end; from += LANES)
        for (int p = 0; p < job->panels; p++) {
            const float *given = job->given + (int64_t)p * LANES * features;
            float *weights = job->weights + p * by_panel;
            int64_t to = least(from + LANES, end);
            int columns = (int)least(LANES, job->centers - p * LANES);
            if (columns == LANES && to == from + LANES) {
                for (int f = 0; f < LANES; f += VECTOR)
                    for (int c = 0; c < LANES; c += VECTOR)
                        transpose(given + c * features + from + f, features, weights + (from + f) * by_feature + c,
                                  by_feature);
                continue;
            }
            for (int64_t f = from; f < to; f++)
                for (int c = 0; c < LANES; c++)
                    weights[f * by_feature + c] = c < columns ? given[c * features + f] : 0;
        }
}

static void take_offsets(const struct assignment *job, int part) {
    int64_t columns = job->panels * LANES, parts = job->parts->count;
    for (int64_t c = columns * part / parts; c < columns * (part + 1) / parts; c++) {
        double sum = 0;
        const float *center = job->given + c * job->features;
        if (c < job->centers)
#pragma omp simd reduction(+ : sum)
            for (int64_t f = 0; f < job->features; f++) sum += (double)center[f] * center[f];
        job->offsets[c] = (float)(-sum / 2);
    }
}

/* Put the margins of a slab's rows with some panels into z (SLAB_ROWS, DENSE_COLUMNS). */
INLINE void multiply_panels(int panels, const struct assignment *job, const float *const *row, int rows, int panel,
                            float *z) {
    int64_t panel_size = job->features * LANES;
    const float *weights = job->weights + panel * panel_size;
    for (int r = 0; r < rows; r++) memcpy(z + r * DENSE_COLUMNS, job->offsets + panel * LANES, 4 * panels * LANES);
    for (int64_t from = 0; from < job->features; from += BLOCK_FEATURES) {
        int64_t to = least(from + BLOCK_FEATURES, job->features);
        for (int r = 0; r < rows; r += TILE_ROWS)
            multiply_tile(panels, row + r, 0, from, to, weights, panel_size, z + r * DENSE_COLUMNS, DENSE_COLUMNS);
    }
}

INLINE void multiply_sparse_row(int vectors, const struct assignment *job, int64_t row, int64_t last, int64_t column,
                                float *z) {
    int64_t stride = job->panels * LANES;
    const float *weights = job->weights + column;
    vector sums[SPARSE_VECTORS];
    for (int v = 0; v < vectors; v++) sums[v] = *(const vector *)(job->offsets + column + v * VECTOR);
    for (int64_t e = job->row_ends[row]; e < job->row_ends[row + 1]; e++) {
        const float *ahead = weights + job->indices[e + VALUES_AHEAD < last ? e + VALUES_AHEAD : e] * stride;
        const float *w = weights + job->indices[e] * stride;
        for (int v = 0; v < vectors; v += LANES / VECTOR) __builtin_prefetch(ahead + v * VECTOR, 0, 2);
        for (int v = 0; v < vectors; v++) sums[v] += job->values[e] * *(const vector *)(w + v * VECTOR);
    }
    for (int v = 0; v < vectors; v++) *(vector *)(z + v * VECTOR) = sums[v];
}

INLINE void multiply_sparse(int panels, const struct assignment *job, int64_t first, int64_t count, int panel,
                            float *z) {
    int64_t last = job->row_ends[first + count];
    for (int64_t r = 0; r < count; r++)
        multiply_sparse_row(panels * PANEL_VECTORS, job, first + r, last, panel * LANES, z + r * BUFFERED_COLUMNS);
}

static int multiply_some_sparse(const struct assignment *job, int64_t first, int64_t count, int panel, float *z) {
    int panels = (int)least(SPARSE_PANELS, job->panels - panel);
    switch (panels) {
    case 1: multiply_sparse(1, job, first, count, panel, z); break;
    case 2: multiply_sparse(2, job, first, count, panel, z); break;
#if defined(__AVX__)
    case 3: multiply_sparse(3, job, first, count, panel, z); break;
    case 4: multiply_sparse(4, job, first, count, panel, z); break;
#endif
#if defined(__AVX512F__)
    case 5: multiply_sparse(5, job, first, count, panel, z); break;
    case 6: multiply_sparse(6, job, first, count, panel, z); break;
    case 7: multiply_sparse(7, job, first, count, panel, z); break;
    case 8: multiply_sparse(8, job, first, count, panel, z); break;
#endif
    }
    return panels;
}

static int multiply_some_dense(const struct assignment *job, int64_t first, int64_t count, int panel, float *z) {
    const float *row[SLAB_ROWS];
    int rows = (int)((count + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS);
    int panels = panel + TILE_PANELS <= job->panels ? TILE_PANELS : 1;
    for (int r = 0; r < rows; r++) row[r] = job->X + (first + (r < count ? r : 0)) * job->width;
    if (panels == TILE_PANELS) multiply_panels(TILE_PANELS, job, row, rows, panel, z);
    else multiply_panels(1, job, row, rows, panel, z);
    return panels;
}

/* Write down what rows of a chunk, from number `at` on, have found in a group. */
static void end_group(const struct assignment *job, const struct chunk *chunk, int64_t at, int64_t count,
                      const struct largest *found) {
    int64_t place = (chunk->begin + at) * job->groups + found->group;
    memcpy(chunk->found + found->group * job->chunk + at, found->number, 4 * count);
    if (job->labels)
        for (int64_t r = 0; r < count; r++) job->labels[place + r * job->groups] = found->number[r];
    if (job->margins)
        for (int64_t r = 0; r < count; r++) job->margins[place + r * job->groups] = found->margin[r];
}

static void find_centers(const struct assignment *job, const struct chunk *chunk, int64_t at, int64_t count) {
    float z[SLAB_ROWS * BUFFERED_COLUMNS] __attribute__((aligned(64)));
    float columns[LANES * SLAB_ROWS] __attribute__((aligned(64)));
    struct largest found = {0, 0, {0}, {0}};
    int64_t stride = job->X ? DENSE_COLUMNS : BUFFERED_COLUMNS, first = chunk->begin + at;
    for (int panel = 0, panels; panel < job->panels; panel += panels) {
        panels = job->X ? multiply_some_dense(job, first, count, panel, z)
                        : multiply_some_sparse(job, first, count, panel, z);
        for (int c = panel * LANES; c < least(job->centers, (panel + panels) * LANES); c++) {
            const float *from = z + c - panel * LANES, *column = columns + c % LANES * SLAB_ROWS;
            if (c % LANES == 0)
                for (int r = 0; r < count; r += VECTOR)
                    for (int v = 0; v < LANES; v += VECTOR)
                        transpose(from + r * stride + v, stride, columns + v * SLAB_ROWS + r, SLAB_ROWS);
            if (c == found.begin) begin_group(&found, column);
            else compare_column(column, c - found.begin, found.margin, found.number);
            if (c + 1 == job->ends[found.group]) {
                end_group(job, chunk, at, count, &found);
                found.group++, found.begin = c + 1;
            }
        }
    }
}

static void label_part(const struct assignment *job, const struct chunk *chunk, int part) {
    int64_t slabs = (chunk->rows + SLAB_ROWS - 1) / SLAB_ROWS, parts = job->parts->count;
    for (int64_t slab = slabs * part / parts; slab < slabs * (part + 1) / parts; slab++)
        find_centers(job, chunk, slab * SLAB_ROWS, least(SLAB_ROWS, chunk->rows - slab * SLAB_ROWS));
}

/* Where in `starts` the centers of a group begin, each group's followed by one more. */
static int32_t group_begin(const struct assignment *job, int group) { return group ? job->ends[group - 1] : 0; }

/* List rows by their centers, of a part of the groups. */
static void list_part(const struct assignment *job, const struct chunk *chunk, int part) {
    int parts = job->parts->count;
    for (int g = job->groups * part / parts; g < job->groups * (part + 1) / parts; g++) {
        int32_t begin = group_begin(job, g), centers = job->ends[g] - begin, *starts = chunk->starts + begin + g;
        const int32_t *found = chunk->found + g * job->chunk;
        int32_t *list = chunk->lists + g * job->chunk, *ends = starts + 1;
        memset(starts, 0, 4 * (centers + 1));
        for (int64_t r = 0; r < chunk->rows; r++) ends[found[r]]++;
        for (int32_t c = 0, end = 0; c < centers; c++) end += ends[c], ends[c] = end - ends[c];
        for (int32_t r = 0; r < chunk->rows; r++) list[ends[found[r]]++] = r;
    }
}

static struct list take_list(const struct assignment *job, const struct chunk *chunk, int32_t center, int group) {
    const int32_t *starts = chunk->starts + center + group, *rows = chunk->lists + group * job->chunk;
    struct list list = {rows + starts[0], rows + starts[1]};
    return list;
}

/* Return the features of a row from `at` on, or, where the memory ends before so many, a copy. */
INLINE const float *take_features(int vectors, const struct assignment *job, int64_t at, float *copy) {
    if (at + vectors * VECTOR <= job->numbers) return job->X + at;
    memcpy(copy, job->X + at, 4 * (job->numbers - at));
    return copy;
}

/* Add rows before number `end` to the sum of a center, from a feature on so many that vectors hold; return the first
   row that is left. */
INLINE const int32_t *add_rows(int vectors, const struct assignment *job, const struct chunk *chunk, struct list rows,
                               int64_t end, int64_t feature, float *copy, float *sum) {
    vector sums[SUM_VECTORS];
    const int32_t *i = rows.begin;
    if (i == rows.end || *i >= end) return i;
    for (int v = 0; v < vectors; v++) sums[v] = *(const vector *)(sum + v * VECTOR);
    for (; i < rows.end && *i < end; i++) {
        int64_t row = chunk->begin + *i;
        const float *x = take_features(vectors, job, row * job->width + feature, copy);
        float weight = job->row_weights ? job->row_weights[row] : 1;
        for (int v = 0; v < vectors; v++) sums[v] += weight * *(const vector *)(x + v * VECTOR);
    }
    for (int v = 0; v < vectors; v++) *(vector *)(sum + v * VECTOR) = sums[v];
    return i;
}

struct range {
    int64_t first, last;
};

/* Add rows to the sums of some centers, from a feature on so many that vectors hold. */
INLINE void add_features(int vectors, const struct assignment *job, const struct chunk *chunk, struct range range,
                         int64_t feature, struct list *lists, float *sums) {
    float copy[SUM_FEATURES] = {0};
    int64_t width = least(SUM_FEATURES, job->features), count = least(vectors * VECTOR, job->features - feature);
    memset(sums, 0, 4 * (range.last - range.first) * SUM_FEATURES);
    for (int64_t end = NEAR_NUMBERS / width, first = 0; first < chunk->rows; first = end, end += NEAR_NUMBERS / width)
        for (int64_t c = 0; c < range.last - range.first; c++)
            lists[c].begin = add_rows(vectors, job, chunk, lists[c], end, feature, copy, sums + c * SUM_FEATURES);
    for (int64_t c = 0; c < range.last - range.first; c++) {
        double *total = job->sums + (range.first + c) * job->features + feature;
        for (int64_t f = 0; f < count; f++) total[f] += sums[c * SUM_FEATURES + f];
    }
}

static void add_dense(const struct assignment *job, const struct chunk *chunk, struct range range, int64_t feature,
                      struct list *lists, float *sums) {
    switch (least(SUM_VECTORS, (job->features - feature + VECTOR - 1) / VECTOR)) {
    case 1: add_features(1, job, chunk, range, feature, lists, sums); break;
    case 2: add_features(2, job, chunk, range, feature, lists, sums); break;
    case 3: add_features(3, job, chunk, range, feature, lists, sums); break;
    case 4: add_features(4, job, chunk, range, feature, lists, sums); break;
#if !defined(__AVX512F__)
    case 5: add_features(5, job, chunk, range, feature, lists, sums); break;
    case 6: add_features(6, job, chunk, range, feature, lists, sums); break;
    case 7: add_features(7, job, chunk, range, feature, lists, sums); break;
    case 8: add_features(8, job, chunk, range, feature, lists, sums); break;
#endif
    }
}

static void add_sparse(const struct assignment *job, const struct chunk *chunk, struct list rows, double *total) {
    for (const int32_t *i = rows.begin; i < rows.end; i++) {
        int64_t row = chunk->begin + *i;
        double weight = job->row_weights ? job->row_weights[row] : 1;
        for (int64_t e = job->row_ends[row]; e < job->row_ends[row + 1]; e++)
            total[job->indices[e]] += weight * job->values[e];
    }
}

static double weigh_rows(const struct assignment *job, const struct chunk *chunk, struct list rows) {
    double sum = 0;
    if (!job->row_weights) return rows.end - rows.begin;
    for (const int32_t *i = rows.begin; i < rows.end; i++) sum += job->row_weights[chunk->begin + *i];
    return sum;
}

/* Add up a part of the sums: some blocks of features of some centers. */
static void add_part(const struct assignment *job, const struct chunk *chunk, int part) {
    int64_t blocks = job->X ? (job->features + SUM_FEATURES - 1) / SUM_FEATURES : 1, parts = job->parts->count;
    int64_t ranges = blocks < parts ? parts / blocks : 1, tasks = blocks * ranges;
    struct list *lists = job->taken + part * job->centers;
    float *sums = job->partial + (int64_t)part * job->centers * SUM_FEATURES;
    for (int64_t task = tasks * part / parts; task < tasks * (part + 1) / parts; task++) {
        int64_t number = task / blocks, block = task % blocks;
        struct range range = {job->centers * number / ranges, job->centers * (number + 1) / ranges};
        int group = 0;
        for (int64_t c = range.first; c < range.last; c++) {
            while (c >= job->ends[group]) group++;
            struct list rows = lists[c - range.first] = take_list(job, chunk, (int32_t)c, group);
            if (block == 0) job->counts[c] += weigh_rows(job, chunk, rows);
            if (!job->X) add_sparse(job, chunk, rows, job->sums + c * job->features);
        }
        if (job->X) add_dense(job, chunk, range, block * SUM_FEATURES, lists, sums);
    }
}

static void assign_part(void *given, uint32_t phase, int part) {
    const struct assignment *job = given;
    int64_t number = (int64_t)phase - 2, chunks = (job->end - job->begin + job->chunk - 1) / job->chunk;
    struct chunk last = take_chunk(job, number - 2), before = take_chunk(job, number - 1);
    struct chunk here = take_chunk(job, number);
    if (phase == 1) lay_out(job, part), take_offsets(job, part);
    if (number > 1) add_part(job, &last, part);
    if (number > 0 && number <= chunks) list_part(job, &before, part);
    if (number >= 0 && number < chunks) label_part(job, &here, part);
}

/* Work as thread number `self` on the phases up to `last`: the layout, and two more than there are chunks. */
void assign_rows(struct assignment *job, int self, uint32_t last) {
    share_parts(job->parts, self, last, assign_part, job);
}

int64_t assignment_size(void) { return sizeof(struct assignment); }
