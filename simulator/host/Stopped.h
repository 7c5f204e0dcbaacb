// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways in which a program ends that an engine reports by an Error, with
// status and place apart from the text: engines must agree on them (T10).

#pragma once

#include "isa/Isa.h"
#include "support/Error.h"

namespace dalbit::host {

/// The NPU stopped with an error: what its status registers show.
class Stopped : public Error {
public:
  Stopped(isa::ErrorCode code, uint32_t pc, unsigned unit,
          const std::string &message, std::vector<std::string> notes = {})
      : Error(message, std::move(notes)), code(code), pc(pc), unit(unit) {}

  const isa::ErrorCode code;
  const uint32_t pc;   ///< instruction, or the go of the unit's
  const unsigned unit; ///< isa::SequencerUnit for the sequencer
};

/// A wait for a semaphore that nothing signals.
class Deadlock : public Error {
public:
  using Error::Error;
};

/// More instructions than Start::bound.
class Endless : public Error {
public:
  using Error::Error;
};

} // namespace dalbit::host
