// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the keys of a target name beyond themselves: a device, a technology, a
// clock beside the device's, bytes of a program.

#pragma once

#include "isa/binary/Program.h"
#include "isa/target/Target.h"

namespace dalbit::tool {

/// A target by its name or file whose DRAM device and technology are there and
/// whose capacity and clock the device can have. Throws Error with file and
/// line of the key.
target::Target checkedTarget(const std::string &nameOrPath);

/// Throws Error if \p program, of the model \p file, needs more DRAM than
/// \p target has.
void checkFits(const binary::Program &program, const target::Target &target,
               const std::string &file);

} // namespace dalbit::tool
