// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The keys of a target file: the one table behind the loader, the printer, the
// rtl's parameters and docs/targets.md.

#pragma once

#include "isa/target/Target.h"

#include <span>

namespace dalbit::target {

struct Key {
  const char *section, *name;
  const char *unit;    ///< "" for names and counts
  const char *text;    ///< meaning, for the manual and printed files
  int Target::*number; ///< one of number and string is set
  std::string Target::*string;
  int low, high; ///< allowed numbers
  bool powerOfTwo;
  const char *parameter; ///< of the rtl, null if it has none
  int scale;             ///< parameter = number * scale

  std::string path() const;
};

/// In the order of a printed file.
std::span<const Key> keys();

/// Throws Error if sizes do not fit each other; \p source begins the message.
void checkTarget(const Target &target, const std::string &source);

} // namespace dalbit::target
