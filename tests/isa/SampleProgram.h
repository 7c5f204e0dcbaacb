// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small program that is valid and has one of everything; it computes nothing.

#pragma once

#include "isa/binary/Program.h"

namespace dalbit::binary {

/// Context 64, on target edge. Instruction 4 is a loop over 5 .. 7.
Program sampleProgram();

} // namespace dalbit::binary
