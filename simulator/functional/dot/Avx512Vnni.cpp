// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// vpdpbusd: four products of a byte without sign and one with it, added to 32
// bits without saturation. Weights come as w + 128, so a sum has 128 times the
// sum of its activations too much, which is taken off at the end.

#include "simulator/functional/dot/Implementations.h"

#if defined(__x86_64__)

#include <cstring>
#include <immintrin.h>

#define DALBIT_VNNI                                                            \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

namespace dalbit::functional {

namespace {

constexpr int MaxRows = 8;

DALBIT_VNNI uint32_t sumOf(const int8_t *a, int64_t lanes) {
  __m512i ones = _mm512_set1_epi8(1), sums = _mm512_setzero_si512();
  int64_t lane = 0;
  for (; lane + 64 <= lanes; lane += 64)
    sums = _mm512_dpbusd_epi32(sums, ones, _mm512_loadu_si512(a + lane));
  if (lane < lanes) {
    __mmask64 rest = ~0ull >> (64 - (lanes - lane));
    sums = _mm512_dpbusd_epi32(sums, ones,
                               _mm512_maskz_loadu_epi8(rest, a + lane));
  }
  // _mm512_reduce_add_epi32 of gcc 12 warns of itself.
  uint32_t parts[16], sum = 0;
  _mm512_storeu_si512(parts, sums);
  for (uint32_t part : parts)
    sum += part;
  return sum;
}

/// \p Vectors times 16 channels of \p Rows rows over all lanes.
template <int Rows, int Vectors>
DALBIT_VNNI void block(const DotOperands &o, int64_t row, int64_t channel) {
  __m512i sums[Rows][Vectors];
  const int8_t *const *a = o.activations + row;
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v)
      sums[i][v] = _mm512_setzero_si512();
  const uint8_t *w = o.weights + channel * LaneGroup;
  for (int64_t lane = 0; lane < o.lanes; lane += LaneGroup) {
    __m512i weights[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v)
      weights[v] = _mm512_loadu_si512(w + v * 64);
    w += LaneGroup * o.channels;
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
      int32_t group;
      std::memcpy(&group, a[i] + lane, sizeof group);
      __m512i four = _mm512_set1_epi32(group);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v)
        sums[i][v] = _mm512_dpbusd_epi32(sums[i][v], weights[v], four);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    __m512i excess = _mm512_set1_epi32(int32_t(128 * sumOf(a[i], o.lanes)));
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      int32_t *to = o.sums + (row + i) * o.sumStride + channel + v * 16;
      __m512i total = _mm512_sub_epi32(sums[i][v], excess);
      if (!o.clear)
        total = _mm512_add_epi32(total, _mm512_loadu_si512(to));
      _mm512_storeu_si512(to, total);
    }
  }
}

template <int Rows>
DALBIT_VNNI void someRows(const DotOperands &o, int64_t row) {
  int64_t channel = 0;
  for (; channel + 32 <= o.channels; channel += 32)
    block<Rows, 2>(o, row, channel);
  if (channel < o.channels)
    block<Rows, 1>(o, row, channel);
}

} // namespace

DALBIT_VNNI void multiplyAvx512Vnni(const DotOperands &o) {
  int64_t row = 0;
  for (; row + MaxRows <= o.rows; row += MaxRows)
    someRows<MaxRows>(o, row);
  for (; row + 2 <= o.rows; row += 2)
    someRows<2>(o, row);
  if (row < o.rows)
    someRows<1>(o, row);
}

} // namespace dalbit::functional

#endif
