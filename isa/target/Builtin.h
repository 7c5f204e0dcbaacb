// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The built-in target files as strings; CMake makes the table from
// isa/target/*.toml.

#pragma once

namespace dalbit::target {

struct BuiltinTarget {
  const char *name, *text;
};
extern const BuiltinTarget builtinTable[];
extern const unsigned builtinCount;

} // namespace dalbit::target
