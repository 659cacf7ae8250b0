/* The assignment of rows to centers: in each of some groups of centers to the one with the largest margin,
   x.c - |c|^2 / 2, that is the nearest; and the sums of the rows of each center.

   Columns are the centers of all groups. Rows are taken in chunks that stay in cache. In a phase those of one chunk find
   their centers, those of the chunk before are listed by center, and those of the one before that are added up. A sum
   is made by one thread, of rows in their order: it depends neither on threads and parts nor on the other groups. */

#include "largest.h"
#include "parts.h"
#include "tiles.h"

enum { SPARSE_PANELS = VECTOR == 16 ? 4 : 2, SPARSE_VECTORS = SPARSE_PANELS * PANEL_VECTORS }; /* that rows are
                                               multiplied by at once: two sums for each fit the registers */
enum { MOST_COLUMNS = SPARSE_PANELS * LANES }; /* of margins that are made at once; of dense rows they are fewer */
enum { SUM_VECTORS = VECTOR == 16 ? 4 : 8, SUM_FEATURES = SUM_VECTORS * VECTOR }; /* of a sum in registers */
enum { NEAR_NUMBERS = 8192 };                  /* of rows that are added while they are in the first cache */
enum { VALUES_AHEAD = 32, SUMS_AHEAD = 12 };   /* what sparse rows need of centers and sums is fetched so early */

/* The rows of a center in a chunk, and the first of them that is not yet added to the sum. */
struct list {
    const int32_t *begin, *end, *next;
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
    struct largest *largest;                      /* (chunk / SLAB_ROWS,) */
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

/* Put the margins of a slab's rows with some panels into z (SLAB_ROWS, MOST_COLUMNS). */
INLINE void multiply_panels(int panels, const struct assignment *job, const float *const *row, int rows, int panel,
                            float *z) {
    int64_t panel_size = job->features * LANES;
    const float *weights = job->weights + panel * panel_size;
    for (int r = 0; r < rows; r++) memcpy(z + r * MOST_COLUMNS, job->offsets + panel * LANES, 4 * panels * LANES);
    for (int64_t from = 0; from < job->features; from += BLOCK_FEATURES) {
        int64_t to = least(from + BLOCK_FEATURES, job->features);
        for (int r = 0; r < rows; r += TILE_ROWS)
            multiply_tile(panels, row + r, 0, from, to, weights, panel_size, z + r * MOST_COLUMNS, MOST_COLUMNS);
    }
}

/* Put the margins of sparse rows with some panels into z (SLAB_ROWS, MOST_COLUMNS). Values are added to two sums in
   turn, so that one need not wait for the other. */
INLINE void multiply_sparse(int panels, const struct assignment *job, int64_t first, int64_t count, int panel,
                            float *z) {
    const int vectors = panels * PANEL_VECTORS;
    int64_t stride = job->panels * LANES, last = job->row_ends[first + count] - 1;
    const float *weights = job->weights + panel * LANES;
    for (int64_t row = first; row < first + count; row++, z += MOST_COLUMNS) {
        vector sums[2][SPARSE_VECTORS] = {{{0}}};
        for (int v = 0; v < vectors; v++) sums[0][v] = *(const vector *)(job->offsets + panel * LANES + v * VECTOR);
        int64_t begin = job->row_ends[row], end = job->row_ends[row + 1];
        for (int64_t e = begin; e < end; e += 2)
            for (int half = 0; half < 2; half++) {
                int64_t here = least(e + half, end - 1), ahead = least(e + half + VALUES_AHEAD, last);
                const float *w = weights + job->indices[here] * stride;
                float value = e + half < end ? job->values[here] : 0;
                for (int v = 0; v < vectors; v += LANES / VECTOR)
                    __builtin_prefetch(weights + job->indices[ahead] * stride + v * VECTOR, 0, 3);
                for (int v = 0; v < vectors; v++) sums[half][v] += value * *(const vector *)(w + v * VECTOR);
            }
        for (int v = 0; v < vectors; v++) *(vector *)(z + v * VECTOR) = sums[0][v] + sums[1][v];
    }
}

static void multiply_some_sparse(const struct assignment *job, int64_t first, int64_t count, int panel, int panels,
                                 float *z) {
    switch (panels) {
    case 1: multiply_sparse(1, job, first, count, panel, z); break;
    case 2: multiply_sparse(2, job, first, count, panel, z); break;
#if defined(__AVX512F__)
    case 3: multiply_sparse(3, job, first, count, panel, z); break;
    case 4: multiply_sparse(4, job, first, count, panel, z); break;
#endif
    }
}

static void multiply_some_dense(const struct assignment *job, int64_t first, int64_t count, int panel, int panels,
                                float *z) {
    const float *row[SLAB_ROWS];
    int rows = (int)((count + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS);
    for (int r = 0; r < rows; r++) row[r] = job->X + (first + (r < count ? r : 0)) * job->width;
    if (panels == TILE_PANELS) multiply_panels(TILE_PANELS, job, row, rows, panel, z);
    else multiply_panels(1, job, row, rows, panel, z);
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

/* Compare the margins of a slab's rows with some panels to the largest so far. */
static void compare_panels(const struct assignment *job, const struct chunk *chunk, int64_t slab, int panel,
                           int panels) {
    float z[SLAB_ROWS * MOST_COLUMNS] __attribute__((aligned(64)));
    float columns[LANES * SLAB_ROWS] __attribute__((aligned(64)));
    struct largest *found = job->largest + slab;
    int64_t at = slab * SLAB_ROWS, count = least(SLAB_ROWS, chunk->rows - at), first = chunk->begin + at;
    if (job->X) multiply_some_dense(job, first, count, panel, panels, z);
    else multiply_some_sparse(job, first, count, panel, panels, z);
    if (panel == 0) found->group = found->begin = 0;
    for (int c = panel * LANES; c < least(job->centers, (panel + panels) * LANES); c++) {
        const float *from = z + c - panel * LANES, *column = columns + c % LANES * SLAB_ROWS;
        if (c % LANES == 0)
            for (int r = 0; r < count; r += VECTOR)
                for (int v = 0; v < LANES; v += VECTOR)
                    transpose(from + r * MOST_COLUMNS + v, MOST_COLUMNS, columns + v * SLAB_ROWS + r, SLAB_ROWS);
        if (c == found->begin) begin_group(found, column);
        else compare_column(column, c - found->begin, found->margin, found->number);
        if (c + 1 == job->ends[found->group]) {
            end_group(job, chunk, at, count, found);
            found->group++, found->begin = c + 1;
        }
    }
}

/* Find the centers of a part of the rows: of dense ones slab by slab, of sparse ones by some panels at a time, of which
   what rows often need stays in cache. */
static void find_part(const struct assignment *job, struct chunk chunk, int part) {
    int64_t slabs = (chunk.rows + SLAB_ROWS - 1) / SLAB_ROWS, parts = job->parts->count;
    int64_t begin = slabs * part / parts, end = slabs * (part + 1) / parts;
    if (job->X)
        for (int64_t slab = begin; slab < end; slab++)
            for (int p = 0; p < job->panels; p += TILE_PANELS)
                compare_panels(job, &chunk, slab, p, p + TILE_PANELS <= job->panels ? TILE_PANELS : 1);
    else
        for (int p = 0; p < job->panels; p += SPARSE_PANELS)
            for (int64_t slab = begin; slab < end; slab++)
                compare_panels(job, &chunk, slab, p, (int)least(SPARSE_PANELS, job->panels - p));
}

/* Where in `starts` the centers of a group begin, each group's followed by one more. */
static int32_t group_begin(const struct assignment *job, int group) { return group ? job->ends[group - 1] : 0; }

/* List rows by their centers, of a part of the groups. */
static void list_part(const struct assignment *job, struct chunk chunk, int part) {
    int parts = job->parts->count;
    for (int g = job->groups * part / parts; g < job->groups * (part + 1) / parts; g++) {
        int32_t begin = group_begin(job, g), centers = job->ends[g] - begin, *starts = chunk.starts + begin + g;
        const int32_t *found = chunk.found + g * job->chunk;
        int32_t *list = chunk.lists + g * job->chunk, *ends = starts + 1;
        memset(starts, 0, 4 * (centers + 1));
        for (int64_t r = 0; r < chunk.rows; r++) ends[found[r]]++;
        for (int32_t c = 0, end = 0; c < centers; c++) end += ends[c], ends[c] = end - ends[c];
        for (int32_t r = 0; r < chunk.rows; r++) list[ends[found[r]]++] = r;
    }
}

static struct list take_list(const struct assignment *job, const struct chunk *chunk, int32_t center, int group) {
    const int32_t *starts = chunk->starts + center + group, *rows = chunk->lists + group * job->chunk;
    struct list list = {rows + starts[0], rows + starts[1], rows + starts[0]};
    return list;
}

/* Return the features of a row from `at` on, or, where the memory ends before so many, a copy. */
INLINE const float *take_features(int vectors, const struct assignment *job, int64_t at, float *copy) {
    if (at + vectors * VECTOR <= job->numbers) return job->X + at;
    memcpy(copy, job->X + at, 4 * (job->numbers - at));
    return copy;
}

struct range {
    int64_t first, last;
};

/* Add rows before number `end` to the sum of a center, from a feature on so many that vectors hold. */
INLINE void add_rows(int vectors, const struct assignment *job, const struct chunk *chunk, struct list *rows,
                     int64_t end, int64_t feature, float *copy, float *sum) {
    vector sums[SUM_VECTORS];
    const int32_t *i = rows->next;
    if (i == rows->end || *i >= end) return;
    for (int v = 0; v < vectors; v++) sums[v] = *(const vector *)(sum + v * VECTOR);
    for (; i < rows->end && *i < end; i++) {
        int64_t row = chunk->begin + *i;
        const float *x = take_features(vectors, job, row * job->width + feature, copy);
        float weight = job->row_weights ? job->row_weights[row] : 1;
        for (int v = 0; v < vectors; v++) sums[v] += weight * *(const vector *)(x + v * VECTOR);
    }
    for (int v = 0; v < vectors; v++) *(vector *)(sum + v * VECTOR) = sums[v];
    rows->next = i;
}

/* How many rows are added to the sums of all groups while they are in the first cache: some for each center. */
static int64_t near_rows(const struct assignment *job) {
    int64_t rows = NEAR_NUMBERS / least(SUM_FEATURES, job->features), some = 4 * (int64_t)job->centers / job->groups;
    return job->groups == 1 ? job->chunk : rows > some ? rows : some;
}

/* Add rows to the sums of some centers, from a feature on so many that vectors hold. */
INLINE void add_features(int vectors, const struct assignment *job, const struct chunk *chunk, struct range range,
                         int64_t feature, struct list *lists, float *sums) {
    float copy[SUM_FEATURES] = {0};
    int64_t centers = range.last - range.first, near = near_rows(job);
    int64_t count = least(vectors * VECTOR, job->features - feature);
    memset(sums, 0, 4 * centers * SUM_FEATURES);
    for (int64_t first = 0; first < chunk->rows; first += near)
        for (int64_t c = 0; c < centers; c++)
            add_rows(vectors, job, chunk, lists + c, first + near, feature, copy, sums + c * SUM_FEATURES);
    for (int64_t c = 0; c < centers; c++) {
        double *total = job->sums + (range.first + c) * job->features + feature;
        if (lists[c].begin < lists[c].end)
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

/* Add rows to the sum of a center, fetching what is to come of the next one and of the sum. */
static void add_sparse(const struct assignment *job, const struct chunk *chunk, struct list rows, double *total) {
    for (const int32_t *i = rows.begin; i < rows.end; i++) {
        int64_t row = chunk->begin + *i, end = job->row_ends[row + 1];
        int64_t next = job->row_ends[chunk->begin + i[i + 1 < rows.end]];
        __builtin_prefetch(job->indices + next), __builtin_prefetch(job->values + next);
        double weight = job->row_weights ? job->row_weights[row] : 1;
        for (int64_t e = job->row_ends[row]; e < end; e++) {
            __builtin_prefetch(total + job->indices[least(e + SUMS_AHEAD, end - 1)], 1, 3);
            total[job->indices[e]] += weight * job->values[e];
        }
    }
}

static double weigh_rows(const struct assignment *job, const struct chunk *chunk, struct list rows) {
    double sum = 0;
    if (!job->row_weights) return rows.end - rows.begin;
    for (const int32_t *i = rows.begin; i < rows.end; i++) sum += job->row_weights[chunk->begin + *i];
    return sum;
}

/* Add up a part of the sums: some blocks of features of some centers. */
static void add_part(const struct assignment *job, struct chunk chunk, int part) {
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
            struct list rows = lists[c - range.first] = take_list(job, &chunk, (int32_t)c, group);
            if (block == 0) job->counts[c] += weigh_rows(job, &chunk, rows);
            if (!job->X) add_sparse(job, &chunk, rows, job->sums + c * job->features);
        }
        if (job->X) add_dense(job, &chunk, range, block * SUM_FEATURES, lists, sums);
    }
}

static void assign_part(void *given, uint32_t phase, int part) {
    const struct assignment *job = given;
    int64_t number = (int64_t)phase - 2, chunks = (job->end - job->begin + job->chunk - 1) / job->chunk;
    if (phase == 1) lay_out(job, part), take_offsets(job, part);
    if (number > 1) add_part(job, take_chunk(job, number - 2), part);
    if (number > 0 && number <= chunks) list_part(job, take_chunk(job, number - 1), part);
    if (number >= 0 && number < chunks) find_part(job, take_chunk(job, number), part);
}

/* Work as thread number `self` on the phases up to `last`: the layout, and two more than there are chunks. */
void assign_rows(struct assignment *job, int self, uint32_t last) {
    share_parts(job->parts, self, last, assign_part, job);
}

int64_t assignment_size(void) { return sizeof(struct assignment); }
