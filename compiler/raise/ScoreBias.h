// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers that a graph adds to the scores of each head, whatever the data:
// relative positions in buckets (T5, MPNet), slopes (ALiBi), tables over two
// dimensions of an image (BEiT). Found, as masks are, by evaluating.

#pragma once

#include "compiler/raise/Evaluate.h"

#include <optional>
#include <vector>

namespace dalbit::raise {

/// As nn.attention has it (N23).
struct ScoreBias {
  llvm::SmallVector<int64_t>
      shape;                     ///< [H, distances] or [H, T, S]; empty: none
  std::optional<int64_t> origin; ///< column of distance 0
  std::vector<float> values;
};

/// What is added to the scores, from logits of scores that are 0.
class BiasObserver {
public:
  explicit BiasObserver(int64_t heads) : heads(heads) {}

  /// Takes logits [B, H, queries, keys] in which every score below \p hidden
  /// is one of a hidden key.
  void observe(const std::vector<double> &logits, int64_t queries, int64_t keys,
               double hidden);
  /// Settles how the numbers depend on query and key: not at all, by their
  /// distance, by their distance up to a number that the keys of a query share
  /// (a softmax does not see it), or, if all observations had one size, by
  /// both. False if none of this holds.
  bool decide();

  bool isNothing() const { return form == Nothing; }
  bool byDistance() const { return form == Distance || form == Shifted; }
  /// The number for head \p h, query \p t, key \p s, 0 where no key was seen.
  double at(int64_t h, int64_t t, int64_t s, int64_t queries,
            int64_t keys) const;
  /// What is left of \p logits when the bias is taken off. \p zero are the
  /// logits of scores 0 at the same sizes, all keys shown.
  std::vector<double> without(std::vector<double> logits,
                              const std::vector<double> &zero, int64_t queries,
                              int64_t keys) const;
  /// The distance's number if it was seen.
  std::optional<double> atDistance(int64_t h, int64_t distance) const;
  /// Numbers by distance of one head's row of logits, as the form has them.
  double inForm(const double *row, int64_t s, int64_t self) const {
    return form == Shifted ? row[s] - row[self] : row[s];
  }
  /// For sizes that never change.
  ScoreBias ofFixedSize() const;

  int64_t headCount() const { return heads; }

private:
  enum Form { Nothing, Distance, Shifted, Rows };
  using ByDistance = llvm::DenseMap<std::pair<int64_t, int64_t>, double>;
  void add(ByDistance &table, bool &holds, int64_t h, int64_t distance,
           double number);

  int64_t heads;
  Form form = Nothing;
  bool any = false, distances = true, shifted = true, oneSize = true;
  ByDistance plain, relative;
  int64_t rowQueries = 0, rowKeys = 0;
  std::vector<double> rows; ///< [H, T, S]; infinite: hidden
};

/// The graph between scores and logits, for numbers at distances that no
/// observation had.
struct BiasGraph {
  mlir::func::FuncOp function;
  mlir::Value scores, logits;
  const SymbolicShapes &shapes;
  /// Numbers that show every key, for the argument that is a mask; null
  /// without one.
  mlir::Value mask;
  double shown = 1;
};

/// The numbers of \p observer for the distances [\p low, \p high] of all that
/// \p graph can have, [H, high - low + 1]; nothing if they cannot be computed.
std::optional<ScoreBias> completeBias(const BiasObserver &observer,
                                      const BiasGraph &graph, int64_t low,
                                      int64_t high);

} // namespace dalbit::raise
