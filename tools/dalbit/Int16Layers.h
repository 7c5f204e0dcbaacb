// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which layers are worth rows of 16 bits (A2): found by trying them.

#pragma once

#include "compiler/execute/Tensor.h"
#include "tools/dalbit/Pipeline.h"

#include <string>
#include <vector>

namespace dalbit::tool {

struct Int16Layers {
  static constexpr double Least = 0.1; ///< dB that count as help, not chance

  struct Layer {
    std::string node;
    double gain; ///< dB of the worst output, this layer alone in int16
  };
  std::vector<Layer> tried;        ///< the best ones first
  size_t candidates = 0;           ///< linear layers there are
  std::vector<std::string> chosen; ///< together; none if nothing helps
  double before = 0, after = 0;    ///< dB of the worst output
};

/// SNR of the worst output of \p raised in integers with \p options against
/// the same in floats, the mean over \p inputs and the same with their elements
/// in other orders: of an output of few numbers one input says little. Each of
/// \p nodes is then tried in int16 alone, in their order, for at most \p
/// seconds, and those that help are put together as long as that helps too.
/// Throws Error.
Int16Layers chooseInt16(Compiler &compiler, mlir::ModuleOp raised,
                        const CompileOptions &options,
                        llvm::ArrayRef<execute::Tensor> inputs, int64_t past,
                        std::vector<std::string> nodes, double seconds);

} // namespace dalbit::tool
