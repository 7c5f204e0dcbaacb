// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GPT-2's printable names of bytes: '!' to '~' and most of Latin-1 stand for
// themselves, the other 68 for U+0100 and up, in order. So a vocabulary of
// bytes is one of text, and a space is 'Ġ'.

#pragma once

#include <string>
#include <string_view>

namespace dalbit::tokenizer {

/// UTF-8 of the names of \p bytes.
std::string namesOfBytes(std::string_view bytes);

/// The bytes that \p names stand for; a character that is none's name stands
/// for itself.
std::string bytesOfNames(std::string_view names);

} // namespace dalbit::tokenizer
