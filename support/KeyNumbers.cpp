// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/KeyNumbers.h"

#include "support/Error.h"

#include <cmath>
#include <cstdio>

namespace dalbit {

/// Without zeros behind the point, so as a user would write it.
static std::string shortest(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

void checkKeyNumbers(const std::string &input, std::span<const double> values,
                     int64_t past, int64_t tokens, int64_t less) {
  int64_t most = past + tokens - less, least = past > 0 ? most : 1 - less;
  for (size_t i = 0; i < values.size(); ++i) {
    double value = values[i];
    if (value >= double(least) && value <= double(most) &&
        value == std::floor(value))
      continue;
    std::string message = "input '" + input + "': element " +
                          std::to_string(i) + " is " + shortest(value) +
                          ", expected ";
    if (past > 0)
      throw Error(message + std::to_string(most) + ": each sequence has the " +
                      std::to_string(past) + " keys of the past and the " +
                      std::to_string(tokens) + " new ones",
                  {"cut the past to the keys that count, and run sequences of "
                   "different lengths one by one"});
    throw Error(message + std::to_string(least) + " .. " +
                    std::to_string(most) + ": there are " +
                    std::to_string(tokens) + " new keys and no past",
                {"a sequence that is padded at its end has fewer, none has "
                 "more or no key"});
  }
}

} // namespace dalbit
