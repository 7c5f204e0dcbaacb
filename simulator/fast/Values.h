// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the timing asks of the data: the run-time values that steer a program
// (T11), and that an instruction's effect takes place.

#pragma once

#include "simulator/fast/Time.h"

namespace dalbit::fast {

class Values {
public:
  virtual ~Values() = default;
  /// The word of a scalar load; \p address is in the scratchpad.
  virtual uint32_t load(uint32_t address) = 0;
  /// An index of a gather; \p address may be past the scratchpad.
  virtual uint32_t index(uint32_t address) = 0;
  /// An instruction of \p unit has ended, in the order in which they end;
  /// \p fields is its configuration.
  virtual void execute(UnitNumber unit, const uint32_t *fields) = 0;
};

} // namespace dalbit::fast
