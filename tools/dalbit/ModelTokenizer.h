// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a model reads text (M4): it says `bytes` in its metadata, or a
// tokenizer.json lies beside it. A binary holds either in its model table.

#pragma once

#include "isa/binary/Program.h"
#include "simulator/tokenizer/Tokenizer.h"

#include <memory>
#include <string>

namespace dalbit::tool {

/// Text of the tokenizer.json in the folder of \p model; empty if there is
/// none. Throws Error if it is there and cannot be read, or is larger than a
/// table of a binary may be.
std::string tokenizerFile(const std::string &model);

/// Puts that text into \p program's model table, unless the model names its
/// tokenizer itself.
void embedTokenizer(binary::Program &program, const std::string &model);

/// \p name is that of the metadata or empty, \p json a tokenizer.json or empty;
/// null if both are. \p source is for messages. Throws Error if the tokenizer
/// is none of those that are known.
std::unique_ptr<tokenizer::Tokenizer> makeTokenizer(const std::string &name,
                                                    const std::string &json,
                                                    const std::string &source);

} // namespace dalbit::tool
