// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes and reads .dbn files: a Program in an ELF container (docs/binary.md).

#pragma once

#include "isa/binary/Program.h"

#include <string>

namespace dalbit::binary {

/// Validates the program and writes it; throws Error. The file is there whole
/// or not at all.
void writeBinary(const Program &program, const std::string &path);

struct ReadOptions {
  /// Takes files whose checksum is wrong. Everything else is still checked.
  bool ignoreChecksum = false;
};

/// Maps and validates a file; throws Error that names the file and what is
/// wrong with it. Constants and weights of the result are views into the mapped
/// file.
Program readBinary(const std::string &path, const ReadOptions &options = {});

/// Whether the file begins like a .dbn (else it may be an ONNX model).
bool isBinary(const std::string &path);

} // namespace dalbit::binary
