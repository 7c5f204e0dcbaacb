// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/Prompts.h"

#include "support/Error.h"

#include <algorithm>
#include <random>

namespace dalbit::tool {

std::unique_ptr<tokenizer::Tokenizer> tokenizerOf(const Model &model,
                                                  const std::string &file) {
  std::unique_ptr<tokenizer::Tokenizer> tokenizer = model.tokenizer();
  if (!tokenizer)
    throw Error(file + ": the model does not say how it reads text",
                {"put its tokenizer.json beside it, or leave the text out "
                 "(`run` takes --tokens 12,7,...)"});
  return tokenizer;
}

uint32_t defaultPrompt(const Model &model) {
  return std::min<uint32_t>(16, model.context() / 2 + 1);
}

std::vector<int32_t> seededTokens(const Model &model, uint64_t seed,
                                  uint32_t count) {
  std::mt19937_64 random(seed);
  std::vector<int32_t> ids;
  for (uint32_t i = 0; i < count; ++i)
    ids.push_back(
        int32_t(random() % uint64_t(std::max<int64_t>(model.vocabulary(), 1))));
  return ids;
}

} // namespace dalbit::tool
