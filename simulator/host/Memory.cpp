// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Memory.h"

#include "support/Error.h"
#include "support/Sha256.h"

#include <cstring>
#include <sys/mman.h>

namespace dalbit::host {

Memory::Memory(uint64_t capacity) : size(capacity) {
  void *mapped = mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    throw Error("cannot map " + std::to_string(capacity) +
                " bytes for the NPU's memory: " + std::strerror(errno));
  bytes = static_cast<uint8_t *>(mapped);
}

Memory::~Memory() { munmap(bytes, size); }

void Memory::place(const binary::Program &program) {
  regions = binary::place(program);
  if (regions.end > size)
    throw Error("the program needs " + std::to_string(regions.end) +
                " bytes of DRAM, the target has " + std::to_string(size));
}

void Memory::move(isa::Region kind, uint64_t count, uint64_t alignment) {
  uint64_t base = (regions.end + alignment - 1) / alignment * alignment;
  if (base + count > size)
    throw Error("the target's DRAM of " + std::to_string(size) +
                " bytes has no room for " + std::to_string(count) +
                " more behind the program's regions");
  regions.base[unsigned(kind)] = base;
  regions.size[unsigned(kind)] = count;
  regions.end = base + count;
}

void Memory::load(const binary::Program &program) {
  place(program);
  auto copy = [&](isa::Region kind, const void *from, size_t count) {
    if (count)
      std::memcpy(region(kind), from, count);
  };
  copy(isa::Region::Code, program.code.data(), program.code.size() * 8);
  copy(isa::Region::Const, program.constants.data(), program.constants.size());
  copy(isa::Region::Weights, program.weights.data(), program.weights.size());
}

void Memory::clear() {
  for (isa::Region kind : {isa::Region::Kv, isa::Region::Input,
                           isa::Region::Output, isa::Region::Workspace}) {
    uint64_t count = regions.size[unsigned(kind)];
    // Dropped private pages read as zeros; a region begins at a page and
    // shares its last one with nobody.
    static_assert(binary::RegionAlignment == 4096);
    if (count && madvise(region(kind), count, MADV_DONTNEED) != 0)
      std::memset(region(kind), 0, count);
  }
}

std::string Memory::digest(const binary::Program &program) const {
  Sha256 hash;
  for (const binary::RegionEntry &entry : program.regions)
    if (entry.kind == isa::Region::Kv || entry.kind == isa::Region::Output ||
        entry.kind == isa::Region::Workspace)
      hash.update(region(entry.kind), entry.size);
  return hex(hash.finish());
}

} // namespace dalbit::host
