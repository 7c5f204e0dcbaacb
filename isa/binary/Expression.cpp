// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Expression.h"

#include "support/Error.h"

#include <charconv>

namespace dalbit::binary {
namespace {

constexpr int64_t Largest = int64_t(1) << 40;

std::optional<int64_t> factor(std::string_view text, const Symbols &symbols) {
  if (text == "T")
    return symbols.tokens;
  if (text == "P")
    return symbols.position;
  if (text == "B")
    return symbols.batch;
  uint64_t number = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() ||
      end != text.data() + text.size() || number > uint64_t(Largest))
    return std::nullopt;
  return int64_t(number);
}

std::optional<int64_t> product(std::string_view text, const Symbols &symbols) {
  int64_t result = 1;
  bool hasLength = false;
  for (;;) {
    size_t star = text.find('*');
    std::string_view name = text.substr(0, star);
    std::optional<int64_t> value = factor(name, symbols);
    if (!value)
      return std::nullopt;
    bool isLength = name == "T" || name == "P";
    if ((isLength && hasLength) ||
        __builtin_mul_overflow(result, *value, &result) || result > Largest)
      return std::nullopt;
    hasLength |= isLength;
    if (star == std::string_view::npos)
      return result;
    text.remove_prefix(star + 1);
  }
}

} // namespace

std::optional<int64_t> evaluate(std::string_view expression,
                                const Symbols &symbols) {
  int64_t sum = 0;
  for (;;) {
    size_t plus = expression.find('+');
    std::optional<int64_t> value = product(expression.substr(0, plus), symbols);
    if (!value)
      return std::nullopt;
    sum += *value;
    if (sum > Largest)
      return std::nullopt;
    if (plus == std::string_view::npos)
      return sum;
    expression.remove_prefix(plus + 1);
  }
}

std::vector<Symbols> corners(const Limits &limits) {
  int64_t most = limits.tokens, context = limits.context;
  std::vector<Symbols> list;
  for (int64_t batch : {int64_t(1), int64_t(limits.batch)})
    for (int64_t tokens : {int64_t(1), most})
      for (int64_t position : {int64_t(0), context - tokens})
        list.push_back({tokens, position, batch});
  return list;
}

static std::vector<int64_t> sizesOf(const Tensor &tensor,
                                    const std::vector<std::string> &dimensions,
                                    const Symbols &symbols) {
  std::vector<int64_t> shape;
  for (const std::string &dimension : dimensions) {
    std::optional<int64_t> value = evaluate(dimension, symbols);
    if (!value)
      throw Error("tensor '" + tensor.name + "': '" + dimension +
                  "' is no size");
    shape.push_back(*value);
  }
  return shape;
}

std::vector<int64_t> shapeOf(const Tensor &tensor, const Symbols &symbols) {
  return sizesOf(tensor, tensor.shape, symbols);
}

std::vector<int64_t> viewOf(const Tensor &tensor, const Symbols &symbols) {
  return sizesOf(tensor, tensor.view.empty() ? tensor.shape : tensor.view,
                 symbols);
}

} // namespace dalbit::binary
