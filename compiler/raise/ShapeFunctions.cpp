// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes of the results of the standard's operators, as functions of the sizes
// (and, for Reshape and its kin, the contents) of the inputs. Source: the
// standard's operator pages. An operator that is not here leaves its results
// unknown.

#include "compiler/execute/operators/Einsum.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/SymbolicShapes.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>
#include <map>

using namespace mlir;

namespace dalbit::raise {

using DimsResult = std::optional<Dims>;

static const Dims *inputDims(onnx::NodeOp node, SymbolicShapes &shapes,
                             unsigned index) {
  return hasInput(node, index) ? shapes.dims(node.getInputs()[index]) : nullptr;
}

static const Contents *inputContents(onnx::NodeOp node, SymbolicShapes &shapes,
                                     unsigned index) {
  return hasInput(node, index) ? shapes.contents(node.getInputs()[index])
                               : nullptr;
}

/// A list of integers from attribute \p name or from input \p index.
static std::optional<SmallVector<SymbolicExpr>> listOf(onnx::NodeOp node,
                                                       SymbolicShapes &shapes,
                                                       StringRef name,
                                                       unsigned index) {
  if (auto list = node.getOnnxInts(name))
    return SmallVector<SymbolicExpr>(list->begin(), list->end());
  if (const Contents *list = inputContents(node, shapes, index))
    return list->elements;
  return std::nullopt;
}

static SymbolicExpr product(ArrayRef<SymbolicExpr> dims) {
  SymbolicExpr all(1);
  for (const SymbolicExpr &dim : dims)
    all = all * dim;
  return all;
}

std::optional<SliceRange> sliceRange(const SymbolicExpr &start,
                                     const SymbolicExpr &end, int64_t step,
                                     const SymbolicExpr &size) {
  if (step <= 0)
    return std::nullopt;
  auto place = [&](SymbolicExpr index) -> std::optional<SymbolicExpr> {
    if (!index.isNonNegative()) {
      // INT64_MIN, which has no negative, and its like mean "from the
      // beginning".
      if (auto number = index.constant(); number && *number < -(1LL << 31))
        return SymbolicExpr(0);
      // "-T", "-1": counted from the end; "P-1" could be either.
      if ((index * SymbolicExpr(-1)).isNonNegative()) {
        index = size + index;
        if (index.isNonNegative())
          return index;
        if (index.isConstant())
          return SymbolicExpr(0);
      }
      // The last T of a table (ALiBi of MPT): all sizes that it serves are
      // inside. "64 - T" of 64. "T - 3" of T may be in front of it.
      if (size.isConstant() && (size - index).isNonNegative() &&
          index.evaluate(Sizes()) >= 0)
        return index;
      return std::nullopt;
    }
    if (auto number = index.constant(); number && *number >= (1LL << 31) - 1)
      return size;
    // Cut at the end, or inside if that is certain; tables serve no sizes but
    // those inside.
    if ((index - size).isNonNegative())
      return size;
    return size.isConstant() || (size - index).isNonNegative()
               ? std::optional(index)
               : std::nullopt;
  };
  auto from = place(start), to = place(end);
  if (!from || !to)
    return std::nullopt;
  SymbolicExpr count = *to - *from;
  if (auto number = count.constant(); number && *number < 0)
    count = SymbolicExpr(0);
  if (step != 1) {
    auto number = count.constant();
    if (!number)
      return std::nullopt;
    count = SymbolicExpr((*number + step - 1) / step);
  }
  return SliceRange{*from, count};
}

static DimsResult sameAsFirst(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  return dims ? DimsResult(*dims) : std::nullopt;
}

static DimsResult broadcastAll(onnx::NodeOp node, SymbolicShapes &shapes) {
  DimsResult all = Dims{};
  for (unsigned i = 0; i < node.getInputs().size() && all; ++i) {
    const Dims *dims = inputDims(node, shapes, i);
    all = dims ? broadcast(*all, *dims) : std::nullopt;
  }
  return all;
}

static DimsResult matMulDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *a = inputDims(node, shapes, 0), *b = inputDims(node, shapes, 1);
  if (!a || !b || a->size() < 2 || b->size() < 2)
    return std::nullopt;
  DimsResult dims =
      broadcast(Dims(a->begin(), a->end() - 2), Dims(b->begin(), b->end() - 2));
  if (!dims)
    return std::nullopt;
  dims->push_back((*a)[a->size() - 2]);
  dims->push_back(b->back());
  return dims;
}

static DimsResult gemmDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *a = inputDims(node, shapes, 0), *b = inputDims(node, shapes, 1);
  if (!a || !b || a->size() != 2 || b->size() != 2)
    return std::nullopt;
  bool transA = node.getOnnxInt("transA").value_or(0) != 0;
  bool transB = node.getOnnxInt("transB").value_or(0) != 0;
  return Dims{(*a)[transA ? 1 : 0], (*b)[transB ? 0 : 1]};
}

static DimsResult transposeDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  if (!dims)
    return std::nullopt;
  auto order = node.getOnnxInts("perm");
  if (!order)
    return Dims(dims->rbegin(), dims->rend());
  Dims result;
  for (int64_t axis : *order) {
    if (axis < 0 || axis >= static_cast<int64_t>(dims->size()))
      return std::nullopt;
    result.push_back((*dims)[axis]);
  }
  return result;
}

static DimsResult reshapeDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  const Contents *target = inputContents(node, shapes, 1);
  if (!dims || !target)
    return std::nullopt;
  bool allowZero = node.getOnnxInt("allowzero").value_or(0) != 0;
  Dims result;
  int64_t open = -1;
  for (auto [i, size] : llvm::enumerate(target->elements)) {
    if (size == SymbolicExpr(0) && !allowZero) {
      if (i >= dims->size())
        return std::nullopt;
      result.push_back((*dims)[i]);
      continue;
    }
    if (size == SymbolicExpr(-1)) {
      open = i;
      result.push_back(1);
      continue;
    }
    result.push_back(size);
  }
  if (open >= 0) {
    auto rest = product(*dims).divideExactly(product(result));
    if (!rest)
      return std::nullopt;
    result[open] = *rest;
  }
  return result;
}

static DimsResult gatherDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *data = inputDims(node, shapes, 0);
  const Dims *indices = inputDims(node, shapes, 1);
  if (!data || !indices)
    return std::nullopt;
  int64_t axis =
      normaliseAxis(node.getOnnxInt("axis").value_or(0), data->size());
  if (axis < 0)
    return std::nullopt;
  Dims result(data->begin(), data->begin() + axis);
  result.append(indices->begin(), indices->end());
  result.append(data->begin() + axis + 1, data->end());
  return result;
}

static DimsResult concatDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  DimsResult result = sameAsFirst(node, shapes);
  if (!result)
    return std::nullopt;
  int64_t axis =
      normaliseAxis(node.getOnnxInt("axis").value_or(0), result->size());
  if (axis < 0)
    return std::nullopt;
  for (unsigned i = 1; i < node.getInputs().size(); ++i) {
    const Dims *dims = inputDims(node, shapes, i);
    if (!dims || dims->size() != result->size())
      return std::nullopt;
    for (size_t d = 0; d < dims->size(); ++d)
      if (static_cast<int64_t>(d) != axis && !(*result)[d].isConstant())
        (*result)[d] = (*dims)[d];
    (*result)[axis] = (*result)[axis] + (*dims)[axis];
  }
  return result;
}

static DimsResult sliceDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  DimsResult result = sameAsFirst(node, shapes);
  auto starts = listOf(node, shapes, "starts", 1);
  auto ends = listOf(node, shapes, "ends", 2);
  if (!result || !starts || !ends || starts->size() != ends->size())
    return std::nullopt;
  auto axes = listOf(node, shapes, "axes", 3);
  auto steps = listOf(node, shapes, "steps", 4);
  if ((axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size()) ||
      (!axes && hasInput(node, 3)) || (!steps && hasInput(node, 4)))
    return std::nullopt;
  for (size_t i = 0; i < starts->size(); ++i) {
    auto wanted = axes ? (*axes)[i].constant() : static_cast<int64_t>(i);
    auto step = steps ? (*steps)[i].constant() : 1;
    int64_t axis = wanted ? normaliseAxis(*wanted, result->size()) : -1;
    if (axis < 0 || !step)
      return std::nullopt;
    auto range = sliceRange((*starts)[i], (*ends)[i], *step, (*result)[axis]);
    if (!range)
      return std::nullopt;
    (*result)[axis] = range->count;
  }
  return result;
}

static DimsResult squeezeDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  auto axes = integersOf(node, "axes", 1);
  if (!dims || (!axes && hasInput(node, 1)))
    return std::nullopt;
  SmallVector<bool> drop(dims->size(), false);
  if (axes) {
    for (int64_t axis : *axes) {
      axis = normaliseAxis(axis, dims->size());
      if (axis < 0)
        return std::nullopt;
      drop[axis] = true;
    }
  } else {
    for (size_t i = 0; i < dims->size(); ++i) {
      if (!(*dims)[i].isConstant())
        return std::nullopt; // whether it is 1 is not known
      drop[i] = (*dims)[i] == SymbolicExpr(1);
    }
  }
  Dims result;
  for (size_t i = 0; i < dims->size(); ++i)
    if (!drop[i])
      result.push_back((*dims)[i]);
  return result;
}

static DimsResult unsqueezeDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  auto axes = integersOf(node, "axes", 1);
  if (!dims || !axes)
    return std::nullopt;
  int64_t rank = dims->size() + axes->size();
  SmallVector<bool> added(rank, false);
  for (int64_t axis : *axes) {
    axis = normaliseAxis(axis, rank);
    if (axis < 0 || added[axis])
      return std::nullopt;
    added[axis] = true;
  }
  Dims result;
  const SymbolicExpr *next = dims->begin();
  for (int64_t i = 0; i < rank; ++i)
    result.push_back(added[i] ? SymbolicExpr(1) : *next++);
  return result;
}

static DimsResult expandDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  const Contents *target = inputContents(node, shapes, 1);
  if (!dims || !target)
    return std::nullopt;
  return broadcast(*dims,
                   Dims(target->elements.begin(), target->elements.end()));
}

static DimsResult tileDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  DimsResult result = sameAsFirst(node, shapes);
  const Contents *repeats = inputContents(node, shapes, 1);
  if (!result || !repeats || repeats->elements.size() != result->size())
    return std::nullopt;
  for (size_t i = 0; i < result->size(); ++i)
    (*result)[i] = (*result)[i] * repeats->elements[i];
  return result;
}

static DimsResult flattenDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  if (!dims)
    return std::nullopt;
  int64_t axis = node.getOnnxInt("axis").value_or(1);
  int64_t rank = dims->size();
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis > rank)
    return std::nullopt;
  ArrayRef<SymbolicExpr> all(*dims);
  return Dims{product(all.take_front(axis)), product(all.drop_front(axis))};
}

static DimsResult reduceDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  auto axes = integersOf(node, "axes", 1);
  if (!dims || (!axes && hasInput(node, 1)))
    return std::nullopt;
  bool keep = node.getOnnxInt("keepdims").value_or(1) != 0;
  SmallVector<bool> reduced(dims->size(), !axes || axes->empty());
  if (axes)
    for (int64_t axis : *axes) {
      axis = normaliseAxis(axis, dims->size());
      if (axis < 0)
        return std::nullopt;
      reduced[axis] = true;
    }
  Dims result;
  for (size_t i = 0; i < dims->size(); ++i)
    if (!reduced[i])
      result.push_back((*dims)[i]);
    else if (keep)
      result.push_back(1);
  return result;
}

static DimsResult shapeDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  if (!dims)
    return std::nullopt;
  int64_t rank = dims->size();
  auto range = sliceRange(node.getOnnxInt("start").value_or(0),
                          node.getOnnxInt("end").value_or(rank), 1, rank);
  return range ? DimsResult(Dims{range->count}) : std::nullopt;
}

static DimsResult constantOfShapeDims(onnx::NodeOp node,
                                      SymbolicShapes &shapes) {
  const Contents *target = inputContents(node, shapes, 0);
  return target ? DimsResult(
                      Dims(target->elements.begin(), target->elements.end()))
                : std::nullopt;
}

/// GatherElements: as many elements as indices.
static DimsResult indicesDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 1);
  return dims ? DimsResult(*dims) : std::nullopt;
}

/// An operand of Range: an integer, or a float that is known to be whole.
static std::optional<SymbolicExpr> wholeNumber(Value value,
                                               const SymbolicShapes &shapes) {
  if (auto cast = nodeOf(value, "Cast"))
    value = cast.getInputs()[0];
  if (const Contents *contents = shapes.contents(value))
    return contents->elements.size() == 1
               ? std::optional<SymbolicExpr>(contents->elements.front())
               : std::nullopt;
  auto number = scalarOf(value);
  if (!number || *number != std::floor(*number) || std::abs(*number) > 1e9)
    return std::nullopt;
  return SymbolicExpr(static_cast<int64_t>(*number));
}

static DimsResult rangeDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  auto start = wholeNumber(node.getInputs()[0], shapes),
       limit = wholeNumber(node.getInputs()[1], shapes),
       step = wholeNumber(node.getInputs()[2], shapes);
  if (!start || !limit || step != SymbolicExpr(1))
    return std::nullopt;
  return Dims{*limit - *start};
}

/// Each letter of the equation, and each dimension of an ellipsis, is a size.
static DimsResult einsumDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  std::string equation = node.getOnnxString("equation").value_or("").str();
  llvm::erase(equation, ' ');
  auto [terms, output] = StringRef(equation).split("->");
  if (!StringRef(equation).contains("->"))
    return std::nullopt;
  std::map<char, SymbolicExpr> sizes;
  size_t dots = 0; // dimensions of the longest ellipsis
  SmallVector<StringRef> lists;
  terms.split(lists, ',');
  if (lists.size() != node.getInputs().size())
    return std::nullopt;
  for (auto [index, list] : llvm::enumerate(lists)) {
    const Dims *dims = inputDims(node, shapes, unsigned(index));
    auto hidden =
        dims ? execute::ellipsisDims(list, dims->size()) : std::nullopt;
    if (!hidden)
      return std::nullopt;
    dots = std::max(dots, *hidden);
    std::string letters = execute::expandEllipsis(list, *hidden);
    for (auto [letter, dim] : llvm::zip(letters, *dims)) {
      auto [entry, isNew] = sizes.try_emplace(letter, dim);
      if (!isNew && entry->second == SymbolicExpr(1))
        entry->second = dim;
    }
  }
  Dims result;
  for (char letter : execute::expandEllipsis(output, dots)) {
    auto found = sizes.find(letter);
    if (found == sizes.end())
      return std::nullopt;
    result.push_back(found->second);
  }
  return result;
}

static void inferSplit(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  if (!dims)
    return;
  int64_t axis =
      normaliseAxis(node.getOnnxInt("axis").value_or(0), dims->size());
  auto sizes = listOf(node, shapes, "split", 1);
  size_t parts = node->getNumResults();
  if (axis < 0 || (sizes && sizes->size() != parts))
    return;
  auto size = (*dims)[axis].constant();
  if (!sizes && !size)
    return;
  Dims part = *dims;
  for (size_t i = 0; i < parts; ++i) {
    if (sizes) {
      part[axis] = (*sizes)[i];
    } else {
      int64_t equal = (*size + parts - 1) / parts;
      part[axis] = std::max<int64_t>(
          0, std::min<int64_t>(equal, *size - equal * static_cast<int64_t>(i)));
    }
    shapes.setDims(node->getResult(i), part);
  }
}

static void inferTopK(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = inputDims(node, shapes, 0);
  auto count = node.getInputs().size() > 1 ? scalarOf(node.getInputs()[1])
                                           : std::optional<double>();
  int64_t axis =
      dims ? normaliseAxis(node.getOnnxInt("axis").value_or(-1), dims->size())
           : -1;
  if (axis < 0 || !count)
    return;
  Dims part = *dims;
  part[axis] = int64_t(*count);
  for (Value result : node->getResults())
    shapes.setDims(result, part);
}

void inferNodeDims(onnx::NodeOp node, SymbolicShapes &shapes) {
  using Function = DimsResult (*)(onnx::NodeOp, SymbolicShapes &);
  static const llvm::StringMap<Function> functions = {
      {"Reshape", reshapeDims},
      {"Transpose", transposeDims},
      {"MatMul", matMulDims},
      {"Gemm", gemmDims},
      {"Gather", gatherDims},
      {"Concat", concatDims},
      {"Slice", sliceDims},
      {"Squeeze", squeezeDims},
      {"Unsqueeze", unsqueezeDims},
      {"Expand", expandDims},
      {"Tile", tileDims},
      {"Flatten", flattenDims},
      {"Shape", shapeDims},
      {"ConstantOfShape", constantOfShapeDims},
      {"Range", rangeDims},
      {"Einsum", einsumDims},
      {"GatherElements", indicesDims},
  };
  static const llvm::StringSet<> elementwise = {
      "Add",   "Sub",   "Mul",         "Div",           "Pow",
      "Where", "Equal", "Less",        "Min",           "Max",
      "And",   "Or",    "Xor",         "Greater",       "Mod",
      "Sum",   "Mean",  "LessOrEqual", "GreaterOrEqual"};
  static const llvm::StringSet<> unary = {"Sqrt",
                                          "Tanh",
                                          "Erf",
                                          "Sigmoid",
                                          "Softmax",
                                          "Cast",
                                          "Neg",
                                          "Relu",
                                          "Abs",
                                          "Exp",
                                          "Log",
                                          "Floor",
                                          "Ceil",
                                          "Not",
                                          "Identity",
                                          "Clip",
                                          "Gelu",
                                          "Trilu",
                                          "Reciprocal",
                                          "LogSoftmax",
                                          "IsNaN",
                                          "Sin",
                                          "Cos",
                                          "Dropout",
                                          "CumSum",
                                          "CastLike",
                                          "LeakyRelu",
                                          "Elu",
                                          "HardSwish",
                                          "Round",
                                          "LayerNormalization",
                                          "Softplus",
                                          "Sign",
                                          "RMSNormalization",
                                          "ScatterElements",
                                          "ScatterND",
                                          "TensorScatter",
                                          "Swish",
                                          "IsInf",
                                          "InstanceNormalization",
                                          "GroupNormalization"};
  StringRef type = node.getOpType();
  if (type == "Split") {
    inferSplit(node, shapes);
    return;
  }
  if (type == "TopK") {
    inferTopK(node, shapes);
    return;
  }
  if (node->getNumResults() == 0)
    return;
  DimsResult result;
  if (auto found = functions.find(type); found != functions.end())
    result = found->second(node, shapes);
  else if (elementwise.contains(type))
    result = broadcastAll(node, shapes);
  else if (unary.contains(type))
    result = sameAsFirst(node, shapes);
  else if (type.starts_with("Reduce"))
    result = reduceDims(node, shapes);
  else
    result = stemDims(node, shapes);
  if (result)
    shapes.setDims(node->getResult(0), std::move(*result));
}

} // namespace dalbit::raise
