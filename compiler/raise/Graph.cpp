// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Graph.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/Codes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "support/Error.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dalbit::raise {

onnx::NodeOp nodeOf(Operation *op, StringRef type) {
  auto node = dyn_cast_or_null<onnx::NodeOp>(op);
  return node && node.isOnnx(type) ? node : onnx::NodeOp();
}

onnx::NodeOp nodeOf(Value value, StringRef type) {
  return value ? nodeOf(value.getDefiningOp(), type) : onnx::NodeOp();
}

onnx::NodeOp nodeOf(Value value) {
  auto node = dyn_cast_or_null<onnx::NodeOp>(value.getDefiningOp());
  if (!node || !node.getDomain().empty() || node->getNumRegions() != 0)
    return {};
  return node;
}

bool hasInput(onnx::NodeOp node, unsigned index) {
  return index < node.getInputs().size() &&
         !isa<NoneType>(node.getInputs()[index].getType());
}

TypedAttr constantOf(Value value) {
  if (!value)
    return {};
  if (auto constant = value.getDefiningOp<onnx::ConstantOp>())
    return constant.getValue();
  if (auto constant = value.getDefiningOp<nn::ConstantOp>())
    return constant.getValue();
  return {};
}

static bool isSmall(TypedAttr value) {
  auto type = dyn_cast_or_null<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getNumElements() <= 64;
}

std::optional<double> scalarOf(Value value) {
  TypedAttr constant = constantOf(value);
  if (!constant || !isSmall(constant) ||
      cast<RankedTensorType>(constant.getType()).getNumElements() != 1)
    return std::nullopt;
  try {
    SmallVector<float> number;
    onnx::readWeight(constant, number);
    return number.front();
  } catch (const Error &) {
    return std::nullopt;
  }
}

std::optional<SmallVector<int64_t>> integersOf(Value value) {
  TypedAttr constant = constantOf(value);
  if (!constant || !isSmall(constant) ||
      !cast<RankedTensorType>(constant.getType())
           .getElementType()
           .isIntOrIndex())
    return std::nullopt;
  try {
    SmallVector<int64_t> numbers;
    onnx::readWeight(constant, numbers);
    return numbers;
  } catch (const Error &) {
    return std::nullopt;
  }
}

std::optional<SmallVector<int64_t>> integersOf(onnx::NodeOp node,
                                               StringRef name, unsigned index) {
  if (auto list = node.getOnnxInts(name))
    return list;
  if (hasInput(node, index))
    return integersOf(node.getInputs()[index]);
  return std::nullopt;
}

int64_t normaliseAxis(int64_t axis, int64_t rank) {
  if (axis < 0)
    axis += rank;
  return axis >= 0 && axis < rank ? axis : -1;
}

bool isZeros(Value value) {
  Attribute elements;
  if (auto filled = nodeOf(value, "ConstantOfShape")) {
    elements = filled.getOnnxAttr("value");
    if (!elements)
      return true;
  } else {
    elements = constantOf(value);
  }
  auto dense = dyn_cast_or_null<DenseElementsAttr>(elements);
  return dense && isa<FloatType>(dense.getElementType()) &&
         llvm::all_of(dense.getValues<APFloat>(),
                      [](const APFloat &number) { return number.isZero(); });
}

RankedTensorType rankedType(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

int64_t staticDim(Value value, int64_t index) {
  RankedTensorType type = rankedType(value);
  if (!type)
    return -1;
  index = normaliseAxis(index, type.getRank());
  return index < 0 || type.isDynamicDim(index) ? -1 : type.getDimSize(index);
}

bool isFloat32(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return type && type.getElementType().isF32();
}

/// The elements of \p value gathered into a new dense attribute: element i of
/// the result is element \p source(i) of the old.
static TypedAttr gatherDense(DenseElementsAttr value, RankedTensorType type,
                             llvm::function_ref<int64_t(int64_t)> source) {
  if (value.isSplat())
    return value.resizeSplat(type);
  SmallVector<Attribute> old(value.getValues<Attribute>()), chosen;
  chosen.reserve(type.getNumElements());
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    chosen.push_back(old[source(i)]);
  return DenseElementsAttr::get(type, chosen);
}

TypedAttr sliceConstant(TypedAttr value, int64_t dim, int64_t start,
                        int64_t size) {
  if (auto weight = dyn_cast<onnx::WeightAttr>(value))
    return weight.slice(dim, start, size);
  if (auto codes = dyn_cast<onnx::CodesAttr>(value))
    return sliceCodes(codes, dim, codes.getTensorType().getDimSize(dim), start,
                      size);
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return {};
  auto type = cast<RankedTensorType>(dense.getType());
  SmallVector<int64_t> shape(type.getShape());
  int64_t inner = 1, old = shape[dim];
  for (int64_t i = dim + 1; i < type.getRank(); ++i)
    inner *= shape[i];
  shape[dim] = size;
  return gatherDense(dense, RankedTensorType::get(shape, type.getElementType()),
                     [&](int64_t i) {
                       int64_t outer = i / (inner * size),
                               rest = i % (inner * size);
                       return outer * old * inner + start * inner + rest;
                     });
}

TypedAttr sliceBlocks(TypedAttr value, int64_t dim, int64_t block,
                      int64_t start, int64_t size) {
  auto type = dyn_cast_or_null<RankedTensorType>(value.getType());
  if (!type || type.getDimSize(dim) == block)
    return sliceConstant(value, dim, start, size);
  if (auto codes = dyn_cast<onnx::CodesAttr>(value))
    return sliceCodes(codes, dim, block, start, size);
  value = floatConstant(value);
  if (!value || dim != type.getRank() - 1)
    return {};
  SmallVector<float> numbers, taken;
  try {
    onnx::readWeight(value, numbers);
  } catch (const Error &) {
    return {};
  }
  for (size_t first = 0; first < numbers.size(); first += block)
    taken.append(numbers.begin() + first + start,
                 numbers.begin() + first + start + size);
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = shape[dim] / block * size;
  return DenseElementsAttr::get(
      RankedTensorType::get(shape, Float32Type::get(value.getContext())),
      ArrayRef<float>(taken));
}

TypedAttr planeOf(TypedAttr value, int64_t index) {
  auto type = cast<RankedTensorType>(value.getType());
  auto plane = RankedTensorType::get(type.getShape().drop_front(),
                                     type.getElementType());
  if (auto weight = dyn_cast<onnx::WeightAttr>(value)) {
    ArrayRef<int64_t> order = weight.getPermutation();
    if (order.size() != 3 || order[0] != 0)
      return {};
    ArrayRef<int64_t> shape = weight.getSourceShape().drop_front();
    int64_t bytes =
        shape[0] * shape[1] * onnx::elementBytes(weight.getSourceElement());
    return onnx::WeightAttr::get(
        weight.getContext(), plane, weight.getFile(),
        weight.getOffset() + (weight.getStarts()[0] + index) * bytes, bytes,
        weight.getSourceElement(), shape, weight.getStarts().drop_front(),
        weight.getSizes().drop_front(), {order[1] - 1, order[2] - 1});
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return {};
  return gatherDense(dense, plane, [&](int64_t i) {
    return index * plane.getNumElements() + i;
  });
}

TypedAttr reshapeConstant(TypedAttr value, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  auto reshaped = RankedTensorType::get(shape, type.getElementType());
  if (type.getNumElements() != reshaped.getNumElements())
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.reshape(reshaped);
  auto weight = dyn_cast<onnx::WeightAttr>(value);
  if (!weight)
    return {};
  SmallVector<int64_t> same(
      llvm::to_vector(llvm::seq<int64_t>(0, weight.getPermutation().size())));
  if (weight.getSourceShape() == weight.getSizes() &&
      weight.getPermutation() == ArrayRef(same)) {
    SmallVector<int64_t> starts(shape.size(), 0);
    same = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
    return onnx::WeightAttr::get(weight.getContext(), reshaped,
                                 weight.getFile(), weight.getOffset(),
                                 weight.getLength(), weight.getSourceElement(),
                                 shape, starts, shape, same);
  }
  if (!isa<FloatType>(type.getElementType()))
    return {};
  try {
    SmallVector<float> numbers;
    onnx::readWeight(value, numbers);
    return DenseElementsAttr::get(
        reshaped.clone(Float32Type::get(value.getContext())),
        ArrayRef<float>(numbers));
  } catch (const Error &) { // of a file that went away
    return {};
  }
}

TypedAttr transposeConstant(TypedAttr value) {
  if (auto weight = dyn_cast<onnx::WeightAttr>(value))
    return weight.permute({1, 0});
  if (auto codes = dyn_cast<onnx::CodesAttr>(value))
    return transposeCodes(codes);
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return {};
  auto type = cast<RankedTensorType>(dense.getType());
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  return gatherDense(
      dense, RankedTensorType::get({columns, rows}, type.getElementType()),
      [&](int64_t i) { return i % rows * columns + i / rows; });
}

TypedAttr floatConstant(TypedAttr value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !isa<FloatType>(type.getElementType()))
    return {};
  if (type.getElementType().isF32())
    return value;
  Type f32 = Float32Type::get(value.getContext());
  if (auto weight = dyn_cast<onnx::WeightAttr>(value))
    return weight.convert(f32);
  try {
    SmallVector<float> numbers;
    onnx::readWeight(value, numbers);
    return DenseElementsAttr::get(RankedTensorType::get(type.getShape(), f32),
                                  ArrayRef<float>(numbers));
  } catch (const Error &) {
    return {};
  }
}

TypedAttr vectorConstant(TypedAttr value) {
  value = floatConstant(value);
  if (!value)
    return {};
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 1)
    return value;
  if (llvm::count_if(type.getShape(), [](int64_t d) { return d != 1; }) > 1)
    return {};
  try {
    SmallVector<float> numbers;
    onnx::readWeight(value, numbers);
    int64_t size = numbers.size();
    return DenseElementsAttr::get(
        RankedTensorType::get({size}, type.getElementType()),
        ArrayRef<float>(numbers));
  } catch (const Error &) {
    return {};
  }
}

Value makeConstant(OpBuilder &builder, Location loc, TypedAttr value) {
  return builder.create<nn::ConstantOp>(loc, value.getType(), value);
}

Value makeVector(OpBuilder &builder, Location loc, ArrayRef<float> numbers) {
  return makeConstant(
      builder, loc,
      DenseElementsAttr::get(RankedTensorType::get({int64_t(numbers.size())},
                                                   builder.getF32Type()),
                             numbers));
}

std::optional<SmallVector<float>> floatsOf(TypedAttr constant) {
  SmallVector<float> numbers;
  if (!constant)
    return std::nullopt;
  try {
    onnx::readWeight(constant, numbers);
  } catch (const Error &) {
    return std::nullopt;
  }
  return numbers;
}

std::optional<AxisSlice> axisSlice(onnx::NodeOp node, int64_t rank) {
  if (!node.isOnnx("Slice"))
    return std::nullopt;
  auto starts = integersOf(node, "starts", 1),
       ends = integersOf(node, "ends", 2), axes = integersOf(node, "axes", 3),
       steps = integersOf(node, "steps", 4);
  if (!starts || starts->size() != 1 || !axes || axes->size() != 1 ||
      (ends && ends->size() != 1) || (hasInput(node, 4) && !steps) ||
      (steps && (steps->size() != 1 || steps->front() != 1)))
    return std::nullopt;
  AxisSlice slice{normaliseAxis(axes->front(), rank), starts->front(), {}};
  if (ends)
    slice.end = ends->front();
  return slice.axis < 0 ? std::nullopt : std::optional(slice);
}

func::FuncOp mainFunction(ModuleOp module) {
  return module.lookupSymbol<func::FuncOp>("main");
}

void eraseDead(func::FuncOp function) {
  for (Block &block : function.getBody())
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
}

/// Rows or columns of a constant matrix that \p slice takes; null if they are
/// not one after the other.
static TypedAttr slicedMatrix(onnx::NodeOp slice) {
  TypedAttr matrix = matrixConstant(slice.getInputs()[0]);
  auto range = axisSlice(slice, 2);
  if (!matrix || !range || !range->end)
    return {};
  int64_t size =
      cast<RankedTensorType>(matrix.getType()).getDimSize(range->axis);
  auto inside = [&](int64_t place) {
    return std::clamp<int64_t>(place < 0 ? place + size : place, 0, size);
  };
  int64_t start = inside(range->start), end = inside(*range->end);
  return start < end ? sliceConstant(matrix, range->axis, start, end - start)
                     : TypedAttr();
}

TypedAttr matrixConstant(Value value) {
  if (auto slice = nodeOf(value, "Slice"))
    return slicedMatrix(slice);
  if (auto transpose = nodeOf(value, "Transpose")) {
    TypedAttr matrix = matrixConstant(transpose.getInputs()[0]);
    auto order = transpose.getOnnxInts("perm");
    if (!matrix ||
        (order && ArrayRef<int64_t>(*order) != ArrayRef<int64_t>({1, 0})))
      return {};
    return transposeConstant(matrix);
  }
  TypedAttr constant = constantOf(value);
  if (!constant)
    return {};
  constant = floatConstant(constant);
  return constant && cast<RankedTensorType>(constant.getType()).getRank() == 2
             ? constant
             : TypedAttr();
}

bool isOnlyReturned(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return isa<func::ReturnOp, nn::TopKOp>(user);
  });
}

} // namespace dalbit::raise
