// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The actual inputs decide (M2): what a program for given inputs is compiled
// with.

#pragma once

#include "tools/dalbit/HostTensors.h"
#include "tools/dalbit/Pipeline.h"

namespace dalbit::tool {

/// Inputs of the model \p path that steer it leave \p inputs and become values
/// of \p options; of the others these get the sizes, and unless they say
/// otherwise room for the batch of the first.
/// Throws Error if the model cannot be imported.
void specialise(const std::string &path, CompileOptions &options,
                std::vector<NamedTensor> &inputs);

} // namespace dalbit::tool
