// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a tokenizer.json does to text before BPE: normal forms of Unicode, and
// the rules that cut it into pieces. Regular expressions and normal forms are
// ICU's.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dalbit::tokenizer {

/// One step: pieces of text to pieces.
using Step =
    std::function<std::vector<std::string>(const std::vector<std::string> &)>;

/// The steps of "normalizer" and "pre_tokenizer" in order; after them a piece
/// is what BPE may join. Throws Error naming \p source for kinds that are not
/// known.
std::vector<Step> makeNormalizer(const nlohmann::json &description,
                                 const std::string &source);
std::vector<Step> makePreTokenizer(const nlohmann::json &description,
                                   const std::string &source);

} // namespace dalbit::tokenizer
