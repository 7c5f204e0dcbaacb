// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/Trace.h"
#include "simulator/energy/EnergyModel.h"
#include "simulator/energy/EventRules.h"

#include <catch2/catch.hpp>

using namespace dalbit;
using namespace dalbit::energy;

namespace {
TargetFacts edge() { return {32, 32, 512, 16, 1024, 16, 64, 800}; }
} // namespace

TEST_CASE("the shortest time is the DRAM's or the array's, whichever is longer",
          "[energy]") {
  EnergyModel model(loadTechnology("n22"), edge(),
                    dram::loadDevice("lpddr5-6400-2x16", 4096));
  double rate = model.streamGbPerSecond() * 1e9;
  CHECK(rate > 0.90 * 25.6e9);
  CHECK(rate < 25.6e9);
  CHECK(model.bound({1'000'000, 0, 1000, 0, 0}).seconds == Approx(1e6 / rate));
  CHECK(model.bound({64, 0, 1'000'000'000, 0, 0}).seconds ==
        Approx(1e9 / (1024 * 800e6)));
}

TEST_CASE("6 G parameters in 4 bits on LPDDR5 cost about 0.1 J a token",
          "[energy]") {
  // The worked estimate of docs/energy.md: 67.7 mJ DRAM and 24 mJ PHY typical.
  EnergyModel model(loadTechnology("n22"), edge(),
                    dram::loadDevice("lpddr5-6400-2x16", 4096));
  Bound bound = model.bound({3'000'000'000, 0, 0, 6'000'000'000, 0});
  CHECK(bound.joule.typical > 0.085);
  CHECK(bound.joule.typical < 0.105);
  CHECK(bound.joule.low < bound.joule.typical);
  CHECK(bound.joule.typical < bound.joule.high);
}

TEST_CASE("a perfect stream of the DRAM model does not go below the bound",
          "[energy]") {
  auto device = dram::loadDevice("lpddr5-6400-2x16", 4096);
  EnergyModel model(loadTechnology("n22"), edge(), device);
  std::vector<dram::TraceRequest> requests;
  for (uint64_t i = 0; i < 200'000; ++i)
    requests.push_back({0, i * 64, false});
  dram::TraceResult stream = dram::runTrace(device, requests, 64);
  RunActivity run;
  addDramCounters(run.phases["decode"].total, stream.counters);
  double spent = model.energy(run).total.typical;
  double least = model.bound({requests.size() * 64, 0, 0, 0, 0}).joule.typical;
  CHECK(spent >= least * (1 - 1e-3));
  CHECK(spent <= least * 1.02);
}
