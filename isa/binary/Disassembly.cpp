// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Disassembly.h"

#include <algorithm>

namespace dalbit::binary {

std::string disassemble(const Program &program) {
  std::string text;
  std::vector<uint64_t> loopEnds;
  for (uint64_t pc = 0; pc < program.code.size(); ++pc) {
    for (const EntryPoint &entry : program.entries)
      if (entry.pc == pc)
        text += "; entry " + entry.name + "\n";
    for (const Layer &layer : program.layers)
      if (layer.first == pc && layer.last > pc)
        text += "; layer " + std::to_string(layer.tag) + " " + layer.name +
                " (" + layer.kind + ")\n";
    while (!loopEnds.empty() && pc > loopEnds.back())
      loopEnds.pop_back();
    isa::Instruction instruction = isa::decode(program.code[pc]).instruction;
    std::string line(2 + 2 * loopEnds.size(), ' ');
    line += isa::print(instruction);
    line.resize(std::max<size_t>(line.size() + 2, 48), ' ');
    text += line + "; " + std::to_string(pc) + "\n";
    if (instruction.opcode == isa::Opcode::Loop)
      loopEnds.push_back(pc + instruction.target);
  }
  return text;
}

} // namespace dalbit::binary
