// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/dialect/onnx/OnnxOps.h"

#include "compiler/dialect/onnx/Weight.h"
#include "support/MappedFile.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <mutex>

using namespace mlir;

#include "compiler/dialect/onnx/OnnxDialect.cpp.inc"

/// `[1, 2]`: the generated syntax has no brackets around an empty list.
static ParseResult parseIntegers(AsmParser &parser,
                                 llvm::SmallVector<int64_t> &list) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseInteger(list.emplace_back());
  });
}

static void printIntegers(AsmPrinter &printer, ArrayRef<int64_t> list) {
  printer << '[';
  llvm::interleaveComma(list, printer);
  printer << ']';
}

#define GET_ATTRDEF_CLASSES
#include "compiler/dialect/onnx/OnnxAttributes.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "compiler/dialect/onnx/OnnxTypes.cpp.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/onnx/OnnxOps.cpp.inc"

namespace dalbit::onnx {

//===----------------------------------------------------------------------===//
// The dialect and its mapped files
//===----------------------------------------------------------------------===//

class MappedFileTable {
public:
  const MappedFile &get(StringRef path) {
    std::lock_guard<std::mutex> lock(mutex);
    std::unique_ptr<MappedFile> &file = files[path];
    if (!file)
      file = std::make_unique<MappedFile>(path.str());
    return *file;
  }

private:
  std::mutex mutex;
  llvm::StringMap<std::unique_ptr<MappedFile>> files;
};

void OnnxDialect::initialize() {
  files = std::make_shared<MappedFileTable>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "compiler/dialect/onnx/OnnxAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "compiler/dialect/onnx/OnnxTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/onnx/OnnxOps.cpp.inc"
      >();
}

const MappedFile &OnnxDialect::mapFile(StringRef path) {
  return files->get(path);
}

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  auto typed = dyn_cast<TypedAttr>(value);
  if (!typed || typed.getType() != type || !isa<RankedTensorType>(type))
    return nullptr;
  return builder.create<ConstantOp>(loc, typed);
}

//===----------------------------------------------------------------------===//
// #onnx.weight
//===----------------------------------------------------------------------===//

LogicalResult
WeightAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   Type type, StringAttr file, int64_t offset, int64_t length,
                   Type element, ArrayRef<int64_t> shape,
                   ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes,
                   ArrayRef<int64_t> permutation) {
  auto tensor = llvm::dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return emitError() << "a weight needs a tensor type of static shape, not "
                       << type;
  size_t rank = shape.size();
  if (starts.size() != rank || sizes.size() != rank ||
      permutation.size() != rank || tensor.getRank() != int64_t(rank))
    return emitError() << "a weight of " << rank
                       << " stored dimensions needs as many starts, sizes, "
                          "permutation entries and dimensions of its type";
  int64_t width = elementBytes(element);
  if (width == 0 || elementBytes(tensor.getElementType()) == 0)
    return emitError() << "a weight cannot have elements of type "
                       << (width == 0 ? element : tensor.getElementType());
  int64_t bytes = width;
  bool overflow = false;
  for (size_t i = 0; i < rank; ++i) {
    if (shape[i] < 0 || starts[i] < 0 || sizes[i] < 0 || sizes[i] > shape[i] ||
        starts[i] > shape[i] - sizes[i])
      return emitError() << "the view [" << starts[i] << ", +" << sizes[i]
                         << ") leaves stored dimension " << i << " of size "
                         << shape[i];
    overflow |= __builtin_mul_overflow(bytes, shape[i], &bytes);
  }
  if (overflow || bytes != length || offset < 0)
    return emitError() << "a weight of " << length << " bytes at offset "
                       << offset << " does not fit its stored shape";
  llvm::SmallVector<bool> seen(rank, false);
  for (size_t i = 0; i < rank; ++i) {
    int64_t from = permutation[i];
    if (from < 0 || from >= int64_t(rank) || seen[from])
      return emitError() << "entry " << i << " of the permutation is " << from
                         << ", out of range or repeated";
    seen[from] = true;
    if (tensor.getDimSize(i) != sizes[from])
      return emitError() << "dimension " << i << " of the type is "
                         << tensor.getDimSize(i) << ", the view has "
                         << sizes[from];
  }
  return success();
}

WeightAttr WeightAttr::slice(int64_t dim, int64_t start, int64_t size) const {
  RankedTensorType type = getTensorType();
  assert(dim >= 0 && dim < type.getRank() && start >= 0 && size >= 0 &&
         start + size <= type.getDimSize(dim) && "slice outside the weight");
  llvm::SmallVector<int64_t> starts(getStarts()), sizes(getSizes()),
      shape(type.getShape());
  starts[getPermutation()[dim]] += start;
  sizes[getPermutation()[dim]] = size;
  shape[dim] = size;
  return get(getContext(), type.clone(shape), getFile(), getOffset(),
             getLength(), getSourceElement(), getSourceShape(), starts, sizes,
             getPermutation());
}

WeightAttr WeightAttr::permute(ArrayRef<int64_t> order) const {
  RankedTensorType type = getTensorType();
  assert(int64_t(order.size()) == type.getRank() && "permutation of the rank");
  llvm::SmallVector<int64_t> permutation, shape;
  for (int64_t from : order) {
    permutation.push_back(getPermutation()[from]);
    shape.push_back(type.getDimSize(from));
  }
  return get(getContext(), type.clone(shape), getFile(), getOffset(),
             getLength(), getSourceElement(), getSourceShape(), getStarts(),
             getSizes(), permutation);
}

WeightAttr WeightAttr::convert(Type element) const {
  return get(getContext(), getTensorType().clone(element), getFile(),
             getOffset(), getLength(), getSourceElement(), getSourceShape(),
             getStarts(), getSizes(), getPermutation());
}

bool WeightAttr::isIdentity() const {
  for (auto [i, from] : llvm::enumerate(getPermutation()))
    if (from != int64_t(i))
      return false;
  return getSizes() == getSourceShape() &&
         getTensorType().getElementType() == getSourceElement();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

std::optional<int64_t> NodeOp::getOnnxInt(StringRef name) {
  if (auto value = dyn_cast_or_null<IntegerAttr>(getOnnxAttr(name)))
    return value.getInt();
  return std::nullopt;
}

std::optional<float> NodeOp::getOnnxFloat(StringRef name) {
  if (auto value = dyn_cast_or_null<FloatAttr>(getOnnxAttr(name)))
    return value.getValueAsDouble();
  return std::nullopt;
}

std::optional<llvm::SmallVector<int64_t>> NodeOp::getOnnxInts(StringRef name) {
  if (auto value = dyn_cast_or_null<DenseI64ArrayAttr>(getOnnxAttr(name)))
    return llvm::to_vector(value.asArrayRef());
  return std::nullopt;
}

std::optional<StringRef> NodeOp::getOnnxString(StringRef name) {
  if (auto value = dyn_cast_or_null<StringAttr>(getOnnxAttr(name)))
    return value.getValue();
  return std::nullopt;
}

Value NodeOp::getOnnxInput(unsigned index) {
  if (index >= getInputs().size())
    return nullptr;
  Value value = getInputs()[index];
  return isa<NoneType>(value.getType()) ? nullptr : value;
}

LogicalResult NodeOp::verify() {
  if (getOpType().empty())
    return emitOpError("needs the name of an operator");
  if (int64_t(getOpset()) < 1)
    return emitOpError() << "has operator set version " << int64_t(getOpset())
                         << ", versions start at 1";
  for (Region &body : getBodies())
    if (!isa_and_nonnull<YieldOp>(body.front().empty() ? nullptr
                                                       : &body.front().back()))
      return emitOpError("needs bodies that end with onnx.yield");
  if (!isOnnx("If"))
    return success();
  if (getBodies().size() != 2)
    return emitOpError() << "is an If with " << getBodies().size()
                         << " bodies instead of 2";
  for (Region &body : getBodies()) {
    unsigned yielded = body.front().getTerminator()->getNumOperands();
    if (yielded != getNumResults())
      return emitOpError() << "has " << getNumResults()
                           << " results, a branch yields " << yielded;
  }
  return success();
}

} // namespace dalbit::onnx
