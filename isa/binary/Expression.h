// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes that depend on a run: sums of products of numbers and the symbols T
// (new tokens), P (position, the past length) and B (batch), as "P+T" or
// "2*B*T" (contract M1).
//
// A product has at most one of T and P: then the largest extents of a tensor
// are at the corners of what the limits allow, and the reader can check them.

#pragma once

#include "isa/binary/Program.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace dalbit::binary {

struct Symbols {
  int64_t tokens = 1, position = 0, batch = 1;
};

/// The value; none if the text is no such expression or the result is not in 0
/// .. 2^40.
std::optional<int64_t> evaluate(std::string_view expression,
                                const Symbols &symbols);

/// The corners of the values that the limits allow.
std::vector<Symbols> corners(const Limits &limits);

/// The tensor's shape for these values. Throws Error on a bad expression.
std::vector<int64_t> shapeOf(const Tensor &tensor, const Symbols &symbols);
/// Sizes in memory: those of the view, or of the shape if there is none.
std::vector<int64_t> viewOf(const Tensor &tensor, const Symbols &symbols);

} // namespace dalbit::binary
