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

/// What one key's own range does not say.
struct Rule {
  const char *path; ///< of the key that a message names
  const char *text; ///< a sentence of the manual
  bool (*holds)(const Target &target);
  std::string (*failure)(const Target &target); ///< without place
};

std::span<const Rule> rules();

/// Throws Error with file and line if a rule does not hold.
void checkTarget(const Target &target);

} // namespace dalbit::target
