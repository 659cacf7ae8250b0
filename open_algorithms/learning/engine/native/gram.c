/* Products of features, summed over rows in double precision: X'X, X'(X V), and sums of features and of their squares.

   Each part has sums of its own, over its share of the rows. Dense rows are taken in slabs, which are packed into panels
   of GROUP features in double precision, so that what a tile of sums reads lies together. */

#include "lanes.h"
#include "parts.h"

#if defined(__AVX512F__)
enum { GROUP = 8 }; /* doubles in a vector */
#else
enum { GROUP = 4 };
#endif
enum { WIDE = 3, SLAB_ROWS = 128 }; /* groups of columns in a tile, whose sums fit the registers */
enum { PIECE = 4, VALUES_AHEAD = 8 }; /* vectors of columns of V that are worked on at once */

typedef double group __attribute__((vector_size(8 * GROUP), aligned(8), may_alias));

struct gram {
    int64_t rows, features, stride; /* `stride` numbers from a row to the next */
    const float *X;
    double *panels;   /* (parts, groups, SLAB_ROWS, GROUP) */
    double *sums;     /* (parts, groups, GROUP) of X */
    double *products; /* (parts, groups, groups, GROUP, GROUP) of X'X, of which those from the diagonal on are set */
    struct parts *parts;
};

struct dense_products {
    int64_t rows, features, stride, columns; /* `columns` of V, a multiple of GROUP */
    int64_t slab_rows;                       /* rows of a slab, a multiple of GROUP, at most SLAB_ROWS */
    const float *X;
    const double *V;  /* (groups * GROUP, columns), zeros beyond the features */
    double *panels;   /* (parts, groups, slab_rows, GROUP) */
    double *sums;     /* (parts, groups, GROUP) of X */
    double *scores;   /* (parts, columns / GROUP, SLAB_ROWS, GROUP): X V of a slab */
    double *products; /* (parts, groups, columns / GROUP, GROUP, GROUP) of X'(X V) */
    struct parts *parts;
};

struct sparse_gram {
    int64_t rows, features, columns; /* `columns` of V, a multiple of GROUP */
    const float *values;
    const int32_t *indices;
    const int64_t *row_ends; /* (rows + 1,), from 0 on */
    const double *V;         /* (features, columns) */
    double *products;        /* (parts, features, features) of X'X from the diagonal on, or (parts, features, columns) */
    struct parts *parts;
};

static int64_t count_groups(int64_t features) { return (features + GROUP - 1) / GROUP; }

/* The first `count` numbers of a row; those that a group lacks are zeros. */
INLINE group widen(const float *row, int count) {
    group x = {0};
    for (int i = 0; i < count; i++) x[i] = row[i];
    return x;
}

/* Pack rows into panels, the next `panel` numbers after the one before, and add them to the sums. */
static void pack_slab(const float *X, int64_t stride, int64_t features, int rows, int64_t panel, double *panels,
                      double *sums) {
    const int64_t full = features / GROUP;
    const int left = (int)(features - full * GROUP);
    for (int r = 0; r < rows; r++) {
        const float *row = X + r * stride;
        for (int64_t g = 0; g < full + (left > 0); g++) {
            group x = g < full ? widen(row + g * GROUP, GROUP) : widen(row + g * GROUP, left);
            *(group *)(panels + g * panel + r * GROUP) = x;
            *(group *)(sums + g * GROUP) += x;
        }
    }
}

/* Add the products of one group with the `wide` groups from another on. */
INLINE void add_tile(int wide, int rows, const double *one, const double *others, double *products) {
    group sums[GROUP][WIDE];
    for (int i = 0; i < GROUP; i++)
        for (int j = 0; j < wide; j++) sums[i][j] = *(const group *)(products + (j * GROUP + i) * GROUP);
    for (int r = 0; r < rows; r++) {
        group x[WIDE];
        for (int j = 0; j < wide; j++) x[j] = *(const group *)(others + (j * SLAB_ROWS + r) * GROUP);
        for (int i = 0; i < GROUP; i++)
            for (int j = 0; j < wide; j++) sums[i][j] += one[r * GROUP + i] * x[j];
    }
    for (int i = 0; i < GROUP; i++)
        for (int j = 0; j < wide; j++) *(group *)(products + (j * GROUP + i) * GROUP) = sums[i][j];
}

static void add_slab(int64_t groups, int rows, const double *panels, double *products) {
    const int64_t panel = SLAB_ROWS * GROUP, tile = GROUP * GROUP;
    for (int64_t i = 0; i < groups; i++) {
        const double *one = panels + i * panel;
        double *line = products + i * groups * tile;
        int64_t j = i;
        for (; j + WIDE <= groups; j += WIDE) add_tile(WIDE, rows, one, panels + j * panel, line + j * tile);
        if (groups - j == 2) add_tile(2, rows, one, panels + j * panel, line + j * tile);
        if (groups - j == 1) add_tile(1, rows, one, panels + j * panel, line + j * tile);
    }
}

static void add_gram_part(void *given, uint32_t phase, int part) {
    const struct gram *job = given;
    int64_t groups = count_groups(job->features), end = job->rows * (part + 1) / job->parts->count;
    double *panels = job->panels + part * groups * SLAB_ROWS * GROUP;
    double *products = job->products + part * groups * groups * GROUP * GROUP;
    for (int64_t first = job->rows * part / job->parts->count; first < end; first += SLAB_ROWS) {
        int rows = (int)least(SLAB_ROWS, end - first);
        pack_slab(job->X + first * job->stride, job->stride, job->features, rows, SLAB_ROWS * GROUP, panels,
                  job->sums + part * groups * GROUP);
        add_slab(groups, rows, panels, products);
    }
}

/* Put the scores of GROUP rows of a slab in `wide` groups of columns into their places. */
INLINE void score_tile(int wide, const struct dense_products *job, const double *panels, const double *V,
                       double *scores) {
    group sums[GROUP][WIDE];
    for (int r = 0; r < GROUP; r++)
        for (int j = 0; j < wide; j++) sums[r][j] = (group){0};
    for (int64_t g = 0; g < count_groups(job->features); g++)
        for (int i = 0; i < GROUP; i++) {
            group v[WIDE];
            for (int j = 0; j < wide; j++) v[j] = *(const group *)(V + (g * GROUP + i) * job->columns + j * GROUP);
            for (int r = 0; r < GROUP; r++)
                for (int j = 0; j < wide; j++) sums[r][j] += panels[(g * job->slab_rows + r) * GROUP + i] * v[j];
        }
    for (int r = 0; r < GROUP; r++)
        for (int j = 0; j < wide; j++) *(group *)(scores + (j * SLAB_ROWS + r) * GROUP) = sums[r][j];
}

/* Score a slab in `wide` groups of columns, and add the products of its features with the scores. */
INLINE void add_slab_products(int wide, const struct dense_products *job, int64_t j, int rows, const double *panels,
                              double *scores, double *products) {
    const int64_t lines = job->columns / GROUP;
    for (int r = 0; r < rows; r += GROUP)
        score_tile(wide, job, panels + r * GROUP, job->V + j * GROUP, scores + r * GROUP);
    for (int64_t g = 0; g < count_groups(job->features); g++)
        add_tile(wide, rows, panels + g * job->slab_rows * GROUP, scores, products + (g * lines + j) * GROUP * GROUP);
}

static void add_products_part(void *given, uint32_t phase, int part) {
    const struct dense_products *job = given;
    int64_t groups = count_groups(job->features), lines = job->columns / GROUP, panel = job->slab_rows * GROUP;
    int64_t end = job->rows * (part + 1) / job->parts->count;
    double *panels = job->panels + part * groups * panel, *scores = job->scores + part * lines * SLAB_ROWS * GROUP;
    double *products = job->products + part * groups * lines * GROUP * GROUP;
    for (int64_t first = job->rows * part / job->parts->count; first < end; first += job->slab_rows) {
        int rows = (int)least(job->slab_rows, end - first);
        pack_slab(job->X + first * job->stride, job->stride, job->features, rows, panel, panels,
                  job->sums + part * groups * GROUP);
        for (int64_t j = 0; j < lines; j += WIDE) switch (least(WIDE, lines - j)) {
                case 1: add_slab_products(1, job, j, rows, panels, scores, products); break;
                case 2: add_slab_products(2, job, j, rows, panels, scores, products); break;
                default: add_slab_products(WIDE, job, j, rows, panels, scores, products);
            }
    }
}

static void add_sparse_gram_part(void *given, uint32_t phase, int part) {
    const struct sparse_gram *job = given;
    int64_t end = job->rows * (part + 1) / job->parts->count;
    double *products = job->products + part * job->features * job->features;
    for (int64_t r = job->rows * part / job->parts->count; r < end; r++)
        for (int64_t e = job->row_ends[r]; e < job->row_ends[r + 1]; e++) {
            double value = job->values[e], *line = products + job->indices[e] * job->features;
            for (int64_t other = e; other < job->row_ends[r + 1]; other++)
                line[job->indices[other]] += value * job->values[other];
        }
}

/* Add what a row gives to `vectors` vectors of columns of X'(X V). */
INLINE void add_row_products(int vectors, const struct sparse_gram *job, int64_t r, int64_t column, double *products) {
    group sums[PIECE];
    for (int v = 0; v < vectors; v++) sums[v] = (group){0};
    for (int64_t e = job->row_ends[r]; e < job->row_ends[r + 1]; e++) {
        const double *line = job->V + job->indices[e] * job->columns + column;
        double value = job->values[e];
        for (int v = 0; v < vectors; v++) sums[v] += value * *(const group *)(line + v * GROUP);
    }
    for (int64_t e = job->row_ends[r]; e < job->row_ends[r + 1]; e++) {
        double *line = products + job->indices[e] * job->columns + column, value = job->values[e];
        for (int v = 0; v < vectors; v++) *(group *)(line + v * GROUP) += value * sums[v];
    }
}

static void fetch_row(const struct sparse_gram *job, int64_t r, const double *products) {
    for (int64_t e = job->row_ends[r]; e < job->row_ends[r + 1]; e++)
        for (int64_t c = 0; c < job->columns; c += 8) { /* a line of the cache */
            __builtin_prefetch(job->V + job->indices[e] * job->columns + c, 0, 2);
            __builtin_prefetch(products + job->indices[e] * job->columns + c, 1, 2);
        }
}

static void add_sparse_products_part(void *given, uint32_t phase, int part) {
    const struct sparse_gram *job = given;
    int64_t end = job->rows * (part + 1) / job->parts->count;
    double *products = job->products + part * job->features * job->columns;
    for (int64_t r = job->rows * part / job->parts->count; r < end; r++) {
        if (r + 1 < end) fetch_row(job, r + 1, products);
        for (int64_t column = 0; column < job->columns; column += PIECE * GROUP)
            switch (least(PIECE, (job->columns - column) / GROUP)) {
                case 1: add_row_products(1, job, r, column, products); break;
                case 2: add_row_products(2, job, r, column, products); break;
                case 3: add_row_products(3, job, r, column, products); break;
                default: add_row_products(PIECE, job, r, column, products);
            }
    }
}

/* The sums of features and of their squares: (parts, features, 2). */
static void add_sparse_columns_part(void *given, uint32_t phase, int part) {
    const struct sparse_gram *job = given;
    int64_t end = job->row_ends[job->rows * (part + 1) / job->parts->count];
    double *sums = job->products + part * job->features * 2;
    for (int64_t e = job->row_ends[job->rows * part / job->parts->count]; e < end; e++) {
        double value = job->values[e];
        sums[2 * job->indices[e]] += value;
        sums[2 * job->indices[e] + 1] += value * value;
    }
}

/* Add the sums of rows, as thread number `self`. */
void add_gram(struct gram *job, int self) { share_parts(job->parts, self, 1, add_gram_part, job); }
void add_products(struct dense_products *job, int self) { share_parts(job->parts, self, 1, add_products_part, job); }
void add_sparse_gram(struct sparse_gram *job, int self) { share_parts(job->parts, self, 1, add_sparse_gram_part, job); }
void add_sparse_columns(struct sparse_gram *job, int self) {
    share_parts(job->parts, self, 1, add_sparse_columns_part, job);
}
void add_sparse_products(struct sparse_gram *job, int self) {
    share_parts(job->parts, self, 1, add_sparse_products_part, job);
}

int64_t gram_group(void) { return GROUP; }
int64_t gram_slab_rows(void) { return SLAB_ROWS; }
int64_t gram_size(void) { return sizeof(struct gram); }
int64_t dense_products_size(void) { return sizeof(struct dense_products); }
int64_t sparse_gram_size(void) { return sizeof(struct sparse_gram); }
