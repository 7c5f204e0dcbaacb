// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bytes that a model writes, as UTF-8 that can be printed at any time: whole
// characters only. What is none (Unicode 15, table 3-7) becomes U+FFFD, one for
// the start of a character that does not go on and one for each byte that
// starts none: as in Python, browsers and the JSON library (Unicode 15,
// section 3.9, "maximal subparts").

#pragma once

#include <string>
#include <string_view>

namespace dalbit::host {

/// Takes a text in parts of any size and holds back a character that has begun
/// until its last byte is there. What it returns, joined, does not depend on
/// where the parts are cut.
class Utf8Stream {
public:
  /// What \p bytes complete.
  std::string put(std::string_view bytes);

  /// The end of the text: what was held back is no character.
  std::string finish();

private:
  std::string held; ///< the start of a character, at most 3 bytes
};

/// All of \p bytes.
std::string printable(std::string_view bytes);

} // namespace dalbit::host
