// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The files that dalbit-tblgen makes. Each function prints one whole file.

#pragma once

#include "isa/generator/Model.h"

namespace dalbit::generator {

/// rtl/npu_pkg.sv.
void printSystemVerilog(llvm::raw_ostream &os, const Model &model);
/// isa/Isa.h.inc: types and declarations, for isa/Isa.h.
void printDeclarations(llvm::raw_ostream &os, const Model &model);
/// isa/Isa.cpp.inc: tables, for isa/Isa.cpp.
void printDefinitions(llvm::raw_ostream &os, const Model &model);
/// docs/isa.md.
void printManual(llvm::raw_ostream &os, const Model &model);

} // namespace dalbit::generator
