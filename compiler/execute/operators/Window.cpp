// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/operators/Window.h"

#include "support/Error.h"

namespace dalbit::execute {

namespace {

/// Larger numbers are a mistake, and sums of two of them would overflow.
constexpr int64_t mostSize = int64_t(1) << 40;

Shape listOf(Call &call, const char *name, size_t rank, int64_t otherwise,
             int64_t least) {
  llvm::ArrayRef<int64_t> given = call.integers(name);
  if (!call.has(name))
    return Shape(rank, otherwise);
  if (given.size() != rank)
    throw Error(std::string("attribute ") + name + " has " +
                std::to_string(given.size()) + " numbers for " +
                std::to_string(rank) + " dimensions");
  for (int64_t number : given)
    if (number < least || number > mostSize)
      throw Error(std::string("attribute ") + name + "=" + shapeText(given) +
                  " is not valid");
  return Shape(given);
}

} // namespace

Window Window::of(Call &call, llvm::ArrayRef<int64_t> size,
                  llvm::ArrayRef<int64_t> kernel) {
  size_t rank = size.size();
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  if (kernel.size() != rank)
    throw Error("the kernel has " + std::to_string(kernel.size()) +
                " dimensions, the input " + std::to_string(rank));
  window.strides = listOf(call, "strides", rank, 1, 1);
  window.dilations = listOf(call, "dilations", rank, 1, 1);
  Shape pads = listOf(call, "pads", 2 * rank, 0, 0);
  window.before.assign(pads.begin(), pads.begin() + rank);
  window.behind.assign(pads.begin() + rank, pads.end());
  std::string automatic = call.text("auto_pad");
  bool upper = automatic == "SAME_UPPER", lower = automatic == "SAME_LOWER";
  if (!automatic.empty() && automatic != "NOTSET" && automatic != "VALID" &&
      !upper && !lower)
    throw Error("attribute auto_pad=\"" + automatic + "\" is not known");
  bool ceil = call.integer("ceil_mode") != 0;
  for (size_t d = 0; d < rank; ++d) {
    int64_t stride = window.strides[d];
    if (kernel[d] < 1 || kernel[d] > mostSize)
      throw Error("a kernel of " + std::to_string(kernel[d]) + " elements");
    int64_t extent;
    if (__builtin_mul_overflow(window.dilations[d], kernel[d] - 1, &extent) ||
        extent > mostSize)
      throw Error("the kernel is too large");
    ++extent;
    if (upper || lower) {
      int64_t count = (size[d] + stride - 1) / stride;
      int64_t pad =
          std::max<int64_t>(0, (count - 1) * stride + extent - size[d]);
      window.before[d] = upper ? pad / 2 : pad - pad / 2;
      window.behind[d] = pad - window.before[d];
    } else if (automatic == "VALID") {
      window.before[d] = window.behind[d] = 0;
    }
    int64_t room = size[d] + window.before[d] + window.behind[d] - extent;
    int64_t count = 0;
    if (room >= 0) {
      count = room / stride + 1;
      // A window that would begin in the padding behind is none.
      if (ceil && room % stride != 0 &&
          count * stride < size[d] + window.before[d])
        ++count;
    } else if (ceil && room > -stride) {
      count = 1;
    }
    if (count < 1 && size[d] > 0)
      throw Error("a kernel of " + std::to_string(extent) +
                  " does not fit a dimension of " + std::to_string(size[d]));
    window.output.push_back(count);
  }
  return window;
}

} // namespace dalbit::execute
