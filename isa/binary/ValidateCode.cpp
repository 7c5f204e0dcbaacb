// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checks of instructions that need their neighbours: targets and loops.

#include "isa/binary/Validate.h"

#include "support/Error.h"

namespace dalbit::binary {
namespace {

class CodeCheck {
public:
  CodeCheck(const std::vector<uint64_t> &code, const std::string &source)
      : code(code), source(source), loopOf(code.size()) {}

  void run() {
    // Loops first: a branch may go forward.
    for (pc = 0; pc < code.size(); ++pc)
      enter(decoded());
    for (pc = 0; pc < code.size(); ++pc)
      checkBranch(decoded());
  }

private:
  struct Loop {
    uint64_t id, end; // the body's last instruction
  };

  [[noreturn]] void fail(const std::string &text) {
    throw Error(source + ": instruction " + std::to_string(pc) + ": " + text);
  }

  isa::Instruction decoded() {
    isa::Decoded result = isa::decode(code[pc]);
    if (!result)
      fail(result.error);
    return result.instruction;
  }

  void enter(const isa::Instruction &instruction) {
    while (!open.empty() && pc > open.back().end)
      open.pop_back();
    loopOf[pc] = open.empty() ? 0 : open.back().id;
    if (instruction.opcode != isa::Opcode::Loop)
      return;
    if (instruction.target < 1)
      fail("a loop without a body");
    uint64_t end = pc + uint64_t(instruction.target);
    if (end >= code.size())
      fail("the loop's body ends past the code");
    if (!open.empty() && end > open.back().end)
      fail("the loop's body ends past the body around it");
    if (open.size() == isa::LoopDepth)
      fail("loops nest deeper than " + std::to_string(isa::LoopDepth));
    open.push_back({pc + 1, end});
  }

  void checkBranch(const isa::Instruction &instruction) {
    using isa::Opcode;
    switch (instruction.opcode) {
    case Opcode::Beq:
    case Opcode::Bne:
    case Opcode::Blt:
    case Opcode::Bge:
    case Opcode::Jump:
      break;
    default:
      return;
    }
    int64_t target = int64_t(pc) + instruction.target;
    if (target < 0 || target >= int64_t(code.size()))
      fail("the target " + std::to_string(target) + " is outside the code");
    if (loopOf[target] != loopOf[pc])
      fail("the branch crosses the border of a loop");
  }

  const std::vector<uint64_t> &code;
  const std::string &source;
  std::vector<uint64_t> loopOf; // id of the innermost loop around, 0 for none
  std::vector<Loop> open;
  uint64_t pc = 0;
};

} // namespace

void validateCode(const std::vector<uint64_t> &code,
                  const std::string &source) {
  // Program counters are 32-bit and targets signed.
  if (code.empty() || code.size() > INT32_MAX)
    throw Error(source + ": " + std::to_string(code.size()) +
                " instructions are none or too many");
  CodeCheck(code, source).run();
}

} // namespace dalbit::binary
