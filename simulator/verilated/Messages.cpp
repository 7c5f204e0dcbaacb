// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/Messages.h"

#include "isa/Isa.h"

namespace dalbit::verilated {

namespace {

/// "instruction 4 (go vector, wait 0x0001, signal 0x0000)"
std::string place(uint32_t pc, const binary::Program &program) {
  std::string text = "instruction " + std::to_string(pc);
  if (pc >= program.code.size())
    return text + " (past the code)";
  isa::Decoded decoded = isa::decode(program.code[pc]);
  return decoded ? text + " (" + isa::print(decoded.instruction) + ")" : text;
}

std::string layer(uint32_t tag, const binary::Program &program) {
  std::string name = "tag " + std::to_string(tag & 0xff);
  for (const binary::Layer &layer : program.layers)
    if (layer.tag == (tag & 0xff))
      name = "layer " + layer.name;
  return name + (tag >> 8 ? ", decode" : ", prefill");
}

/// "semaphores 3, 5" of those in the mask that are 0; empty if there is none.
std::string missing(uint32_t mask, const DalbitEnd &end) {
  std::string text;
  bool isFirst = true, isOne = true;
  for (unsigned s = 0; s < DalbitSemaphores; ++s) {
    if (!(mask >> s & 1) || end.semaphores[s])
      continue;
    text += (isFirst ? " " : ", ") + std::to_string(s);
    isOne = isFirst;
    isFirst = false;
  }
  if (text.empty())
    return text;
  return (isOne ? "semaphore" : "semaphores") + text;
}

std::string sequencerState(const DalbitEnd &end,
                           const binary::Program &program) {
  std::string text = "sequencer: at " + place(end.pc, program);
  if (end.pc >= program.code.size())
    return text;
  isa::Instruction at = isa::decode(program.code[end.pc]).instruction;
  if (at.opcode == isa::Opcode::Halt)
    return text + ", waits for the units";
  if (at.opcode == isa::Opcode::Go)
    return text + ", waits for a place in the queue";
  std::string semaphores = missing(at.wait, end);
  if (at.opcode == isa::Opcode::SemWait && !semaphores.empty())
    return text + ", waits for " + semaphores;
  return text;
}

std::string unitState(const char *name, const DalbitQueue &queue,
                      const DalbitEnd &end, const binary::Program &program) {
  std::string text = std::string(name) + ": ";
  std::string semaphores = missing(queue.wait, end);
  if (queue.waiting && !queue.running && !semaphores.empty())
    return text + "waits for " + semaphores + " at " +
           place(queue.pc, program) + ", " + layer(queue.tag, program);
  if (queue.running)
    text += "does not end " + std::to_string(queue.running) + " instruction" +
            (queue.running > 1 ? "s" : "");
  if (queue.waiting)
    return text + (queue.running ? "; " : "") + "next is " +
           place(queue.pc, program) + ", " + layer(queue.tag, program);
  return text + (queue.running ? "" : "idle, nothing queued");
}

} // namespace

host::Stopped stopped(const DalbitEnd &end, const binary::Program &program) {
  const isa::NameInfo &code = isa::errors()[end.errorCode];
  std::string unit = end.errorUnit < isa::UnitCount
                         ? isa::units()[end.errorUnit].name
                         : "the sequencer";
  return host::Stopped(
      isa::ErrorCode(end.errorCode), end.errorPc, end.errorUnit,
      std::string(code.name) + " at " + place(end.errorPc, program) + ", in " +
          unit + ": " + code.text,
      {"the NPU stopped at cycle " + std::to_string(end.cycle)});
}

host::Deadlock deadlock(const DalbitEnd &end, const binary::Program &program,
                        int64_t patience) {
  std::vector<std::string> notes = {sequencerState(end, program)};
  for (unsigned u = 0; u < isa::UnitCount; ++u)
    notes.push_back(
        unitState(isa::units()[u].name, end.queues[u], end, program));
  return host::Deadlock("deadlock: nothing has moved for " +
                            std::to_string(patience) + " cycles at cycle " +
                            std::to_string(end.cycle),
                        notes);
}

} // namespace dalbit::verilated
