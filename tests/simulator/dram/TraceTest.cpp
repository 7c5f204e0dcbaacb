// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/Trace.h"
#include "support/Error.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <unistd.h>
#include <zlib.h>

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
    device.refresh = RefreshMode::None;
    TraceResult result = runTrace(device, stream(20000), 64);
    CHECK(result.bandwidthGbPerSecond > 0.99 * device.peakGbPerSecond());
    CHECK(result.bandwidthGbPerSecond <= device.peakGbPerSecond());
  }
}

TEST_CASE("utilisation is measured by what the device gives, however many "
          "channels it has",
          "[dram]") {
  for (const std::string &name : deviceNames()) {
    INFO(name);
    DramParameters device = loadDevice(name);
    double rate = streamGbPerSecond(device);
    CHECK(rate > 0.85 * device.peakGbPerSecond());
    CHECK(rate < device.peakGbPerSecond());
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
  device.refresh = RefreshMode::None;
  TraceResult result = runTrace(device, stream(3), 1);
  // 22 + 26, then a row hit to another group needs its own activate:
  // requests 2 and 3 each start on the clock after the one before ends.
  CHECK(result.totalNs == Approx((48 + 1 + 48 + 1 + 48) * 0.625));
  CHECK(result.readLatencyAverageNs == Approx(48 * 0.625));
  CHECK(result.readLatencyP99Ns == Approx(48 * 0.625));
}

TEST_CASE("the 99 % latency of few reads is the longest", "[dram]") {
  DramParameters device = loadDevice("ddr4-3200-x64");
  device.refresh = RefreshMode::None;
  // Another row of the bank: the second waits for tRC.
  TraceResult result =
      runTrace(device, {{0, 0, false}, {0, 1 << 17, false}}, 2);
  CHECK(result.readLatencyAverageNs < result.readLatencyP99Ns);
  CHECK(result.readLatencyP99Ns == Approx((74 + 48 - 1) * 0.625));
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
  DramParameters device = loadDevice("lpddr4-3200-x16");
  auto requests = readTrace(good, "t.txt", device);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].address == 0x40);
  CHECK(requests[1].address == 0xffc0);
  CHECK(requests[1].write);
  CHECK(requests[1].earliestNs == 12.5);
  for (const char *bad :
       {"0 X 40", "0 R", "R 0 40", "-1 R 40", "0 R 40 7", "0 R zz", "nan R 40",
        "0 R -40", "0x4 R 40", "0 R 40000000", "0 R 11112222333344445"}) {
    INFO(bad);
    std::istringstream in(std::string("0 R 0\n") + bad + "\n");
    CHECK_THROWS_WITH(readTrace(in, "t.txt", device),
                      Catch::StartsWith("t.txt:2:"));
  }
}

TEST_CASE("an address past the capacity is an error with its line", "[dram]") {
  DramParameters device = loadDevice("lpddr4-3200-x16");
  std::istringstream in("0 R 3fffffc0\n0 R 40000000\n");
  CHECK_THROWS_WITH(readTrace(in, "t.txt", device),
                    Catch::StartsWith("t.txt:2: address 0x40000000 lies past "
                                      "the 1024 MiB"));
}

TEST_CASE("a window of none is an error", "[dram]") {
  CHECK_THROWS_AS(runTrace(loadDevice("lpddr4-3200-x16"), stream(1), 0),
                  dalbit::Error);
}

TEST_CASE("an empty trace takes no time", "[dram]") {
  TraceResult result = runTrace(loadDevice("lpddr4-3200-x16"), {}, 8);
  CHECK(result.totalNs == 0);
  CHECK(result.requests == 0);
}

TEST_CASE("a trace file may be gzipped, but not cut off", "[dram]") {
  DramParameters device = loadDevice("lpddr4-3200-x16");
  std::string path = std::filesystem::temp_directory_path() /
                     ("dalbit-trace-" + std::to_string(getpid()));
  gzFile file = gzopen(path.c_str(), "wb");
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "0 R " + std::to_string(i * 64) + "\n";
  REQUIRE(gzwrite(file, text.data(), unsigned(text.size())) > 0);
  gzclose(file);
  CHECK(readTraceFile(path, device).size() == 1000);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  CHECK_THROWS_WITH(readTraceFile(path, device), Catch::Contains("end early"));
  std::ofstream(path) << "0 R 40\n";
  CHECK(readTraceFile(path, device).size() == 1);
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(readTraceFile(path, device),
                    Catch::Contains("No such file"));
}

TEST_CASE("requests to one bank take a row cycle each", "[dram]") {
  for (const std::string &name : deviceNames()) {
    INFO(name);
    DramParameters device = loadDevice(name);
    device.refresh = RefreshMode::None;
    std::vector<TraceRequest> requests; // 128 KiB: same bank, next row
    for (uint64_t i = 0; i < 1000; ++i)
      requests.push_back({0, i << 17, false});
    double clocks = runTrace(device, requests, 16).totalNs / device.clockNs;
    bool splits = name.ends_with("4x16"); // 128 KiB moves to another bank
    if (!splits)
      CHECK(clocks / 1000 ==
            Approx(device.timing.activateToActivate).epsilon(.02));
  }
}

TEST_CASE("refresh of single banks costs a stream less than of all", "[dram]") {
  size_t tried = 0;
  for (const std::string &name : deviceNames()) {
    DramParameters device = loadDevice(name);
    if (device.timing.bankRefreshInterval == 0)
      continue;
    INFO(name);
    ++tried;
    auto rate = [&](RefreshMode mode) {
      device.refresh = mode;
      return runTrace(device, stream(40000), 64).bandwidthGbPerSecond;
    };
    double none = rate(RefreshMode::None), each = rate(RefreshMode::PerBank),
           all = rate(RefreshMode::AllBank);
    CHECK(each < none);
    // HBM2 refreshes each bank twice as often, but does not lose by it.
    CHECK(each > (name.starts_with("hbm2") ? 0.97 : 1.02) * all);
  }
  CHECK(tried >= 8);
}

TEST_CASE("a wider window is not slower, and nothing beats the pins",
          "[dram]") {
  std::mt19937_64 random(3);
  for (const std::string &name : deviceNames()) {
    DramParameters device = loadDevice(name);
    for (uint64_t chunk : {64, 256, 2048}) {
      std::vector<TraceRequest> requests;
      while (requests.size() < 3000) {
        uint64_t start = random() % (1 << 28) / chunk * chunk;
        bool write = random() % 4 == 0;
        for (uint64_t at = start; at < start + chunk; at += 64)
          requests.push_back({0, at, write});
      }
      double before = 1e30;
      for (uint32_t window : {1, 2, 4, 8, 16, 32, 64, 256, 1024}) {
        INFO(name << ", chunks of " << chunk << ", window " << window);
        TraceResult result = runTrace(device, requests, window);
        CHECK(result.totalNs < 1.01 * before);
        before = result.totalNs;
        CHECK(result.bandwidthGbPerSecond <= device.peakGbPerSecond());
        CHECK(result.rowHitRate <= 1);
        double least = double(device.timing.readLatency) * device.clockNs;
        CHECK(result.readLatencyAverageNs >= least);
        CHECK(result.readLatencyP99Ns >= result.readLatencyAverageNs * 0.5);
        CHECK(result.readLatencyP99Ns <= result.totalNs);
      }
    }
  }
}

TEST_CASE("a DDR4 stream takes the joules of its data sheet", "[dram]") {
  DramParameters device = loadDevice("ddr4-3200-x64");
  device.refresh = RefreshMode::None;
  // Per bit, at the pins' rate: eight dies of (168 - 52) mA in bursts and 52 mA
  // all the time, 1.2 V; a row of 8 KiB costs 8 x 0.525 nJ and VPP's 4.05 mA.
  double rate = 25.6e9 * 8, row = 65536;
  double expected = 8 * 1.2 * 0.168 / rate + 8 * 0.525e-9 / row +
                    8 * 2.5 * 4.05e-3 * 46.25e-9 / row;
  CHECK(runTrace(device, stream(40000), 64).pjPerBit * 1e-12 ==
        Approx(expected).epsilon(.01));
}
