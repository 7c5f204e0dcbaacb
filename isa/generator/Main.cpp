// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit-tblgen: reads isa/npu.td and makes one file of it.

#include "isa/generator/Outputs.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/TableGen/Main.h"

using namespace llvm;
using namespace dalbit::generator;

namespace {

enum class Output { SystemVerilog, Declarations, Definitions, Manual };

cl::opt<Output>
    output(cl::desc("What to make:"), cl::Required,
           cl::values(clEnumValN(Output::SystemVerilog, "gen-sv-package",
                                 "SystemVerilog package npu_pkg"),
                      clEnumValN(Output::Declarations, "gen-cpp-declarations",
                                 "C++ types, isa/Isa.h.inc"),
                      clEnumValN(Output::Definitions, "gen-cpp-definitions",
                                 "C++ tables, isa/Isa.cpp.inc"),
                      clEnumValN(Output::Manual, "gen-doc", "docs/isa.md")));

bool print(raw_ostream &os, RecordKeeper &records) {
  Model model = readModel(records);
  switch (output) {
  case Output::SystemVerilog:
    printSystemVerilog(os, model);
    break;
  case Output::Declarations:
    printDeclarations(os, model);
    break;
  case Output::Definitions:
    printDefinitions(os, model);
    break;
  case Output::Manual:
    printManual(os, model);
    break;
  }
  return false;
}

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "the instruction set as files\n");
  return TableGenMain(argv[0], &print);
}
