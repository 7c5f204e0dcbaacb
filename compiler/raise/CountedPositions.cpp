// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/CountedPositions.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "llvm/ADT/SetVector.h"

#include <random>

using namespace mlir;

namespace dalbit::raise {

namespace {

/// Small integers that the graph in front of \p value holds: one of them may be
/// the padding id.
llvm::SetVector<int64_t> numbersBefore(Value value) {
  llvm::SetVector<Value> cone;
  llvm::SetVector<int64_t> numbers;
  numbers.insert(0);
  cone.insert(value);
  for (size_t i = 0; i < cone.size() && i < 100; ++i) {
    if (auto number = scalarOf(cone[i]))
      numbers.insert(static_cast<int64_t>(*number));
    else if (Operation *op = cone[i].getDefiningOp();
             op && !constantOf(cone[i]))
      cone.insert(op->operand_begin(), op->operand_end());
  }
  return numbers;
}

class Counter {
public:
  Counter(Value ids, const Leaves &leaves, const SymbolicShapes &shapes)
      : ids(ids), leaves(leaves), shapes(shapes) {}

  /// Whether \p positions says what the graph gives at \p sizes; learns its
  /// fill and offset where it does not know them yet.
  bool fits(const Sizes &sizes, CountedPositions &positions);

private:
  Value ids;
  const Leaves &leaves;
  const SymbolicShapes &shapes;
  bool knowsFill = false, knowsOffset = false;
  std::mt19937 random{11};
};

} // namespace

bool Counter::fits(const Sizes &sizes, CountedPositions &positions) {
  Numbers given;
  for (const SymbolicExpr &dim : *shapes.dims(positions.argument))
    given.shape.push_back(dim.evaluate(sizes));
  int64_t batch = given.shape[0], keys = given.shape[1];
  for (int64_t i = 0; i < batch * keys; ++i) // a third is hidden
    given.values.push_back(
        double(random() % 3 ? positions.hidden + 1 + int64_t(random() % 3)
                            : positions.hidden));
  // A mask holds ones where it does not hide.
  if (positions.hidden == 0)
    for (double &value : given.values)
      value = value != 0;
  llvm::DenseMap<Value, Numbers> inputs;
  inputs[positions.argument] = given;
  auto found = evaluateAt(ids, leaves, sizes, shapes, inputs);
  if (!found || found->shape.size() != 2 || found->shape[0] != batch ||
      found->shape[1] > keys)
    return false;
  int64_t tokens = found->shape[1];
  for (int64_t b = 0; b < batch; ++b) {
    int64_t seen = 0;
    for (int64_t s = 0; s < keys; ++s) {
      bool shown = given.values[b * keys + s] != double(positions.hidden);
      int64_t t = s - (keys - tokens);
      auto number =
          t < 0 ? 0 : static_cast<int64_t>(found->values[b * tokens + t]);
      if (t >= 0 && !shown) {
        positions.fill = knowsFill ? positions.fill : number;
        knowsFill = true;
        if (number != positions.fill)
          return false;
      } else if (t >= 0) {
        positions.offset = knowsOffset ? positions.offset : number - seen;
        knowsOffset = true;
        if (number != positions.offset + seen)
          return false;
      }
      seen += shown;
    }
  }
  return true;
}

std::optional<CountedPositions> countedPositions(func::FuncOp function,
                                                 Value ids,
                                                 const SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(ids);
  if (!dims || dims->size() != 2)
    return std::nullopt;
  Leaves leaves = leavesOf(ids, Value(), shapes);
  if (leaves.arguments.size() != 1 || leaves.arguments.front() == ids)
    return std::nullopt;
  CountedPositions positions;
  positions.argument = leaves.arguments.front();
  const Dims *given = shapes.dims(positions.argument);
  auto type = rankedType(positions.argument);
  if (!given || given->size() != 2 || (*given)[0] != (*dims)[0] ||
      !type.getElementType().isSignlessInteger() ||
      type.getElementTypeBitWidth() < 32)
    return std::nullopt;
  for (int64_t hidden : numbersBefore(ids)) {
    positions.hidden = hidden;
    positions.fill = positions.offset = 0;
    Counter counter(ids, leaves, shapes);
    bool good = true;
    for (int trial = 0; good && trial < 3; ++trial)
      for (const Sizes &sizes : probeSizes(function))
        good = good && counter.fits(sizes, positions);
    if (good && positions.offset >= 0 && positions.fill >= 0)
      return positions;
  }
  return std::nullopt;
}

} // namespace dalbit::raise
