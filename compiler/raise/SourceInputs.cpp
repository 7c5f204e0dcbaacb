// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/SourceInputs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace mlir;

namespace dalbit::raise {

static bool hasWord(const InputFacts &input, ArrayRef<StringRef> words) {
  return llvm::any_of(words, [&](StringRef word) {
    return StringRef(input.name).contains_insensitive(word);
  });
}

/// Ids [B, T] or rows [B, T, d] of a length that the file leaves open.
static bool isTokens(const InputFacts &input) {
  int64_t rank = input.type.getRank();
  bool integers = isa<IntegerType>(input.type.getElementType());
  return ((rank == 2 && integers) || (rank == 3 && !integers)) &&
         (input.type.isDynamicDim(1) || rank == 2) &&
         !hasWord(input, {"mask", "position", "type"});
}

int64_t lengthAxis(RankedTensorType type) {
  int64_t rank = type.getRank();
  return rank == 4 ? 2 : rank == 2 || rank == 3 ? 1 : -1;
}

SmallVector<bool> findSource(ArrayRef<InputFacts> inputs,
                             ArrayRef<std::string> outputNames) {
  SmallVector<bool> source;
  for (const InputFacts &input : inputs)
    source.push_back(lengthAxis(input.type) > 0 &&
                     hasWord(input, {"encoder", "cross"}));
  SmallVector<size_t> tokens;
  for (auto [i, input] : llvm::enumerate(inputs))
    if (isTokens(input) && !source[i])
      tokens.push_back(i);
  auto isDecoders = [&](size_t i) {
    return hasWord(inputs[i], {"decoder", "tgt", "target", "prev_output"});
  };
  if (tokens.size() > 1 && llvm::any_of(tokens, isDecoders)) {
    // Everything that is not called the decoder's belongs to the other side;
    // caches are told apart above.
    for (auto [i, input] : llvm::enumerate(inputs))
      source[i] = source[i] || (lengthAxis(input.type) == 1 && !isDecoders(i) &&
                                (isTokens(input) || input.type.getRank() == 2));
  } else if (tokens.size() > 1) {
    auto isResults = [&](size_t i) {
      return llvm::is_contained(outputNames, inputs[i].lengthName);
    };
    auto target = llvm::find_if(tokens, isResults);
    if (target != tokens.end())
      for (auto [i, input] : llvm::enumerate(inputs)) {
        int64_t axis = lengthAxis(input.type);
        source[i] = source[i] ||
                    (axis == 1 && !input.lengthName.empty() && !isResults(i) &&
                     input.length && input.length != inputs[*target].length &&
                     llvm::any_of(tokens, [&](size_t other) {
                       return inputs[other].lengthName == input.lengthName;
                     }));
      }
  }
  bool left = false;
  for (auto [i, input] : llvm::enumerate(inputs))
    left |= isTokens(input) && !source[i];
  if (!left)
    source.assign(inputs.size(), false);
  return source;
}

} // namespace dalbit::raise
