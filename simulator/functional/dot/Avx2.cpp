// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pairs of int16 products, which are exact; the instruction for pairs of bytes
// (vpmaddubsw) saturates. A row is widened to int16 once for a piece of lanes.

#include "simulator/functional/dot/Implementations.h"

#if defined(__x86_64__)

#include <algorithm>
#include <cstring>
#include <immintrin.h>

#define DALBIT_AVX2 __attribute__((target("avx2")))

namespace dalbit::functional {

namespace {

/// Lanes of a piece: eight rows of them as int16 stay in the first cache.
constexpr int64_t Piece = 512;
constexpr int MaxRows = 4;

DALBIT_AVX2 void widen(const int8_t *from, int16_t *to, int64_t lanes) {
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

/// Eight channels of \p Rows rows over the lanes of a piece. A channel has two
/// sums, of lanes 0 and 1 and of lanes 2 and 3 of each group.
template <int Rows>
DALBIT_AVX2 void eightChannels(const int16_t (*a)[Piece], int64_t lanes,
                               const uint8_t *weights, int64_t channels,
                               int32_t *sums, int64_t stride, bool clear) {
  __m256i low[Rows], high[Rows];
#pragma GCC unroll 4
  for (int row = 0; row < Rows; ++row)
    low[row] = high[row] = _mm256_setzero_si256();
  for (int64_t lane = 0; lane < lanes; lane += LaneGroup) {
    const auto *w =
        reinterpret_cast<const __m128i *>(weights + lane * channels);
    __m256i first = _mm256_cvtepi8_epi16(_mm_loadu_si128(w));
    __m256i second = _mm256_cvtepi8_epi16(_mm_loadu_si128(w + 1));
#pragma GCC unroll 4
    for (int row = 0; row < Rows; ++row) {
      int64_t group;
      std::memcpy(&group, &a[row][lane], sizeof group);
      __m256i four = _mm256_set1_epi64x(group);
      low[row] = _mm256_add_epi32(low[row], _mm256_madd_epi16(four, first));
      high[row] = _mm256_add_epi32(high[row], _mm256_madd_epi16(four, second));
    }
  }
#pragma GCC unroll 4
  for (int row = 0; row < Rows; ++row) {
    // Channels 0 1 4 5 2 3 6 7 to their places.
    __m256i total = _mm256_permute4x64_epi64(
        _mm256_hadd_epi32(low[row], high[row]), 0b11011000);
    auto *to = reinterpret_cast<__m256i *>(sums + row * stride);
    if (!clear)
      total = _mm256_add_epi32(total, _mm256_loadu_si256(to));
    _mm256_storeu_si256(to, total);
  }
}

template <int Rows>
DALBIT_AVX2 void someRows(const DotOperands &o, int64_t row) {
  int16_t a[Rows][Piece];
  for (int64_t from = 0; from < o.lanes; from += Piece) {
    int64_t lanes = std::min(Piece, o.lanes - from);
    for (int i = 0; i < Rows; ++i)
      widen(o.activations[row + i] + from, a[i], lanes);
    for (int64_t channel = 0; channel < o.channels; channel += 8)
      eightChannels<Rows>(a, lanes,
                          o.weights + from * o.channels + channel * LaneGroup,
                          o.channels, o.sums + row * o.sumStride + channel,
                          o.sumStride, o.clear && from == 0);
  }
}

} // namespace

DALBIT_AVX2 void multiplyAvx2(const DotOperands &o) {
  int64_t row = 0;
  for (; row + MaxRows <= o.rows; row += MaxRows)
    someRows<MaxRows>(o, row);
  for (; row < o.rows; ++row)
    someRows<1>(o, row);
}

} // namespace dalbit::functional

#endif
