// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/Trace.h"

#include "simulator/dram/CommandEnergy.h"
#include "support/Error.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <queue>
#include <sstream>
#include <string_view>
#include <zlib.h>

namespace dalbit::dram {

namespace {

/// Takes the next word off \p line.
std::string_view nextWord(std::string_view &line) {
  size_t first = std::min(line.find_first_not_of(" \t\r"), line.size());
  line.remove_prefix(first);
  std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

/// Reads the whole of \p word as a number.
template <typename Number, typename... Format>
bool readNumber(std::string_view word, Number &value, Format... format) {
  const char *end = word.data() + word.size();
  auto result = std::from_chars(word.data(), end, value, format...);
  return result.ec == std::errc() && result.ptr == end;
}

bool readRequest(std::string_view line, TraceRequest &request) {
  std::string_view earliest = nextWord(line), kind = nextWord(line),
                   address = nextWord(line);
  if (address.starts_with("0x") || address.starts_with("0X"))
    address.remove_prefix(2);
  request.write = kind == "W";
  return readNumber(earliest, request.earliestNs) && request.earliestNs >= 0 &&
         request.earliestNs < 1e15 && (kind == "R" || kind == "W") &&
         readNumber(address, request.address, 16) && nextWord(line).empty();
}

} // namespace

std::vector<TraceRequest> readTrace(std::istream &in, const std::string &origin,
                                    const DramParameters &device) {
  std::vector<TraceRequest> requests;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#')
      continue;
    TraceRequest request;
    if (!readRequest(line, request))
      throw Error(fmt::format("{}:{}: line is not 'EARLIEST_NS R|W HEXADDRESS'",
                              origin, number));
    if (request.address >= device.capacityBytes)
      throw Error(fmt::format("{}:{}: address {:#x} lies past the {} MiB of {}",
                              origin, number, request.address,
                              device.capacityBytes >> 20, device.name));
    request.address &= ~(Dram::RequestBytes - 1);
    requests.push_back(request);
  }
  return requests;
}

std::vector<TraceRequest> readTraceFile(const std::string &path,
                                        const DramParameters &device) {
  // zlib passes through what is not gzipped.
  errno = 0;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"),
                                                  gzclose);
  if (!file)
    throw Error(fmt::format("{}: cannot be read: {}", path,
                            errno ? std::strerror(errno) : "out of memory"));
  std::string text;
  std::vector<char> part(1 << 16);
  int length;
  while ((length = gzread(file.get(), part.data(), unsigned(part.size()))) > 0)
    text.append(part.data(), size_t(length));
  int code = Z_OK;
  const char *message = gzerror(file.get(), &code);
  if (length < 0 || code == Z_BUF_ERROR)
    throw Error(fmt::format("{}: cannot be read: {}", path,
                            code == Z_ERRNO       ? std::strerror(errno)
                            : code == Z_BUF_ERROR ? "the gzip data end early"
                                                  : message));
  std::istringstream in(std::move(text));
  return readTrace(in, path, device);
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
  for (const TraceRequest &request : requests) {
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
    auto nth = readLatencies.begin() + int64_t((reads * 99 + 99) / 100 - 1);
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
  // Enough for the time from a request to its data on every channel.
  constexpr uint64_t Outstanding = 256;
  Dram dram(device);
  std::vector<int64_t> done(Outstanding, 0);
  int64_t now = 0, end = 0;
  for (uint64_t i = 0; i < wanted; ++i) {
    int64_t &slot = done[i % Outstanding];
    now = std::max(now, slot);
    slot = dram.access(now, i * Dram::RequestBytes % device.capacityBytes,
                       /*write=*/false);
    end = std::max(end, slot);
  }
  return double(wanted * Dram::RequestBytes) / (double(end) * device.clockNs);
}

} // namespace dalbit::dram
