// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs in assembly with and without the semaphores that they need.

#include "simulator/functional/RaceDetector.h"
#include "simulator/functional/FunctionalEngine.h"

#include <catch2/catch.hpp>

namespace dalbit::functional::test {

namespace {

using Catch::Contains;
using Catch::StartsWith;

/// The race's message and notes, one a line; empty if there is none.
std::string raceOf(const std::string &assembly) {
  target::Target target = target::loadTarget("nano");
  binary::Program program;
  program.code = isa::assemble(assembly, "test");
  program.regions = {{isa::Region::Code, program.code.size() * 8},
                     {isa::Region::Input, 8192},
                     {isa::Region::Output, 8192}};
  host::Memory memory(1 << 20);
  memory.load(program);
  FunctionalEngine engine(program, target, memory);
  RaceDetector detector(target);
  engine.observe(detector);
  try {
    engine.run({});
  } catch (const Race &race) {
    std::string text = race.what();
    for (const std::string &note : race.notes)
      text += "\n" + note;
    return text;
  }
  return "";
}

std::string copy(const std::string &unit, int spm, int bytes,
                 const std::string &wait, const std::string &signal) {
  auto set = [&](const char *field, int value) {
    return "set " + unit + "." + field + ", " + std::to_string(value) + "\n";
  };
  return set("region", unit == "dma_in" ? 4 : 5) + set("spm_addr", spm) +
         set("bytes", bytes) + set("rows", 1) + set("planes", 1) + "go " +
         unit + ", wait " + wait + ", signal " + signal + "\n";
}

std::string in(int spm, int bytes, const std::string &wait,
               const std::string &signal) {
  return copy("dma_in", spm, bytes, wait, signal);
}
std::string out(int spm, int bytes, const std::string &wait,
                const std::string &signal) {
  return copy("dma_out", spm, bytes, wait, signal);
}

/// A product of one row: activations at 0, weights at 1024, to entry 0.
std::string product(const std::string &wait, const std::string &signal) {
  return "set matrix.rows, 1\nset matrix.n, 16\nset matrix.k, 16\n"
         "set matrix.w_addr, 1024\ngo matrix, wait " +
         wait + ", signal " + signal + "\n";
}

/// Entry 0 of the accumulator to 4096.
std::string drain(const std::string &wait, const std::string &signal) {
  return "set vector.rows0, 1\nset vector.rows1, 1\nset vector.cols, 16\n"
         "set vector.source, acc\nset vector.out_addr, 4096\n"
         "set vector.range_hi, 16\ngo vector, wait " +
         wait + ", signal " + signal + "\n";
}

const std::string None = "0x0000";

} // namespace

TEST_CASE("a dropped semaphore is a race with both instructions", "[race]") {
  CHECK(raceOf(in(0, 256, None, "0x0001") + out(0, 256, "0x0001", None) +
               "halt\n") == "");
  std::string text =
      raceOf(in(0, 256, None, "0x0001") + out(128, 4, None, None) + "halt\n");
  CHECK_THAT(text, StartsWith("race: instruction 11 (go dma_out, wait 0x0000, "
                              "signal 0x0000) does not wait for the end of "
                              "instruction 5 (go dma_in, wait 0x0000, signal "
                              "0x0001)"));
  CHECK_THAT(text, Contains("\nboth touch byte of the scratchpad 128\n"));
}

TEST_CASE("neighbouring bytes need no order", "[race]") {
  CHECK(raceOf(in(0, 256, None, None) + out(256, 256, None, None) + "halt\n") ==
        "");
}

TEST_CASE("two readers need no order", "[race]") {
  CHECK(raceOf(in(0, 2048, None, "0x0005") + product("0x0001", None) +
               out(0, 256, "0x0004", None) + "halt\n") == "");
}

TEST_CASE("a writer waits for the readers before it", "[race]") {
  std::string begin =
      in(0, 256, None, "0x0001") + out(0, 256, "0x0001", "0x0002");
  CHECK_THAT(raceOf(begin + in(64, 4, None, None) + "halt\n"),
             StartsWith("race: instruction 17 (go dma_in, "));
  CHECK(raceOf(begin + in(64, 4, "0x0002", None) + "halt\n") == "");
}

TEST_CASE("the order goes on through other units and the sequencer", "[race]") {
  std::string end = out(4096, 16, "0x0004", None) + "halt\n";
  std::string begin = in(0, 2048, None, "0x0001");
  CHECK(raceOf(begin + product("0x0001", "0x0002") + drain("0x0002", "0x0004") +
               end) == "");
  CHECK(raceOf(begin + "sem.wait 0x0001\n" + product(None, "0x0002") +
               drain("0x0002", "0x0004") + end) == "");
  CHECK_THAT(
      raceOf(begin + product("0x0001", "0x0002") + drain(None, "0x0004") + end),
      Contains("both touch entry of the accumulator 0"));
  // DMA out knows of the copy by the vector unit's job, which follows it.
  CHECK(raceOf(begin + product("0x0001", "0x0002") + drain("0x0002", "0x0004") +
               out(0, 256, "0x0004", None) + "halt\n") == "");
}

TEST_CASE("a load waits for what it reads", "[race]") {
  CHECK_THAT(raceOf(in(0, 256, None, "0x0001") + "load r9, r0, 252\nhalt\n"),
             StartsWith("race: instruction 6 (load r9, r0, 252)"));
  CHECK(raceOf(in(0, 256, None, "0x0001") +
               "sem.wait 0x0001\nload r9, r0, 252\nhalt\n") == "");
  // What is issued after a load begins after it.
  CHECK(raceOf("load r9, r0, 252\n" + in(0, 256, None, None) + "halt\n") == "");
}

TEST_CASE("a gather waits for an index list that its own unit brings",
          "[race]") {
  std::string gather = "set dma_in.gather, on\nset dma_in.index_addr, 0\n";
  CHECK_THAT(raceOf(in(0, 64, None, "0x0001") + gather +
                    in(1024, 64, None, None) + "halt\n"),
             StartsWith("race: instruction 13 (go dma_in"));
  CHECK(raceOf(in(0, 64, None, "0x0001") + gather +
               in(1024, 64, "0x0001", None) + "halt\n") == "");
}

TEST_CASE("loops are seen round by round", "[race]") {
  // The next round's copy overwrites what the store of this one reads.
  std::string body = in(0, 256, None, "0x0001") + out(0, 256, "0x0001", None);
  CHECK_THAT(raceOf("li r1, 2\nloop r1, +12\n" + body + "halt\n"),
             StartsWith("race: instruction 7 (go dma_in"));
  CHECK(raceOf("li r1, 1\nloop r1, +12\n" + body + "halt\n") == "");
}

TEST_CASE("bytes in DRAM need an order as well", "[race]") {
  std::string store = out(0, 256, None, "0x0001");
  std::string back = "set dma_in.region, 5\nset dma_in.bytes, 64\n"
                     "set dma_in.rows, 1\nset dma_in.planes, 1\n"
                     "set dma_in.spm_addr, 4096\ngo dma_in, wait ";
  CHECK_THAT(raceOf(store + back + "0x0000, signal 0x0000\nhalt\n"),
             Contains("byte of the DRAM"));
  CHECK(raceOf(store + back + "0x0001, signal 0x0000\nhalt\n") == "");
}

TEST_CASE("a wait that may get another one's signal is a race", "[race]") {
  // Both DMAs signal; which of them the vector unit waited for is open.
  CHECK_THAT(raceOf(in(0, 256, None, "0x0001") + out(512, 256, None, "0x0001") +
                    drain("0x0001", None) + "halt\n"),
             StartsWith("race: semaphore 0: a unit's wait after signals "
                        "without an order"));
  CHECK_THAT(raceOf("sem.signal 0x0001\nsem.signal 0x0001\n" +
                    in(0, 256, "0x0001", None) + out(512, 256, "0x0001", None) +
                    "halt\n"),
             StartsWith("race: semaphore 0: two waits without an order"));
}

TEST_CASE("a barrier knows its units when it has heard all", "[race]") {
  std::string begin =
      in(0, 256, None, "0x0001") + out(512, 256, None, "0x0001");
  std::string after = out(0, 256, None, None) + "halt\n";
  CHECK(raceOf(begin + "sem.wait 0x0001\nsem.wait 0x0001\n" + after) == "");
  CHECK_THAT(raceOf(begin + "sem.wait 0x0001\n" + after),
             StartsWith("race: instruction 18 (go dma_out"));
}

} // namespace dalbit::functional::test
