// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/ValueRecorder.h"

#include "simulator/functional/Machine.h"

#include <cstring>

namespace dalbit::functional {

void ValueRecorder::begin(const Machine &of,
                          std::span<const isa::Instruction>) {
  machine = &of;
}

uint32_t ValueRecorder::wordAt(uint32_t address) const {
  uint32_t value = 0;
  if (address + sizeof value <= machine->spm.size())
    std::memcpy(&value, machine->spm.data() + address, sizeof value);
  return value;
}

void ValueRecorder::load(uint32_t, uint32_t address) {
  if (values)
    values->loads.push_back(wordAt(address));
}

void ValueRecorder::go(uint32_t, const isa::Instruction &go,
                       const isa::Configurations &configurations) {
  const isa::DmaConfiguration &c = configurations.dmaIn;
  if (!values || go.unit != isa::Unit::DmaIn ||
      c.gather == isa::DmaGather::Off || c.bytes == 0 || c.planes == 0)
    return;
  for (uint32_t row = 0; row < c.rows; ++row)
    values->indices.push_back(wordAt((c.indexAddr + row * 4) & 0xffffff));
}

} // namespace dalbit::functional
