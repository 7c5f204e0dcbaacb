// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The contents of the NPU's DRAM, shared by host and engine. Pages that nobody
// touches cost nothing, so the whole capacity is mapped. A program's regions
// lie as isa/binary/Layout.h places them. Left out: time (simulator/dram).

#pragma once

#include "isa/binary/Layout.h"
#include "isa/binary/Program.h"

#include <cstdint>
#include <string>

namespace dalbit::host {

class Memory {
public:
  /// Maps \p capacity bytes of zeros. Throws Error if the system refuses.
  explicit Memory(uint64_t capacity);
  ~Memory();
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  uint8_t *data() { return bytes; }
  const uint8_t *data() const { return bytes; }
  uint64_t capacity() const { return size; }
  const binary::Placement &placement() const { return regions; }
  uint8_t *region(isa::Region kind) {
    return bytes + regions.base[unsigned(kind)];
  }
  const uint8_t *region(isa::Region kind) const {
    return bytes + regions.base[unsigned(kind)];
  }

  /// Places the regions and copies code, constants and weights. Throws Error if
  /// the program does not fit.
  void load(const binary::Program &program);
  /// Places the regions only.
  void place(const binary::Program &program);
  /// Moves a region past all others, to a multiple of \p alignment, with room
  /// for \p bytes. Contents stay behind. Throws Error if it does not fit.
  void move(isa::Region kind, uint64_t bytes, uint64_t alignment);
  /// Makes the regions zero that a program or the host writes: kv, input,
  /// output, workspace. Gives their pages back.
  void clear();

  /// SHA-256 over the regions kv, output and workspace in the order of the
  /// program's table (memory_sha256 of reports).
  std::string digest(const binary::Program &program) const;

private:
  uint8_t *bytes = nullptr;
  uint64_t size;
  binary::Placement regions;
};

} // namespace dalbit::host
