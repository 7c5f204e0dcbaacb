// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/tokenizer/ByteLevel.h"

#include <array>
#include <cstdint>
#include <map>

namespace dalbit::tokenizer {

namespace {

bool isPrintable(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) ||
         byte >= 0xae;
}

/// UTF-8 of the name of each byte; all are below U+0800.
const std::array<std::string, 256> &names() {
  static const std::array<std::string, 256> table = [] {
    std::array<std::string, 256> made;
    unsigned next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      unsigned point = isPrintable(byte) ? byte : next++;
      if (point < 0x80)
        made[byte] = {char(point)};
      else
        made[byte] = {char(0xc0 | point >> 6), char(0x80 | (point & 0x3f))};
    }
    return made;
  }();
  return table;
}

} // namespace

std::string namesOfBytes(std::string_view bytes) {
  std::string text;
  for (char byte : bytes)
    text += names()[uint8_t(byte)];
  return text;
}

std::string bytesOfNames(std::string_view text) {
  static const std::map<std::string, char, std::less<>> bytes = [] {
    std::map<std::string, char, std::less<>> made;
    for (unsigned byte = 0; byte < 256; ++byte)
      made[names()[byte]] = char(byte);
    return made;
  }();
  std::string result;
  while (!text.empty()) {
    size_t length = (uint8_t(text[0]) & 0xe0) == 0xc0 ? 2 : 1;
    std::string_view name = text.substr(0, length);
    auto byte = bytes.find(name);
    if (byte != bytes.end())
      result += byte->second;
    else
      result += name;
    text.remove_prefix(name.size());
  }
  return result;
}

} // namespace dalbit::tokenizer
