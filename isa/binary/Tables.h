// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables of a program as the JSON text of their sections. Reading checks
// form: every key is there, has its type and range, and no other is; the
// meaning is validate()'s.

#pragma once

#include "isa/binary/Program.h"

#include <string>
#include <string_view>

namespace dalbit::binary {

std::string printRegions(const Program &program);
/// Limits and entry points.
std::string printEntries(const Program &program);
std::string printTensors(const Program &program);
std::string printLayers(const Program &program);

/// Each throws Error whose message begins with \p source.
void readRegions(std::string_view text, const std::string &source,
                 Program &program);
void readEntries(std::string_view text, const std::string &source,
                 Program &program);
void readTensors(std::string_view text, const std::string &source,
                 Program &program);
void readLayers(std::string_view text, const std::string &source,
                Program &program);

/// Throws Error unless the text is a JSON object.
void checkFacts(std::string_view text, const std::string &source);

} // namespace dalbit::binary
