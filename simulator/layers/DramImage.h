// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What DRAM holds at a moment: the regions that a program or its host writes
// (kv, input, output, workspace). Images of one step share what did not change.

#pragma once

#include "simulator/host/Memory.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dalbit::layers {

class DramImage {
public:
  DramImage() = default;
  static DramImage of(const host::Memory &memory);
  /// The image of \p memory now, whose regions are of the same sizes.
  DramImage changedTo(const host::Memory &memory) const;

  void writeTo(host::Memory &memory) const;
  /// "byte 12 of region kv", the first that differs; empty if all are equal.
  std::string difference(const host::Memory &memory) const;

private:
  template <typename Visit>
  void forEachPage(const host::Memory &memory, Visit visit) const;

  std::shared_ptr<const std::vector<uint8_t>> base;
  std::map<uint64_t, std::vector<uint8_t>> pages; ///< instead of base's
};

} // namespace dalbit::layers
