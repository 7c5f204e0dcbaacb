// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/VectorStages.h"

#include <algorithm>
#include <cstring>

// One body for each level of the processor, chosen when the program is loaded.
#if defined(__x86_64__)
#define DALBIT_CLONES                                                          \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DALBIT_CLONES
#endif
#define DALBIT_INLINE [[gnu::always_inline]] inline

namespace dalbit::functional {

namespace {

/// Whether requantise() has no special case for the shift.
DALBIT_INLINE bool isPlainShift(int shift) { return shift >= 1 && shift <= 47; }

/// requantise() without its cases, for the vectoriser.
DALBIT_INLINE int32_t requantisePlainly(int32_t x, int32_t mantissa,
                                        int shift) {
  int64_t half = int64_t(1) << (shift - 1);
  return saturate32((int64_t(x) * mantissa + half) >> shift);
}

template <typename T>
DALBIT_INLINE void loadAs(std::span<int32_t> v, const uint8_t *bytes) {
  for (size_t i = 0; i < v.size(); ++i) {
    T element;
    std::memcpy(&element, bytes + i * sizeof(T), sizeof(T));
    v[i] = element;
  }
}

template <typename T>
DALBIT_INLINE void storeAs(std::span<const int32_t> v, int64_t low,
                           int64_t high, uint8_t *bytes) {
  for (int64_t i = 0; i < int64_t(v.size()); ++i) {
    T element = T(i >= low && i < high ? v[size_t(i)] : 0);
    std::memcpy(bytes + i * int64_t(sizeof(T)), &element, sizeof(T));
  }
}

DALBIT_INLINE RowScalar sumOfSquares(std::span<const int32_t> v,
                                     int32_t absmax) {
  int shift = squareShift(absmax);
  int64_t half = (int64_t(1) << shift) >> 1, sum = 0;
  for (int32_t value : v) {
    // A right absolute maximum never exceeds 2^15; the unit's multiplier is cut
    // to it.
    int64_t u = std::clamp<int64_t>((value + half) >> shift, -32768, 32768);
    sum += u * u;
  }
  RowScalar result = norm32(sum);
  result.exponent = int8_t(result.exponent - 2 * shift);
  return result;
}

} // namespace

int64_t bytesOf(isa::Type type) {
  switch (type) {
  case isa::Type::I8:
    return 1;
  case isa::Type::I16:
    return 2;
  case isa::Type::I32:
    return 4;
  case isa::Type::None:
    break;
  }
  return 0;
}

DALBIT_CLONES void loadRow(std::span<int32_t> v, const uint8_t *bytes,
                           isa::Type type) {
  switch (type) {
  case isa::Type::I8:
    return loadAs<int8_t>(v, bytes);
  case isa::Type::I16:
    return loadAs<int16_t>(v, bytes);
  default:
    return loadAs<int32_t>(v, bytes);
  }
}

DALBIT_CLONES void scaleRow(std::span<int32_t> v, int32_t mantissa, int shift) {
  if (!isPlainShift(shift)) {
    for (int32_t &x : v)
      x = requantise(x, mantissa, shift);
    return;
  }
  for (int32_t &x : v)
    x = requantisePlainly(x, mantissa, shift);
}

DALBIT_CLONES void scaleByPairs(std::span<int32_t> v,
                                std::span<const int32_t> pairs, int adjust) {
  int least = 127, most = -128;
  for (int32_t pair : pairs) {
    int exponent = unpackPair(uint32_t(pair)).exponent;
    least = std::min(least, exponent);
    most = std::max(most, exponent);
  }
  if (!isPlainShift(least + adjust) || !isPlainShift(most + adjust)) {
    for (size_t i = 0; i < v.size(); ++i) {
      RowScalar pair = unpackPair(uint32_t(pairs[i]));
      v[i] = requantise(v[i], pair.value, pair.exponent + adjust);
    }
    return;
  }
  for (size_t i = 0; i < v.size(); ++i) {
    RowScalar pair = unpackPair(uint32_t(pairs[i]));
    v[i] = requantisePlainly(v[i], pair.value, pair.exponent + adjust);
  }
}

DALBIT_CLONES void scaleByFactors(std::span<int32_t> v,
                                  std::span<const int32_t> factors, int shift) {
  if (!isPlainShift(shift)) {
    for (size_t i = 0; i < v.size(); ++i)
      v[i] = requantise(v[i], factors[i], shift);
    return;
  }
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = requantisePlainly(v[i], factors[i], shift);
}

DALBIT_CLONES void addValue(std::span<int32_t> v, int32_t summand,
                            bool isMinus) {
  int64_t signedSummand = isMinus ? -int64_t(summand) : summand;
  for (int32_t &x : v)
    x = saturate32(x + signedSummand);
}

DALBIT_CLONES void addRow(std::span<int32_t> v,
                          std::span<const int32_t> summands, bool isMinus) {
  if (isMinus) {
    for (size_t i = 0; i < v.size(); ++i)
      v[i] = saturate32(int64_t(v[i]) - summands[i]);
    return;
  }
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = saturate32(int64_t(v[i]) + summands[i]);
}

DALBIT_CLONES void tableValue(std::span<int32_t> v, const uint32_t *table,
                              int shift, int offset) {
  for (int32_t &x : v)
    x = lookUp(table, x, shift, offset);
}

DALBIT_CLONES void tableGate(std::span<int32_t> v, const uint32_t *table,
                             int shift, int offset, int gateShift) {
  if (!isPlainShift(gateShift)) {
    for (int32_t &x : v)
      x = requantise(x, lookUp(table, x, shift, offset), gateShift);
    return;
  }
  for (int32_t &x : v)
    x = requantisePlainly(x, lookUp(table, x, shift, offset), gateShift);
}

DALBIT_CLONES void saturateRow(std::span<int32_t> v, isa::Type type) {
  if (type == isa::Type::I8)
    for (int32_t &x : v)
      x = std::clamp(x, -128, 127);
  if (type == isa::Type::I16)
    for (int32_t &x : v)
      x = std::clamp(x, -32768, 32767);
}

DALBIT_CLONES int64_t saturatedCount(std::span<const int32_t> v) {
  int32_t count = 0;
  for (int32_t x : v)
    count += x == INT32_MAX || x == INT32_MIN;
  return count;
}

DALBIT_CLONES void storeRow(std::span<const int32_t> v, int64_t low,
                            int64_t high, uint8_t *bytes, isa::Type type) {
  switch (type) {
  case isa::Type::I8:
    return storeAs<int8_t>(v, low, high, bytes);
  case isa::Type::I16:
    return storeAs<int16_t>(v, low, high, bytes);
  default:
    return storeAs<int32_t>(v, low, high, bytes);
  }
}

DALBIT_CLONES RowScalar reduceRow(std::span<const int32_t> v,
                                  isa::VectorReduce kind, int64_t first,
                                  int32_t absmax) {
  switch (kind) {
  case isa::VectorReduce::None:
    break;
  case isa::VectorReduce::Sum: {
    int64_t sum = 0;
    for (int32_t value : v)
      sum += value;
    return norm32(sum);
  }
  case isa::VectorReduce::Sumsq:
    return sumOfSquares(v, absmax);
  case isa::VectorReduce::Absmax: {
    int64_t most = 0;
    for (int32_t value : v)
      most = std::max<int64_t>(most, value < 0 ? -int64_t(value) : value);
    return {saturate32(most), 0};
  }
  case isa::VectorReduce::Max: {
    int32_t most = std::numeric_limits<int32_t>::min();
    for (int32_t value : v)
      most = std::max(most, value);
    return {most, 0};
  }
  case isa::VectorReduce::Argmax:
    if (v.empty())
      break;
    return {int32_t(first + std::distance(v.begin(), std::max_element(
                                                         v.begin(), v.end()))),
            0};
  }
  return {};
}

} // namespace dalbit::functional
