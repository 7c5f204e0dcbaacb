// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/Machine.h"

namespace dalbit::functional {

Machine::Machine(const target::Target &target, host::Memory &memory)
    : n(target.outputs), k(target.lanes), lanes(target.vectorLanes),
      portBytes(target.portBytes), accEntries(target.accumulatorEntries),
      axiBytes(target.axiBytes), spm(target.scratchpadBytes()),
      acc(size_t(target.accumulatorEntries) * size_t(target.outputs)),
      rowScalars(size_t(target.rowScalars)), table(isa::TableSegments),
      memory(memory) {}

uint8_t *Machine::scratchpad(int64_t address, int64_t bytes) {
  address &= (int64_t(1) << isa::SpmAddressBits) - 1;
  if (address + bytes > int64_t(spm.size()))
    throw Fault{isa::ErrorCode::Address,
                "byte " + std::to_string(address + bytes - 1) +
                    " is past the scratchpad of " + std::to_string(spm.size())};
  return spm.data() + address;
}

RowScalar &Machine::rowScalar(int64_t index) {
  if (index >= int64_t(rowScalars.size()))
    throw Fault{isa::ErrorCode::Address,
                "row scalar " + std::to_string(index) + " is past the " +
                    std::to_string(rowScalars.size()) + " of the target"};
  return rowScalars[size_t(index)];
}

} // namespace dalbit::functional
