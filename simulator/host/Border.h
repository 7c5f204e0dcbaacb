// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Real numbers to the NPU's integers and back, at the border of a program: rule
// A9 of docs/arithmetic.md, one definition for all engines. A cache row that
// comes out and goes in again has the same codes and scale.

#pragma once

#include "isa/binary/Program.h"
#include "simulator/host/Memory.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dalbit::host {

/// A model tensor on the host's side: numbers as double hold every type exactly
/// that models use.
struct HostTensor {
  std::string name;
  std::string type; ///< ONNX element type: "float", "int64" ...
  std::vector<int64_t> shape;
  std::vector<double> values; ///< row-major
};

/// "[1,4,7]".
std::string shapeText(const std::vector<int64_t> &shape);

/// The pair nearest to \p value >= 0 as S1 rounds, as a word in memory.
uint32_t toPair(double value);
double fromPair(uint32_t word);

/// What the size of a number that comes in at \p tensor has to stay below, so
/// that it does not become another one; none where saturating is right (what a
/// mask adds) or a row has its scale.
std::optional<double> borderLimit(const binary::Tensor &tensor);

/// Writes \p values where the table says that \p tensor lies: as they are, as
/// round(x * 2^fractionBits), as codes and a scale for each row, or as what a
/// mask adds to scores; what does not fit the type saturates. \p shape has the
/// sizes in memory (binary::viewOf).
void writeTensor(Memory &memory, const binary::Tensor &tensor,
                 const std::vector<int64_t> &shape,
                 const std::vector<double> &values);
/// The inverse; the numbers are those of the tensor's ONNX type (float rounds).
HostTensor readTensor(const Memory &memory, const binary::Tensor &tensor,
                      const std::vector<int64_t> &shape);

} // namespace dalbit::host
