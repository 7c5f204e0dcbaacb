// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/layers/LayerScan.h"

#include "simulator/functional/FunctionalEngine.h"

#include <algorithm>

namespace dalbit::layers {

using functional::Loop;

namespace {

/// Whether all loops of \p outer are around \p inner too, in the same round.
bool isAround(const std::vector<Loop> &outer, const std::vector<Loop> &inner) {
  return outer.size() <= inner.size() &&
         std::equal(outer.begin(), outer.end(), inner.begin());
}

} // namespace

LayerScan::LayerScan(const target::Target &target)
    : outputs(target.outputs), writers(size_t(target.accumulatorEntries), -1) {}

void LayerScan::before(const functional::FunctionalEngine &engine) {
  const isa::Instruction &i = engine.instruction();
  uint32_t pc = engine.position();
  if (places.empty() || places.back().loops != engine.loops())
    places.push_back({engine.executed(), pc, previous, engine.loops()});
  previous = pc;
  if (i.opcode != isa::Opcode::Go)
    return;
  if (i.unit == isa::Unit::DmaIn || i.unit == isa::Unit::DmaOut) {
    copies.emplace_back(engine.executed(), engine.tag());
    return;
  }
  if (segments.empty() || segments.back().tag != engine.tag())
    begin(engine.tag(), engine.loops());
  if (i.unit == isa::Unit::Matrix)
    matrix(engine.configuration().matrix);
  else
    vector(engine.configuration().vector);
  places.clear();
}

void LayerScan::begin(uint32_t tag, const std::vector<Loop> &loops) {
  auto place =
      std::find_if(places.begin(), places.end(), [&](const Place &place) {
        return isAround(place.loops, loops);
      });
  // The program's begin is the first one's; the last place has these loops.
  segments.push_back({tag, segments.empty() ? places.front() : *place});
}

//===----------------------------------------------------------------------===//
// Accumulators
//===----------------------------------------------------------------------===//

void LayerScan::read(int64_t entry) {
  if (entry >= int64_t(writers.size()))
    return; // the instruction is going to fail
  int64_t writer = writers[size_t(entry)];
  if (writer < 0)
    segments.back().readsOld = true;
  else
    for (size_t s = size_t(writer) + 1; s < segments.size(); ++s)
      segments[s].isJoined = true;
}

void LayerScan::write(int64_t entry) {
  if (entry < int64_t(writers.size()))
    writers[size_t(entry)] = int64_t(segments.size()) - 1;
}

void LayerScan::matrix(const isa::MatrixConfiguration &c) {
  if (c.k == 0)
    return;
  for (int64_t tile = 0; tile * outputs < int64_t(c.n); ++tile)
    for (int64_t row = 0; row < int64_t(c.rows); ++row) {
      int64_t entry = c.accAddr + tile * int64_t(c.accStride) + row;
      if (c.accumulate == isa::MatrixAccumulate::Add)
        read(entry);
      write(entry);
    }
}

void LayerScan::vector(const isa::VectorConfiguration &c) {
  if (c.op != isa::VectorOp::Stream || c.source != isa::VectorSource::Acc)
    return;
  for (int64_t outer = 0; outer < int64_t(c.rows1); ++outer)
    for (int64_t inner = 0; inner < int64_t(c.rows0); ++inner)
      for (int64_t tile = 0; tile * outputs < int64_t(c.cols); ++tile)
        read(c.accAddr + inner * int64_t(c.accStride0) +
             outer * int64_t(c.accStride1) + tile * int64_t(c.accTileStride));
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

/// Finds where a part stops that begins at \p first without its loops.
void LayerScan::close(Part &part, const Place &first, const Place &end) {
  part.halt = end.pc;
  size_t level = 0;
  while (level < std::min(first.loops.size(), end.loops.size()) &&
         first.loops[level] == end.loops[level])
    ++level;
  bool isSameLoop = level < first.loops.size() && level < end.loops.size() &&
                    first.loops[level].entry == end.loops[level].entry;
  if (isSameLoop) {
    // The loop has just gone round; the part falls out of its body instead.
    bool isWayBack = level + 1 == end.loops.size() &&
                     end.loops[level].left + 1 == first.loops[level].left &&
                     end.pc == end.loops[level].first &&
                     end.previous == end.loops[level].last;
    if (!isWayBack)
      part.obstacle = "a loop around it goes round in it";
    part.halt = end.previous + 1;
    ++level;
  }
  // The others have ended, as they must do without being told.
  for (; level < first.loops.size(); ++level)
    if (first.loops[level].left != 1)
      part.obstacle = "a loop around it goes round in it";
}

std::vector<Part> LayerScan::parts(uint64_t instructions) const {
  std::vector<Part> result;
  for (size_t s = 0; s < segments.size();) {
    const Segment &first = segments[s];
    Part part;
    part.first = first.place.at;
    part.pc = first.place.pc;
    do {
      part.tags.push_back(segments[s].tag);
      if (segments[s].readsOld)
        part.obstacle = "it reads accumulators that it has not written";
    } while (++s < segments.size() && segments[s].isJoined);
    Place end;
    if (s < segments.size())
      end = segments[s].place;
    part.end = s < segments.size() ? end.at : instructions;
    close(part, first.place, end);
    if (s == segments.size())
      part.halt.reset();
    result.push_back(std::move(part));
  }
  if (result.empty() && !places.empty()) { // nothing but copies
    result.emplace_back();
    result.front().pc = places.front().pc;
    result.front().end = instructions;
  }
  std::set<uint32_t> computing;
  for (const Segment &segment : segments)
    computing.insert(segment.tag);
  auto part = result.begin();
  for (const auto &[at, tag] : copies) {
    while (at >= part->end)
      ++part;
    if (!computing.count(tag))
      part->copies.insert(tag);
  }
  return result;
}

} // namespace dalbit::layers
