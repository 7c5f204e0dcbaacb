// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Codes.h"

#include "compiler/dialect/onnx/Codes.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/Graph.h"
#include "support/Error.h"

using namespace mlir;

namespace dalbit::raise {

static RankedTensorType typeOf(TypedAttr value) {
  return cast<RankedTensorType>(value.getType());
}

/// The numbers of a small or cut constant as a new dense one.
template <typename Number>
static TypedAttr denseOf(ArrayRef<Number> numbers, RankedTensorType type) {
  if constexpr (std::is_same_v<Number, float>) {
    return DenseElementsAttr::get(type, numbers);
  } else {
    auto element = cast<IntegerType>(type.getElementType());
    SmallVector<APInt> values;
    values.reserve(numbers.size());
    for (int64_t number : numbers)
      values.push_back(
          APInt(element.getWidth(), uint64_t(number), !element.isUnsigned()));
    return DenseElementsAttr::get(type, values);
  }
}

/// \p scales as the dialect wants them: f32, one dimension if they have one.
static TypedAttr vectorOf(TypedAttr value, int64_t block) {
  RankedTensorType type = typeOf(value);
  if (type.getRank() == 1 || block > 0)
    return value;
  if (type.getRank() > 1)
    return {};
  SmallVector<int64_t> number;
  onnx::readWeight(value, number);
  return denseOf<int64_t>(number, type.clone(ArrayRef<int64_t>{1}));
}

TypedAttr codesConstant(TypedAttr codes, TypedAttr scales, TypedAttr zeros,
                        int64_t axis, int64_t block) {
  auto integers = dyn_cast<RankedTensorType>(codes.getType());
  if (!integers || !integers.getElementType().isIntOrIndex())
    return {};
  try {
    TypedAttr factors =
        block > 0 ? floatConstant(scales) : vectorConstant(scales);
    if (!factors)
      return {};
    if (zeros) {
      zeros = vectorOf(zeros, block);
      if (!zeros || typeOf(zeros).getShape() != typeOf(factors).getShape())
        return {};
      // Zero points of 0 are none.
      SmallVector<int64_t> points;
      onnx::readWeight(zeros, points);
      if (llvm::all_of(points, [](int64_t point) { return point == 0; }))
        zeros = {};
    }
    if (!onnx::misfit(codes, factors, zeros, axis, block).empty())
      return {};
    auto attribute = onnx::CodesAttr::get(codes, factors, zeros, axis, block);
    if (integers.getRank() > 1)
      return attribute;
    SmallVector<float> numbers;
    onnx::readWeight(attribute, numbers);
    return denseOf<float>(numbers, attribute.getTensorType());
  } catch (const Error &) {
    return {};
  }
}

TypedAttr productOf(TypedAttr a, TypedAttr b) {
  if (typeOf(a).getNumElements() < typeOf(b).getNumElements())
    std::swap(a, b);
  a = floatConstant(a), b = floatConstant(b);
  if (!a || !b ||
      (typeOf(b).getNumElements() != 1 &&
       typeOf(a).getShape() != typeOf(b).getShape()))
    return {};
  try {
    SmallVector<float> x, y;
    onnx::readWeight(a, x);
    onnx::readWeight(b, y);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] *= y[y.size() == 1 ? 0 : i];
    return denseOf<float>(x, typeOf(a));
  } catch (const Error &) {
    return {};
  }
}

/// The same cut of a tensor of numbers.
template <typename Number>
static TypedAttr cut(TypedAttr value, int64_t dim, int64_t step, int64_t start,
                     int64_t size) {
  RankedTensorType type = typeOf(value);
  if (type.getDimSize(dim) == step)
    return sliceConstant(value, dim, start, size);
  SmallVector<Number> numbers, taken;
  onnx::readWeight(value, numbers);
  int64_t inner = 1;
  for (int64_t each : type.getShape().drop_front(dim + 1))
    inner *= each;
  for (size_t first = 0; first < numbers.size(); first += step * inner)
    taken.append(numbers.begin() + first + start * inner,
                 numbers.begin() + first + (start + size) * inner);
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = shape[dim] / step * size;
  return denseOf<Number>(taken, type.clone(shape));
}

TypedAttr sliceCodes(onnx::CodesAttr value, int64_t dim, int64_t step,
                     int64_t start, int64_t size) {
  int64_t block = value.getBlock();
  TypedAttr scales = value.getScales(), zeros = value.getZeros();
  try {
    TypedAttr codes = cut<int64_t>(value.getCodes(), dim, step, start, size);
    if (!value.isSingle()) {
      int64_t unit = 1, at = block > 0 ? dim : 0;
      bool cutsScales = block > 0 || dim == value.getAxis();
      if (block > 0 && dim == value.getAxis())
        unit = block;
      if (cutsScales &&
          (start % unit != 0 || size % unit != 0 || step % unit != 0))
        return {};
      if (cutsScales) {
        scales = cut<float>(scales, at, step / unit, start / unit, size / unit);
        if (zeros)
          zeros =
              cut<int64_t>(zeros, at, step / unit, start / unit, size / unit);
      }
    }
    return onnx::CodesAttr::get(codes, scales, zeros, value.getAxis(), block);
  } catch (const Error &) {
    return {};
  }
}

TypedAttr transposeCodes(onnx::CodesAttr value) {
  auto turn = [&](TypedAttr part) {
    return part && value.getBlock() > 0 ? transposeConstant(part) : part;
  };
  TypedAttr codes = transposeConstant(value.getCodes());
  if (!codes)
    return {};
  return onnx::CodesAttr::get(codes, turn(value.getScales()),
                              turn(value.getZeros()), 1 - value.getAxis(),
                              value.getBlock());
}

} // namespace dalbit::raise
