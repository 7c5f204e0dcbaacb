// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages of the vector unit (rules V1 to V8) on one row of int32 values,
// each a loop over the columns that the compiler can vectorise. They know no
// configuration: the choice of stages is VectorUnit.cpp's.

#pragma once

#include "isa/Isa.h"
#include "simulator/functional/Arithmetic.h"

#include <cstdint>
#include <span>

namespace dalbit::functional {

/// Bytes of an element; 0 for Type::None.
int64_t bytesOf(isa::Type type);

/// V1: elements of \p type at \p bytes, sign-extended.
void loadRow(std::span<int32_t> v, const uint8_t *bytes, isa::Type type);
/// V2 with one pair for the row; \p shift has the adjust in it.
void scaleRow(std::span<int32_t> v, int32_t mantissa, int shift);
/// V2 and V5 with a pair a column.
void scaleByPairs(std::span<int32_t> v, std::span<const int32_t> pairs,
                  int adjust);
/// V5 with an integer factor a column.
void scaleByFactors(std::span<int32_t> v, std::span<const int32_t> factors,
                    int shift);
/// V3.
void addValue(std::span<int32_t> v, int32_t summand, bool isMinus);
/// V3 and V6.
void addRow(std::span<int32_t> v, std::span<const int32_t> summands,
            bool isMinus);
/// V4.
void tableValue(std::span<int32_t> v, const uint32_t *table, int shift,
                int offset);
void tableGate(std::span<int32_t> v, const uint32_t *table, int shift,
               int offset, int gateShift);
/// V7 without the mask; i32 and none change nothing.
void saturateRow(std::span<int32_t> v, isa::Type type);
/// Writes the row; columns outside [low, high) as 0 (V7).
void storeRow(std::span<const int32_t> v, int64_t low, int64_t high,
              uint8_t *bytes, isa::Type type);
/// How many elements are the least or the most int32: saturated, as good as
/// certainly.
int64_t saturatedCount(std::span<const int32_t> v);
/// V8 over all of \p v, whose first element is column \p first. \p absmax is
/// the integer of the square row scalar (A4), used by sumsq only.
RowScalar reduceRow(std::span<const int32_t> v, isa::VectorReduce kind,
                    int64_t first, int32_t absmax);

} // namespace dalbit::functional
