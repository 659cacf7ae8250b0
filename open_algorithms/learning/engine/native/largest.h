/* The largest margin of each row within groups of adjacent columns, the first of equal ones.

   Margins come panel after panel. These are transposed, so that a vector holds a column of several rows, and whatever
   sizes groups have there is nothing to fill up. */

#ifndef LARGEST_H
#define LARGEST_H

#include "lanes.h"

enum { SLAB_ROWS = 48 }; /* a multiple of the rows of tiles, and of vectors */

typedef int32_t places __attribute__((vector_size(4 * VECTOR)));
#if defined(__AVX512F__)
#define LOWER {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23}
#define UPPER {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31}
#elif defined(__AVX__)
#define LOWER {0, 8, 1, 9, 2, 10, 3, 11}
#define UPPER {4, 12, 5, 13, 6, 14, 7, 15}
#else
#define LOWER {0, 4, 1, 5}
#define UPPER {2, 6, 3, 7}
#endif

/* Write VECTOR rows of VECTOR numbers as columns. Each step takes vectors of the first and of the second half in turn,
   and merges the numbers of two as one merges cards. */
INLINE void transpose(const float *from, int64_t from_stride, float *to, int64_t to_stride) {
    const places lower = LOWER, upper = UPPER;
    vector rows[VECTOR], merged[VECTOR];
    for (int i = 0; i < VECTOR; i++) rows[i] = *(const vector *)(from + i * from_stride);
    for (int n = 1; n < VECTOR; n *= 2) {
        for (int i = 0; i < VECTOR / 2; i++) {
            merged[2 * i] = __builtin_shuffle(rows[i], rows[i + VECTOR / 2], lower);
            merged[2 * i + 1] = __builtin_shuffle(rows[i], rows[i + VECTOR / 2], upper);
        }
        for (int i = 0; i < VECTOR; i++) rows[i] = merged[i];
    }
    for (int i = 0; i < VECTOR; i++) *(vector *)(to + i * to_stride) = rows[i];
}

/* What has been found for a slab's rows in the group that is being looked at, and where this begins. */
struct largest {
    int32_t group, begin;
    int32_t number[SLAB_ROWS];
    float margin[SLAB_ROWS];
};

INLINE void compare_column(const float *restrict z, int32_t number, float *restrict largest,
                           int32_t *restrict numbers) {
#pragma omp simd
    for (int r = 0; r < SLAB_ROWS; r++) {
        int32_t is_larger = -(z[r] > largest[r]);
        numbers[r] ^= (numbers[r] ^ number) & is_larger;
        largest[r] = z[r] > largest[r] ? z[r] : largest[r];
    }
}

INLINE void begin_group(struct largest *found, const float *z) {
    memcpy(found->margin, z, sizeof found->margin);
    memset(found->number, 0, sizeof found->number);
}

#endif
