// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/energy/EnergyModel.h"
#include "simulator/energy/EventRules.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

using namespace dalbit::energy;

namespace {

TargetFacts edge() { return {32, 32, 512, 16, 1024, 16, 64, 800}; }

EnergyModel edgeModel(double voltage = 0) {
  return EnergyModel(loadTechnology("n22"), edge(),
                     dalbit::dram::loadDevice("lpddr5-6400-2x16", 4096),
                     voltage);
}

double sum(const Breakdown &breakdown, double Band::*level) {
  double result = 0;
  for (const auto &[name, band] : breakdown)
    result += band.*level;
  return result;
}

/// Two phases, layers, and something that no layer accounts for.
RunActivity someRun() {
  RunActivity run;
  uint64_t seed = 1;
  for (const char *phase : {"prefill", "decode"}) {
    PhaseActivity &activity = run.phases[phase];
    for (const char *layer : {"h.0/attn", "h.0/mlp", "lm_head"}) {
      Counters &counters = activity.layers[layer];
      for (const ActivityRule &rule : activityRules())
        counters[rule.counter] += seed++ * 1000;
      for (const char *name : {DramReads, DramWrites, DramActivates})
        counters[name] = seed++ * 100;
    }
    for (const auto &[layer, counters] : activity.layers)
      for (const auto &[name, value] : counters)
        activity.total[name] += value + 17;
    activity.total[CyclesCounter] = 10'000'000;
    activity.total[DramOpen] = 19'000'000;
    activity.total[DramClosed] = 1'000'000;
    activity.total[DramRefreshes] = 6'400;
  }
  return run;
}

} // namespace

TEST_CASE("units, layers and phases each add up to the total (C3)",
          "[energy]") {
  EnergyReport report = edgeModel().energy(someRun());
  for (auto level : {&Band::low, &Band::typical, &Band::high}) {
    double total = report.total.*level;
    REQUIRE(total > 0);
    CHECK(sum(report.byUnit, level) == Approx(total).epsilon(1e-12));
    CHECK(sum(report.byLayer, level) == Approx(total).epsilon(1e-12));
    CHECK(sum(report.byPhase, level) == Approx(total).epsilon(1e-12));
    double figures = 0;
    for (const auto &[name, band] : report.figures)
      figures += band.*level;
    CHECK(figures == Approx(total).epsilon(1e-12));
  }
  CHECK(report.byLayer.contains(OtherLayer));
  CHECK(report.total.low < report.total.typical);
  CHECK(report.total.typical < report.total.high);
}

TEST_CASE("a counter costs its event times its count", "[energy]") {
  EnergyModel model = edgeModel();
  Technology n22 = loadTechnology("n22");
  RunActivity run;
  run.phases["decode"].total["matrix.macs_w8"] = 1'000'000;
  run.phases["decode"].total["matrix.array_active"] = 100;
  EnergyReport report = model.energy(run);
  double expected = 1e6 * n22.events.at("mac_w8").pj.typical +
                    100 * 1024 * n22.events.at("array_clock").pj.typical;
  CHECK(report.byUnit.at("matrix").typical == Approx(expected * 1e-12));
  CHECK(report.byUnit.size() == 1);
}

TEST_CASE("every rule's counter raises its unit's energy", "[energy]") {
  EnergyModel model = edgeModel();
  for (const ActivityRule &rule : activityRules()) {
    INFO(rule.counter);
    RunActivity run;
    run.phases["decode"].total[rule.counter] = 1000;
    CHECK(model.energy(run).byUnit.at(rule.unit).typical > 0);
  }
}

TEST_CASE("gated cycles cost less than active ones", "[energy]") {
  EnergyModel model = edgeModel();
  RunActivity gated, active;
  gated.phases["decode"].total[CyclesCounter] = 1000;
  active.phases["decode"].total[CyclesCounter] = 1000;
  active.phases["decode"].total["matrix.array_active"] = 1000;
  CHECK(model.energy(gated).byUnit.at("matrix").typical <
        0.1 * model.energy(active).byUnit.at("matrix").typical);
}

TEST_CASE("time is shared among layers by their DRAM bursts", "[energy]") {
  EnergyModel model = edgeModel();
  RunActivity run;
  PhaseActivity &phase = run.phases["decode"];
  phase.layers["a"][DramReads] = 300;
  phase.layers["b"][DramReads] = 100;
  phase.layers["c"]["matrix.busy"] = 5;
  phase.total[DramReads] = 400;
  phase.total["matrix.busy"] = 5;
  phase.total[CyclesCounter] = 1'000'000'000; // nothing else counts beside it
  EnergyReport report = model.energy(run);
  CHECK(report.byLayer.at("a").typical ==
        Approx(3 * report.byLayer.at("b").typical).epsilon(1e-6));
  CHECK_FALSE(report.byLayer.contains("c"));
}

TEST_CASE("without DRAM bursts time is shared by cycles, then by busy units",
          "[energy]") {
  EnergyModel model = edgeModel();
  RunActivity run;
  PhaseActivity &phase = run.phases["decode"];
  phase.layers["a"][CyclesCounter] = 60;
  phase.layers["b"][CyclesCounter] = 20;
  phase.total[CyclesCounter] = 80;
  EnergyReport byCycles = model.energy(run);
  CHECK(byCycles.byLayer.at("a").typical ==
        Approx(3 * byCycles.byLayer.at("b").typical));
  phase.layers["a"] = {{"vector.busy", 10}};
  phase.layers["b"] = {{"matrix.busy", 40}};
  phase.total["vector.busy"] = 10;
  phase.total["matrix.busy"] = 40;
  EnergyReport byBusy = model.energy(run);
  CHECK(byBusy.byLayer.at("b").typical ==
        Approx(4 * byBusy.byLayer.at("a").typical));
}

TEST_CASE("a layer that counts more than its phase is an error", "[energy]") {
  RunActivity run;
  run.phases["decode"].layers["a"]["matrix.macs_w8"] = 2;
  run.phases["decode"].total["matrix.macs_w8"] = 1;
  CHECK_THROWS_WITH(edgeModel().energy(run),
                    Catch::Contains("count more than the phase"));
}

TEST_CASE("voltage goes squared into dynamic and cubed into leakage energy",
          "[energy]") {
  EnergyModel nominal = edgeModel(), lower = edgeModel(0.64); // 0.8 x 0.8
  CHECK(lower.eventPj("mac_w8").typical ==
        Approx(0.64 * nominal.eventPj("mac_w8").typical));
  CHECK(lower.eventPj("spm_read").typical ==
        Approx(0.64 * nominal.eventPj("spm_read").typical));
  CHECK(lower.leakageWatt().typical ==
        Approx(0.512 * nominal.leakageWatt().typical));
  CHECK_THROWS_AS(edgeModel(0.3), dalbit::Error);
}

TEST_CASE("the DRAM's energy is that of its commands and times", "[energy]") {
  auto device = dalbit::dram::loadDevice("lpddr5-6400-2x16", 4096);
  dalbit::dram::DramCounters counters;
  counters.reads = 1'000'000;
  counters.writes = 2'000;
  counters.activates = 20'000;
  counters.refreshes = 300;
  counters.openClocks = 900'000;
  counters.closedClocks = 1'000;
  RunActivity run;
  addDramCounters(run.phases["decode"].total, counters);
  EnergyReport report = edgeModel().energy(run);
  using dalbit::dram::Level;
  CHECK(report.total.low ==
        Approx(dramEnergy(device, counters, Level::Low).total()));
  CHECK(report.total.typical ==
        Approx(dramEnergy(device, counters, Level::Typical).total()));
  CHECK(report.total.high ==
        Approx(dramEnergy(device, counters, Level::High).total()));
}

TEST_CASE("the figures name the widest band first", "[energy]") {
  EnergyReport report = edgeModel().energy(someRun());
  REQUIRE(report.figures.size() > 5);
  for (size_t i = 1; i < report.figures.size(); ++i) {
    const Band &before = report.figures[i - 1].second;
    const Band &after = report.figures[i].second;
    CHECK(before.high - before.low >= after.high - after.low);
  }
}
