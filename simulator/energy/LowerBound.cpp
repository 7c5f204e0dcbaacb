// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/energy/LowerBound.h"

#include <algorithm>

namespace dalbit::energy {

double backgroundWatt(const dram::DramParameters &device, dram::Level level) {
  dram::CommandEnergy each(device, level);
  double watt = each.openWatt;
  if (device.refresh != dram::RefreshMode::None)
    watt += each.refresh /
            (double(device.timing.refreshInterval) * device.clockNs * 1e-9);
  return watt * device.channels;
}

Bound lowerBound(const BoundWork &work, const dram::DramParameters &device,
                 double streamGbPerSecond, const Band (&pj)[3],
                 double macsPerSecond) {
  auto reads = double(work.readBytes), writes = double(work.writtenBytes);
  double macs =
      double(work.macsW8) + double(work.macsW4) + double(work.macsStream);
  Bound bound;
  bound.seconds = std::max((reads + writes) / (streamGbPerSecond * 1e9),
                           macs / macsPerSecond);
  auto joule = [&](dram::Level level) {
    dram::CommandEnergy each(device, level);
    double perRead =
        each.readCore + each.readIo + each.hostPhy + each.termination;
    double perWrite =
        each.writeCore + each.writeIo + each.hostPhy + each.termination;
    double dram = (reads * perRead + writes * perWrite) / device.burstBytes +
                  (reads + writes) / device.pageBytes * each.activate;
    double products = (double(work.macsW8) * dram::at(pj[0], level) +
                       double(work.macsW4) * dram::at(pj[1], level) +
                       double(work.macsStream) * dram::at(pj[2], level)) *
                      1e-12;
    return dram + bound.seconds * backgroundWatt(device, level) + products;
  };
  bound.joule = {joule(dram::Level::Low), joule(dram::Level::Typical),
                 joule(dram::Level::High)};
  return bound;
}

} // namespace dalbit::energy
