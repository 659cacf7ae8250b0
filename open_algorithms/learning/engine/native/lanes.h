/* Vectors of LANES numbers, and the functions of numbers that loops over them are made of.

   Loops marked `omp simd` are vectorised by the compiler; the functions here are written so that they can be: without
   branches, tables or calls. What is not a number stays so. */

#ifndef LANES_H
#define LANES_H

#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
enum { VECTOR = 16 }; /* numbers in a register */
#elif defined(__AVX__)
enum { VECTOR = 8 };
#else
enum { VECTOR = 4 };
#endif

typedef float vector __attribute__((vector_size(4 * VECTOR), aligned(4), may_alias));

INLINE float from_bits(int32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

INLINE int32_t to_bits(float x) {
    int32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

INLINE float magnitude(float x) { return x < 0 ? -x : x; }

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* e^x for x up to 0, at least 1e-38: 2^n e^r with |r| at most ln(2) / 2, e^r by its Taylor series. */
INLINE float exponential(float x) {
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number, in the lowest bits */
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + shift, n = shifted - shift;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float tail = 1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f + r * (1 / 5040.0f)));
    float series = 1 + r * (1 + r * (1 / 2.0f + r * (1 / 6.0f + r * tail)));
    return series * from_bits((to_bits(shifted) - to_bits(shift) + 127) << 23);
}

/* 2 atanh(s) = ln((1 + s) / (1 - s)) for |s| at most 1/3, by its Taylor series. */
INLINE float twice_atanh(float s) {
    float q = s * s;
    float tail = 1 / 9.0f + q * (1 / 11.0f + q * (1 / 13.0f + q * (1 / 15.0f)));
    return 2 * s * (1 + q * (1 / 3.0f + q * (1 / 5.0f + q * (1 / 7.0f + q * tail))));
}

/* ln(x) for a normal x above 0: that of a number from .71 to 1.41, and of a power of 2. What is no number stays so. */
INLINE float logarithm(float x) {
    int32_t bits = to_bits(x), n = (bits - 0x3f3504f3) >> 23;
    float m = from_bits(bits - (n << 23));
    return (float)n * 0.693147181f + twice_atanh((m - 1) / (m + 1)) + (x - x);
}

#endif
