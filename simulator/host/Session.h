// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a host does with a program on any engine: writes inputs in the NPU's
// integers, starts an entry point, reads outputs back (A9, Border.h). Positions
// grow with each step; the cache stays in the NPU's memory. More tokens than
// the program takes in one start are fed in several.
//
// Of the tensor table it expects: one input with the role of tokens; masks (0:
// hidden) and positions as their roles say, each written by itself where nobody
// gives them; logits are [.., rows, vocabulary] and row r of a start is row r
// there. Entry points are "prefill" (any T) and "decode" (T = 1), their
// arguments "tokens", "position", "batch", "all_rows". On an engine without
// data (Engine::hasData) all is checked, placed and started alike, but nothing
// is written or read.

#pragma once

#include "simulator/host/Border.h"
#include "simulator/host/Engine.h"
#include "simulator/host/Memory.h"

#include <span>
#include <string>
#include <vector>

namespace dalbit::host {

class Session {
public:
  /// Loads the program; the memory that it may write is zero. All must outlive
  /// the session.
  Session(const binary::Program &program, Memory &memory, Engine &engine);

  /// Position 0 and an empty cache; the memory that a program writes is zero
  /// again.
  void reset();
  uint32_t position() const { return past; }
  /// Starts at a position without having computed what is before it; the cache
  /// is what memory holds.
  void setPosition(uint32_t position);
  /// Resets and imports caches by name, [batch, heads, P, size] each; the
  /// position is P then. Throws Error if their shapes or names are wrong.
  void importPast(const std::vector<HostTensor> &caches);
  uint32_t context() const { return program.limits.context; }
  /// 0 if the model does not say.
  int64_t vocabulary() const { return words; }

  /// Runs \p ids, [batch][tokens], at the position with every key visible. Only
  /// the last row of logits is computed unless \p allRows. Throws Error if they
  /// pass the context or an id is outside the vocabulary.
  StepResult step(std::span<const int32_t> ids, uint32_t batch, bool allRows);
  /// Logits of row \p row of the last step; it must have been computed.
  const std::vector<float> &logits(uint32_t sequence, uint32_t row) const;

  /// Whether the only input that must be given is tokens, and logits come out.
  bool continuesText() const;
  /// What runOnce() needs: \p tokens as ids, or up to 16 seeded ones if there
  /// are none, and seeded values for what else must be given; sizes that the
  /// model fixes stay. Throws Error if it reads no tokens and some are given.
  std::vector<HostTensor> seededInputs(std::span<const int32_t> tokens,
                                       uint64_t seed) const;

  /// Runs the model once as exported: inputs and past by name, outputs by name.
  /// The shapes of the inputs decide T, P and B (M2). Throws Error for missing,
  /// unknown and ill-shaped inputs.
  StepResult runOnce(const std::vector<HostTensor> &inputs,
                     std::vector<HostTensor> &outputs);
  /// Tokens of the last step: batch × tokens, or for a model without logits the
  /// product of its first output's leading dimensions.
  uint64_t lastTokens() const;

  /// The model's outputs after a step, none without data. Rows of logits that
  /// were not computed are 0.
  std::vector<HostTensor> outputs() const;

private:
  /// Without data there is nothing to write to.
  void write(const binary::Tensor &tensor, const std::vector<int64_t> &shape,
             const std::vector<double> &values);
  const binary::Tensor *logitsTensor() const;
  std::vector<int64_t> shapeNow(const binary::Tensor &tensor) const;
  bool isOptional(const binary::Tensor &tensor, uint32_t position) const;
  void checkSizes() const;
  void checkId(int64_t index, double id) const;
  void checkLimit(const binary::Tensor &tensor, const HostTensor &input) const;
  /// Takes T, P and B from dimensions that are one of them alone.
  void bindSymbols(const std::vector<HostTensor> &inputs);
  void checkInputs(const std::vector<HostTensor> &inputs) const;
  void writeMasks(const std::vector<HostTensor> &given);
  /// Finds the positions of all tokens of a step.
  void findPositions(const std::vector<HostTensor> &given);
  void writePositions(uint32_t first, uint32_t count);
  StepResult runTokens(std::span<const int32_t> ids, bool allRows);
  StepResult start(uint32_t count, bool allRows);
  void keepLogits(uint32_t first, uint32_t count, bool allRows);

  const binary::Program &program;
  Memory &memory;
  Engine &engine;
  const binary::Tensor *ids = nullptr;
  std::vector<const binary::Tensor *> masks;
  struct Positions {
    const binary::Tensor *tensor;
    std::vector<double> values; ///< [its sequences][tokens]
  };
  std::vector<Positions> positions;
  uint32_t past = 0; ///< position of the next token
  // Of the last step; its own position is before.
  uint32_t before = 0, tokens = 0, batch = 1;
  std::vector<std::vector<float>> rows; ///< [batch * tokens], empty: not there
  int64_t words = 0;
  uint64_t rounds = 0; ///< of loops over rows that do not grow with T
};

} // namespace dalbit::host
