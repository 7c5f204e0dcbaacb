// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Divides what a start executes into parts, one a layer and round of the loops
// around it, that can be run alone.
//
// A layer is a tag. It begins with the first matrix or vector instruction of
// its tag; the copies before that which follow the last such instruction of the
// layer before it are its part's, whatever their tag. What only copies has no
// part of its own. So every instruction of a
// start is in one part. Where a loop around both layers has gone round between
// them, or a loop around the first one has ended, the border lies right there:
// a part then never takes the way back of a loop that was entered before it
// began, and needs no loop stack of its own.
//
// Accumulators cannot be loaded from memory by any instruction. Layers between
// which values are in accumulators therefore stand in one part.

#pragma once

#include "isa/target/Target.h"
#include "simulator/functional/Snapshot.h"

#include <optional>
#include <set>
#include <string>

namespace dalbit::layers {

struct Part {
  std::vector<uint32_t> tags;  ///< of its layers with phase, in order
  uint64_t first = 0, end = 0; ///< instructions of the start, counted
  uint32_t pc = 0;             ///< of the first
  /// Instruction before which it ends; none: with the program.
  std::optional<uint32_t> halt;
  std::set<uint32_t> copies; ///< tags that do nothing else in the start
  std::string obstacle;      ///< why it cannot be run alone; or empty
};

class LayerScan : public functional::Stepper {
public:
  explicit LayerScan(const target::Target &target);

  void before(const functional::FunctionalEngine &engine) override;
  /// After a run that has executed \p instructions, its halt included.
  std::vector<Part> parts(uint64_t instructions) const;

private:
  /// A point between two instructions.
  struct Place {
    uint64_t at = 0; ///< instructions before it
    uint32_t pc = 0, previous = 0;
    std::vector<functional::Loop> loops;
  };
  struct Segment {
    uint32_t tag;
    Place place;
    bool isJoined = false; ///< with the one before
    bool readsOld = false; ///< accumulators of an earlier start
  };

  void begin(uint32_t tag, const std::vector<functional::Loop> &loops);
  void matrix(const isa::MatrixConfiguration &c);
  void vector(const isa::VectorConfiguration &c);
  void read(int64_t entry);
  void write(int64_t entry);
  static void close(Part &part, const Place &first, const Place &end);

  const int64_t outputs;
  std::vector<int64_t> writers; ///< segment of each accumulator entry; -1: none
  std::vector<Segment> segments;
  std::vector<std::pair<uint64_t, uint32_t>> copies; ///< instruction, tag
  /// Since the last instruction of a computing unit: where loops changed.
  std::vector<Place> places;
  uint32_t previous = 0;
};

} // namespace dalbit::layers
