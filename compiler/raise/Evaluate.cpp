// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Evaluate.h"

#include "compiler/execute/Constants.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/FloatExecutor.h"
#include "compiler/raise/Graph.h"
#include "mlir/Transforms/RegionUtils.h"
#include "support/Error.h"
#include "llvm/ADT/SetVector.h"

#include <algorithm>

using namespace mlir;

namespace dalbit::raise {

Numbers numbersOf(ArrayRef<SymbolicExpr> dims, const Sizes &sizes,
                  llvm::function_ref<double()> number) {
  Numbers numbers;
  int64_t count = 1;
  for (const SymbolicExpr &dim : dims) {
    numbers.shape.push_back(dim.evaluate(sizes));
    count *= numbers.shape.back();
  }
  numbers.values.reserve(size_t(std::max<int64_t>(count, 0)));
  for (int64_t i = 0; i < count; ++i)
    numbers.values.push_back(number());
  return numbers;
}

TypedAttr foldToConstant(OpResult result, int64_t mostElements) {
  auto node = nodeOf(result);
  if (!node)
    return {};
  for (Value operand : node.getInputs())
    if (!isa<NoneType>(operand.getType())) {
      TypedAttr constant = constantOf(operand);
      auto type = constant ? dyn_cast<RankedTensorType>(constant.getType())
                           : RankedTensorType();
      // Weights of integers stay such.
      if (!type || type.getNumElements() > mostElements ||
          isa<onnx::CodesAttr>(constant))
        return {};
    }
  try {
    llvm::DenseMap<Value, execute::Tensor> nothing;
    execute::Tensor tensor =
        execute::evaluate(result, llvm::DenseMap<Value, execute::Tensor>());
    if (tensor.count() > mostElements)
      return {};
    return execute::denseAttribute(result.getContext(), tensor);
  } catch (const Error &) {
    return {};
  }
}

Leaves leavesOf(Value value, Value cut, const SymbolicShapes &shapes) {
  Leaves leaves;
  llvm::SetVector<Value> seen;
  seen.insert(value);
  for (size_t i = 0; i < seen.size(); ++i) {
    Value next = seen[i];
    if (next == cut)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      leaves.arguments.push_back(argument);
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (constantOf(next))
      continue;
    if (shapes.contents(next)) {
      leaves.sizes.push_back(next);
      continue;
    }
    seen.insert(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), seen);
  }
  return leaves;
}

static execute::Tensor tensorFor(Value value, const Numbers &numbers) {
  auto type = cast<ShapedType>(value.getType());
  auto element = execute::elementOfMlir(type.getElementType());
  if (!element)
    throw Error("a type without a tensor");
  return execute::Tensor::of<double>(numbers.shape, numbers.values)
      .cast(*element);
}

std::optional<Numbers> evaluateAt(Value value, const Leaves &leaves,
                                  const Sizes &sizes,
                                  const SymbolicShapes &shapes,
                                  const llvm::DenseMap<Value, Numbers> &given) {
  try {
    llvm::DenseMap<Value, execute::Tensor> known;
    for (const auto &[key, numbers] : given)
      known[key] = tensorFor(key, numbers);
    for (Value size : leaves.sizes) {
      const Contents &contents = *shapes.contents(size);
      Numbers numbers{contents.shape, {}};
      for (const SymbolicExpr &element : contents.elements)
        numbers.values.push_back(static_cast<double>(element.evaluate(sizes)));
      known[size] = tensorFor(size, numbers);
    }
    execute::Tensor tensor =
        execute::evaluate(value, known).cast(execute::ElementType::F64);
    Numbers result;
    result.shape.assign(tensor.shape().begin(), tensor.shape().end());
    result.values.assign(tensor.data<double>(),
                         tensor.data<double>() + tensor.count());
    return result;
  } catch (const Error &) {
    return std::nullopt;
  }
}

SmallVector<Sizes> probeSizes(func::FuncOp function) {
  SmallVector<Sizes> probes = {{1, 1, 5}, {1, 4, 0}, {2, 3, 7}};
  auto fixed = function->getAttrOfType<DictionaryAttr>("dalbit.sizes");
  if (!fixed)
    return probes;
  auto number = [&](StringRef name, int64_t &size) {
    if (auto value = fixed.getAs<IntegerAttr>(name))
      size = value.getInt();
  };
  for (Sizes &sizes : probes) {
    number("B", sizes.batch);
    number("T", sizes.tokens);
    number("P", sizes.past);
  }
  // Where sizes are fixed, a question is not asked twice.
  SmallVector<Sizes> different;
  for (const Sizes &sizes : probes)
    if (!llvm::is_contained(different, sizes))
      different.push_back(sizes);
  return different;
}

/// Whether \p value depends on products of matrices or convolutions.
static bool dependsOnProducts(Value value, const SymbolicShapes &shapes) {
  llvm::SetVector<Value> seen;
  seen.insert(value);
  for (size_t i = 0; i < seen.size(); ++i) {
    Operation *op = seen[i].getDefiningOp();
    if (!op || constantOf(seen[i]) || shapes.contents(seen[i]))
      continue;
    auto node = dyn_cast<onnx::NodeOp>(op);
    if (!node || llvm::is_contained({"MatMul", "Gemm", "Conv", "Einsum"},
                                    node.getOpType()))
      return true;
    seen.insert(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), seen);
  }
  return false;
}

std::optional<Dims> probeDims(func::FuncOp function, Value value,
                              const SymbolicShapes &shapes) {
  Leaves leaves = leavesOf(value, Value(), shapes);
  bool hasFloats = false;
  for (BlockArgument argument : leaves.arguments) {
    auto type = rankedType(argument);
    if (!type || !shapes.dims(argument))
      return std::nullopt;
    hasFloats |= !type.getElementType().isIntOrIndex();
  }
  // Masks of floats are cheap to try; a network in front is not.
  if (hasFloats && dependsOnProducts(value, shapes))
    return std::nullopt;
  SmallVector<Sizes> probes = probeSizes(function);
  std::vector<Numbers> results;
  for (const Sizes &sizes : probes) {
    llvm::DenseMap<Value, Numbers> given;
    for (BlockArgument argument : leaves.arguments) {
      Numbers zeros;
      int64_t count = 1;
      for (const SymbolicExpr &dim : *shapes.dims(argument)) {
        zeros.shape.push_back(dim.evaluate(sizes));
        count *= zeros.shape.back();
      }
      zeros.values.assign(count, 0);
      given[argument] = std::move(zeros);
    }
    auto numbers = evaluateAt(value, leaves, sizes, shapes, given);
    if (!numbers || (!results.empty() &&
                     results.front().shape.size() != numbers->shape.size()))
      return std::nullopt;
    results.push_back(std::move(*numbers));
  }
  const SymbolicExpr b(Symbol::B), t(Symbol::T), p(Symbol::P);
  Dims dims;
  for (size_t i = 0; i < results.front().shape.size(); ++i) {
    // Heads beside the batch are a number times it.
    int64_t first = results.front().shape[i];
    SymbolicExpr heads(first / std::max<int64_t>(probes.front().batch, 1));
    const SymbolicExpr candidates[] = {first, t, p + t, p, b, b * t, heads * b};
    auto found = llvm::find_if(candidates, [&](const SymbolicExpr &candidate) {
      for (auto [sizes, numbers] : llvm::zip(probes, results))
        if (candidate.evaluate(sizes) != numbers.shape[i])
          return false;
      return true;
    });
    if (found == std::end(candidates))
      return std::nullopt;
    SymbolicExpr size = *found;
    if (auto fixed = function->getAttrOfType<DictionaryAttr>("dalbit.sizes"))
      for (Symbol symbol : {Symbol::B, Symbol::T, Symbol::P})
        if (auto number = fixed.getAs<IntegerAttr>(SymbolicExpr(symbol).str()))
          size = size.substitute(symbol, number.getInt());
    dims.push_back(size);
  }
  return dims;
}

} // namespace dalbit::raise
