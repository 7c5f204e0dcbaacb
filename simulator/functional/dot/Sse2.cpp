// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every x86-64 processor has: pairs of int16 products.

#include "simulator/functional/dot/Implementations.h"

#if defined(__x86_64__)

#include "simulator/functional/dot/WidenedRows.h"

#include <emmintrin.h>

namespace dalbit::functional {

namespace {

/// Bytes 0 .. 7 and 8 .. 15 with their signs.
void widenBytes(__m128i bytes, __m128i &low, __m128i &high) {
  low = _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
  high = _mm_srai_epi16(_mm_unpackhi_epi8(bytes, bytes), 8);
}

__m128i load(const void *from) {
  return _mm_loadu_si128(static_cast<const __m128i *>(from));
}

struct Sse2 {
  static constexpr int Rows = 4;
  static constexpr int64_t Channels = 4;

  static void widen(const int8_t *from, int16_t *to, int64_t lanes) {
    int64_t lane = 0;
    for (; lane + 16 <= lanes; lane += 16) {
      __m128i low, high;
      widenBytes(load(from + lane), low, high);
      _mm_storeu_si128(reinterpret_cast<__m128i *>(to + lane), low);
      _mm_storeu_si128(reinterpret_cast<__m128i *>(to + lane + 8), high);
    }
    for (; lane < lanes; ++lane)
      to[lane] = from[lane];
  }

  /// A channel has two sums, of lanes 0 and 1 and of lanes 2 and 3 of each
  /// group.
  template <int Count> static void block(const WidenedBlock &b) {
    __m128i low[Count], high[Count];
#pragma GCC unroll 4
    for (int row = 0; row < Count; ++row)
      low[row] = high[row] = _mm_setzero_si128();
    for (int64_t lane = 0; lane < b.lanes; lane += LaneGroup) {
      __m128i first, second;
      widenBytes(load(b.weights + lane * b.channels), first, second);
#pragma GCC unroll 4
      for (int row = 0; row < Count; ++row) {
        __m128i group = _mm_loadl_epi64(
            reinterpret_cast<const __m128i *>(&b.rows[row][lane]));
        __m128i four = _mm_unpacklo_epi64(group, group);
        low[row] = _mm_add_epi32(low[row], _mm_madd_epi16(four, first));
        high[row] = _mm_add_epi32(high[row], _mm_madd_epi16(four, second));
      }
    }
#pragma GCC unroll 4
    for (int row = 0; row < Count; ++row) {
      __m128 a = _mm_castsi128_ps(low[row]), c = _mm_castsi128_ps(high[row]);
      __m128i total = _mm_add_epi32(
          _mm_castps_si128(_mm_shuffle_ps(a, c, _MM_SHUFFLE(2, 0, 2, 0))),
          _mm_castps_si128(_mm_shuffle_ps(a, c, _MM_SHUFFLE(3, 1, 3, 1))));
      auto *to = reinterpret_cast<__m128i *>(b.sums + row * b.sumStride);
      if (!b.clear)
        total = _mm_add_epi32(total, _mm_loadu_si128(to));
      _mm_storeu_si128(to, total);
    }
  }
};

} // namespace

void multiplySse2(const DotOperands &o) { multiplyWidened<Sse2>(o); }

} // namespace dalbit::functional

#endif
