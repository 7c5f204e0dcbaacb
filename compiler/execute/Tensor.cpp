// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/Tensor.h"

#include "support/Error.h"

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <unistd.h>

namespace dalbit::execute {

namespace {

/// Larger tensors are a mistake in the model (a Range, Expand or
/// ConstantOfShape of a huge size), and would get the process killed.
constexpr int64_t maxBytes = int64_t(1) << 34;

std::atomic<int64_t> heldBytes = 0;
std::atomic<int64_t> mostHeldBytes =
    int64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE) / 4 * 3;

/// As ONNX Cast: floats truncate toward zero, NaN and out of range become the
/// nearest limit (the standard leaves them open), integers wrap.
template <typename To, typename From> To convert(From value) {
  if constexpr (std::is_same_v<From, Half> || std::is_same_v<From, BFloat16>) {
    return convert<To>(float(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_same_v<To, Half> ||
                       std::is_same_v<To, BFloat16>) {
    return To(float(value));
  } else if constexpr (std::is_floating_point_v<From> &&
                       std::is_integral_v<To>) {
    if (std::isnan(value))
      return std::numeric_limits<To>::min();
    // 2^bits is exact in float, the largest integer need not be.
    const From above = std::ldexp(From(1), std::numeric_limits<To>::digits);
    if (value >= above)
      return std::numeric_limits<To>::max();
    if (value <= From(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

} // namespace

const char *elementName(ElementType type) {
  static const char *const names[] = {"f32", "f16", "bf16", "f64", "i64",
                                      "i32", "i16", "i8",   "u64", "u32",
                                      "u16", "u8",  "bool", "i4",  "u4"};
  return names[int(type)];
}

int64_t elementSize(ElementType type) {
  return dispatch(type, [](auto tag) { return int64_t(sizeof(tag)); });
}

void limitTensorMemory(int64_t bytes) { mostHeldBytes = bytes; }

bool isFloat(ElementType type) { return type <= ElementType::F64; }

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text.append(i ? "," : "").append(std::to_string(shape[i]));
  return text.append("]");
}

Tensor::Tensor() : Tensor(ElementType::F32, {0}) {}

Tensor::Tensor(ElementType type, llvm::ArrayRef<int64_t> shape)
    : element(type), dims(shape) {
  int64_t total = elementSize(type);
  bool tooLarge = false, empty = false;
  for (int64_t dim : shape) {
    if (dim < 0)
      throw Error("a tensor cannot have shape " + shapeText(shape));
    empty |= dim == 0;
    // An empty dimension counts as one: kernels walk along the others.
    tooLarge |= __builtin_mul_overflow(total, dim ? dim : 1, &total);
  }
  if (tooLarge || total > maxBytes)
    throw Error("a tensor of shape " + shapeText(shape) +
                " is too large for the float executor (limit 16 GiB)");
  total = empty ? 0 : total;
  elements = total / elementSize(type);
  // Cache lines, and one byte so that empty tensors have an address.
  int64_t taken = (total + 64) / 64 * 64;
  void *memory = nullptr;
  if (heldBytes.fetch_add(taken) + taken <= mostHeldBytes)
    memory = std::aligned_alloc(64, size_t(taken));
  if (!memory) {
    heldBytes -= taken;
    throw Error("out of memory for a tensor of shape " + shapeText(shape));
  }
  bytes = memory;
  owner = std::shared_ptr<const void>(bytes, [taken](const void *p) {
    std::free(const_cast<void *>(p));
    heldBytes -= taken;
  });
}

Tensor Tensor::sequence(std::vector<Tensor> members) {
  Tensor result;
  result.list = std::make_shared<const std::vector<Tensor>>(std::move(members));
  return result;
}

const std::vector<Tensor> &Tensor::members() const {
  if (!list)
    throw Error("a sequence is needed, found a tensor");
  return *list;
}

Tensor::Tensor(ElementType type, llvm::ArrayRef<int64_t> shape,
               const void *bytes, std::shared_ptr<const void> owner)
    : element(type), dims(shape), elements(1), bytes(bytes),
      owner(std::move(owner)) {
  for (int64_t dim : shape)
    elements *= dim;
}

Tensor Tensor::reshaped(llvm::ArrayRef<int64_t> shape) const {
  Tensor result = *this;
  result.dims.assign(shape.begin(), shape.end());
  int64_t total = 1, bound = 1;
  bool tooLarge = false;
  for (int64_t dim : shape) {
    tooLarge |= dim < 0 || __builtin_mul_overflow(bound, dim ? dim : 1, &bound);
    total = dim ? total : 0;
  }
  if (tooLarge || total * bound != elements)
    throw Error("a tensor of shape " + shapeText(dims) + " cannot be seen as " +
                shapeText(shape));
  return result;
}

Tensor Tensor::cast(ElementType type) const {
  if (type == element)
    return *this;
  Tensor result(type, dims);
  dispatch(element, [&](auto fromTag) {
    using From = decltype(fromTag);
    dispatch(type, [&](auto toTag) {
      using To = decltype(toTag);
      const From *from = data<From>();
      To *to = result.data<To>();
      for (int64_t i = 0; i < elements; ++i)
        to[i] = convert<To>(from[i]);
    });
  });
  if (type != storedAs(type))
    result.fitFourBits(isFloat(element));
  return result;
}

void Tensor::fitFourBits(bool clamp) {
  bool isSigned = element == ElementType::I4;
  for (int64_t i = 0; i < elements; ++i) {
    int value = isSigned ? data<int8_t>()[i] : data<uint8_t>()[i];
    if (clamp)
      value = isSigned ? std::clamp(value, -8, 7) : std::clamp(value, 0, 15);
    else
      value = isSigned ? int(int8_t(value << 4)) >> 4 : value & 15;
    if (isSigned)
      data<int8_t>()[i] = int8_t(value);
    else
      data<uint8_t>()[i] = uint8_t(value);
  }
}

llvm::SmallVector<int64_t> Tensor::integers() const {
  if (isFloat(element))
    throw Error(std::string("integers expected, found a tensor of ") +
                elementName(element));
  Tensor wide = cast(ElementType::I64);
  return llvm::SmallVector<int64_t>(wide.values<int64_t>());
}

Tensor bfloat16OfBits(const Tensor &bits) {
  return Tensor(ElementType::BF16, bits.shape(), bits.raw(),
                std::make_shared<Tensor>(bits));
}

} // namespace dalbit::execute
