// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/Trace.h"
#include "support/Error.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace dalbit::dram;

namespace {
std::vector<TraceRequest> stream(size_t count, bool write = false) {
  std::vector<TraceRequest> requests;
  for (size_t i = 0; i < count; ++i)
    requests.push_back({0, i * 64, write});
  return requests;
}
} // namespace

TEST_CASE("a long stream without refresh reaches the pins' rate", "[dram]") {
  for (const char *name : {"ddr4-3200-x64", "lpddr4-3200-x16",
                           "lpddr5-6400-x16", "lpddr5-6400-2x16"}) {
    INFO(name);
    DramParameters device = loadDevice(name);
    device.refresh = false;
    TraceResult result = runTrace(device, stream(20000), 64);
    CHECK(result.bandwidthGbPerSecond > 0.99 * device.peakGbPerSecond());
    CHECK(result.bandwidthGbPerSecond <= device.peakGbPerSecond());
  }
}

TEST_CASE("refresh takes more than tRFC of each interval", "[dram]") {
  DramParameters device = loadDevice("lpddr5-6400-2x16-16gb");
  TraceResult result = runTrace(device, stream(200000), 64);
  double share = result.bandwidthGbPerSecond / device.peakGbPerSecond();
  CHECK(share < 1 - 224. / 3125);
  CHECK(share > 0.90);
}

TEST_CASE("a window of one is bound by the latency", "[dram]") {
  DramParameters device = loadDevice("ddr4-3200-x64");
  device.refresh = false;
  TraceResult result = runTrace(device, stream(3), 1);
  // 22 + 26, then a row hit to another group needs its own activate:
  // requests 2 and 3 each start on the clock after the one before ends.
  CHECK(result.totalNs == Approx((48 + 1 + 48 + 1 + 48) * 0.625));
  CHECK(result.readLatencyAverageNs == Approx(48 * 0.625));
  CHECK(result.readLatencyP99Ns == Approx(48 * 0.625));
}

TEST_CASE("requests wait for their earliest time", "[dram]") {
  DramParameters device = loadDevice("ddr4-3200-x64");
  TraceResult result = runTrace(device, {{1000, 0, false}}, 8);
  CHECK(result.totalNs == Approx(1000 + 48 * 0.625));
  CHECK(result.readLatencyAverageNs == Approx(48 * 0.625));
}

TEST_CASE("traces are read with comments and refused with their line",
          "[dram]") {
  std::istringstream good("# a comment\n\n0 R 40\n12.5 W ffC1\n");
  auto requests = readTrace(good, "t.txt");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].address == 0x40);
  CHECK(requests[1].address == 0xffc0);
  CHECK(requests[1].write);
  CHECK(requests[1].earliestNs == 12.5);
  for (const char *bad : {"0 X 40", "0 R", "R 0 40", "-1 R 40", "0 R 40 7",
                          "0 R zz", "nan R 40"}) {
    INFO(bad);
    std::istringstream in(std::string("0 R 0\n") + bad + "\n");
    CHECK_THROWS_WITH(readTrace(in, "t.txt"), Catch::StartsWith("t.txt:2:"));
  }
}

TEST_CASE("a request past the capacity and an empty window are errors",
          "[dram]") {
  DramParameters device = loadDevice("lpddr4-3200-x16");
  CHECK_THROWS_WITH(runTrace(device, {{0, device.capacityBytes, false}}, 8),
                    Catch::Contains("past the 1024 MiB"));
  CHECK_THROWS_AS(runTrace(device, stream(1), 0), dalbit::Error);
}

TEST_CASE("an empty trace takes no time", "[dram]") {
  TraceResult result = runTrace(loadDevice("lpddr4-3200-x16"), {}, 8);
  CHECK(result.totalNs == 0);
  CHECK(result.requests == 0);
}
