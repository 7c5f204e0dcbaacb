// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Utf8.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace dalbit::host {

namespace {

const std::string_view Replacement = "\xef\xbf\xbd";

struct Character {
  enum { Whole, Begun, Broken } state;
  size_t length; ///< bytes that it has, 1 if they start none
};

/// The character at the start of \p text, which is not empty: no overlong
/// forms, no surrogates, at most U+10FFFF. It has begun if all bytes are its
/// own and more can complete it.
Character characterAt(std::string_view text) {
  auto byte = [&](size_t i) { return uint8_t(text[i]); };
  uint8_t lead = byte(0);
  size_t length = lead < 0x80                   ? 1
                  : lead >= 0xc2 && lead < 0xe0 ? 2
                  : lead >= 0xe0 && lead < 0xf0 ? 3
                  : lead >= 0xf0 && lead < 0xf5 ? 4
                                                : 0;
  if (length == 0)
    return {Character::Broken, 1};
  for (size_t i = 1; i < std::min(length, text.size()); ++i) {
    uint8_t low = 0x80, high = 0xbf;
    if (i == 1) {
      low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : low;
      high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : high;
    }
    if (byte(i) < low || byte(i) > high)
      return {Character::Broken, i};
  }
  if (length > text.size())
    return {Character::Begun, text.size()};
  return {Character::Whole, length};
}

} // namespace

std::string Utf8Stream::put(std::string_view bytes) {
  held += bytes;
  std::string text;
  std::string_view rest = held;
  while (!rest.empty()) {
    Character next = characterAt(rest);
    if (next.state == Character::Begun)
      break;
    text += next.state == Character::Whole ? rest.substr(0, next.length)
                                           : Replacement;
    rest.remove_prefix(next.length);
  }
  held.erase(0, held.size() - rest.size());
  return text;
}

std::string Utf8Stream::finish() {
  return std::string(std::exchange(held, "").empty() ? "" : Replacement);
}

std::string printable(std::string_view bytes) {
  Utf8Stream stream;
  std::string text = stream.put(bytes);
  return text + stream.finish();
}

} // namespace dalbit::host
