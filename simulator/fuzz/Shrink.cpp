// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Shrink.h"

#include "isa/Isa.h"

#include <algorithm>

namespace dalbit::fuzz {

namespace {

bool isBranch(isa::Opcode opcode) {
  return opcode >= isa::Opcode::Beq && opcode <= isa::Opcode::Jump;
}

class Shrinker {
public:
  Shrinker(const Case &input, const Differs &differs, unsigned tries)
      : best(input), differs(differs), left(tries) {}

  Case run() {
    quieten();
    for (bool isSmaller = true; isSmaller && left;) {
      size_t before = best.code.size();
      for (size_t count = std::max<size_t>(best.code.size() / 2, 1); count;
           count /= 2)
        drop(count);
      simplify();
      isSmaller = best.code.size() < before;
    }
    return best;
  }

private:
  /// Keeps the candidate if it still shows a difference.
  bool keep(const Case &candidate) {
    if (!left)
      return false;
    --left;
    if (!differs(candidate))
      return false;
    best = candidate;
    return true;
  }

  void quieten() {
    for (auto change :
         {+[](Case &c) { c.stalls = {}; }, +[](Case &c) { c.dramSeed = 0; },
          +[](Case &c) { c.memorySeed = 0; },
          +[](Case &c) { c.arguments = {}; }}) {
      Case candidate = best;
      change(candidate);
      keep(candidate);
    }
  }

  void drop(size_t count) {
    // From the end: what is left out there is what others need least.
    for (size_t end = best.code.size(); end > 0 && left;) {
      size_t first = end > count ? end - count : 0;
      end = first;
      if (first + count > best.code.size())
        continue;
      Case candidate = without(best, first, count);
      if (!candidate.code.empty())
        keep(candidate);
    }
  }

  /// Immediates: 0, then half, and so on towards it.
  void simplify() {
    for (size_t pc = 0; pc < best.code.size() && left; ++pc) {
      isa::Decoded decoded = isa::decode(best.code[pc]);
      if (!decoded)
        continue;
      isa::Instruction i = decoded.instruction;
      bool hasNumber = i.opcode == isa::Opcode::SetI ||
                       i.opcode == isa::Opcode::Li ||
                       i.opcode == isa::Opcode::SetR;
      for (int32_t value = 0; hasNumber && value != i.imm;) {
        isa::Instruction smaller = i;
        smaller.imm = value;
        Case candidate = best;
        candidate.code[pc] = isa::encode(smaller);
        if (keep(candidate))
          break;
        int32_t rest = i.imm - value;
        if (rest / 2 == 0)
          break;
        value += rest / 2;
      }
    }
  }

  Case best;
  const Differs &differs;
  unsigned left;
};

} // namespace

Case without(const Case &input, size_t first, size_t count) {
  size_t size = input.code.size();
  std::vector<bool> isGone(size, false);
  std::fill_n(isGone.begin() + std::ptrdiff_t(first),
              std::min(count, size - first), true);
  std::vector<isa::Decoded> decoded;
  for (uint64_t word : input.code)
    decoded.push_back(isa::decode(word));
  // Places among those that stay, of old places and of the end.
  auto places = [&] {
    std::vector<int64_t> place(size + 1, 0);
    for (size_t pc = 0; pc < size; ++pc)
      place[pc + 1] = place[pc] + !isGone[pc];
    return place;
  };
  // Inner loops first.
  for (size_t pc = size; pc-- > 0;) {
    const isa::Instruction &i = decoded[pc].instruction;
    if (isGone[pc] || !decoded[pc] || i.opcode != isa::Opcode::Loop ||
        i.target <= 0)
      continue;
    size_t end = std::min(size, pc + 1 + size_t(i.target));
    if (std::all_of(isGone.begin() + std::ptrdiff_t(pc) + 1,
                    isGone.begin() + std::ptrdiff_t(end),
                    [](bool gone) { return gone; }))
      isGone[pc] = true;
  }
  std::vector<int64_t> place = places();
  Case result = input;
  result.code.clear();
  for (size_t pc = 0; pc < size; ++pc) {
    if (isGone[pc])
      continue;
    isa::Instruction i = decoded[pc].instruction;
    int64_t target = int64_t(pc) + i.target;
    bool isInside = target >= 0 && target < int64_t(size);
    if (decoded[pc] && isBranch(i.opcode) && isInside)
      i.target = int32_t(place[size_t(target)] - place[pc]);
    // A loop's target is its last instruction.
    if (decoded[pc] && i.opcode == isa::Opcode::Loop && i.target > 0 &&
        isInside)
      i.target = int32_t(place[size_t(target) + 1] - place[pc] - 1);
    result.code.push_back(decoded[pc] ? isa::encode(i) : input.code[pc]);
  }
  return result;
}

Case shrink(const Case &input, const Differs &differs, unsigned tries) {
  return Shrinker(input, differs, tries).run();
}

} // namespace dalbit::fuzz
