// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run that did not end well says to people.

#pragma once

#include "isa/binary/Program.h"
#include "simulator/host/Stopped.h"
#include "simulator/verilated/HarnessApi.h"

namespace dalbit::verilated {

/// The status register's error: code, instruction, unit and the code's meaning.
host::Stopped stopped(const DalbitEnd &end, const binary::Program &program);

/// Nothing has moved for \p patience cycles. A note for the sequencer and each
/// unit says what it does or which semaphores it waits for, with instruction,
/// layer and phase.
host::Deadlock deadlock(const DalbitEnd &end, const binary::Program &program,
                        int64_t patience);

} // namespace dalbit::verilated
