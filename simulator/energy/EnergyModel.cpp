// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/energy/EnergyModel.h"

#include "simulator/dram/Trace.h"
#include "support/Error.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace dalbit::energy {

namespace {

Band scaled(const Band &band, double factor) {
  return {band.low * factor, band.typical * factor, band.high * factor};
}

Band &operator+=(Band &sum, const Band &more) {
  sum.low += more.low;
  sum.typical += more.typical;
  sum.high += more.high;
  return sum;
}

double valueOf(const Counters &counters, const char *name) {
  auto found = counters.find(name);
  return found == counters.end() ? 0 : double(found->second);
}

/// The layers of a phase with what none of them accounts for as OtherLayer.
std::map<std::string, Counters> completeLayers(const std::string &phase,
                                               const PhaseActivity &activity) {
  std::map<std::string, Counters> layers = activity.layers;
  Counters rest = activity.total;
  for (const auto &[layer, counters] : activity.layers)
    for (const auto &[name, value] : counters) {
      uint64_t &left = rest[name];
      if (value > left)
        throw Error(fmt::format("counter {}: the layers of {} count more than "
                                "the phase (at layer {})",
                                name, phase, layer));
      left -= value;
    }
  Counters &other = layers[OtherLayer];
  for (const auto &[name, value] : rest)
    other[name] += value;
  return layers;
}

/// How the layers share what belongs to time: parts that sum to one.
std::map<std::string, double>
timeShares(const std::map<std::string, Counters> &layers) {
  auto bursts = [](const Counters &counters) {
    return valueOf(counters, DramReads) + valueOf(counters, DramWrites);
  };
  auto cycles = [](const Counters &counters) {
    return valueOf(counters, CyclesCounter);
  };
  auto busy = [](const Counters &counters) {
    double sum = 0;
    for (const auto &[name, value] : counters)
      if (name.ends_with(BusySuffix))
        sum += double(value);
    return sum;
  };
  auto sharesBy = [&](auto measure) {
    std::map<std::string, double> shares;
    double sum = 0;
    for (const auto &[layer, counters] : layers)
      sum += shares[layer] = measure(counters);
    if (sum > 0)
      for (auto &[layer, share] : shares)
        share /= sum;
    return std::pair(shares, sum > 0);
  };
  if (auto [shares, any] = sharesBy(bursts); any)
    return shares;
  // The phase's cycles that no layer counts stand in OtherLayer; they decide
  // only if layers count cycles at all.
  bool layersCount = false;
  for (const auto &[layer, counters] : layers)
    layersCount |= layer != OtherLayer && cycles(counters) > 0;
  if (layersCount)
    return sharesBy(cycles).first;
  if (auto [shares, any] = sharesBy(busy); any)
    return shares;
  return {{OtherLayer, 1.0}};
}

/// Collects joules under unit, layer, phase and figure.
class Ledger {
public:
  void add(const std::string &phase, const std::string &layer,
           const std::string &unit, const std::string &figure,
           const Band &joule) {
    if (joule.high == 0)
      return;
    report.byUnit[unit] += joule;
    report.byLayer[layer] += joule;
    report.byPhase[phase] += joule;
    report.total += joule;
    figures[figure] += joule;
  }

  EnergyReport finish() {
    report.figures.assign(figures.begin(), figures.end());
    std::stable_sort(report.figures.begin(), report.figures.end(),
                     [](const auto &a, const auto &b) {
                       return a.second.high - a.second.low >
                              b.second.high - b.second.low;
                     });
    return std::move(report);
  }

  EnergyReport report;

private:
  Breakdown figures;
};

/// One kind of DRAM energy: a counter, or a time, and its joules a count.
struct DramTerm {
  const char *counter;
  const char *unit;
  const char *figure;
  Band joule;
};

} // namespace

void addDramCounters(Counters &counters, const dram::DramCounters &dram) {
  counters[DramReads] += dram.reads;
  counters[DramWrites] += dram.writes;
  counters[DramActivates] += dram.activates;
  counters[DramPrecharges] += dram.precharges + dram.prechargeAlls;
  counters[DramRefreshes] += dram.refreshes;
  counters[DramOpen] += dram.openClocks;
  counters[DramClosed] += dram.closedClocks;
}

EnergyModel::EnergyModel(const Technology &technology,
                         const TargetFacts &target,
                         const dram::DramParameters &dram, double voltage)
    : technology(technology), target(target), dramDevice(dram) {
  double nominal = technology.voltage;
  double ratio = voltage == 0 ? 1 : voltage / nominal;
  if (!(ratio > 0.6 && ratio < 1.4))
    throw Error(
        fmt::format("voltage {} is more than 40 % away from the {} V of "
                    "{}",
                    voltage, nominal, technology.name));
  dynamic = ratio * ratio;

  Memory bank = technology.memory(target.scratchpadKib / target.banks, 512, 1);
  double entryBits = target.outputs * 32;
  double halfKib = target.accumulatorEntries / 2 * entryBits / 8 / 1024;
  Memory half = technology.memory(halfKib, entryBits, 2);
  // A scratchpad access crosses half the side of the banks' square.
  double way = std::sqrt(bank.areaMm2 * target.banks) / 2;
  Band wire = scaled(technology.events.at("wire_bit_mm").pj, 512 * way);
  auto access = [&](double pj) { return scaled(technology.sramEnergy, pj); };
  memoryPj["spm_read"] = access(bank.readPj);
  memoryPj["spm_write"] = access(bank.writePj);
  memoryPj["spm_read"] += wire;
  memoryPj["spm_write"] += wire;
  memoryPj["acc_read"] = access(half.readPj);
  memoryPj["acc_write"] = access(half.writePj);

  double memoryMw = bank.leakageMw * target.banks + half.leakageMw * 2;
  double logicMm2 =
      (target.outputs * target.lanes * technology.arrayPositionUm2 +
       target.vectorLanes * technology.vectorLaneUm2 + technology.otherUm2) *
      1e-6;
  leakage = scaled(technology.sramLeakage, memoryMw);
  leakage += scaled(technology.logicLeakageMwPerMm2, logicMm2);
  leakage = scaled(leakage, 1e-3 * ratio * ratio * ratio);
  streamRate = dram::streamGbPerSecond(dram);
}

Band EnergyModel::eventPj(const std::string &event) const {
  const Band &pj = isMemoryEvent(event) ? memoryPj.at(event)
                                        : technology.events.at(event).pj;
  return scaled(pj, dynamic);
}

double EnergyModel::factorOf(Times times) const {
  switch (times) {
  case Times::One:
    break;
  case Times::Positions:
    return target.outputs * target.lanes;
  case Times::Lanes:
    return target.vectorLanes;
  case Times::PortBytes:
    return target.portBytes;
  }
  return 1;
}

EnergyReport EnergyModel::energy(const RunActivity &run) const {
  using dram::Level;
  const dram::CommandEnergy low(dramDevice, Level::Low),
      typical(dramDevice, Level::Typical), high(dramDevice, Level::High);
  auto band = [&](double dram::CommandEnergy::*member, double factor = 1) {
    return Band{low.*member * factor, typical.*member * factor,
                high.*member * factor};
  };
  using Each = dram::CommandEnergy;
  double clock = dramDevice.clockNs * 1e-9;
  const DramTerm commands[] = {
      {DramActivates, "dram", "DRAM activate", band(&Each::activate)},
      {DramReads, "dram", "DRAM read current", band(&Each::readCore)},
      {DramWrites, "dram", "DRAM write current", band(&Each::writeCore)},
      {DramReads, "dram_io", "DRAM pins", band(&Each::readIo)},
      {DramWrites, "dram_io", "DRAM pins", band(&Each::writeIo)},
      {DramReads, "dram_io", "termination", band(&Each::termination)},
      {DramWrites, "dram_io", "termination", band(&Each::termination)},
      {DramReads, "host_phy", "host PHY", band(&Each::hostPhy)},
      {DramWrites, "host_phy", "host PHY", band(&Each::hostPhy)},
  };
  const DramTerm times[] = {
      {DramRefreshes, "dram_refresh", "DRAM refresh", band(&Each::refresh)},
      {DramOpen, "dram_standby", "DRAM standby", band(&Each::openWatt, clock)},
      {DramClosed, "dram_standby", "DRAM standby",
       band(&Each::closedWatt, clock)},
  };

  Ledger ledger;
  for (const auto &[phase, activity] : run.phases) {
    std::map<std::string, Counters> layers = completeLayers(phase, activity);
    for (const auto &[layer, counters] : layers) {
      for (const ActivityRule &rule : activityRules())
        if (double count = valueOf(counters, rule.counter); count > 0)
          ledger.add(phase, layer, rule.unit, rule.event,
                     scaled(eventPj(rule.event),
                            count * factorOf(rule.times) * 1e-12));
      for (const DramTerm &term : commands)
        if (double count = valueOf(counters, term.counter); count > 0)
          ledger.add(phase, layer, term.unit, term.figure,
                     scaled(term.joule, count));
    }

    // What belongs to the time of the phase.
    double cycles = valueOf(activity.total, CyclesCounter);
    double seconds = cycles / (target.clockMhz * 1e6);
    struct Timed {
      const char *unit, *figure;
      Band joule;
    };
    std::vector<Timed> timed;
    for (const IdleRule &rule : idleRules()) {
      double active = rule.active ? valueOf(activity.total, rule.active) : 0;
      timed.push_back(
          {rule.unit, rule.event,
           scaled(eventPj(rule.event), std::max(0.0, cycles - active) *
                                           factorOf(rule.times) * 1e-12)});
    }
    timed.push_back({"leakage", "leakage", scaled(leakage, seconds)});
    for (const DramTerm &term : times)
      timed.push_back(
          {term.unit, term.figure,
           scaled(term.joule, valueOf(activity.total, term.counter))});
    for (const auto &[layer, share] : timeShares(layers))
      for (const Timed &part : timed)
        ledger.add(phase, layer, part.unit, part.figure,
                   scaled(part.joule, share));
  }
  return ledger.finish();
}

Bound EnergyModel::bound(const BoundWork &work) const {
  const Band products[3] = {eventPj("mac_w8"), eventPj("mac_w4"),
                            eventPj("mac_stream")};
  return lowerBound(work, dramDevice, streamRate, products,
                    target.outputs * target.lanes * target.clockMhz * 1e6);
}

} // namespace dalbit::energy
