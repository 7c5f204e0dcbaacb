// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/Reports.h"

#include "simulator/dram/DramParameters.h"

#include <algorithm>
#include <cstdio>

namespace dalbit::tool {

namespace {

energy::Counters toMap(const isa::Counters &counters) {
  energy::Counters map;
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    map[isa::counters()[i].name] = isa::counter(counters, i);
  return map;
}

energy::PhaseActivity activityOf(const Measured::Phase &phase,
                                 const binary::Program &program) {
  energy::PhaseActivity activity;
  activity.total = toMap(phase.counters);
  for (const auto &[name, value] : phase.dram)
    activity.total[name] += value;
  for (const auto &[tag, counters] : phase.byTag) {
    std::string name = energy::OtherLayer;
    for (const binary::Layer &layer : program.layers)
      if (layer.tag == (tag & 0xff))
        name = layer.name;
    for (const auto &[counter, value] : toMap(counters))
      activity.layers[name][counter] += value;
  }
  // The whole's time is not a layer's. Its DRAM commands are: in proportion to
  // the bytes that its DMA moved (bursts of all layers are alike).
  uint64_t loaded =
               phase.counters.dmaIn.bytes + phase.counters.sequencer.fetchBytes,
           stored = phase.counters.dmaOut.bytes;
  for (auto &[name, counters] : activity.layers) {
    counters.erase("cycles");
    double in = loaded ? double(counters["dma_in.bytes"]) / double(loaded) : 0,
           out =
               stored ? double(counters["dma_out.bytes"]) / double(stored) : 0,
           both = double(counters["dma_in.bytes"] + counters["dma_out.bytes"]) /
                  double(std::max<uint64_t>(loaded + stored, 1));
    for (const auto &[counter, share] : {std::pair("dram.reads", in),
                                         {"dram.writes", out},
                                         {"dram.activates", both},
                                         {"dram.precharges", both}})
      if (auto total = phase.dram.find(counter); total != phase.dram.end())
        counters[counter] = uint64_t(double(total->second) * share);
  }
  return activity;
}

/// C5: what the DMA moved is what has to be moved, as every weight, key and
/// value is copied once a step.
energy::BoundWork boundWork(const Measured::Phase &phase) {
  energy::BoundWork work;
  work.readBytes = phase.counters.dmaIn.bytes;
  work.writtenBytes = phase.counters.dmaOut.bytes;
  work.macsW8 = phase.counters.matrix.macsW8;
  work.macsW4 = phase.counters.matrix.macsW4;
  work.macsStream = phase.counters.matrix.macsStream;
  return work;
}

} // namespace

void warnOfSaturation(const Model &model) {
  for (const auto &[tag, count] : model.measured().saturated) {
    std::string name = "tag " + std::to_string(tag);
    bool isMeant = false;
    for (const binary::Layer &layer : model.program()->layers)
      if (layer.tag == tag) {
        name = layer.nodes.empty() ? layer.name : layer.nodes.front();
        // Keys of experts that are chosen become the least number (A16).
        isMeant |= layer.kind == "route";
      }
    if (isMeant)
      continue;
    std::fprintf(
        stderr,
        "warning: '%s': %llu numbers did not fit the NPU's fixed point "
        "and were cut, so results may be wrong\n",
        name.c_str(), static_cast<unsigned long long>(count));
  }
}

report::LayerSection layerSection(const binary::Program &program,
                                  const layers::Sample &sample) {
  report::LayerSection section;
  section.step = sample.step;
  section.steps = sample.steps;
  section.phase = sample.isDecode ? "decode" : "prefill";
  for (const layers::LayerTime &layer : sample.layers) {
    report::LayerSection::Row row;
    row.layer = layer.layer;
    row.name = program.layers[layer.layer].name;
    row.isOnRtl = layer.isOnRtl;
    row.inRun = layer.inWhole;
    row.parts = layer.parts;
    row.alone = layer.alone;
    section.rows.push_back(std::move(row));
  }
  return section;
}

report::RunReport makeReport(const Model &model, const std::string &engine,
                             const std::optional<std::string> &text) {
  const Measured &measured = model.measured();
  report::RunReport report;
  report.engine = engine;
  report.target = model.target() ? model.target()->name : "";
  report.tokens = {measured.prefill.tokens, measured.decode.tokens};
  report.hostSeconds =
      measured.prefill.hostSeconds + measured.decode.hostSeconds;
  report.text = text;
  if (std::string values = model.runTimeValues(); !values.empty())
    report.runTimeValues = values;
  if (std::string digest = model.digest(); !digest.empty())
    report.memorySha256 = digest;
  isa::Counters all = measured.prefill.counters;
  all += measured.decode.counters;
  // An engine without time counts the work that it sees.
  if (model.program())
    for (const auto &[name, value] : toMap(all))
      if (measured.timed || value)
        report.counters[name] = value;
  for (const auto *phase : {&measured.prefill, &measured.decode})
    for (const auto &[name, value] : phase->dram)
      report.counters[name] += value;
  if (!measured.timed)
    return report;

  const target::Target &target = *model.target();
  const binary::Program &program = *model.program();
  dram::DramParameters device =
      dram::loadDevice(target.dramDevice, target.dramCapacityMib);
  energy::TargetFacts facts;
  facts.outputs = target.outputs;
  facts.lanes = target.lanes;
  facts.accumulatorEntries = target.accumulatorEntries;
  facts.vectorLanes = target.vectorLanes;
  facts.scratchpadKib = target.scratchpadKib;
  facts.banks = target.banks;
  facts.portBytes = target.portBytes;
  facts.clockMhz = target.clockMhz;
  energy::EnergyModel energyModel(energy::loadTechnology(target.technology),
                                  facts, device);
  report::Timing timing;
  timing.cycles = {measured.prefill.counters.cycles,
                   measured.decode.counters.cycles};
  timing.totalCycles = timing.cycles.prefill + timing.cycles.decode;
  timing.clockMhz = target.clockMhz;
  timing.technology = target.technology;
  energy::RunActivity activity;
  activity.phases["prefill"] = activityOf(measured.prefill, program);
  if (measured.decode.tokens)
    activity.phases["decode"] = activityOf(measured.decode, program);
  timing.energy = energyModel.energy(activity);
  timing.bound.prefill = energyModel.bound(boundWork(measured.prefill));
  if (measured.decode.tokens)
    timing.bound.decode = energyModel.bound(boundWork(measured.decode));
  double products =
      double(all.matrix.macsW8 + all.matrix.macsW4 + all.matrix.macsStream);
  double cycles = double(timing.totalCycles);
  timing.arrayUtilization =
      cycles ? products / (cycles * target.outputs * target.lanes) : 0;
  timing.dramUtilization = report::dramUtilization(
      all.dmaIn.bytes + all.dmaOut.bytes, timing.totalCycles, target.clockMhz,
      energyModel.streamGbPerSecond());
  report.timing = timing;
  return report;
}

} // namespace dalbit::tool
