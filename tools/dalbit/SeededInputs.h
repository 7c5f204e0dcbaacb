// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs for a model whose user gives none.

#pragma once

#include "isa/binary/Expression.h"
#include "simulator/host/Border.h"
#include "tools/dalbit/HostTensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <span>

namespace dalbit::tool {

/// All inputs of a raised function at \p sizes, or at what the model fixes:
/// \p tokens as ids if there are any, else seeded ones inside the vocabulary;
/// floats in [-1, 1]; masks that hide nothing, positions that go on, types of
/// 0. Throws Error for a dimension that nothing bounds.
std::vector<host::HostTensor> seededInputs(mlir::func::FuncOp raised,
                                           const ModelFacts &facts,
                                           binary::Symbols sizes,
                                           std::span<const int32_t> tokens,
                                           uint64_t seed);

} // namespace dalbit::tool
