// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers of rotary embeddings, products of rows, experts and capped scores,
// for the scheduler and the integer executor alike.

#pragma once

#include "compiler/quantise/Weights.h"

namespace dalbit::quantise {

/// Fraction bits of cosines and sines.
constexpr int RotaryFraction = 14;
/// \p value (below 2 in absolute value) as the int16 of a rotary table.
int16_t rotaryFactor(double value);

/// Rows of a product's second factor become int16: absmax * productStep is the
/// scale of the result's row, \p fraction the factor's fraction bits.
constexpr int ProductShift = 15;
Pair productStep(int fraction);

/// Fraction bits of the weights of experts.
constexpr int GateFraction = 14;
/// Of probabilities that are a result (qnn.softmax): 2^-24 is a hundredth of
/// one of 150 thousand equal ones.
constexpr int ShareFraction = 24;
/// Bits that the number of an expert takes in its key (qnn.route).
int keyBits(int64_t experts);

/// The gate cap * tanh(x / cap) / x, over 8 caps at least to either side.
Table softcapTable(double cap);

} // namespace dalbit::quantise
