// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Timing without data against the rtl where units stream undisturbed: the
// products of one layer of a model with 6 billion weights, one token. 128 KiB
// of weights land in some banks while those in others are multiplied, 1600
// times (202 M weights: 4 x 4096 x 4096 and 3 x 4096 x 11008). The rtl runs 32
// of the 1600, and both must take the same cycles for them. Processor time, of
// the fast engine the best of five. usage: FastSpeed [TARGET...]

#include "simulator/fast/FastEngine.h"
#include "simulator/verilated/VerilatedEngine.h"
#include "support/Error.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

using namespace dalbit;

namespace {

constexpr uint32_t Chunk = 128 * 1024, RtlRounds = 16, Rounds = 800;

double processorSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

/// Two chunks a round, r1 rounds: each waits until its half of the buffer has
/// been multiplied.
std::string layer(const target::Target &target) {
  uint32_t k = 4096, bank = uint32_t(target.bankBytes());
  uint32_t slots[2] = {0, std::max(Chunk, bank)};
  auto set = [](const std::string &field, uint32_t value) {
    return "set " + field + ", " + std::to_string(value) + "\n";
  };
  std::string body;
  for (int half = 0; half < 2; ++half) {
    std::string full = half ? "0x0002" : "0x0001";
    std::string empty = half ? "0x0008" : "0x0004";
    body += "setr dma_in.dram_offset, r9, 0\n" +
            set("dma_in.spm_addr", slots[half]) + "go dma_in, wait " + empty +
            ", signal " + full + "\n" + set("matrix.w_addr", slots[half]) +
            "go matrix, wait " + full + ", signal " + empty + "\n" +
            "addi r9, r9, " + std::to_string(Chunk) + "\n";
  }
  auto lines = std::count(body.begin(), body.end(), '\n');
  return "li r9, 0\nsem.signal 0x000c\n" +
         set("dma_in.region", unsigned(isa::Region::Weights)) +
         set("dma_in.bytes", Chunk) + set("dma_in.rows", 1) +
         set("dma_in.planes", 1) +
         set("matrix.a_addr", uint32_t(target.scratchpadBytes()) - k) +
         set("matrix.a_row_stride", k) + set("matrix.rows", 1) +
         set("matrix.n", Chunk / k) + set("matrix.k", k) +
         set("matrix.acc_stride", 1) + "loop r1, +" + std::to_string(lines) +
         "\n" + body + "sem.wait 0x000c\nhalt\n";
}

struct Measured {
  uint64_t cycles;
  double seconds;
};

Measured measure(host::Engine &engine, uint32_t rounds) {
  host::Start start;
  start.arguments[0] = rounds;
  double begun = processorSeconds();
  uint64_t cycles = engine.run(start).counters.cycles;
  return {cycles, processorSeconds() - begun};
}

void compare(const std::string &name) {
  target::Target target = target::loadTarget(name);
  binary::Program program;
  program.code = isa::assemble(layer(target), "layer");
  program.regions = {{isa::Region::Code, program.code.size() * 8},
                     {isa::Region::Weights, uint64_t(2 * Rounds) * Chunk}};
  host::Memory memory(target.dramBytes());
  memory.place(program);
  std::copy(program.code.begin(), program.code.end(),
            reinterpret_cast<uint64_t *>(memory.region(isa::Region::Code)));
  verilated::VerilatedEngine rtl(program, target, memory);
  Measured slow = measure(rtl, RtlRounds), best{0, 1e9};
  for (int repeat = 0; repeat < 5; ++repeat) {
    fast::FastEngine timing(program, target, memory, {.seed = 1});
    if (uint64_t cycles = measure(timing, RtlRounds).cycles;
        cycles != slow.cycles)
      throw Error(name + ": rtl " + std::to_string(slow.cycles) +
                  " cycles, fast " + std::to_string(cycles));
    Measured one = measure(timing, Rounds);
    if (one.seconds < best.seconds)
      best = one;
  }
  double slowRate = double(slow.cycles) / slow.seconds;
  double rate = double(best.cycles) / best.seconds;
  std::printf("%s, layer of 6 B: %llu cycles; rtl %.2f M cycles/s, timing only "
              "%.0f M cycles/s, %.0f times\n",
              name.c_str(), (unsigned long long)best.cycles, slowRate / 1e6,
              rate / 1e6, rate / slowRate);
}

} // namespace

int main(int argc, char **argv) {
  try {
    if (argc == 1)
      compare("edge");
    for (int i = 1; i < argc; ++i)
      compare(argv[i]);
  } catch (const Error &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
