// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What holds for every Program that the writer takes and the reader gives:
//
// - each instruction decodes; targets of branches and bodies of loops lie
// inside the code; loops
//   nest at most LoopDepth deep and no branch crosses a loop's border
// - regions are of different kinds; code, const and weights have exactly the
// size of their
//   contents; together, as place() puts them, they fit the target's DRAM
// - the target is complete and consistent (isa/target)
// - entries, tensors and layers have different names (layers: tags) and ranges
// inside code and
//   regions, tensors for all values of T, P and B within the limits; an alias
//   shares its tensor's place
// - the model's facts are a JSON object

#pragma once

#include "isa/binary/Program.h"

#include <string>

namespace dalbit::binary {

/// Throws Error whose message begins with \p source.
void validate(const Program &program, const std::string &source);

/// The part about instructions.
void validateCode(const std::vector<uint64_t> &code, const std::string &source);

} // namespace dalbit::binary
