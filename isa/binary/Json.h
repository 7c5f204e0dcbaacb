// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON from files that nobody vouches for: nesting and length are limited
// before a parser sees the text, and objects are read key by key, with Errors
// that say where.

#pragma once

#include "support/Error.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace dalbit::binary {

/// Parses the text; throws Error whose message begins with \p source.
nlohmann::json parseJson(std::string_view text, const std::string &source);

/// Reads the keys of one object. finish() refuses keys that nobody has asked
/// for.
class JsonObject {
public:
  JsonObject(const nlohmann::json &value, std::string place);

  template <typename T> T integer(const char *key) {
    const nlohmann::json &value = get(key);
    bool fits =
        value.is_number_unsigned()
            ? value.get<uint64_t>() <= uint64_t(std::numeric_limits<T>::max())
            : value.is_number_integer() && std::numeric_limits<T>::is_signed &&
                  value.get<int64_t>() >=
                      int64_t(std::numeric_limits<T>::min());
    if (!fits)
      fail(key, "is no integer in range");
    return value.get<T>();
  }
  std::string string(const char *key);
  std::vector<std::string> strings(const char *key);
  std::vector<int64_t> integers(const char *key);
  const nlohmann::json &array(const char *key);
  const nlohmann::json &get(const char *key);
  void finish();

  /// The value of an enumeration by its name; names(i) is the name of value i.
  template <typename E, typename Names>
  E choice(const char *key, unsigned count, Names names) {
    std::string text = string(key);
    for (unsigned i = 0; i < count; ++i)
      if (text == names(i))
        return E(i);
    fail(key, "is unknown: '" + text + "'");
  }

  [[noreturn]] void fail(const std::string &key, const std::string &text);

private:
  const nlohmann::json &value;
  std::string place;
  size_t taken = 0;
};

} // namespace dalbit::binary
