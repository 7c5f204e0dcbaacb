// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/Trace.h"

#include "simulator/dram/CommandEnergy.h"
#include "support/Error.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <queue>
#include <sstream>

namespace dalbit::dram {

std::vector<TraceRequest> readTrace(std::istream &in,
                                    const std::string &origin) {
  std::vector<TraceRequest> requests;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#')
      continue;
    std::istringstream words(line);
    TraceRequest request;
    std::string kind, rest;
    words >> request.earliestNs >> kind >> std::hex >> request.address;
    if (!words || (kind != "R" && kind != "W") || words >> rest ||
        !(request.earliestNs >= 0 && request.earliestNs < 1e15))
      throw Error(fmt::format("{}:{}: line is not 'EARLIEST_NS R|W HEXADDRESS'",
                              origin, number));
    request.address &= ~(Dram::RequestBytes - 1);
    request.write = kind == "W";
    requests.push_back(request);
  }
  return requests;
}

TraceResult runTrace(const DramParameters &device,
                     const std::vector<TraceRequest> &requests,
                     uint32_t window) {
  if (window == 0)
    throw Error("window is 0; at least one request must be outstanding");
  Dram dram(device);
  int64_t handOver =
      std::max<int64_t>(1, int64_t(Dram::RequestBytes / device.burstBytes));
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> busy;
  std::vector<int64_t> readLatencies;
  double readSum = 0, writeSum = 0;
  int64_t nextHandOver = 0, end = 0, slotAt = 0;
  for (size_t index = 0; index < requests.size(); ++index) {
    const TraceRequest &request = requests[index];
    if (request.address >= device.capacityBytes)
      throw Error(fmt::format("request {}: address {:#x} lies past the {} MiB "
                              "of {}",
                              index + 1, request.address,
                              device.capacityBytes >> 20, device.name));
    if (busy.size() == window) {
      slotAt = std::max(slotAt, busy.top() + 1);
      busy.pop();
    }
    auto earliest = int64_t(std::ceil(request.earliestNs / device.clockNs));
    int64_t start = std::max({slotAt, earliest, nextHandOver});
    nextHandOver = start + handOver;
    int64_t done = dram.access(start, request.address, request.write);
    busy.push(done);
    end = std::max(end, done);
    auto latency = done - start;
    (request.write ? writeSum : readSum) += double(latency);
    if (!request.write)
      readLatencies.push_back(latency);
  }
  dram.advance(end);

  TraceResult result;
  result.requests = requests.size();
  result.counters = dram.counters();
  if (requests.empty())
    return result;
  const DramCounters &counters = result.counters;
  double bytes = double(requests.size()) * Dram::RequestBytes;
  result.totalNs = double(end) * device.clockNs;
  result.bandwidthGbPerSecond = bytes / result.totalNs;
  size_t reads = readLatencies.size();
  if (reads != 0) {
    result.readLatencyAverageNs = readSum / double(reads) * device.clockNs;
    auto nth = readLatencies.begin() + int64_t((reads - 1) * 99 / 100);
    std::nth_element(readLatencies.begin(), nth, readLatencies.end());
    result.readLatencyP99Ns = double(*nth) * device.clockNs;
  }
  if (size_t writes = requests.size() - reads)
    result.writeLatencyAverageNs = writeSum / double(writes) * device.clockNs;
  result.rowHitRate =
      1 - double(counters.activates) / double(counters.reads + counters.writes);
  result.pjPerBit = dramEnergy(device, counters, Level::DataSheet).device() /
                    (bytes * 8) * 1e12;
  return result;
}

double streamGbPerSecond(const DramParameters &device) {
  // Ten refresh intervals, so that the cut at the end does not show.
  auto wanted =
      uint64_t(double(device.timing.refreshInterval) * 10 * device.clockNs *
               device.peakGbPerSecond() / Dram::RequestBytes);
  std::vector<TraceRequest> requests;
  for (uint64_t i = 0; i < wanted; ++i)
    requests.push_back(
        {0, i * Dram::RequestBytes % device.capacityBytes, false});
  return runTrace(device, requests, 64).bandwidthGbPerSecond;
}

} // namespace dalbit::dram
