// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/Machine.h"

#include "isa/target/Target.h"

#include <bit>

namespace dalbit::schedule {

Machine machineOf(const target::Target &target) {
  Machine machine;
  machine.n = target.outputs;
  machine.k = target.lanes;
  machine.lanes = target.vectorLanes;
  machine.portBytes = target.portBytes;
  machine.accEntries = target.accumulatorEntries;
  machine.rowScalars = target.rowScalars;
  machine.spmBytes = target.scratchpadBytes();
  machine.banks = target.banks;
  machine.axiBytes = target.axiBytes;
  return machine;
}

void Shortage::add(const char *key, int64_t have, int64_t need) {
  if (need <= have)
    return;
  text += (text.empty() ? "" : ", ") + std::string(key) + " = " +
          std::to_string(have) + " is too small, it takes " +
          std::to_string(std::bit_ceil(uint64_t(need)));
}

} // namespace dalbit::schedule
