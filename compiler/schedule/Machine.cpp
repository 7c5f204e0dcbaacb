// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/Machine.h"

#include "isa/target/Target.h"

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

} // namespace dalbit::schedule
