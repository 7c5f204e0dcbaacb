// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the sequencer's register instructions compute, for every engine in C++
// and the fuzzer's generator; isa/npu.td says it in words. Left out: control
// flow around it, register 0.

#pragma once

#include "isa/Isa.h"

#include <cassert>
#include <cstdint>

namespace dalbit::functional {

/// The value for R[a] of an arithmetic instruction with R[b] = \p b, R[c] =
/// \p c and immediate \p imm.
inline uint32_t scalarResult(isa::Opcode opcode, uint32_t b, uint32_t c,
                             uint32_t imm) {
  auto less = [](uint32_t x, uint32_t y) { return int32_t(x) < int32_t(y); };
  switch (opcode) {
  case isa::Opcode::Li:
    return imm;
  case isa::Opcode::Add:
    return b + c;
  case isa::Opcode::AddI:
    return b + imm;
  case isa::Opcode::Sub:
    return b - c;
  case isa::Opcode::Mul:
    return b * c;
  case isa::Opcode::MulI:
    return b * imm;
  case isa::Opcode::SrlI:
    return b >> (imm & 31);
  case isa::Opcode::AndI:
    return b & imm;
  case isa::Opcode::Min:
    return less(b, c) ? b : c;
  case isa::Opcode::Max:
    return less(b, c) ? c : b;
  case isa::Opcode::MinI:
    return less(b, imm) ? b : imm;
  case isa::Opcode::MaxI:
    return less(b, imm) ? imm : b;
  default:
    assert(false && "not an arithmetic instruction");
    return 0;
  }
}

/// Whether a branch with R[b] = \p b and R[c] = \p c is taken.
inline bool isBranchTaken(isa::Opcode opcode, uint32_t b, uint32_t c) {
  switch (opcode) {
  case isa::Opcode::Beq:
    return b == c;
  case isa::Opcode::Bne:
    return b != c;
  case isa::Opcode::Blt:
    return int32_t(b) < int32_t(c);
  case isa::Opcode::Bge:
    return int32_t(b) >= int32_t(c);
  default:
    assert(opcode == isa::Opcode::Jump && "not a branch");
    return true;
  }
}

} // namespace dalbit::functional
