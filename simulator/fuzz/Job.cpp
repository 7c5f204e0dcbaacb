// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Job.h"

#include "simulator/fuzz/Case.h"

#include <algorithm>

namespace dalbit::fuzz {

using functional::Access;
using functional::Space;

namespace {

void include(std::vector<Range> &ranges, const Access &access) {
  uint64_t end = access.first + access.bytes;
  for (Range &range : ranges)
    if (range.space == access.space && range.stream == access.stream &&
        range.region == access.region) {
      range.first = std::min(range.first, access.first);
      range.end = std::max(range.end, end);
      return;
    }
  ranges.push_back({access.space, access.isWrite, access.stream, access.region,
                    access.first, end});
}

} // namespace

std::vector<isa::Configurations> cornersOf(const Job &job) {
  std::vector<isa::Configurations> corners;
  for (size_t corner = 0; corner < size_t(1) << job.moving.size(); ++corner) {
    isa::Configurations fields = job.fields;
    for (size_t i = 0; i < job.moving.size(); ++i)
      if (corner >> i & 1)
        fields.set(job.unit, job.moving[i].field,
                   uint32_t(fields.get(job.unit, job.moving[i].field)) +
                       job.moving[i].most);
    corners.push_back(fields);
  }
  return corners;
}

std::vector<Range> rangesOf(const target::Target &target, const Job &job) {
  std::vector<Range> ranges;
  // What is touched grows with a moving field, so its ends are enough.
  for (const isa::Configurations &fields : cornersOf(job))
    for (uint32_t index : {0u, IndexLimit - 1})
      functional::forEachAccess(
          target, job.unit, fields, [&](uint32_t) { return index; },
          [&](const Access &access) { include(ranges, access); });
  return ranges;
}

bool keepsOperands(const target::Target &target, const Job &job) {
  if (job.unit != isa::Unit::Vector)
    return true;
  const isa::VectorConfiguration &c = job.fields.vector;
  bool isInPlace = job.moving.empty() && c.aAddr == c.outAddr &&
                   c.aStride0 == c.outStride0 && c.aStride1 == c.outStride1 &&
                   c.aType == c.outType;
  std::vector<Range> ranges = rangesOf(target, job);
  for (const Range &out : ranges)
    for (const Range &in : ranges)
      if (out.isWrite && !in.isWrite && out.overlaps(in) &&
          !(isInPlace && in.stream == 0))
        return false;
  return true;
}

} // namespace dalbit::fuzz
