// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host time of the DRAM model for a burst of 1 KiB (16 requests), by
// accessRun() and by access(): a stream of reads, and bursts at random places,
// eight outstanding.
// Processor time, best of eight.
// usage: DramSpeed [DEVICE...]

#include "simulator/dram/Dram.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

using namespace dalbit::dram;

namespace {

constexpr uint32_t Requests = 16;
constexpr uint64_t BurstBytes = Requests * Dram::RequestBytes;

double processorSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

/// Nanoseconds a burst; best of eight, as other work on the core disturbs.
double measure(const DramParameters &device, bool byRun, bool atRandom) {
  constexpr int Bursts = 100000;
  double best = 1e9;
  for (int repeat = 0; repeat < 8; ++repeat) {
    Dram dram(device);
    int64_t inFlight[8] = {}, ends[Requests], now = 0;
    uint64_t random = 1;
    double start = processorSeconds();
    for (int i = 0; i < Bursts; ++i) {
      now = std::max(now, inFlight[i % 8]);
      random = random * 6364136223846793005u + 1442695040888963407u;
      uint64_t index = atRandom ? random >> 32 : uint64_t(i);
      uint64_t address = index * BurstBytes % device.capacityBytes;
      if (byRun) {
        inFlight[i % 8] = dram.accessRun(now, address, Requests, false, ends);
        continue;
      }
      for (uint32_t k = 0; k < Requests; ++k) {
        ends[k] = dram.access(now, address + k * Dram::RequestBytes, false);
        inFlight[i % 8] = std::max(inFlight[i % 8], ends[k]);
      }
    }
    best = std::min(best, (processorSeconds() - start) * 1e9 / Bursts);
  }
  return best;
}

} // namespace

int main(int argc, char **argv) {
  std::vector<std::string> names(argv + 1, argv + argc);
  if (names.empty())
    names = deviceNames();
  std::printf("ns for 1 KiB               stream  one by one  random  one by "
              "one\n");
  for (const std::string &name : names) {
    DramParameters device = loadDevice(name);
    std::printf("%-24s %8.1f %11.1f %7.1f %11.1f\n", name.c_str(),
                measure(device, true, false), measure(device, false, false),
                measure(device, true, true), measure(device, false, true));
  }
}
