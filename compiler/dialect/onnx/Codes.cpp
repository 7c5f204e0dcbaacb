// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/dialect/onnx/Codes.h"

#include "compiler/dialect/onnx/Weight.h"

using namespace mlir;

namespace dalbit::onnx {

static RankedTensorType shapeOf(TypedAttr value) {
  return dyn_cast_or_null<RankedTensorType>(value ? value.getType() : Type());
}

Type CodesAttr::typeOf(TypedAttr codes) {
  RankedTensorType type = shapeOf(codes);
  return type ? Type(type.clone(Float32Type::get(codes.getContext()))) : Type();
}

bool CodesAttr::isSingle() const {
  return shapeOf(getScales()).getNumElements() == 1;
}

std::string misfit(TypedAttr codes, TypedAttr scales, TypedAttr zeros,
                   int64_t axis, int64_t block) {
  RankedTensorType integers = shapeOf(codes), factors = shapeOf(scales);
  if (!integers || !integers.getElementType().isIntOrIndex() || !factors ||
      !factors.getElementType().isF32())
    return "codes are integers with scales of f32";
  RankedTensorType points = zeros ? shapeOf(zeros) : factors;
  if (!points || points.getShape() != factors.getShape())
    return "zero points have the shape of the scales";
  if (factors.getNumElements() == 1)
    return "";
  if (axis < 0 || axis >= integers.getRank() || block < 0)
    return "axis " + std::to_string(axis) + " with blocks of " +
           std::to_string(block) + " does not exist";
  int64_t size = integers.getDimSize(axis);
  if (block == 0 && factors.getNumElements() != size)
    return std::to_string(factors.getNumElements()) + " scales for " +
           std::to_string(size) + " places";
  SmallVector<int64_t> blocks(integers.getShape());
  if (block > 0)
    blocks[axis] = (size + block - 1) / block;
  if (block > 0 && factors.getShape() != ArrayRef<int64_t>(blocks))
    return "the scales are not one a block";
  return "";
}

LogicalResult
CodesAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, Type type,
                  TypedAttr codes, TypedAttr scales, TypedAttr zeros,
                  int64_t axis, int64_t block) {
  std::string reason = misfit(codes, scales, zeros, axis, block);
  if (!reason.empty())
    return emitError() << reason;
  if (type != typeOf(codes))
    return emitError() << "codes stand for f32 of their own shape";
  return success();
}

/// Calls \p visit(element, scale) for every element.
template <typename Visit>
static void forEach(CodesAttr attribute, const Visit &visit) {
  ArrayRef<int64_t> shape = attribute.getTensorType().getShape();
  int64_t count = attribute.getTensorType().getNumElements();
  if (attribute.isSingle()) {
    for (int64_t i = 0; i < count; ++i)
      visit(i, 0);
    return;
  }
  int64_t axis = attribute.getAxis(), block = attribute.getBlock(), inner = 1;
  for (int64_t size : shape.drop_front(axis + 1))
    inner *= size;
  int64_t size = shape[axis];
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = i / inner % size;
    if (block == 0)
      visit(i, place);
    else
      visit(i, (i / (inner * size) * ((size + block - 1) / block) +
                place / block) *
                       inner +
                   i % inner);
  }
}

namespace {

/// What the attribute names, read.
struct Stored {
  explicit Stored(CodesAttr attribute) {
    readWeight(attribute.getCodes(), codes);
    readWeight(attribute.getScales(), scales);
    if (attribute.getZeros())
      readWeight(attribute.getZeros(), zeros);
  }
  /// Element \p i without the zero point of \p scale.
  int64_t codeAt(int64_t i, int64_t scale) const {
    return codes[i] - (zeros.empty() ? 0 : zeros[scale]);
  }

  SmallVector<int64_t> codes, zeros;
  SmallVector<float> scales;
};

} // namespace

void readCodes(CodesAttr attribute, llvm::SmallVectorImpl<float> &out) {
  Stored stored(attribute);
  out.resize(stored.codes.size());
  forEach(attribute, [&](int64_t i, int64_t scale) {
    out[i] = float(stored.codeAt(i, scale)) * stored.scales[scale];
  });
}

std::optional<Grid> gridOf(Attribute weight) {
  auto attribute = dyn_cast<CodesAttr>(weight);
  if (!attribute || attribute.getTensorType().getRank() != 2)
    return std::nullopt;
  int64_t k = attribute.getTensorType().getDimSize(0),
          n = attribute.getTensorType().getDimSize(1);
  bool single = attribute.isSingle();
  // Blocks along K that are all of K are no blocks.
  bool byColumn = attribute.getBlock() == 0
                      ? attribute.getAxis() == 1
                      : attribute.getAxis() == 0 && attribute.getBlock() >= k;
  if (!single && !byColumn)
    return std::nullopt;
  Stored stored(attribute);
  Grid grid;
  grid.codes.resize(size_t(k * n));
  for (int64_t i = 0; i < k * n; ++i) {
    int64_t scale = single ? 0 : i % n;
    grid.codes[size_t(i)] = int32_t(stored.codeAt(i, scale));
  }
  for (int64_t c = 0; c < n; ++c)
    grid.scales.push_back(stored.scales[single ? 0 : c]);
  return grid;
}

} // namespace dalbit::onnx
