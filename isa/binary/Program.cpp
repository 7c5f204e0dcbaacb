// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Program.h"
#include "isa/binary/Layout.h"

#include <algorithm>

namespace dalbit::binary {

const char *name(TensorKind kind) {
  switch (kind) {
  case TensorKind::Input:
    return "input";
  case TensorKind::Output:
    return "output";
  case TensorKind::Past:
    return "past";
  case TensorKind::Present:
    return "present";
  case TensorKind::Logits:
    return "logits";
  }
  return "";
}

const char *name(ElementType type) {
  switch (type) {
  case ElementType::I8:
    return "i8";
  case ElementType::I16:
    return "i16";
  case ElementType::I32:
    return "i32";
  }
  return "";
}

const char *name(ScaleKind kind) {
  switch (kind) {
  case ScaleKind::None:
    return "none";
  case ScaleKind::Fixed:
    return "fixed";
  case ScaleKind::Row:
    return "row";
  case ScaleKind::Visible:
    return "visible";
  case ScaleKind::Hidden:
    return "hidden";
  case ScaleKind::Score:
    return "score";
  case ScaleKind::Counted:
    return "counted";
  }
  return "";
}

const char *name(Role role) {
  switch (role) {
  case Role::None:
    return "none";
  case Role::Tokens:
    return "tokens";
  case Role::Positions:
    return "positions";
  case Role::Types:
    return "types";
  case Role::Mask:
    return "mask";
  case Role::Lengths:
    return "lengths";
  case Role::TopKValues:
    return "top_k_values";
  case Role::TopKIndices:
    return "top_k_indices";
  case Role::Total:
    return "total";
  }
  return "";
}

unsigned elementBytes(ElementType type) {
  switch (type) {
  case ElementType::I8:
    return 1;
  case ElementType::I16:
    return 2;
  case ElementType::I32:
    return 4;
  }
  return 0;
}

namespace {
template <typename T>
const T *findName(const std::vector<T> &list, const std::string &name) {
  auto found = std::find_if(list.begin(), list.end(),
                            [&](const T &entry) { return entry.name == name; });
  return found == list.end() ? nullptr : &*found;
}
} // namespace

const RegionEntry *findRegion(const Program &program, isa::Region kind) {
  for (const RegionEntry &region : program.regions)
    if (region.kind == kind)
      return &region;
  return nullptr;
}

const Tensor *findTensor(const Program &program, const std::string &name) {
  return findName(program.tensors, name);
}

const EntryPoint *findEntry(const Program &program, const std::string &name) {
  return findName(program.entries, name);
}

Placement place(const Program &program) {
  Placement placement;
  for (const RegionEntry &region : program.regions) {
    placement.end =
        (placement.end + RegionAlignment - 1) & ~(RegionAlignment - 1);
    placement.base[unsigned(region.kind)] = placement.end;
    placement.size[unsigned(region.kind)] = region.size;
    placement.end += region.size;
  }
  return placement;
}

} // namespace dalbit::binary
