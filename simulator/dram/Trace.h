// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Drives a DRAM with a list of requests in a closed loop, as a master with a
// window of outstanding requests does, and says how it fared.
//
// A trace is text, one request of 64 bytes a line, in the order in which the
// master sends them: `EARLIEST_NS R|W HEXADDRESS`; empty lines and lines that
// begin with # are skipped. At most `window` requests are outstanding and one
// burst is handed over a clock. A request's latency runs from the clock on
// which it has a slot of the window (and its earliest time has passed) to the
// end of its last data beat; the slot is free on the next clock.

#pragma once

#include "simulator/dram/Dram.h"

#include <istream>
#include <string>
#include <vector>

namespace dalbit::dram {

struct TraceRequest {
  double earliestNs = 0;
  uint64_t address = 0;
  bool write = false;
};

struct TraceResult {
  uint64_t requests = 0;
  double totalNs = 0; ///< from time 0, all banks closed, to the last response
  double bandwidthGbPerSecond = 0; ///< 10^9 bytes
  double readLatencyAverageNs = 0;
  double readLatencyP99Ns = 0;
  double writeLatencyAverageNs = 0;
  double rowHitRate = 0; ///< 1 - activates / bursts
  double pjPerBit = 0;   ///< data-sheet currents, the DRAM's own supplies
  DramCounters counters;
};

/// Reads a trace for \p device; throws Error with \p origin and line, also for
/// an address past the capacity. Addresses are rounded down to 64 bytes.
std::vector<TraceRequest> readTrace(std::istream &in, const std::string &origin,
                                    const DramParameters &device);

/// The same of a file, which may be gzipped.
std::vector<TraceRequest> readTraceFile(const std::string &path,
                                        const DramParameters &device);

/// \p window is at least 1, else Error; every address lies below the capacity.
TraceResult runTrace(const DramParameters &device,
                     const std::vector<TraceRequest> &requests,
                     uint32_t window);

/// What the device gives a stream of reads, its refresh included, in 10^9 bytes
/// a second: the measure of utilisation (C7). Requests come as fast as it takes
/// them; a trace's master, who hands over one burst a clock, would hold back a
/// device of four channels.
double streamGbPerSecond(const DramParameters &device);

} // namespace dalbit::dram
