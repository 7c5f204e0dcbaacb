// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The joules and the time below which no design with this memory, array and
// technology can go (C5):
//   necessary DRAM bits x (core + pins + host PHY + activates of whole rows)
//   + shortest time x (standby + refresh)
//   + products x the table's energy of a product.
// Necessary: stored weights once a step, valid KV once, inputs and outputs.
// Shortest time: the larger of the bytes at the stream rate of the DRAM and
// the products at full array. No clock, scratchpad, vector unit, leakage.

#pragma once

#include "simulator/dram/CommandEnergy.h"
#include "simulator/energy/Technology.h"

#include <cstdint>

namespace dalbit::energy {

struct BoundWork {
  uint64_t readBytes = 0;
  uint64_t writtenBytes = 0;
  uint64_t macsW8 = 0;     ///< weights in 8 bits
  uint64_t macsW4 = 0;     ///< weights from 4-bit codes
  uint64_t macsStream = 0; ///< both operands activations
};

struct Bound {
  Band joule;
  double seconds = 0;
};

/// Joules a second of all channels that stand by with open banks and refresh.
double backgroundWatt(const dram::DramParameters &device, dram::Level level);

/// \p pj energies of the products (low, typical, high; same order as in
/// BoundWork), \p macsPerSecond of the full array.
Bound lowerBound(const BoundWork &work, const dram::DramParameters &device,
                 double streamGbPerSecond, const Band (&pj)[3],
                 double macsPerSecond);

} // namespace dalbit::energy
