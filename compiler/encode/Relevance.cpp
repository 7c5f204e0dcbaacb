// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/encode/Relevance.h"

using llvm::StringRef;

namespace dalbit::encode {

namespace {

using ValueOf = llvm::function_ref<std::optional<int64_t>(StringRef)>;

bool dmaField(StringRef field, ValueOf valueOf) {
  if (field.ends_with("plane_stride"))
    return valueOf("planes") != 1;
  bool gathers = valueOf("gather") != int64_t(isa::DmaGather::Off);
  if (field == "index_addr")
    return gathers;
  // A gather finds even a single row by its index.
  if (field == "dram_row_stride")
    return gathers || valueOf("rows") != 1;
  return field != "spm_row_stride" || valueOf("rows") != 1;
}

bool matrixField(StringRef field, ValueOf valueOf) {
  if (field == "a_row_stride")
    return valueOf("rows") != 1;
  return true;
}

bool vectorField(StringRef field, ValueOf valueOf) {
  bool oneOuter = valueOf("rows1") == 1, oneInner = valueOf("rows0") == 1;
  // Of a single row every choice of an entry is the base.
  if (field.ends_with("_by"))
    return !oneOuter || !oneInner;
  if (field.ends_with("stride0"))
    return !oneInner;
  if (field.ends_with("stride1") || field.ends_with("_step"))
    return !oneOuter;
  if (field == "add_negate")
    return valueOf("add") != int64_t(isa::VectorAdd::None);
  return true;
}

} // namespace

bool hasEffect(isa::Unit unit, StringRef field, ValueOf valueOf) {
  switch (unit) {
  case isa::Unit::DmaIn:
  case isa::Unit::DmaOut:
    return dmaField(field, valueOf);
  case isa::Unit::Matrix:
    return matrixField(field, valueOf);
  case isa::Unit::Vector:
    return vectorField(field, valueOf);
  }
  return true;
}

} // namespace dalbit::encode
