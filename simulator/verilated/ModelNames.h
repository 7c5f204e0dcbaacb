// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds in Verilator's class what the harness reads: counters, tags and queues
// of the dispatchers, semaphores, pc. They are public_flat_rd in the rtl; how
// Verilator calls the members depends on the hierarchy, so they are looked up.

#pragma once

#include <string>

namespace dalbit::verilated {

/// Text of names.h (Harness.cpp) from the text of the root class's header.
/// Throws Error if a counter of isa/npu.td or a signal is not there.
std::string modelNames(const std::string &rootHeader);

} // namespace dalbit::verilated
