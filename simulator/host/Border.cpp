// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Border.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace dalbit::host {

namespace {

struct Limits {
  double low, high;
};

Limits limitsOf(binary::ElementType type) {
  switch (type) {
  case binary::ElementType::I8:
    return {-128, 127};
  case binary::ElementType::I16:
    return {-32768, 32767};
  case binary::ElementType::I32:
    break;
  }
  return {-2147483648.0, 2147483647.0};
}

int32_t load(const uint8_t *from, binary::ElementType type) {
  if (type == binary::ElementType::I8)
    return int8_t(*from);
  if (type == binary::ElementType::I16) {
    int16_t value;
    std::memcpy(&value, from, 2);
    return value;
  }
  int32_t value;
  std::memcpy(&value, from, 4);
  return value;
}

/// Halves go to the even neighbour: the rounding mode of the host's thread.
void store(uint8_t *to, binary::ElementType type, double value) {
  Limits limits = limitsOf(type);
  int32_t integer =
      int32_t(std::clamp(std::nearbyint(value), limits.low, limits.high));
  std::memcpy(to, &integer, binary::elementBytes(type)); // little endian
}

/// What a mask adds to the score of a hidden key: far below every score, far
/// from overflow.
constexpr double HiddenScore = -(1 << 29);

/// The integer that stands for \p x, before rounding; rows scale theirs.
double inMemory(const binary::Tensor &tensor, double x) {
  switch (tensor.scale) {
  case binary::ScaleKind::None:
  case binary::ScaleKind::Row:
    return x;
  case binary::ScaleKind::Fixed:
    return std::ldexp(x, tensor.fractionBits);
  case binary::ScaleKind::Visible:
  case binary::ScaleKind::Counted: // flags of the keys by now
    return x != 0 ? 0 : HiddenScore;
  case binary::ScaleKind::Hidden:
    return x != 0 ? HiddenScore : 0;
  case binary::ScaleKind::Score:
    return std::clamp(std::nearbyint(std::ldexp(x, tensor.fractionBits)),
                      HiddenScore, -HiddenScore);
  }
  return x;
}

uint64_t dot(const std::vector<int64_t> &index,
             const std::vector<int64_t> &strides) {
  uint64_t sum = 0;
  for (size_t i = 0; i < strides.size(); ++i)
    sum += uint64_t(index[i]) * uint64_t(strides[i]);
  return sum;
}

/// Calls \p row(index of its first element, its place in row-major order) for
/// each row, which is the last dimension.
template <typename Row>
void forEachRow(const std::vector<int64_t> &shape, Row row) {
  int64_t size = shape.empty() ? 1 : shape.back(), count = size;
  for (size_t i = 0; i + 1 < shape.size(); ++i)
    count *= shape[i];
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t first = 0; first < count; first += size) {
    row(index, first);
    for (size_t i = shape.empty() ? 0 : shape.size() - 1; i-- > 0;) {
      if (++index[i] < shape[i])
        break;
      index[i] = 0;
    }
  }
}

int64_t rowSize(const std::vector<int64_t> &shape) {
  return shape.empty() ? 1 : shape.back();
}

uint64_t rowStride(const binary::Tensor &tensor) {
  return tensor.strides.empty() ? 0 : uint64_t(tensor.strides.back());
}

/// Where the elements of rows of \p shape lie, in units of their stride.
class Places {
public:
  Places(const binary::Tensor &tensor, const std::vector<int64_t> &shape)
      : columns(tensor.columns), size(rowSize(shape)), count(size) {
    for (size_t i = 0; i + 1 < shape.size(); ++i)
      count *= shape[i];
  }
  /// Of element \p i of the row that begins with element \p first of all.
  uint64_t of(int64_t first, int64_t i) const {
    if (columns.empty())
      return uint64_t(i);
    int64_t lists = int64_t(columns.size()) / size;
    return uint64_t(columns[size_t(first * lists / count * size + i)]);
  }

private:
  const std::vector<int64_t> &columns;
  int64_t size, count;
};

} // namespace

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : ",") + std::to_string(size);
  return "[" + text + "]";
}

uint32_t toPair(double value) {
  if (!(value > 0))
    return 0;
  int exponent;
  int64_t mantissa = std::llround(std::ldexp(std::frexp(value, &exponent), 15));
  int shift = 15 - exponent;
  if (mantissa == 1 << 15) {
    mantissa = 1 << 14;
    --shift;
  }
  if (shift > 127)
    return 0;
  if (shift < -128) {
    mantissa = 32767;
    shift = -128;
  }
  return uint32_t(mantissa) | uint32_t(uint8_t(shift)) << 16;
}

double fromPair(uint32_t word) {
  return std::ldexp(double(int16_t(word)), -int(int8_t(word >> 16)));
}

std::optional<double> borderLimit(const binary::Tensor &tensor) {
  if (tensor.scale != binary::ScaleKind::Fixed)
    return std::nullopt;
  return std::ldexp(limitsOf(tensor.type).high + 0.5, -tensor.fractionBits);
}

void writeTensor(Memory &memory, const binary::Tensor &tensor,
                 const std::vector<int64_t> &shape,
                 const std::vector<double> &values) {
  uint8_t *base = memory.region(tensor.region) + tensor.offset;
  int64_t size = rowSize(shape);
  uint64_t stride = rowStride(tensor);
  Places places(tensor, shape);
  forEachRow(shape, [&](const std::vector<int64_t> &index, int64_t first) {
    const double *row = values.data() + first;
    double step = 1;
    if (tensor.scale == binary::ScaleKind::Row) {
      double most = 0;
      for (int64_t i = 0; i < size; ++i)
        most = std::max(most, std::fabs(row[i]));
      uint32_t scale = toPair(most / 127);
      step = fromPair(scale);
      std::memcpy(memory.region(tensor.scaleRegion) + tensor.scaleOffset +
                      dot(index, tensor.scaleStrides),
                  &scale, 4);
    }
    uint8_t *to = base + dot(index, tensor.strides);
    for (int64_t i = 0; i < size; ++i)
      store(to + places.of(first, i) * stride, tensor.type,
            step == 0 ? 0 : inMemory(tensor, row[i]) / step);
  });
}

HostTensor readTensor(const Memory &memory, const binary::Tensor &tensor,
                      const std::vector<int64_t> &shape) {
  HostTensor result{tensor.name, tensor.onnxType, shape, {}};
  const uint8_t *base = memory.region(tensor.region) + tensor.offset;
  int64_t size = rowSize(shape);
  uint64_t stride = rowStride(tensor);
  bool isInteger = tensor.scale == binary::ScaleKind::None;
  Places places(tensor, shape);
  forEachRow(shape, [&](const std::vector<int64_t> &index, int64_t first) {
    double factor = 1;
    if (tensor.scale == binary::ScaleKind::Fixed)
      factor = std::ldexp(1.0, -tensor.fractionBits);
    if (tensor.scale == binary::ScaleKind::Row) {
      uint32_t scale;
      std::memcpy(&scale,
                  memory.region(tensor.scaleRegion) + tensor.scaleOffset +
                      dot(index, tensor.scaleStrides),
                  4);
      factor = fromPair(scale);
    }
    const uint8_t *from = base + dot(index, tensor.strides);
    for (int64_t i = 0; i < size; ++i) {
      double value =
          load(from + places.of(first, i) * stride, tensor.type) * factor;
      result.values.push_back(isInteger ? value : double(float(value)));
    }
  });
  return result;
}

} // namespace dalbit::host
