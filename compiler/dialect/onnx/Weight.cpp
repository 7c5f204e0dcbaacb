// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/dialect/onnx/Weight.h"

#include "compiler/dialect/onnx/Codes.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/onnx/SmallFloats.h"
#include "support/Error.h"
#include "support/MappedFile.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"

#include <cstring>

using namespace mlir;

namespace dalbit::onnx {

int64_t elementBytes(Type element) {
  if (!element.isIntOrFloat())
    return 0;
  unsigned bits = element.getIntOrFloatBitWidth();
  if (bits == 1)
    return 1;
  return bits == 8 || bits == 16 || bits == 32 || bits == 64 ? bits / 8 : 0;
}

llvm::ArrayRef<char> weightBytes(WeightAttr weight) {
  auto *dialect = weight.getContext()->getLoadedDialect<OnnxDialect>();
  assert(dialect && "a weight exists, so its dialect is loaded");
  const MappedFile &file = dialect->mapFile(weight.getFile());
  uint64_t offset = weight.getOffset(), length = weight.getLength();
  if (offset > file.size() || length > file.size() - offset)
    throw Error(file.path() + ": a weight of " + std::to_string(length) +
                " bytes at offset " + std::to_string(offset) +
                " lies beyond the end of the file (" +
                std::to_string(file.size()) + " bytes)");
  return {file.data() + offset, size_t(length)};
}

namespace {

/// Copies the view of \p weight out of \p bytes, element type \p Stored.
template <typename Stored, typename Out>
void copyView(WeightAttr weight, const char *bytes,
              llvm::SmallVectorImpl<Out> &out) {
  llvm::ArrayRef<int64_t> shape = weight.getTensorType().getShape();
  size_t rank = shape.size();
  llvm::SmallVector<int64_t> strides(rank, 1), viewStrides(rank), index(rank);
  for (size_t i = rank; i-- > 1;)
    strides[i - 1] = strides[i] * weight.getSourceShape()[i];
  int64_t position = 0;
  for (size_t i = 0; i < rank; ++i) {
    position += strides[i] * weight.getStarts()[i];
    viewStrides[i] = strides[weight.getPermutation()[i]];
  }
  int64_t count = weight.getTensorType().getNumElements();
  out.resize_for_overwrite(count);
  int64_t inner = rank == 0 ? 1 : shape[rank - 1];
  int64_t step = rank == 0 ? 1 : viewStrides[rank - 1];
  for (int64_t done = 0; done < count; done += inner) {
    const char *from = bytes + position * int64_t(sizeof(Stored));
    for (int64_t i = 0; i < inner; ++i) {
      // The file gives no alignment.
      Stored element;
      std::memcpy(&element, from + i * step * int64_t(sizeof(Stored)),
                  sizeof(Stored));
      out[done + i] = static_cast<Out>(element);
    }
    for (size_t i = rank; i-- > 1;) {
      size_t dim = i - 1;
      position += viewStrides[dim];
      if (++index[dim] < shape[dim])
        break;
      position -= viewStrides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
}

template <typename Out>
void readView(WeightAttr weight, llvm::SmallVectorImpl<Out> &out) {
  const char *bytes = weightBytes(weight).data();
  Type type = weight.getSourceElement();
  bool isUnsigned = type.isUnsignedInteger();
  if (type.isF32())
    return copyView<float>(weight, bytes, out);
  if (type.isF64())
    return copyView<double>(weight, bytes, out);
  if (type.isF16())
    return copyView<Half>(weight, bytes, out);
  if (type.isBF16())
    return copyView<BFloat16>(weight, bytes, out);
  unsigned bits = type.getIntOrFloatBitWidth();
  if (bits == 1)
    return copyView<uint8_t>(weight, bytes, out);
  if (bits == 8)
    return isUnsigned ? copyView<uint8_t>(weight, bytes, out)
                      : copyView<int8_t>(weight, bytes, out);
  if (bits == 16)
    return isUnsigned ? copyView<uint16_t>(weight, bytes, out)
                      : copyView<int16_t>(weight, bytes, out);
  if (bits == 32)
    return isUnsigned ? copyView<uint32_t>(weight, bytes, out)
                      : copyView<int32_t>(weight, bytes, out);
  return isUnsigned ? copyView<uint64_t>(weight, bytes, out)
                    : copyView<int64_t>(weight, bytes, out);
}

template <typename Out>
void readDense(DenseElementsAttr dense, llvm::SmallVectorImpl<Out> &out) {
  out.clear();
  out.reserve(dense.getNumElements());
  if (isa<FloatType>(dense.getElementType())) {
    if (dense.getElementType().isF32()) {
      for (float value : dense.getValues<float>())
        out.push_back(static_cast<Out>(value));
      return;
    }
    for (llvm::APFloat value : dense.getValues<llvm::APFloat>()) {
      bool inexact;
      value.convert(llvm::APFloat::IEEEdouble(),
                    llvm::APFloat::rmNearestTiesToEven, &inexact);
      out.push_back(static_cast<Out>(value.convertToDouble()));
    }
    return;
  }
  bool isUnsigned = dense.getElementType().isUnsignedInteger() ||
                    dense.getElementType().isInteger(1);
  for (llvm::APInt value : dense.getValues<llvm::APInt>())
    out.push_back(isUnsigned ? static_cast<Out>(value.getZExtValue())
                             : static_cast<Out>(value.getSExtValue()));
}

template <typename Out>
void readAny(Attribute value, llvm::SmallVectorImpl<Out> &out) {
  if (auto weight = dyn_cast<WeightAttr>(value))
    return readView(weight, out);
  if (auto codes = dyn_cast<CodesAttr>(value)) {
    SmallVector<float> numbers;
    readCodes(codes, numbers);
    out.assign(numbers.begin(), numbers.end());
    return;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense || !dense.getElementType().isIntOrFloat())
    throw Error("a constant of an unknown attribute kind cannot be read");
  readDense(dense, out);
}

} // namespace

void readWeight(Attribute value, llvm::SmallVectorImpl<float> &out) {
  readAny(value, out);
}

void readWeight(Attribute value, llvm::SmallVectorImpl<int64_t> &out) {
  readAny(value, out);
}

} // namespace dalbit::onnx
