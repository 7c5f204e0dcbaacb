// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One query of one head against its keys, and the quantised rows around it: the
// arithmetic that qnn.attention, qnn.heads and qnn.attend share.

#pragma once

#include "compiler/execute/integer/Rules.h"
#include "compiler/quantise/Weights.h"

#include "mlir/IR/BuiltinAttributeInterfaces.h"

#include <optional>
#include <vector>

namespace dalbit::execute {

/// qnn.quantize of one row: codes, and its scale \p factor * maximum.
Scaled quantiseRow(const int32_t *x, int64_t cols, int8_t *codes,
                   quantise::Pair factor);

/// A pair as tensors of pairs hold it.
uint32_t wordOf(Scaled scale);
Scaled scaleOfWord(int32_t word);

/// Keys and values of one head: codes [keys][size], scales [keys].
struct HeadCache {
  const int8_t *keys, *values;
  const int32_t *keyScales, *valueScales;
};

/// What a query sees: keys first .. end - 1. The mask is added to the scores
/// after they went through the softcap's gate; null: none.
struct View {
  int64_t first = 0, end = 0;
  const int32_t *bias = nullptr; ///< added before the mask; null: none
  const int32_t *mask = nullptr;
  const quantise::Table *softcap = nullptr;
  const int32_t *sink = nullptr; ///< score of a key without a value (A19)
};

/// The bias of an attention as integers (A15).
struct ScoreBias {
  std::vector<int32_t> values;
  int64_t perHead = 0, perQuery = 0;
  int64_t origin = -1; ///< column of distance 0; negative: one row a query

  /// \p bias and \p origin are attributes of a qnn operation.
  ScoreBias(std::optional<mlir::TypedAttr> bias, std::optional<int64_t> origin);
  /// What is added to the scores of head \p h for query \p t at position
  /// \p position, key by key; null without a bias. Throws dalbit::Error if the
  /// keys [first, end) are further away than the bias says.
  const int32_t *row(int64_t h, int64_t t, int64_t position,
                     const View &view) const;
};

/// The sinks of an attention by head as integers (A19); none without \p sinks.
std::vector<int32_t> sinkScores(std::optional<mlir::TypedAttr> sinks);

/// Attention of the query row \p x of \p size columns; writes \p size numbers
/// to
/// \p out. The probabilities of the keys up to the view's end, int16, are left
/// in \p probabilities; their sum is the result.
Scaled attendRow(const int32_t *x, int64_t size, const HeadCache &cache,
                 const View &view, const quantise::AttentionNumbers &numbers,
                 int32_t *out, std::vector<int32_t> &probabilities);

} // namespace dalbit::execute
