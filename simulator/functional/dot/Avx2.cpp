// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pairs of int16 products; the instruction for pairs of bytes (vpmaddubsw)
// saturates.

#include "simulator/functional/dot/Implementations.h"

#if defined(__x86_64__)

#include "simulator/functional/dot/WidenedRows.h"

#include <cstring>
#include <immintrin.h>

#define DALBIT_AVX2 __attribute__((target("avx2")))

namespace dalbit::functional {

namespace {

struct Avx2 {
  static constexpr int Rows = 4;
  static constexpr int64_t Channels = 8;

  DALBIT_AVX2 static void widen(const int8_t *from, int16_t *to,
                                int64_t lanes) {
    int64_t lane = 0;
    for (; lane + 16 <= lanes; lane += 16) {
      auto bytes =
          _mm_loadu_si128(reinterpret_cast<const __m128i *>(from + lane));
      _mm256_storeu_si256(reinterpret_cast<__m256i *>(to + lane),
                          _mm256_cvtepi8_epi16(bytes));
    }
    for (; lane < lanes; ++lane)
      to[lane] = from[lane];
  }

  /// A channel has two sums, of lanes 0 and 1 and of lanes 2 and 3 of each
  /// group.
  template <int Count> DALBIT_AVX2 static void block(const WidenedBlock &b) {
    __m256i low[Count], high[Count];
#pragma GCC unroll 4
    for (int row = 0; row < Count; ++row)
      low[row] = high[row] = _mm256_setzero_si256();
    for (int64_t lane = 0; lane < b.lanes; lane += LaneGroup) {
      const auto *w =
          reinterpret_cast<const __m128i *>(b.weights + lane * b.channels);
      __m256i first = _mm256_cvtepi8_epi16(_mm_loadu_si128(w));
      __m256i second = _mm256_cvtepi8_epi16(_mm_loadu_si128(w + 1));
#pragma GCC unroll 4
      for (int row = 0; row < Count; ++row) {
        int64_t group;
        std::memcpy(&group, &b.rows[row][lane], sizeof group);
        __m256i four = _mm256_set1_epi64x(group);
        low[row] = _mm256_add_epi32(low[row], _mm256_madd_epi16(four, first));
        high[row] =
            _mm256_add_epi32(high[row], _mm256_madd_epi16(four, second));
      }
    }
#pragma GCC unroll 4
    for (int row = 0; row < Count; ++row) {
      // Channels 0 1 4 5 2 3 6 7 to their places.
      __m256i total = _mm256_permute4x64_epi64(
          _mm256_hadd_epi32(low[row], high[row]), 0b11011000);
      auto *to = reinterpret_cast<__m256i *>(b.sums + row * b.sumStride);
      if (!b.clear)
        total = _mm256_add_epi32(total, _mm256_loadu_si256(to));
      _mm256_storeu_si256(to, total);
    }
  }
};

} // namespace

void multiplyAvx2(const DotOperands &o) { multiplyWidened<Avx2>(o); }

} // namespace dalbit::functional

#endif
