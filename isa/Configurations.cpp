// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/Configurations.h"

namespace dalbit::isa {

bool Configurations::set(Unit unit, unsigned field, uint32_t value) {
  switch (unit) {
  case Unit::DmaIn:
    return setField(dmaIn, field, value);
  case Unit::DmaOut:
    return setField(dmaOut, field, value);
  case Unit::Matrix:
    return setField(matrix, field, value);
  case Unit::Vector:
    return setField(vector, field, value);
  }
  return false;
}

int64_t Configurations::get(Unit unit, unsigned field) const {
  switch (unit) {
  case Unit::DmaIn:
    return getField(dmaIn, field);
  case Unit::DmaOut:
    return getField(dmaOut, field);
  case Unit::Matrix:
    return getField(matrix, field);
  case Unit::Vector:
    break;
  }
  return getField(vector, field);
}

} // namespace dalbit::isa
