// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text to token ids and back (M4): bytes as they are, or the byte-level BPE of
// a Hugging Face `tokenizer.json`. Left out: unigram and word-piece models, and
// BPE over characters (metaspace, byte fallback), which are refused by name.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dalbit::tokenizer {

class Tokenizer {
public:
  virtual ~Tokenizer() = default;
  /// Throws Error if \p text is not UTF-8 (BPE only).
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  /// The bytes that a token stands for; a character may be cut between two.
  /// Ids that the vocabulary does not have stand for none.
  virtual std::string bytesOf(int32_t token) const = 0;
};

/// A byte is a token.
std::unique_ptr<Tokenizer> makeBytes();

/// From the text of a tokenizer.json; \p source names it in messages. Throws
/// Error if it is no JSON or asks for what this does not do.
std::unique_ptr<Tokenizer> makeBpe(std::string_view json,
                                   const std::string &source);

} // namespace dalbit::tokenizer
