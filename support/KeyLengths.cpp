// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/KeyLengths.h"

#include "support/Error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dalbit {

void checkKeyLengths(const std::string &input, std::span<const double> values,
                     int64_t past, int64_t tokens, int64_t less, bool isTotal) {
  int64_t most = past + tokens - less, least = past > 0 ? most : 1 - less;
  for (size_t i = 0; i < values.size(); ++i) {
    double value = values[i];
    if (value >= double(least) && value <= double(most) &&
        value == std::floor(value))
      continue;
    std::string message =
        fmt::format("input '{}': element {} is {}, expected ", input, i, value);
    if (past > 0)
      throw Error(message +
                      fmt::format("{}: each sequence has the {} keys of the "
                                  "past and the {} new ones",
                                  most, past, tokens),
                  {"cut the past to the keys that count, and run sequences of "
                   "different lengths one by one"});
    throw Error(
        message + fmt::format("{} .. {}: there are {} new keys and no past",
                              least, most, tokens),
        {"a sequence that is padded at its end has fewer, none has more or no "
         "key"});
  }
  if (isTotal && !values.empty() && std::ranges::max(values) != double(most))
    throw Error(
        fmt::format("input '{}': the largest number is {}, expected {}: there "
                    "are {} new keys and no past",
                    input, std::ranges::max(values), most, tokens),
        {"the total length counts the padding of shorter sequences, too"});
}

} // namespace dalbit
