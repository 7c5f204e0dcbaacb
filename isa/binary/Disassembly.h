// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of a program as text for people: entry points as labels, layers as
// comments, bodies of loops indented, the number of each instruction behind it.
// isa::assemble() reads it back.

#pragma once

#include "isa/binary/Program.h"

#include <string>

namespace dalbit::binary {

/// The program must be valid.
std::string disassemble(const Program &program);

} // namespace dalbit::binary
