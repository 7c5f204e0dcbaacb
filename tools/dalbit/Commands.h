// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sub-commands of `dalbit` (contracts, section J). Each adds its options to
// the command line; what it does runs after parsing and throws Error.

#pragma once

#include "tools/dalbit/Pipeline.h"

#include <CLI/CLI.hpp>

namespace dalbit::tool {

void addCompile(CLI::App &app);
void addRun(CLI::App &app);
void addCompare(CLI::App &app);
void addEval(CLI::App &app);
void addVerify(CLI::App &app);
void addInspect(CLI::App &app);
void addTargets(CLI::App &app);
void addFuzz(CLI::App &app);
void addDram(CLI::App &app);

/// Options of `compile` that every command with an ONNX model takes.
void addCompileOptions(CLI::App &command, CompileOptions &options);
/// The one of these that chooses results, for commands with few of them.
void addResultsOption(CLI::App &command, CompileOptions &options);
/// Throws Error if it is given and \p file is a binary.
void checkResults(const CompileOptions &options, const std::string &file);
/// Throws Error if one of them is given that a binary cannot follow: it was
/// compiled already. Its own target may be named.
void checkCompileOptions(const CLI::App &command, const std::string &file);

} // namespace dalbit::tool
