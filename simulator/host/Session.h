// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a host does with a program on any engine: writes inputs in the NPU's
// integers, starts an entry point, reads outputs back (A9). Positions grow with
// each step; the cache stays in the NPU's memory.

#pragma once

#include "isa/target/Target.h"
#include "simulator/host/Engine.h"
#include "simulator/host/Memory.h"

#include <span>
#include <string>
#include <vector>

namespace dalbit::host {

/// A model tensor on the host's side: numbers as double hold every type exactly
/// that models use.
struct HostTensor {
  std::string name;
  std::string type; ///< ONNX element type: "float", "int64" ...
  std::vector<int64_t> shape;
  std::vector<double> values;
};

class Session {
public:
  /// Loads the program. All must outlive the session.
  Session(const binary::Program &program, Memory &memory, Engine &engine);

  /// Position 0 and an empty cache; the memory that a program writes is zero
  /// again.
  void reset();
  uint32_t position() const { return past; }
  /// Starts at a position without having computed what is before it; the cache
  /// is what memory holds.
  void setPosition(uint32_t position);
  uint32_t context() const { return program.limits.context; }
  int64_t vocabulary() const { return words; }

  /// Runs \p ids, [batch][tokens], at the position. Only the last row of logits
  /// is valid unless
  /// \p allRows. Throws Error if they pass the context or an id is outside the
  /// vocabulary.
  StepResult step(std::span<const int32_t> ids, uint32_t batch, bool allRows);
  /// Logits of row \p row of the last step.
  std::vector<float> logits(uint32_t sequence, uint32_t row) const;

  /// Runs the model once as exported: inputs and past by name, outputs by name.
  /// The shapes of the inputs decide T, P and B (M2). Throws Error for missing,
  /// unknown and ill-shaped inputs.
  StepResult runOnce(const std::vector<HostTensor> &inputs,
                     std::vector<HostTensor> &outputs);
  /// Tokens of the last step, batch × tokens.
  uint64_t lastTokens() const { return uint64_t(batch) * tokens; }

  /// The model's outputs after a step; \p rows of logits (0: those of the last
  /// step).
  std::vector<HostTensor> outputs() const;

private:
  uint8_t *at(isa::Region region, uint64_t offset) const;
  const binary::Tensor *find(binary::TensorKind kind) const;
  const binary::Tensor *idsTensor() const;
  void writeIds(std::span<const int32_t> ids);
  void writeMask(const binary::Tensor &tensor, const HostTensor *mask);
  void importCache(const binary::Tensor &tensor, const HostTensor &cache);
  HostTensor exportCache(const binary::Tensor &tensor) const;
  HostTensor readLogits(const binary::Tensor &tensor) const;
  StepResult start(bool allRows);
  std::vector<int64_t> shapeOf(const binary::Tensor &tensor,
                               uint32_t position) const;

  const binary::Program &program;
  Memory &memory;
  Engine &engine;
  uint32_t past = 0, tokens = 0, batch = 1;
  int64_t words = 0;
};

} // namespace dalbit::host
