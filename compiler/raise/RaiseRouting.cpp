// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What weighs the results of experts: a number a token that follows from the
// router's logits alone. Softmax, the largest k, scattered back or compared,
// normalised or not: found by evaluating, whatever the operators.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Layout.h"
#include "compiler/raise/Moves.h"
#include "llvm/ADT/SetVector.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEROUTING
#define GEN_PASS_DEF_ORDEREXPERTS
#include "compiler/raise/Passes.h.inc"

namespace {

/// Gates of one router as nn.route makes them.
struct Routing {
  Value logits;
  int64_t chosen = 0;
  bool normalised = false;
};

/// Which gate a value is.
struct Gate {
  Routing routing;
  int64_t expert = 0;
};

class RoutingRaiser {
public:
  explicit RoutingRaiser(func::FuncOp function)
      : function(function), shapes(function) {}

  void run();

private:
  std::optional<Gate> gateOf(Value value);
  std::optional<Gate> compare(Value logits, int64_t experts,
                              const std::vector<std::vector<double>> &rows,
                              const std::vector<double> &gates) const;
  Value gatesOf(const Routing &routing, Operation *user);
  bool weigh(nn::MulOp op);

  func::FuncOp function;
  SymbolicShapes shapes;
  std::map<std::tuple<void *, int64_t, bool>, Value> made;
};

class OrderExpertsPass : public impl::OrderExpertsBase<OrderExpertsPass> {
public:
  void runOnOperation() override;
};

class RaiseRoutingPass : public impl::RaiseRoutingBase<RaiseRoutingPass> {
public:
  void runOnOperation() override {
    if (!getOperation().isDeclaration())
      RoutingRaiser(getOperation()).run();
  }
};

} // namespace

/// Gates of one row of logits: softmax, all but the \p chosen largest 0.
static std::vector<double> route(const std::vector<double> &logits,
                                 int64_t chosen, bool normalised) {
  std::vector<size_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return logits[a] > logits[b]; });
  std::vector<double> gates(logits.size(), 0);
  double all = 0, kept = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    double share = std::exp(logits[order[i]] - logits[order[0]]);
    all += share;
    if (int64_t(i) < chosen) {
      kept += share;
      gates[order[i]] = share;
    }
  }
  for (double &gate : gates)
    gate /= normalised ? kept : all;
  return gates;
}

std::optional<Gate>
RoutingRaiser::compare(Value logits, int64_t experts,
                       const std::vector<std::vector<double>> &rows,
                       const std::vector<double> &gates) const {
  for (int64_t chosen = 1; chosen <= experts; ++chosen)
    for (bool normalised : {false, true}) {
      std::vector<bool> fits(experts, true);
      for (size_t r = 0; r < rows.size(); ++r) {
        std::vector<double> expected = route(rows[r], chosen, normalised);
        for (int64_t e = 0; e < experts; ++e)
          if (!(std::abs(expected[e] - gates[r]) <= 1e-4))
            fits[e] = false;
      }
      for (int64_t e = 0; e < experts; ++e)
        if (fits[e])
          return Gate{{logits, chosen, normalised}, e};
    }
  return std::nullopt;
}

std::optional<Gate> RoutingRaiser::gateOf(Value value) {
  // The only value that is no size and no constant must be a product's rows.
  llvm::SetVector<Value> seen;
  seen.insert(value);
  Value logits;
  for (size_t i = 0; i < seen.size() && i < 200; ++i) {
    if (constantOf(seen[i]) || shapes.contents(seen[i]))
      continue;
    Operation *op = seen[i].getDefiningOp();
    if (!op)
      return std::nullopt;
    if (isa<nn::LinearOp>(op)) {
      if (logits && logits != seen[i])
        return std::nullopt;
      logits = seen[i];
      continue;
    }
    for (Value operand : op->getOperands())
      seen.insert(operand);
  }
  const Dims *dims = logits ? shapes.dims(logits) : nullptr;
  auto experts = dims ? dims->back().constant() : std::optional<int64_t>();
  if (!experts || *experts < 2 || seen.size() < 3)
    return std::nullopt;
  Leaves leaves = leavesOf(value, logits, shapes);
  if (!leaves.arguments.empty())
    return std::nullopt;
  // As many rows as show each expert chosen and not.
  std::vector<std::vector<double>> rows;
  std::vector<double> gates;
  std::mt19937 random(20250131);
  std::uniform_real_distribution<double> number(-3, 3);
  for (int trial = 0; int64_t(rows.size()) < 16 * *experts && trial < 512;
       ++trial)
    for (const Sizes &sizes : probeSizes(function)) {
      Numbers given = numbersOf(*dims, sizes, [&] { return number(random); });
      llvm::DenseMap<Value, Numbers> known;
      known[logits] = given;
      auto result = evaluateAt(value, leaves, sizes, shapes, known);
      if (!result ||
          result->values.size() * size_t(*experts) != given.values.size())
        return std::nullopt;
      gates.insert(gates.end(), result->values.begin(), result->values.end());
      for (size_t r = 0; r < result->values.size(); ++r)
        rows.emplace_back(given.values.begin() + r * *experts,
                          given.values.begin() + (r + 1) * *experts);
    }
  return compare(logits, *experts, rows, gates);
}

Value RoutingRaiser::gatesOf(const Routing &routing, Operation *user) {
  Value &gates = made[{routing.logits.getAsOpaquePointer(), routing.chosen,
                       routing.normalised}];
  if (!gates) {
    OpBuilder builder(user->getContext());
    builder.setInsertionPointAfter(routing.logits.getDefiningOp());
    gates = builder.create<nn::RouteOp>(
        routing.logits.getLoc(), routing.logits.getType(), routing.logits,
        builder.getI64IntegerAttr(routing.chosen),
        builder.getBoolAttr(routing.normalised));
    shapes.setDims(gates, Dims(*shapes.dims(routing.logits)));
  }
  return gates;
}

/// Rows times a gate a row.
bool RoutingRaiser::weigh(nn::MulOp op) {
  for (unsigned i : {0u, 1u}) {
    Value x = op->getOperand(i), gate = op->getOperand(1 - i);
    if (!shapes.dims(x) || !shapes.dims(gate) ||
        x.getType() != op.getOut().getType())
      continue;
    // The map of sizes grows below.
    const Dims dims = *shapes.dims(x), narrow = *shapes.dims(gate);
    if (narrow.empty() || narrow.back() != SymbolicExpr(1) ||
        dims.back() == SymbolicExpr(1))
      continue;
    auto layout = traceLayout(x, shapes);
    auto found = layout ? gateOf(gate) : std::nullopt;
    if (!found)
      continue;
    // Rows of the logits are those of what the experts give.
    const Dims rows = *shapes.dims(layout->base),
               router = *shapes.dims(found->routing.logits);
    if (rows.size() != router.size() || rows.back() != dims.back() ||
        ArrayRef(rows).drop_back() != ArrayRef(router).drop_back())
      continue;
    OpBuilder builder(op);
    Value gates = gatesOf(found->routing, op);
    Value weighed = builder.create<nn::WeighOp>(
        op.getLoc(), layout->base.getType(), layout->base, gates,
        builder.getI64IntegerAttr(found->expert));
    shapes.setDims(weighed, rows);
    Value moved =
        makeMoved(builder, weighed, canonical(layout->axes), dims, shapes);
    if (!moved || moved.getType() != op.getOut().getType())
      continue;
    op.getOut().replaceAllUsesWith(moved);
    return true;
  }
  return false;
}

void RoutingRaiser::run() {
  SmallVector<nn::MulOp> products(function.getOps<nn::MulOp>());
  for (nn::MulOp op : products)
    weigh(op);
  eraseDead(function);
}

void OrderExpertsPass::runOnOperation() {
  if (getOperation().isDeclaration())
    return;
  SmallVector<Operation *> ops;
  for (Operation &op : getOperation().getBody().front())
    ops.push_back(&op);
  // What has an expert's rows as its only use.
  llvm::DenseSet<Operation *> ofExperts;
  for (Operation *op : llvm::reverse(ops))
    if (isa<nn::WeighOp>(op) ||
        (op->hasOneUse() && ofExperts.contains(*op->user_begin())))
      ofExperts.insert(op);
  // Depth first, in front of what takes the experts together.
  auto place = [&](auto &&again, Operation *op, Operation *user) -> void {
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp();
          source && ofExperts.erase(source)) {
        again(again, source, user);
        source->moveBefore(user);
      }
  };
  for (Operation *op : ops)
    if (!ofExperts.contains(op))
      place(place, op, op);
}

} // namespace dalbit::raise
