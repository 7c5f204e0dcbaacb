// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A dense row-major tensor with a value: what the float executor computes on.
//
// Promises: a copy shares the bytes, so tensors are values only as long as
// nobody writes after sharing; data<T>() of a new tensor is for its maker.
// Rank 0 and dimensions of 0 are ordinary. bool is one byte, 0 or 1; 4-bit
// integers are stored and computed on as 8-bit ones. A sequence of tensors is
// a tensor of shape [0] with members.
// Errors (too large, wrong element type) are dalbit::Error.
// Left out: strings, strides.

#pragma once

#include "compiler/dialect/onnx/SmallFloats.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dalbit::execute {

using onnx::BFloat16;
using onnx::Half;

enum class ElementType : uint8_t {
  F32,
  F16,
  BF16,
  F64,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  Bool,
  I4,
  U4
};

using Shape = llvm::SmallVector<int64_t, 6>;

/// "f32", "i64", "bool" ...
const char *elementName(ElementType type);
int64_t elementSize(ElementType type);
bool isFloat(ElementType type);
/// The type whose C++ type holds elements of \p type: itself but for 4 bits.
constexpr ElementType storedAs(ElementType type) {
  return type == ElementType::I4   ? ElementType::I8
         : type == ElementType::U4 ? ElementType::U8
                                   : type;
}

/// All tensors together may take this many bytes; more is an Error. At first
/// three quarters of the machine's memory.
void limitTensorMemory(int64_t bytes);

/// "[2,3]"
std::string shapeText(llvm::ArrayRef<int64_t> shape);

template <typename T> struct ElementOf;
#define DALBIT_ELEMENT(T, E)                                                   \
  template <> struct ElementOf<T> {                                            \
    static constexpr ElementType value = ElementType::E;                       \
  };
DALBIT_ELEMENT(float, F32)
DALBIT_ELEMENT(Half, F16)
DALBIT_ELEMENT(BFloat16, BF16)
DALBIT_ELEMENT(double, F64)
DALBIT_ELEMENT(int64_t, I64)
DALBIT_ELEMENT(int32_t, I32)
DALBIT_ELEMENT(int16_t, I16)
DALBIT_ELEMENT(int8_t, I8)
DALBIT_ELEMENT(uint64_t, U64)
DALBIT_ELEMENT(uint32_t, U32)
DALBIT_ELEMENT(uint16_t, U16)
DALBIT_ELEMENT(uint8_t, U8)
DALBIT_ELEMENT(bool, Bool)
#undef DALBIT_ELEMENT

class Tensor {
public:
  /// An f32 tensor of shape [0].
  Tensor();
  /// A new tensor; the elements are not set.
  Tensor(ElementType type, llvm::ArrayRef<int64_t> shape);
  /// Bytes owned by somebody else; \p owner keeps them alive (may be null).
  Tensor(ElementType type, llvm::ArrayRef<int64_t> shape, const void *bytes,
         std::shared_ptr<const void> owner);

  template <typename T>
  static Tensor of(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<T> values) {
    Tensor tensor(ElementOf<T>::value, shape);
    assert(int64_t(values.size()) == tensor.count() && "values for the shape");
    std::copy(values.begin(), values.end(), tensor.data<T>());
    return tensor;
  }
  template <typename T> static Tensor scalar(T value) {
    return of<T>({}, llvm::ArrayRef<T>(value));
  }

  /// A sequence of \p members.
  static Tensor sequence(std::vector<Tensor> members);
  bool isSequence() const { return list != nullptr; }
  /// Throws unless it is a sequence.
  const std::vector<Tensor> &members() const;

  ElementType type() const { return element; }
  llvm::ArrayRef<int64_t> shape() const { return dims; }
  int64_t rank() const { return int64_t(dims.size()); }
  int64_t dim(int64_t i) const { return dims[i]; }
  /// Number of elements.
  int64_t count() const { return elements; }
  int64_t byteCount() const { return elements * elementSize(element); }

  template <typename T> T *data() {
    assert(ElementOf<T>::value == storedAs(element) &&
           "element type of the tensor");
    return static_cast<T *>(const_cast<void *>(bytes));
  }
  template <typename T> const T *data() const {
    assert(ElementOf<T>::value == storedAs(element) &&
           "element type of the tensor");
    return static_cast<const T *>(bytes);
  }
  template <typename T> llvm::ArrayRef<T> values() const {
    return llvm::ArrayRef<T>(data<T>(), size_t(elements));
  }
  const void *raw() const { return bytes; }
  void *raw() { return const_cast<void *>(bytes); }

  /// The same elements in another shape of as many elements.
  Tensor reshaped(llvm::ArrayRef<int64_t> shape) const;
  /// Elements converted one by one as ONNX Cast does; itself if equal type.
  Tensor cast(ElementType type) const;
  /// All elements as 64-bit integers; for shapes, axes, indices. Throws if the
  /// tensor is not of an integer type or bool.
  llvm::SmallVector<int64_t> integers() const;

private:
  /// Brings elements stored as 8 bits into the range of 4: floats saturate,
  /// integers lose their high bits.
  void fitFourBits(bool clamp);

  ElementType element = ElementType::F32;
  Shape dims;
  int64_t elements = 0;
  const void *bytes = nullptr;
  std::shared_ptr<const void> owner;
  std::shared_ptr<const std::vector<Tensor>> list;
};

/// \p bits, of uint16, as the bfloat16 that they are the bits of: what files
/// and libraries without that type write. Shares its bytes.
Tensor bfloat16OfBits(const Tensor &bits);

/// Calls \p body with a value of the C++ type of \p type, as in
/// `dispatch(t.type(), [&](auto tag) { using T = decltype(tag); ... })`.
template <typename Body> auto dispatch(ElementType type, Body body) {
  switch (type) {
  case ElementType::F32:
    return body(float());
  case ElementType::F16:
    return body(Half());
  case ElementType::BF16:
    return body(BFloat16());
  case ElementType::F64:
    return body(double());
  case ElementType::I64:
    return body(int64_t());
  case ElementType::I32:
    return body(int32_t());
  case ElementType::I16:
    return body(int16_t());
  case ElementType::I8:
  case ElementType::I4:
    return body(int8_t());
  case ElementType::U64:
    return body(uint64_t());
  case ElementType::U32:
    return body(uint32_t());
  case ElementType::U16:
    return body(uint16_t());
  case ElementType::U8:
  case ElementType::U4:
    return body(uint8_t());
  case ElementType::Bool:
    break;
  }
  return body(bool());
}

/// The type a kernel computes in for elements of T: float for 16-bit floats.
template <typename T> struct ComputeOf {
  using Type = T;
};
template <> struct ComputeOf<Half> {
  using Type = float;
};
template <> struct ComputeOf<BFloat16> {
  using Type = float;
};
template <typename T> using Compute = typename ComputeOf<T>::Type;

} // namespace dalbit::execute
