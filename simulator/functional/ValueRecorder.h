// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes down the run-time values that steer a program (T11) as the functional
// engine meets them.

#pragma once

#include "simulator/functional/Observer.h"
#include "simulator/host/RuntimeRecord.h"

namespace dalbit::functional {

class ValueRecorder : public Observer {
public:
  /// Null: writes nothing down.
  void record(host::RuntimeValues *to) { values = to; }

  void begin(const Machine &machine,
             std::span<const isa::Instruction> code) override;
  void load(uint32_t pc, uint32_t address) override;
  void go(uint32_t pc, const isa::Instruction &go,
          const isa::Configurations &configurations) override;

private:
  /// Indices past the scratchpad read as 0.
  uint32_t wordAt(uint32_t address) const;

  host::RuntimeValues *values = nullptr;
  const Machine *machine = nullptr;
};

} // namespace dalbit::functional
