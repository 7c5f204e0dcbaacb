// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Json.h"

namespace dalbit::binary {
namespace {

// Parsed values take about ten times their text.
constexpr size_t MaxText = size_t(16) << 20;
constexpr int MaxDepth = 32;

/// Brackets open at once, those in strings left out.
int depthOf(std::string_view text) {
  int depth = 0, deepest = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
      continue;
    }
    if (c == '"')
      inString = true;
    else if (c == '[' || c == '{')
      deepest = std::max(deepest, ++depth);
    else if (c == ']' || c == '}')
      --depth;
  }
  return deepest;
}

} // namespace

nlohmann::json parseJson(std::string_view text, const std::string &source) {
  if (text.size() > MaxText)
    throw Error(source + ": is longer than 16 MiB");
  if (depthOf(text) > MaxDepth)
    throw Error(source + ": JSON is nested too deep");
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception &error) {
    throw Error(source + ": is no JSON: " + error.what());
  }
}

JsonObject::JsonObject(const nlohmann::json &value, std::string place)
    : value(value), place(std::move(place)) {
  if (!value.is_object())
    throw Error(this->place + ": is no object");
}

const nlohmann::json &JsonObject::get(const char *key) {
  auto found = value.find(key);
  if (found == value.end())
    fail(key, "is missing");
  ++taken;
  return *found;
}

std::string JsonObject::string(const char *key) {
  const nlohmann::json &entry = get(key);
  if (!entry.is_string())
    fail(key, "is no string");
  return entry.get<std::string>();
}

const nlohmann::json &JsonObject::array(const char *key) {
  const nlohmann::json &entry = get(key);
  if (!entry.is_array())
    fail(key, "is no list");
  return entry;
}

std::vector<std::string> JsonObject::strings(const char *key) {
  std::vector<std::string> list;
  for (const nlohmann::json &entry : array(key)) {
    if (!entry.is_string())
      fail(key, "has an element that is no string");
    list.push_back(entry.get<std::string>());
  }
  return list;
}

std::vector<int64_t> JsonObject::integers(const char *key) {
  std::vector<int64_t> list;
  for (const nlohmann::json &entry : array(key)) {
    bool fits = entry.is_number_unsigned()
                    ? entry.get<uint64_t>() <= uint64_t(INT64_MAX)
                    : entry.is_number_integer();
    if (!fits)
      fail(key, "has an element that is no integer in range");
    list.push_back(entry.get<int64_t>());
  }
  return list;
}

void JsonObject::finish() {
  if (taken != value.size())
    throw Error(place + ": has unknown keys");
}

void JsonObject::fail(const std::string &key, const std::string &text) {
  throw Error(place + ": " + key + " " + text);
}

} // namespace dalbit::binary
