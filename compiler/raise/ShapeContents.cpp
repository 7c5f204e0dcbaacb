// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of small integer tensors: the arithmetic on sizes that exporters
// write into a graph (Shape, Gather, Concat, Reshape targets ...). At most 64
// elements, fixed shapes, integers and booleans.

#include "compiler/raise/Graph.h"
#include "compiler/raise/SymbolicShapes.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace dalbit::raise {

static constexpr int64_t mostElements = 64;

using ContentsResult = std::optional<Contents>;
using Element = std::optional<SymbolicExpr>;

static const Contents *input(onnx::NodeOp node, SymbolicShapes &shapes,
                             unsigned index) {
  return hasInput(node, index) ? shapes.contents(node.getInputs()[index])
                               : nullptr;
}

static int64_t countOf(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// The fixed shape that the analysis of sizes found for the first result.
static std::optional<SmallVector<int64_t>> resultShape(onnx::NodeOp node,
                                                       SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(node->getResult(0));
  if (!dims)
    return std::nullopt;
  SmallVector<int64_t> shape;
  int64_t count = 1;
  for (const SymbolicExpr &dim : *dims) {
    auto size = dim.constant();
    if (!size || *size < 0 || *size > mostElements)
      return std::nullopt;
    shape.push_back(*size);
    count *= *size;
    if (count > mostElements)
      return std::nullopt;
  }
  return shape;
}

static ContentsResult shapeContents(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(node.getInputs()[0]);
  if (!dims)
    return std::nullopt;
  int64_t rank = dims->size();
  auto clamp = [&](std::optional<int64_t> index, int64_t otherwise) {
    int64_t value = index.value_or(otherwise);
    return std::clamp<int64_t>(value < 0 ? value + rank : value, 0, rank);
  };
  int64_t start = clamp(node.getOnnxInt("start"), 0);
  int64_t end = std::max(start, clamp(node.getOnnxInt("end"), rank));
  Contents result;
  result.shape = {end - start};
  result.elements.append(dims->begin() + start, dims->begin() + end);
  return result;
}

/// Same elements, new shape: Reshape, Squeeze, Unsqueeze, Flatten, Cast ...
static ContentsResult sameElements(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Contents *in = input(node, shapes, 0);
  auto shape = resultShape(node, shapes);
  if (!in || !shape ||
      countOf(*shape) != static_cast<int64_t>(in->elements.size()))
    return std::nullopt;
  return Contents{*shape, in->elements};
}

static ContentsResult castContents(onnx::NodeOp node, SymbolicShapes &shapes) {
  auto type = cast<ShapedType>(node->getResult(0).getType());
  // A float is not a size; a bool changes the number, unless it was one.
  if (!type.getElementType().isSignlessInteger(64) &&
      !type.getElementType().isSignlessInteger(32))
    return std::nullopt;
  return sameElements(node, shapes);
}

static ContentsResult gatherContents(onnx::NodeOp node,
                                     SymbolicShapes &shapes) {
  const Contents *data = input(node, shapes, 0);
  const Contents *indices = input(node, shapes, 1);
  auto shape = resultShape(node, shapes);
  if (!data || !indices || !shape || data->shape.size() != 1)
    return std::nullopt;
  Contents result{*shape, {}};
  for (const SymbolicExpr &index : indices->elements) {
    auto number = index.constant();
    int64_t place = number ? normaliseAxis(*number, data->shape[0]) : -1;
    if (place < 0)
      return std::nullopt;
    result.elements.push_back(data->elements[place]);
  }
  return result;
}

static ContentsResult concatContents(onnx::NodeOp node,
                                     SymbolicShapes &shapes) {
  Contents result;
  for (unsigned i = 0; i < node.getInputs().size(); ++i) {
    const Contents *part = input(node, shapes, i);
    if (!part || part->shape.size() != 1)
      return std::nullopt;
    result.elements.append(part->elements);
  }
  result.shape = {static_cast<int64_t>(result.elements.size())};
  return result;
}

static ContentsResult sliceContents(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Contents *data = input(node, shapes, 0);
  auto starts = integersOf(node, "starts", 1);
  auto ends = integersOf(node, "ends", 2);
  auto steps = integersOf(node, "steps", 4);
  if ((!steps && hasInput(node, 4)) || !data || !starts || !ends ||
      data->shape.size() != 1 || starts->size() != 1 || ends->size() != 1)
    return std::nullopt;
  int64_t step = steps && !steps->empty() ? steps->front() : 1;
  auto range = sliceRange((*starts)[0], (*ends)[0], step, data->shape[0]);
  if (!range)
    return std::nullopt;
  Contents result{{*range->count.constant()}, {}};
  for (int64_t i = 0; i < result.shape[0]; ++i)
    result.elements.push_back(
        data->elements[*range->start.constant() + i * step]);
  return result;
}

static ContentsResult constantOfShapeContents(onnx::NodeOp node,
                                              SymbolicShapes &shapes) {
  auto shape = resultShape(node, shapes);
  auto fill = dyn_cast_or_null<DenseIntElementsAttr>(node.getOnnxAttr("value"));
  if (!shape || !fill || fill.getNumElements() != 1)
    return std::nullopt;
  APInt number = *fill.value_begin<APInt>();
  int64_t value = number.getBitWidth() == 1
                      ? static_cast<int64_t>(number.getZExtValue())
                      : number.getSExtValue();
  Contents result{*shape, {}};
  result.elements.assign(countOf(*shape), SymbolicExpr(value));
  return result;
}

static ContentsResult rangeContents(onnx::NodeOp node, SymbolicShapes &shapes) {
  auto shape = resultShape(node, shapes);
  const Contents *start = input(node, shapes, 0);
  const Contents *step = input(node, shapes, 2);
  if (!shape || !start || !step || start->elements.size() != 1 ||
      step->elements.size() != 1)
    return std::nullopt;
  Contents result{*shape, {}};
  for (int64_t i = 0; i < shape->front(); ++i)
    result.elements.push_back(start->elements[0] +
                              step->elements[0] * SymbolicExpr(i));
  return result;
}

static ContentsResult splitContents(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Contents *found = input(node, shapes, 0);
  if (!found || found->shape.size() != 1)
    return std::nullopt;
  Contents data = *found; // the map grows below
  int64_t start = 0;
  for (OpResult part : node->getResults()) {
    const Dims *dims = shapes.dims(part);
    auto size = dims ? dims->front().constant() : std::nullopt;
    if (!size || start + *size > data.shape[0])
      return std::nullopt;
    Contents result{{*size}, {}};
    result.elements.append(data.elements.begin() + start,
                           data.elements.begin() + start + *size);
    shapes.setContents(part, std::move(result));
    start += *size;
  }
  return std::nullopt; // all results are set
}

/// Element \p index of a tensor of \p shape, for a result of shape \p wide.
static int64_t broadcastIndex(int64_t index, ArrayRef<int64_t> wide,
                              ArrayRef<int64_t> shape) {
  int64_t place = 0, stride = 1;
  for (size_t i = 1; i <= wide.size(); ++i) {
    int64_t coordinate = index % wide[wide.size() - i];
    index /= wide[wide.size() - i];
    if (i > shape.size())
      continue;
    int64_t size = shape[shape.size() - i];
    place += (size == 1 ? 0 : coordinate) * stride;
    stride *= size;
  }
  return place;
}

static ContentsResult
elementwise(onnx::NodeOp node, SymbolicShapes &shapes,
            llvm::function_ref<Element(ArrayRef<SymbolicExpr>)> function) {
  auto shape = resultShape(node, shapes);
  if (!shape)
    return std::nullopt;
  SmallVector<const Contents *> inputs;
  for (unsigned i = 0; i < node.getInputs().size(); ++i) {
    inputs.push_back(input(node, shapes, i));
    if (!inputs.back())
      return std::nullopt;
  }
  Contents result{*shape, {}};
  for (int64_t i = 0; i < countOf(*shape); ++i) {
    SmallVector<SymbolicExpr> operands;
    for (const Contents *in : inputs)
      operands.push_back(in->elements[broadcastIndex(i, *shape, in->shape)]);
    Element element = function(operands);
    if (!element)
      return std::nullopt;
    result.elements.push_back(*element);
  }
  return result;
}

static Element divide(ArrayRef<SymbolicExpr> in) {
  if (auto quotient = in[0].divideExactly(in[1]))
    return quotient;
  auto a = in[0].constant(), b = in[1].constant();
  if (!a || !b || *b == 0)
    return std::nullopt;
  return SymbolicExpr(*a / *b); // toward zero, as the standard says
}

static Element equal(ArrayRef<SymbolicExpr> in) {
  SymbolicExpr difference = in[0] - in[1];
  if (auto number = difference.constant())
    return SymbolicExpr(*number == 0);
  // Never equal if the difference keeps away from zero: the -1 of Expand
  // targets against any size.
  if ((difference - SymbolicExpr(1)).isNonNegative() ||
      (SymbolicExpr(-1) - difference).isNonNegative())
    return SymbolicExpr(0);
  return std::nullopt;
}

static Element largest(ArrayRef<SymbolicExpr> in, bool smallest) {
  SymbolicExpr best = in[0];
  for (const SymbolicExpr &next : in.drop_front()) {
    if ((next - best).isNonNegative())
      best = smallest ? best : next;
    else if ((best - next).isNonNegative())
      best = smallest ? next : best;
    else
      return std::nullopt;
  }
  return best;
}

static Element selected(ArrayRef<SymbolicExpr> in) {
  auto condition = in[0].constant();
  if (!condition)
    return in[1] == in[2] ? Element(in[1]) : std::nullopt;
  return *condition ? in[1] : in[2];
}

static ContentsResult arithmetic(onnx::NodeOp node, SymbolicShapes &shapes) {
  using Function = Element (*)(ArrayRef<SymbolicExpr>);
  static const llvm::StringMap<Function> functions = {
      {"Add",
       [](ArrayRef<SymbolicExpr> in) -> Element { return in[0] + in[1]; }},
      {"Sub",
       [](ArrayRef<SymbolicExpr> in) -> Element { return in[0] - in[1]; }},
      {"Mul",
       [](ArrayRef<SymbolicExpr> in) -> Element { return in[0] * in[1]; }},
      {"Div", divide},
      {"Neg",
       [](ArrayRef<SymbolicExpr> in) -> Element {
         return SymbolicExpr(0) - in[0];
       }},
      {"Equal", equal},
      {"Where", selected},
      {"Max", [](ArrayRef<SymbolicExpr> in) { return largest(in, false); }},
      {"Min", [](ArrayRef<SymbolicExpr> in) { return largest(in, true); }}};
  auto found = functions.find(node.getOpType());
  if (found == functions.end())
    return std::nullopt;
  return elementwise(node, shapes, found->second);
}

static ContentsResult expandContents(onnx::NodeOp node,
                                     SymbolicShapes &shapes) {
  const Contents *in = input(node, shapes, 0);
  auto shape = resultShape(node, shapes);
  if (!in || !shape)
    return std::nullopt;
  Contents result{*shape, {}};
  for (int64_t i = 0; i < countOf(*shape); ++i)
    result.elements.push_back(
        in->elements[broadcastIndex(i, *shape, in->shape)]);
  return result;
}

static ContentsResult reduceProduct(onnx::NodeOp node, SymbolicShapes &shapes) {
  const Contents *in = input(node, shapes, 0);
  auto shape = resultShape(node, shapes);
  if (!in || !shape || countOf(*shape) != 1)
    return std::nullopt;
  SymbolicExpr product(1);
  for (const SymbolicExpr &element : in->elements)
    product = product * element;
  return Contents{*shape, {product}};
}

void inferNodeContents(onnx::NodeOp node, SymbolicShapes &shapes) {
  using Function = ContentsResult (*)(onnx::NodeOp, SymbolicShapes &);
  static const llvm::StringMap<Function> functions = {
      {"Shape", shapeContents},
      {"Reshape", sameElements},
      {"Squeeze", sameElements},
      {"Unsqueeze", sameElements},
      {"Flatten", sameElements},
      {"Identity", sameElements},
      {"Cast", castContents},
      {"Gather", gatherContents},
      {"Concat", concatContents},
      {"Slice", sliceContents},
      {"ConstantOfShape", constantOfShapeContents},
      {"Range", rangeContents},
      {"Split", splitContents},
      {"Expand", expandContents},
      {"ReduceProd", reduceProduct},
  };
  if (node->getNumResults() == 0)
    return;
  // Only integers are sizes; a float of the same name must not slip in.
  for (Value operand : node.getInputs())
    if (auto type = dyn_cast<ShapedType>(operand.getType());
        type && node.getOpType() != "Shape" &&
        !type.getElementType().isIntOrIndex())
      return;
  auto found = functions.find(node.getOpType());
  ContentsResult result = found == functions.end()
                              ? arithmetic(node, shapes)
                              : found->second(node, shapes);
  if (result)
    shapes.setContents(node->getResult(0), std::move(*result));
}

} // namespace dalbit::raise
