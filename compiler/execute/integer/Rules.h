// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scalar rules of docs/arithmetic.md for the integer executor. Written from
// the rules alone and kept apart from the functional engine's
// (simulator/functional/Arithmetic.h), so that the two check each other.

#pragma once

#include "compiler/quantise/Pairs.h"

#include <cstdint>

namespace dalbit::execute {

/// A number m * 2^-e (S).
struct Scaled {
  int64_t m = 0;
  int e = 0;
};

inline Scaled scaledOf(quantise::Pair pair) {
  return {pair.mantissa, pair.shift};
}

/// A3.
int32_t requantise(int64_t x, Scaled by, int adjust);
int32_t clamp32(int64_t value);
/// S1.
Scaled normal(Scaled x);
/// S2.
Scaled sumOf(int64_t sum);
/// S3 and S9.
Scaled times(Scaled a, Scaled b, int adjust = 0);
/// S5.
Scaled divide(Scaled numerator, Scaled x);
/// S6.
Scaled inverseRoot(Scaled x, Scaled factor, Scaled epsilon);
/// A4: the exponent by which squares of a row with this maximum are scaled
/// down.
int squareShift(int64_t absmax);
/// V4.
int32_t interpolate(const uint32_t *table, int32_t x, int shift, int offset);

} // namespace dalbit::execute
