// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A GPT of two layers with seeded weights as text of the nn dialect: big enough
// for tails, padded heads and several chunks, small enough for every engine.

#pragma once

#include <string>

namespace dalbit::test {

struct SmallGpt {
  int width = 48, heads = 3, hidden = 96, vocabulary = 80, context = 64,
      layers = 2;
  unsigned seed = 1;
};

std::string smallGptText(const SmallGpt &model);

} // namespace dalbit::test
