// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/TensorProto.h"

#include "compiler/execute/ElementTypes.h"

#include "support/Error.h"

#include <onnx/onnx_pb.h>

#include <cstring>

namespace dalbit::execute {

TensorHeader headerOf(const ::onnx::TensorProto &tensor) {
  std::optional<ElementType> element = elementOfOnnx(tensor.data_type());
  if (!element)
    throw Error("elements of type " + onnxElementName(tensor.data_type()) +
                " are not supported");
  TensorHeader header{*element, {}};
  bool overflow = false, empty = false;
  for (int64_t dim : tensor.dims()) {
    if (dim < 0)
      throw Error("a dimension is " + std::to_string(dim));
    header.shape.push_back(dim);
    empty |= dim == 0;
    overflow |=
        __builtin_mul_overflow(header.count, dim ? dim : 1, &header.count);
  }
  overflow |= __builtin_mul_overflow(header.count, elementSize(*element),
                                     &header.bytes);
  if (empty)
    header.count = header.bytes = 0;
  if (storedAs(*element) != *element)
    header.bytes = header.count / 2 + header.count % 2;
  if (overflow)
    throw Error("shape " + shapeText(header.shape) +
                " has more elements than fit in memory");
  return header;
}

void requireBytes(const TensorHeader &header, int64_t found) {
  if (found != header.bytes)
    throw Error(std::to_string(found) + " bytes of data for shape " +
                shapeText(header.shape) + " of " + elementName(header.element) +
                ", which needs " + std::to_string(header.bytes));
}

/// Two 4-bit integers a byte, the lower half first.
static Tensor unpacked(const TensorHeader &header, const char *bytes) {
  bool isSigned = header.element == ElementType::I4;
  Tensor value(header.element, header.shape);
  for (int64_t i = 0; i < header.count; ++i) {
    int code = uint8_t(bytes[i / 2]) >> (i % 2 * 4) & 15;
    static_cast<int8_t *>(value.raw())[i] =
        int8_t(isSigned && code > 7 ? code - 16 : code);
  }
  return value;
}

Tensor tensorOfBytes(const TensorHeader &header, const char *bytes) {
  if (storedAs(header.element) != header.element)
    return unpacked(header, bytes);
  Tensor value(header.element, header.shape);
  // An empty file is mapped to no address.
  if (header.bytes)
    std::memcpy(value.raw(), bytes, size_t(header.bytes));
  if (header.element == ElementType::Bool)
    for (int64_t i = 0; i < header.count; ++i)
      static_cast<char *>(value.raw())[i] = bytes[i] != 0;
  return value;
}

/// Numbers written one by one in a field of a wider type.
template <typename Field>
Tensor fromField(const TensorHeader &header, const Field &field) {
  if (field.size() != header.count)
    throw Error(std::to_string(field.size()) + " numbers for shape " +
                shapeText(header.shape));
  Tensor value(header.element, header.shape);
  dispatch(header.element, [&](auto tag) {
    using T = decltype(tag);
    T *to = value.data<T>();
    for (int64_t i = 0; i < header.count; ++i) {
      if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
        to[i].bits = uint16_t(field[int(i)]);
      else
        to[i] = static_cast<T>(field[int(i)]);
    }
  });
  return value;
}

Tensor fromFields(const TensorHeader &header,
                  const ::onnx::TensorProto &tensor) {
  switch (header.element) {
  case ElementType::F32:
    return fromField(header, tensor.float_data());
  case ElementType::F64:
    return fromField(header, tensor.double_data());
  case ElementType::I64:
    return fromField(header, tensor.int64_data());
  case ElementType::U64:
  case ElementType::U32:
    return fromField(header, tensor.uint64_data());
  case ElementType::I4:
  case ElementType::U4: {
    // Packed like raw data, a byte an entry.
    requireBytes(header, tensor.int32_data_size());
    std::string bytes(tensor.int32_data().begin(), tensor.int32_data().end());
    return unpacked(header, bytes.data());
  }
  default:
    return fromField(header, tensor.int32_data());
  }
}

Tensor tensorOfProto(const ::onnx::TensorProto &tensor) {
  TensorHeader header = headerOf(tensor);
  if (!tensor.has_raw_data())
    return fromFields(header, tensor);
  requireBytes(header, int64_t(tensor.raw_data().size()));
  return tensorOfBytes(header, tensor.raw_data().data());
}

} // namespace dalbit::execute
