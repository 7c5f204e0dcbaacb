// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The configuration fields of all units, as the sequencer holds them: `set`
// writes one, `go` takes those of its unit. All are 0 at the start.

#pragma once

#include "isa/Isa.h"

namespace dalbit::isa {

struct Configurations {
  DmaConfiguration dmaIn, dmaOut;
  MatrixConfiguration matrix;
  VectorConfiguration vector;

  /// What `set` does. False, and nothing is changed, if the unit has no such
  /// field or the value does not fit it.
  bool set(Unit unit, unsigned field, uint32_t value);
  /// The field's number, sign-extended if it is signed. The field exists.
  int64_t get(Unit unit, unsigned field) const;

  const DmaConfiguration &dma(Unit unit) const {
    return unit == Unit::DmaIn ? dmaIn : dmaOut;
  }
  bool operator==(const Configurations &) const = default;
};

} // namespace dalbit::isa
