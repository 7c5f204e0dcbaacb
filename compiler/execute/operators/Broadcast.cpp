// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/operators/Broadcast.h"

#include "support/Error.h"

#include <cstring>

namespace dalbit::execute {

Shape broadcastShape(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes) {
  size_t rank = 0;
  for (llvm::ArrayRef<int64_t> shape : shapes)
    rank = std::max(rank, shape.size());
  Shape all(rank, 1);
  for (llvm::ArrayRef<int64_t> shape : shapes)
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t &dim = all[rank - shape.size() + i];
      if (shape[i] == dim || shape[i] == 1)
        continue;
      if (dim != 1) {
        std::string text;
        for (llvm::ArrayRef<int64_t> each : shapes)
          text += (text.empty() ? "" : " and ") + shapeText(each);
        throw Error("shapes " + text + " do not broadcast");
      }
      dim = shape[i];
    }
  return all;
}

Shape denseSteps(llvm::ArrayRef<int64_t> shape) {
  Shape steps(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    steps[i - 1] = steps[i] * shape[i];
  return steps;
}

Shape broadcastSteps(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to) {
  Shape dense = denseSteps(from), steps(to.size(), 0);
  size_t shift = to.size() - from.size();
  for (size_t i = 0; i < from.size(); ++i)
    steps[shift + i] = from[i] == 1 ? 0 : dense[i];
  return steps;
}

void joinDimensions(Shape &shape, llvm::MutableArrayRef<Shape> steps) {
  Shape joined;
  llvm::SmallVector<Shape, 4> joinedSteps(steps.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1)
      continue;
    bool even = !joined.empty();
    for (size_t k = 0; k < steps.size() && even; ++k)
      even = joinedSteps[k].back() == steps[k][i] * shape[i];
    if (even)
      joined.back() *= shape[i];
    else
      joined.push_back(shape[i]);
    for (size_t k = 0; k < steps.size(); ++k) {
      if (even)
        joinedSteps[k].back() = steps[k][i];
      else
        joinedSteps[k].push_back(steps[k][i]);
    }
  }
  if (joined.empty()) {
    joined.push_back(1);
    for (Shape &each : joinedSteps)
      each.push_back(0);
  }
  shape = joined;
  std::copy(joinedSteps.begin(), joinedSteps.end(), steps.begin());
}

namespace {

/// A whole element as bits, so that moving data needs four loops and not
/// thirteen.
template <typename Word>
void copyStrided(const Tensor &tensor, Tensor &out, int64_t from,
                 llvm::ArrayRef<int64_t> steps) {
  const Word *source = static_cast<const Word *>(tensor.raw()) + from;
  Word *target = static_cast<Word *>(out.raw());
  forEachRow<1>(
      Shape(out.shape()), {Shape(steps)},
      [&](int64_t n, std::array<int64_t, 1> at, std::array<int64_t, 1> step) {
        const Word *x = source + at[0];
        if (step[0] == 1) {
          std::memcpy(target, x, n * sizeof(Word));
        } else {
          for (int64_t i = 0; i < n; ++i)
            target[i] = x[i * step[0]];
        }
        target += n;
      });
}

} // namespace

Tensor gatherStrided(const Tensor &tensor, llvm::ArrayRef<int64_t> shape,
                     int64_t from, llvm::ArrayRef<int64_t> steps) {
  Tensor out(tensor.type(), shape);
  switch (elementSize(tensor.type())) {
  case 1:
    copyStrided<uint8_t>(tensor, out, from, steps);
    break;
  case 2:
    copyStrided<uint16_t>(tensor, out, from, steps);
    break;
  case 4:
    copyStrided<uint32_t>(tensor, out, from, steps);
    break;
  default:
    copyStrided<uint64_t>(tensor, out, from, steps);
  }
  return out;
}

Tensor broadcastTo(const Tensor &tensor, llvm::ArrayRef<int64_t> shape) {
  if (tensor.shape() == shape)
    return tensor;
  if (broadcastShape({tensor.shape(), shape}) != Shape(shape))
    throw Error("shape " + shapeText(tensor.shape()) +
                " does not broadcast to " + shapeText(shape));
  return gatherStrided(tensor, shape, 0, broadcastSteps(tensor.shape(), shape));
}

int64_t frontAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    throw Error("axis " + std::to_string(axis) +
                " does not exist in a tensor of rank " + std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

} // namespace dalbit::execute
