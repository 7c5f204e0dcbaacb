// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/CommandEnergy.h"

namespace dalbit::dram {

double at(const Band &band, Level level) {
  switch (level) {
  case Level::Low:
    return band.low;
  case Level::Typical:
    return band.typical;
  case Level::High:
    return band.high;
  case Level::DataSheet:
    break;
  }
  return 1;
}

CommandEnergy::CommandEnergy(const DramParameters &device, Level level) {
  const DramPower &power = device.power;
  double clock = device.clockNs * 1e-9;
  double cycle = power.activateCycleClocks * clock;
  double active = power.activateActiveClocks * clock;
  double burst = power.burstClocks * clock;
  double refreshTime = power.refreshClocks * clock;
  double access = power.diesAccess * 1e-3; // milliampere to ampere
  double standby = power.diesStandby * 1e-3;
  for (const DramRail &rail : power.rails) {
    activate += access * rail.volt *
                (rail.idd0 * cycle - rail.idd3n * active -
                 rail.idd2n * (cycle - active));
    (rail.io ? readIo : readCore) +=
        access * rail.volt * (rail.idd4r - rail.idd3n) * burst;
    (rail.io ? writeIo : writeCore) +=
        access * rail.volt * (rail.idd4w - rail.idd3n) * burst;
    refresh += standby * rail.volt * (rail.idd5 - rail.idd3n) * refreshTime;
    openWatt += standby * rail.volt * rail.idd3n;
    closedWatt += standby * rail.volt * rail.idd2n;
  }
  activate *= at(power.activateFactor, level);
  readCore *= at(power.readFactor, level);
  writeCore *= at(power.writeFactor, level);
  readIo *= at(power.ioFactor, level);
  writeIo *= at(power.ioFactor, level);
  refresh *= at(power.refreshFactor, level);
  bankRefresh = refresh / device.refreshSets();
  openWatt *= at(power.standbyFactor, level);
  closedWatt *= at(power.standbyFactor, level);
  Level outside = level == Level::DataSheet ? Level::Typical : level;
  double bits = device.burstBytes * 8.0 * 1e-12; // pJ to J
  hostPhy = bits * at(power.hostPhy, outside);
  termination = bits * at(power.termination, outside);
}

DramEnergy dramEnergy(const DramParameters &device,
                      const DramCounters &counters, Level level) {
  CommandEnergy each(device, level);
  double clock = device.clockNs * 1e-9;
  auto reads = double(counters.reads);
  auto writes = double(counters.writes);
  DramEnergy energy;
  energy.activate = double(counters.activates) * each.activate;
  energy.read = reads * each.readCore;
  energy.write = writes * each.writeCore;
  energy.io = reads * each.readIo + writes * each.writeIo;
  energy.refresh = double(counters.refreshes) * each.refresh +
                   double(counters.bankRefreshes) * each.bankRefresh;
  energy.background = clock * (double(counters.openClocks) * each.openWatt +
                               double(counters.closedClocks) * each.closedWatt);
  energy.hostPhy = (reads + writes) * each.hostPhy;
  energy.termination = (reads + writes) * each.termination;
  return energy;
}

} // namespace dalbit::dram
