// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/layers/DramImage.h"

#include <algorithm>
#include <cstring>

namespace dalbit::layers {

namespace {

constexpr isa::Region Written[] = {isa::Region::Kv, isa::Region::Input,
                                   isa::Region::Output, isa::Region::Workspace};
constexpr uint64_t PageBytes = 4096;

} // namespace

/// Calls visit(region, offset in it, bytes of the image, count) for each page.
template <typename Visit>
void DramImage::forEachPage(const host::Memory &memory, Visit visit) const {
  uint64_t at = 0;
  for (isa::Region kind : Written) {
    uint64_t size = memory.placement().size[unsigned(kind)];
    for (uint64_t offset = 0; offset < size; offset += PageBytes) {
      uint64_t count = std::min(PageBytes, size - offset);
      auto own = pages.find(at + offset);
      visit(kind, offset, at + offset,
            own == pages.end() ? base->data() + at + offset
                               : own->second.data(),
            count);
    }
    at += size;
  }
}

DramImage DramImage::of(const host::Memory &memory) {
  auto bytes = std::make_shared<std::vector<uint8_t>>();
  for (isa::Region kind : Written) {
    const uint8_t *from = memory.region(kind);
    bytes->insert(bytes->end(), from,
                  from + memory.placement().size[unsigned(kind)]);
  }
  DramImage image;
  image.base = std::move(bytes);
  return image;
}

DramImage DramImage::changedTo(const host::Memory &memory) const {
  DramImage image;
  image.base = base;
  forEachPage(memory, [&](isa::Region kind, uint64_t offset, uint64_t at,
                          const uint8_t *, uint64_t count) {
    const uint8_t *now = memory.region(kind) + offset;
    if (std::memcmp(now, base->data() + at, count) != 0)
      image.pages[at].assign(now, now + count);
  });
  return image;
}

void DramImage::writeTo(host::Memory &memory) const {
  forEachPage(memory, [&](isa::Region kind, uint64_t offset, uint64_t,
                          const uint8_t *bytes, uint64_t count) {
    uint8_t *to = memory.region(kind) + offset;
    // A page that nobody has touched stays so.
    if (std::memcmp(to, bytes, count) != 0)
      std::memcpy(to, bytes, count);
  });
}

std::string DramImage::difference(const host::Memory &memory) const {
  std::string text;
  forEachPage(memory, [&](isa::Region kind, uint64_t offset, uint64_t,
                          const uint8_t *bytes, uint64_t count) {
    const uint8_t *now = memory.region(kind) + offset;
    const uint8_t *at = std::mismatch(bytes, bytes + count, now).first;
    if (at != bytes + count && text.empty())
      text = "byte " + std::to_string(offset + uint64_t(at - bytes)) +
             " of region " + isa::regions()[unsigned(kind)].name;
  });
  return text;
}

} // namespace dalbit::layers
