// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a language model is given to continue.

#pragma once

#include "tools/dalbit/Model.h"

namespace dalbit::tool {

/// How \p model reads text. Throws Error if \p file, its name, does not say.
std::unique_ptr<tokenizer::Tokenizer> tokenizerOf(const Model &model,
                                                  const std::string &file);

/// Tokens of a prompt that nobody gives: what a token costs does not depend on
/// which.
uint32_t defaultPrompt(const Model &model);

/// \p count tokens of the model's vocabulary from \p seed.
std::vector<int32_t> seededTokens(const Model &model, uint64_t seed,
                                  uint32_t count);

} // namespace dalbit::tool
