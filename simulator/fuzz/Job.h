// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A go with its whole configuration, and the ranges that it touches.

#pragma once

#include "simulator/functional/Accesses.h"

#include <vector>

namespace dalbit::fuzz {

/// From the first to past the last byte (entry) of a stream, gaps included.
struct Range {
  functional::Space space;
  bool isWrite;
  uint8_t stream, region;
  uint64_t first, end;

  bool overlaps(const Range &other) const {
    return space == other.space && region == other.region &&
           first < other.end && other.first < end;
  }
  bool conflicts(const Range &other) const {
    return (isWrite || other.isWrite) && overlaps(other);
  }
};

/// A field that takes other values from time to time: the register adds 0 to
/// \p most, in steps that keep the field allowed.
struct Moving {
  uint8_t field, reg;
  uint32_t most;
};

struct Job {
  isa::Unit unit = isa::Unit::DmaIn;
  isa::Configurations fields; ///< those of the other units do not matter
  std::vector<Moving> moving;
  bool isIndexLoad = false; ///< may write an index list
};

/// The fields with each moving one at its least or most.
std::vector<isa::Configurations> cornersOf(const Job &job);

/// The ranges of all values that the job's fields take, one for each stream and
/// region; a gather's rows are any below IndexLimit.
std::vector<Range> rangesOf(const target::Target &target, const Job &job);

/// Whether what the job reads it does not also write, other than in place.
bool keepsOperands(const target::Target &target, const Job &job);

} // namespace dalbit::fuzz
