/* Products of rows with columns, by tiles of sums that fit the registers.

   Columns lie in panels of LANES. An array of weights is (panels, width, LANES). */

#ifndef TILES_H
#define TILES_H

#include "lanes.h"

/* Tiles of sums: of rows by columns, and of features by columns. */
#if defined(__AVX512F__)
enum { TILE_ROWS = 8, TILE_FEATURES = 12, TILE_PANELS = 2 };
#else
enum { TILE_ROWS = 6, TILE_FEATURES = 6, TILE_PANELS = 1 };
#endif
enum { PANEL_VECTORS = LANES / VECTOR, TILE_VECTORS = TILE_PANELS * PANEL_VECTORS };
enum { BLOCK_FEATURES = 192 }; /* whose weights, of a tile's panels, fit the first cache */

/* Where number v of the vectors of a row of adjacent panels begins. */
INLINE int64_t vector_place(int v, int64_t panel_size) {
    return v / PANEL_VECTORS * panel_size + v % PANEL_VECTORS * VECTOR;
}

/* Add to margins (TILE_ROWS, stride) the products of features of some rows with the weights of some panels. */
INLINE void multiply_tile(int panels, const float *const *row, const float *const *next, int64_t from, int64_t to,
                          const float *weights, int64_t panel_size, float *z, int64_t stride) {
    const int vectors = panels * PANEL_VECTORS;
    vector sums[TILE_ROWS][TILE_VECTORS];
    for (int r = 0; r < TILE_ROWS; r++)
        for (int v = 0; v < vectors; v++) sums[r][v] = *(const vector *)(z + r * stride + v * VECTOR);
    for (int64_t f = from; f < to; f++) {
        if (next && f % LANES < TILE_ROWS) __builtin_prefetch(next[f % LANES] + f / LANES * LANES, 0, 2);
        vector w[TILE_VECTORS];
        for (int v = 0; v < vectors; v++) w[v] = *(const vector *)(weights + f * LANES + vector_place(v, panel_size));
        for (int r = 0; r < TILE_ROWS; r++)
            for (int v = 0; v < vectors; v++) sums[r][v] += row[r][f] * w[v];
    }
    for (int r = 0; r < TILE_ROWS; r++)
        for (int v = 0; v < vectors; v++) *(vector *)(z + r * stride + v * VECTOR) = sums[r][v];
}

#endif
