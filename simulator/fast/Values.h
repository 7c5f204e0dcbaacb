// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the timing asks of the data: the run-time values that steer a program
// (T11), and that an instruction's effect takes place.

#pragma once

#include "simulator/fast/Time.h"
#include "simulator/host/Engine.h"

namespace dalbit::fast {

class Values {
public:
  virtual ~Values() = default;
  /// A program starts; \p recorded gets the values that steer it unless null.
  virtual void begin(const host::Start &start,
                     host::RuntimeValues *recorded) = 0;
  /// The word of a scalar load; \p address is in the scratchpad.
  virtual uint32_t load(uint32_t address) = 0;
  /// An index of a gather; past the scratchpad it is 0.
  virtual uint32_t index(uint32_t address) = 0;
  /// An instruction of \p unit has ended, in the order in which they end;
  /// \p fields is its configuration.
  virtual void execute(UnitNumber unit, const uint32_t *fields) = 0;
};

} // namespace dalbit::fast
