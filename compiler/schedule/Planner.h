// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lays out a function: one pass over its operations. Plan.cpp has weights and
// attention with a growing cache, PlanPlaces.cpp what lies in memory between
// stages and at the border, with attention over complete keys.

#pragma once

#include "compiler/schedule/Plan.h"

#include <map>

namespace dalbit::schedule {

inline int64_t lastDimension(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getShape().back();
}

/// A slot of the weight stream is this part of the scratchpad.
constexpr int64_t SlotsOfScratchpad = 16;

/// padded index -> index in the model, -1 where the padding is.
std::vector<int64_t> identityMap(int64_t size, int64_t padded);
/// Heads of \p size columns, each stored in the order \p order.
std::vector<int64_t> headMap(int64_t heads, int64_t size,
                             llvm::ArrayRef<int64_t> order);

/// Columns of a head in an order in which both columns of a pair lie `half`
/// apart, at the same place of the two halves. Columns that no angle turns fill
/// the halves up (they turn by an angle of 0).
std::vector<int64_t> rotaryOrder(qnn::RotaryOp op, int64_t size, int64_t half);

class Planner {
public:
  Planner(mlir::func::FuncOp function, const Options &options,
          const Grain &grain, QuantisedWeights &weights)
      : function(function), weights(weights) {
    plan.options = options;
    plan.grain = grain;
    plan.context = options.maxContext;
    plan.paddedContext = roundUp(options.maxContext, 64);
  }

  mlir::FailureOr<Plan> run();

private:
  const Machine &machine() const { return plan.options.machine; }
  int64_t placeConst(int64_t bytes) {
    int64_t at = roundUp(plan.constBytes, machine().dramAlignment());
    plan.constBytes = at + bytes;
    return at;
  }
  int64_t table(mlir::TypedAttr values, int64_t fraction);
  int64_t piecewise(const quantise::Table &table);
  void norm(mlir::Operation *op, mlir::TypedAttr gamma, mlir::TypedAttr beta,
            bool hasBeta, double epsilon, int64_t fraction);
  mlir::LogicalResult attention(qnn::AttentionOp op);
  AttentionPlan forDecode(const AttentionPlan &a) const;
  void route(qnn::RouteOp op); // Experts.cpp
  void pick(qnn::PickOp op);   // Pick.cpp
  void constants(AttentionPlan &a, mlir::TypedAttr sinks);
  void sinks(mlir::TypedAttr values, AttentionPlan &a); // Sinks.cpp
  mlir::LogicalResult rotary(qnn::RotaryOp op, int64_t half);
  mlir::LogicalResult turnedHeads(qnn::RotaryOp op);
  // HeadNorms.cpp
  mlir::LogicalResult headNorm(mlir::Operation *op);
  /// The norm \p op of \p heads heads whose columns are stored as \p order
  /// says; it has no place yet.
  HeadNormPlan headNormPlan(mlir::Operation *op, int64_t heads,
                            llvm::ArrayRef<int64_t> order);
  /// Its constants, at \p at in region const.
  void fillHeadNorm(const HeadNormPlan &norm, llvm::ArrayRef<int64_t> order,
                    int64_t at);
  /// As many of \p heads heads at a time as there are \p scalars row scalars
  /// for, each of \p rows rows.
  int64_t headsTogether(int64_t heads, int64_t rows, int64_t scalars) const;
  void cacheRegions(AttentionPlan &a);
  /// Bias.cpp: places \p values, null for none, for at most \p rows queries to
  /// \p keys keys.
  mlir::LogicalResult bias(mlir::Operation *op, mlir::TypedAttr values,
                           std::optional<int64_t> origin, int64_t rows,
                           int64_t keys, bool causal, AttentionPlan &a);
  LinearPlan linear(qnn::LinearOp op, std::vector<int64_t> channels,
                    std::vector<int64_t> lanes, int64_t channelsPerChunk,
                    int64_t channelsPerDecodeChunk, int64_t unit);
  mlir::LogicalResult linear(qnn::LinearOp op);
  mlir::LogicalResult tileFits(qnn::LinearOp op) const;
  int64_t slotBytes() const;
  std::vector<int64_t> lanesOf(mlir::Value codes);

  // PlanPlaces.cpp
  int64_t rows(mlir::Value value) const {
    return plan.mostRows(rowsOf(function, value));
  }
  int64_t paddedHead(int64_t size) const {
    // Half a head begins at a whole beat of the vector unit.
    return roundUp(size, std::max({machine().n, machine().k, machine().axiBytes,
                                   2 * machine().lanes}));
  }
  int64_t placeIn(isa::Region region, int64_t bytes);
  mlir::LogicalResult positions(qnn::PositionsOp op);
  mlir::LogicalResult inputs();
  mlir::LogicalResult places();
  mlir::LogicalResult place(mlir::Value value);
  void store(mlir::Value value, const Place &place);
  mlir::LogicalResult outputs();
  mlir::LogicalResult cache(mlir::Value codes, int64_t heads, int64_t size,
                            bool lasting);
  mlir::LogicalResult heads(qnn::HeadsOp op);
  mlir::LogicalResult attend(qnn::AttendOp op);
  /// Head-padded columns for a linear layer whose users are heads, perhaps
  /// normalised or turned first; empty if there are none.
  std::vector<int64_t> headColumns(mlir::Value value);
  /// The order of the columns in each of \p heads heads, as they are stored;
  /// empty if \p value has no such heads.
  std::vector<int64_t> headOrder(mlir::Value value, int64_t heads) const;

  mlir::func::FuncOp function;
  QuantisedWeights &weights;
  Plan plan;
  /// Biases placed so far, by values and size.
  std::map<std::pair<const void *, int64_t>, BiasPlan> biases;
  /// Layout of the columns of rows that are padded: heads, windows.
  llvm::DenseMap<mlir::Value, std::vector<int64_t>> columns;
};

} // namespace dalbit::schedule
