// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Npu.h: the sequencer (rtl/sequencer/sequencer.sv, loops.sv). Instructions
// that nobody else notices are executed ahead of their cycles, up to the end of
// a line of the buffer; all others in their own.

#include "simulator/fast/Npu.h"
#include "simulator/functional/ScalarInstruction.h"

namespace dalbit::fast {

using isa::ErrorCode;
using isa::Opcode;

namespace {

/// Registers are loaded up to here after the start.
constexpr Cycle LoadCycles = 33;

} // namespace

/// The fetch wants the instruction at \p at from cycle \p from on.
void Npu::show(uint32_t at, Cycle from) {
  pc = at;
  lineFrom = from;
  shownAt = sequenceAt = fetch.shownFrom(at, from);
  mode = shownAt == Never ? Mode::AwaitLine : Mode::Run;
}

void Npu::fail(ErrorCode error, Cycle now) {
  setError(Sequencer, now + 1, error, pc);
  mode = Mode::Ended;
  sequenceAt = Never;
  fetch.stop();
}

void Npu::sequence(Cycle now) {
  sequenceAt = Never;
  if (now < startAt + LoadCycles) {
    sequenceAt = startAt + LoadCycles;
    return;
  }
  if (mode == Mode::AwaitWord) {
    endInstruction(now);
  } else {
    if (fetch.isFault(pc))
      return fail(ErrorCode::AxiFetch, now);
    const CodeWord &word = code[pc];
    if (word.kind >= Kind::Branch) {
      if (decide(word, now))
        endInstruction(now);
    } else {
      if (isBad(word))
        return fail(ErrorCode::IllegalField, now);
      execute(word);
      endInstruction(now);
    }
  }
  if (mode == Mode::Run)
    runAhead();
}

/// Whether a field does not take its value.
bool Npu::isBad(const CodeWord &word) const {
  return word.kind == Kind::SetFromRegister &&
         !isa::fits(isa::fields(isa::Unit(word.unit))[word.field],
                    registers[word.a] + word.imm);
}

/// Executes one that only the sequencer notices.
void Npu::execute(const CodeWord &word) {
  switch (word.kind) {
  case Kind::Set:
    fields[word.unit][word.field] = word.imm;
    break;
  case Kind::SetFromRegister:
    fields[word.unit][word.field] = registers[word.a] + word.imm;
    break;
  case Kind::Tag:
    tag = word.tag;
    break;
  case Kind::Compute:
    registers[word.a] = functional::scalarResult(word.opcode, registers[word.b],
                                                 registers[word.c], word.imm);
    registers[0] = 0;
    break;
  default:
    break;
  }
}

/// Executes what follows, a cycle each, as long as nobody looks: not the fetch,
/// which notices the last one of a line, nor a loop, its last one.
void Npu::runAhead() {
  if (fetch.isFault(pc))
    return;
  uint32_t lineEnd = fetch.lastOfLine(pc);
  uint32_t bodyEnd = depth ? loops[depth - 1].last : ~0u;
  uint32_t first = pc;
  Cycle cycle = shownAt;
  for (; pc < lineEnd && pc != bodyEnd && cycle < nextCheck; ++cycle) {
    const CodeWord &word = code[pc];
    if (word.kind >= Kind::Branch || isBad(word))
      break;
    execute(word);
    shown = pc++;
  }
  if (pc == first)
    return;
  executed += pc - first;
  lastMove = std::max(lastMove, cycle - 1);
  shownAt = sequenceAt = cycle;
}

/// An instruction that others notice, in its cycle. False if it is not done.
bool Npu::decide(const CodeWord &word, Cycle now) {
  switch (word.kind) {
  case Kind::Illegal:
    fail(word.error, now);
    return false;
  case Kind::Branch:
    if (pc + word.imm >= code.size()) {
      fail(ErrorCode::IllegalInstruction, now);
      return false;
    }
    if (!functional::isBranchTaken(word.opcode, registers[word.b],
                                   registers[word.c]))
      return true;
    ++executed;
    lastMove = std::max(lastMove, now);
    jump(pc + word.imm, now);
    return false;
  case Kind::Loop:
    beginLoop(word, now);
    return false;
  case Kind::Go: {
    Dispatch &unit = units[word.unit];
    if (unit.isFull(now)) {
      if (mode == Mode::Run)
        stallFrom = now;
      mode = Mode::AwaitQueue;
      sequenceAt = unit.tookAt == now ? now + 1 : Never;
      return false;
    }
    if (mode == Mode::AwaitQueue)
      queueStall += uint64_t(now - stallFrom);
    mode = Mode::Run;
    push(word.unit, word, now);
    return true;
  }
  case Kind::SemWait: {
    uint32_t left = given;
    if (takenAt == now)
      left &= ~takenMask;
    if (word.wait & ~left) {
      if (mode == Mode::Run)
        stallFrom = now;
      mode = Mode::AwaitSemaphore;
      // What a unit takes in this cycle may be there again.
      if (takenAt == now && takenMask)
        dispatchAt = std::min(dispatchAt, now + 1);
      return false;
    }
    if (mode == Mode::AwaitSemaphore)
      semaphoreStall += uint64_t(now - stallFrom);
    mode = Mode::Run;
    takeSemaphores(word.wait);
    return true;
  }
  case Kind::SemSignal:
    if (word.signal)
      signal(word.signal);
    return true;
  case Kind::Load: {
    uint32_t address = registers[word.b] + word.imm;
    if (address % 4 != 0 || address >= sizes.spmBytes) {
      fail(ErrorCode::Address, now);
      return false;
    }
    scalarAddress = address;
    scalarAt = now + 1;
    stallFrom = now;
    mode = Mode::AwaitWord;
    return false;
  }
  case Kind::Halt:
    ++executed;
    lastMove = std::max(lastMove, now);
    haltAt = now;
    mode = Mode::Ended;
    // The fetch shows the next one, if it has it.
    if (fetch.shownFrom(pc + 1, now) == now + 1) {
      ++pc;
      shownAt = now + 1;
    }
    fetch.stop();
    return false;
  default:
    return true;
  }
}

/// The scalar port asks in \p now; it is the last of all.
void Npu::scalarLoad(Cycle now) {
  uint32_t bank = sizes.bankOf(scalarAddress);
  bool isTaken = indexGrantAt == now && indexGrantBank == bank;
  if (isTaken || !isBankFree(bank, now)) {
    scalarAt = now + 1;
    return;
  }
  scalarAt = Never;
  registers[code[pc].a] = values.load(scalarAddress);
  registers[0] = 0;
  loadStall += uint64_t(now + 1 - stallFrom);
  sequenceAt = now + 1;
}

void Npu::beginLoop(const CodeWord &word, Cycle now) {
  uint32_t last = pc + word.imm;
  if (word.imm == 0 || word.imm >> 31 || last >= code.size() ||
      depth == isa::LoopDepth)
    return fail(ErrorCode::IllegalInstruction, now);
  int32_t rounds = int32_t(registers[word.a]);
  if (rounds > 0) {
    loops[depth++] = {pc + 1, last, uint32_t(rounds)};
    ++executed;
    lastMove = std::max(lastMove, now);
    return goOn(now);
  }
  // A skipped loop ends where its body would.
  uint32_t target = last + 1;
  endLoops(last, target);
  ++executed;
  lastMove = std::max(lastMove, now);
  jump(target, now);
}

/// Whether an innermost loop that ends at \p last goes back.
bool Npu::endLoops(uint32_t last, uint32_t &target) {
  while (depth && loops[depth - 1].last == last) {
    Loop &loop = loops[depth - 1];
    if (loop.left != 1) {
      --loop.left;
      target = loop.first;
      return true;
    }
    --depth;
  }
  return false;
}

/// The instruction at hand is done in \p now and does not branch.
void Npu::endInstruction(Cycle now) {
  ++executed;
  lastMove = std::max(lastMove, now);
  uint32_t target;
  if (endLoops(pc, target))
    return jump(target, now);
  goOn(now);
}

void Npu::goOn(Cycle now) {
  shown = pc;
  show(pc + 1, now);
}

void Npu::jump(uint32_t target, Cycle now) {
  shown = pc;
  fetch.redirect(target, now + 1);
  show(target, now + 1);
}

} // namespace dalbit::fast
