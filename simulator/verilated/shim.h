// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Force-included (-include) when a Verilated model is compiled. Verilator
// 5.006 writes the sign extension of a narrow value as `-(x & sign) | x`,
// which gcc neither folds nor vectorises, so a dot product of bytes stays a
// scalar loop, and it compares in 64 bits. The same functions by two shifts
// and in 32 bits are recognised: 2 to 7 times the speed of the array, the
// same bits.
//
// `l` is the width of the operand in bits, 1..32; the result is int32 in an
// unsigned word, as Verilator wants it. The widths of outputs are not needed.

#ifndef DALBIT_SIMULATOR_VERILATED_SHIM_H
#define DALBIT_SIMULATOR_VERILATED_SHIM_H

#include "verilated.h"

static inline __attribute__((always_inline)) IData dalbitSignExtend(int l,
                                                                    IData x) {
  return static_cast<IData>(static_cast<int32_t>(x << (32 - l)) >> (32 - l));
}

#define VL_EXTENDS_II(obits, l, x) dalbitSignExtend((l), (x))
#define VL_MULS_III(l, a, b)                                                   \
  (dalbitSignExtend((l), (a)) * dalbitSignExtend((l), (b)))
#define VL_GTS_III(l, a, b)                                                    \
  (static_cast<int32_t>(dalbitSignExtend((l), (a))) >                          \
   static_cast<int32_t>(dalbitSignExtend((l), (b))))
#define VL_GTES_III(l, a, b)                                                   \
  (static_cast<int32_t>(dalbitSignExtend((l), (a))) >=                         \
   static_cast<int32_t>(dalbitSignExtend((l), (b))))
#define VL_LTS_III(l, a, b)                                                    \
  (static_cast<int32_t>(dalbitSignExtend((l), (a))) <                          \
   static_cast<int32_t>(dalbitSignExtend((l), (b))))
#define VL_LTES_III(l, a, b)                                                   \
  (static_cast<int32_t>(dalbitSignExtend((l), (a))) <=                         \
   static_cast<int32_t>(dalbitSignExtend((l), (b))))

#endif
