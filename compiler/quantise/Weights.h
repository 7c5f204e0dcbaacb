// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a float matrix becomes int8 codes and the numbers of the vector passes
// that follow it. The scheduler and the integer executor call the same
// functions, so the codes have one definition.

#pragma once

#include "compiler/quantise/Pairs.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace dalbit::quantise {

enum class WeightForm { W8, W4 };

/// Fraction bits of the residual stream and of every activation that is not
/// normalised (A10).
constexpr int ResidualFraction = 16;
/// Fraction bits of what tables give (qnn.table).
constexpr int TableFraction = 15;
/// Fraction bits of attention weights as a result.
constexpr int WeightsFraction = 24;
/// What a mask adds to the score of a hidden key is minus this: far below every
/// score, far from overflow.
constexpr int32_t HiddenScore = 1 << 29;
/// Weights along K that share a multiplier in form w4.
constexpr int W4Group = 32;

struct QuantisedLinear {
  int64_t k = 0, n = 0;
  WeightForm form = WeightForm::W8;
  std::vector<int8_t> codes;    ///< [n][k]: what the array multiplies with
  std::vector<uint8_t> nibbles; ///< w4: [n][k] codes 0..15
  std::vector<uint8_t>
      headers;                ///< w4: [n][ceil(k / W4Group)] header bytes (A14)
  std::vector<Pair> channels; ///< [n]: weight scale * 2^inner
  std::vector<int32_t>
      bias;      ///< [n], ResidualFraction bits; zeros without a bias
  int inner = 0; ///< fraction bits after the first scale
};

/// Integers that a matrix is made of already, with one scale a column.
struct WeightGrid {
  std::span<const int32_t> codes; ///< [k][n], each an int8
  std::span<const float> scales;  ///< [n]
};

/// \p weight is [k][n] row-major; \p bias is empty or [n]. Symmetric, one scale
/// a channel, or in form w8 the codes and scales of \p grid (A13); w4 is the
/// progressive form: integer codes of groups along K whose product with the
/// group's multiplier is an int8 of the channel's grid. `inner` is the largest
/// for which rq(acc, channel) cannot saturate.
QuantisedLinear quantiseLinear(std::span<const float> weight,
                               std::span<const float> bias, int64_t k,
                               int64_t n, WeightForm form,
                               const WeightGrid *grid = nullptr);

/// round(value * 2^fraction), halves away from zero, saturated to int32.
int32_t toFixed(double value, int fraction);

/// A number that is added to scores (A15).
int32_t toBias(double value);

/// Of a sink above the scores (A19): half of the distance is looked up, the
/// square of the result has this scale.
constexpr int SinkShift = 1;
inline Pair sinkUnit() { return makePair(1.0 / (1 << 30)); }

/// The constants of qnn.layer_norm.
struct QuantisedNorm {
  std::vector<Pair> gamma;
  std::vector<int32_t> beta; ///< `fraction` bits
  Pair inverseSize;          ///< 1 / D, for the mean
  Pair squareFactor;         ///< 2^(-2 * ResidualFraction) / D
  Pair epsilon;
  int adjust = 0; ///< of the scale by the reciprocal root
};
/// Of rows of \p size columns, or parts of a row with numbers of their own.
QuantisedNorm quantiseNorm(std::span<const float> gamma,
                           std::span<const float> beta, float epsilon,
                           int fraction, int64_t size);

/// The most fraction bits (at most 20) with which a normalised row cannot
/// saturate.
int normFraction(std::span<const float> gamma, std::span<const float> beta);

/// What qnn.attention needs beside its operands, for heads of \p size columns.
struct AttentionNumbers {
  int scoreInner = 0;       ///< fraction bits added by the key scales
  int probabilityInner = 0; ///< fraction bits added by the value scales
  Pair queryScale;          ///< score scale * 2^-ResidualFraction / 127
};
AttentionNumbers attentionNumbers(int64_t size, double scale);

/// 2^-fraction / 127: turns an absolute maximum into the scale of its codes.
Pair codeScale(int fraction);
/// The largest number of 16 bits whose bytes are both balanced (A2).
constexpr int WideMaximum = 32639;
/// The same for the high and the low bytes of codes of 16 bits.
Pair highCodeScale(int fraction);
Pair lowCodeScale(int fraction);

/// Words of the piecewise-linear tables (V4), 256 of them: slope [31:16], base
/// [15:0].
struct Table {
  std::vector<uint32_t> words;
  int shift = 0;     ///< table_shift
  int offset = 0;    ///< table_offset
  int gateShift = 0; ///< gates: fraction bits of the values
};
/// exp(x) for x in [-16, 0] with ResidualFraction bits, as int16 with 15
/// fraction bits; 0 below.
const Table &exponentialTable();
/// 1 from 0 on, 0 below, for whole numbers.
const Table &stepTable();
/// The table of a qnn.gate (14 fraction bits) or qnn.table (TableFraction) by
/// its name, over [-8, 8); null if there is no such function.
const Table *tableOf(std::string_view function);

/// \p function over the 256 segments of [low, high), its values times \p unit,
/// as the words of a table.
std::vector<uint32_t>
piecewiseLinear(double low, double high, double unit,
                const std::function<double(double)> &function);

} // namespace dalbit::quantise
