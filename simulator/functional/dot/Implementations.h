// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bodies behind the table in Kernel.cpp. Instruction sets are chosen by
// function attributes, not by compiler options of a file: inline functions of
// headers would else be compiled for them too and could be the ones that the
// linker keeps for the whole program.

#pragma once

#include "simulator/functional/dot/Kernel.h"

namespace dalbit::functional {

void multiplyPortable(const DotOperands &operands);
#if defined(__x86_64__)
void multiplySse2(const DotOperands &operands);
void multiplyAvx2(const DotOperands &operands);
void multiplyAvx512Vnni(const DotOperands &operands);
#endif

} // namespace dalbit::functional
