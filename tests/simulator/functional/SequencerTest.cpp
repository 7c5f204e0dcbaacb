// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs in assembly. A result is a register; it leaves the machine as the
// length of a copy of zeros over the output region's pattern, because a setr of
// dma_out.bytes needs nothing but the register.

#include "simulator/functional/FunctionalEngine.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

namespace dalbit::functional::test {

namespace {

struct Npu {
  explicit Npu(const std::string &assembly) {
    program.code = isa::assemble(assembly, "test");
    program.regions = {{isa::Region::Code, program.code.size() * 8},
                       {isa::Region::Output, 4096}};
    memory.load(program);
    std::fill_n(memory.region(isa::Region::Output), 4096, 0xff);
  }

  host::StepResult run(std::array<uint32_t, isa::Arguments> arguments = {},
                       uint64_t bound = 10000) {
    FunctionalEngine engine(program, target, memory);
    return engine.run({0, arguments, bound});
  }
  /// r9 / 4 at the end, by a copy of r9 zeros to the output.
  int result(std::array<uint32_t, isa::Arguments> arguments = {}) {
    run(arguments);
    const uint8_t *output = memory.region(isa::Region::Output);
    int words = 0;
    while (words < 1024 && output[words * 4] == 0)
      ++words;
    return words;
  }
  std::string error(uint64_t bound = 10000) {
    try {
      run({}, bound);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }

  target::Target target = target::loadTarget("nano");
  host::Memory memory{1 << 20};
  binary::Program program;
};

/// Writes r9 zero words to the output.
const std::string WriteResult = R"(
  muli r9, r9, 4
  set dma_out.region, 5
  set dma_out.rows, 1
  set dma_out.planes, 1
  setr dma_out.bytes, r9, 0
  go dma_out, wait 0x0000, signal 0x0000
  halt
)";

int resultOf(const std::string &assembly,
             std::array<uint32_t, isa::Arguments> arguments = {}) {
  return Npu(assembly + WriteResult).result(arguments);
}

} // namespace

TEST_CASE("registers compute modulo 2^32 and r0 reads as 0", "[sequencer]") {
  CHECK(resultOf("li r9, 7\nli r0, 5\nadd r9, r9, r0") == 7);
  CHECK(resultOf("li r10, -3\nli r11, 9\nadd r9, r10, r11") == 6);
  CHECK(resultOf("li r10, 12\naddi r9, r10, -2") == 10);
  CHECK(resultOf("li r10, 12\nli r11, 5\nsub r9, r10, r11") == 7);
  CHECK(resultOf("li r10, 3\nli r11, 5\nmul r9, r10, r11") == 15);
  CHECK(resultOf("li r10, -1\nsrli r9, r10, 28") == 15);
  CHECK(resultOf("li r10, 29\nandi r9, r10, 12") == 12);
  CHECK(resultOf("li r10, -5\nli r11, 4\nmax r9, r10, r11") == 4);
  CHECK(resultOf("li r10, -5\nmini r11, r10, 4\naddi r9, r11, 9") == 4);
  CHECK(resultOf("li r10, 9\nli r11, 4\nmin r9, r10, r11") == 4);
  CHECK(resultOf("li r10, -5\nmaxi r9, r10, 4") == 4);
}

TEST_CASE("arguments are r1 to r8", "[sequencer]") {
  CHECK(resultOf("add r9, r1, r8", {3, 0, 0, 0, 0, 0, 0, 4}) == 7);
}

TEST_CASE("branches compare signed numbers", "[sequencer]") {
  CHECK(resultOf("li r9, 1\nli r10, -1\nblt r10, r0, +2\nli r9, 5") == 1);
  CHECK(resultOf("li r9, 1\nli r10, -1\nbge r10, r0, +2\nli r9, 5") == 5);
  CHECK(resultOf("li r9, 1\nbeq r0, r9, +2\nli r9, 5") == 5);
  CHECK(resultOf("li r9, 1\nbne r0, r9, +2\nli r9, 5") == 1);
  CHECK(resultOf("li r9, 1\njump +2\nli r9, 5") == 1);
}

TEST_CASE("a loop runs its body as often as its register says", "[sequencer]") {
  CHECK(resultOf("li r10, 5\nloop r10, +1\naddi r9, r9, 2") == 10);
  CHECK(resultOf("li r10, 0\nloop r10, +1\naddi r9, r9, 2\naddi r9, r9, 1") ==
        1);
  CHECK(resultOf("li r10, -4\nloop r10, +1\naddi r9, r9, 2") == 0);
}

TEST_CASE("nested loops may end at the same instruction", "[sequencer]") {
  CHECK(resultOf("li r10, 3\nli r11, 4\nloop r10, +2\nloop r11, +1\n"
                 "addi r9, r9, 1") == 12);
  // The skipped inner body ends the outer one too.
  CHECK(resultOf("li r10, 3\nloop r10, +3\naddi r9, r9, 1\nloop r0, +1\n"
                 "addi r9, r9, 7") == 3);
}

TEST_CASE("a loaded word comes from the scratchpad", "[sequencer]") {
  std::string load = R"(
    set dma_in.region, 5
    set dma_in.bytes, 4
    set dma_in.rows, 1
    set dma_in.planes, 1
    set dma_in.spm_addr, 4096
    go dma_in, wait 0x0000, signal 0x0001
    sem.wait 0x0001
    li r10, 4000
    load r9, r10, 96
  )";
  CHECK(resultOf(load + "addi r9, r9, 4") == 3); // 0xffffffff + 4
}

TEST_CASE("scratchpad stays, configurations and semaphores do not",
          "[sequencer]") {
  Npu npu("sem.signal 0x0001\nset vector.rows0, 1\nhalt\n");
  FunctionalEngine engine(npu.program, npu.target, npu.memory);
  CHECK(engine.run({}).counters.sequencer.instructions == 3);
  host::Start second;
  second.pc = 2;
  CHECK(engine.run(second).counters.sequencer.instructions == 1);
  Npu wait("sem.signal 0x0001\nhalt\nsem.wait 0x0001\nhalt\n");
  FunctionalEngine other(wait.program, wait.target, wait.memory);
  other.run({});
  CHECK_THROWS_WITH(other.run(second), Catch::Contains("deadlock"));
}

TEST_CASE("a wait that nothing meets is a deadlock with unit and semaphore",
          "[sequencer]") {
  CHECK(Npu("nop\ngo vector, wait 0x0008, signal 0x0000\nhalt").error() ==
        "deadlock at instruction 1 (go vector, wait 0x0008, signal 0x0000): "
        "vector waits for semaphore 3, which no earlier instruction signals");
  CHECK(Npu("sem.wait 0x0100\nhalt").error() ==
        "deadlock at instruction 0 (sem.wait 0x0100): the sequencer waits for "
        "semaphore 8, which no earlier instruction signals");
}

TEST_CASE("a wait takes one of each semaphore", "[sequencer]") {
  CHECK(Npu("sem.signal 0x0003\nsem.signal 0x0001\nsem.wait 0x0003\n"
            "sem.wait 0x0001\nhalt")
            .error()
            .empty());
  CHECK(Npu("sem.signal 0x0003\nsem.wait 0x0003\nsem.wait 0x0002\nhalt")
            .error() != "");
}

TEST_CASE("a semaphore counts to 255", "[sequencer]") {
  std::string signals = "li r10, 300\nloop r10, +1\nsem.signal 0x0001\n";
  CHECK(Npu(signals + "li r10, 255\nloop r10, +1\nsem.wait 0x0001\nhalt")
            .error()
            .empty());
  CHECK(Npu(signals + "li r10, 256\nloop r10, +1\nsem.wait 0x0001\nhalt")
            .error() != "");
}

TEST_CASE("an error names code, instruction and reason", "[sequencer]") {
  CHECK(Npu("set vector.a_addr, 4\nset vector.rows0, 1\nset vector.rows1, 1\n"
            "set vector.cols, 1\ngo vector, wait 0x0000, signal 0x0000\nhalt")
            .error() ==
        "address at instruction 4 (go vector, wait 0x0000, signal 0x0000): a "
        "stream's address or stride is not a multiple of L elements");
  CHECK(Npu("li r10, 300000\nload r9, r10, 0\nhalt").error() ==
        "address at instruction 1 (load r9, r10, 0): the address is past the "
        "scratchpad");
  CHECK(Npu("li r10, 70000\nsetr dma_in.rows, r10, 0\nhalt").error() ==
        "illegal_field at instruction 1 (setr dma_in.rows, r10, 0): 70000 does "
        "not fit the field");
}

TEST_CASE("the sequencer refuses what the rtl refuses", "[sequencer]") {
  CHECK_THAT(Npu("nop").error(),
             Catch::StartsWith("axi_fetch at instruction 1"));
  CHECK_THAT(Npu("jump +5\nhalt").error(),
             Catch::StartsWith("illegal_instruction at instruction 0"));
  CHECK_THAT(Npu("beq r1, r2, -1\nhalt").error(),
             Catch::StartsWith("illegal_instruction at instruction 0"));
  CHECK_THAT(Npu("loop r0, +9\nhalt").error(),
             Catch::StartsWith("illegal_instruction at instruction 0"));
  CHECK_THAT(Npu("li r1, 2\nloop r1, +6\nloop r1, +5\nloop r1, +4\n"
                 "loop r1, +3\nloop r1, +2\nnop\nnop\nhalt")
                 .error(),
             Catch::StartsWith("illegal_instruction at instruction 5"));
  Npu npu("nop\nhalt");
  npu.program.code[0] = 0x7f00000000000000;
  CHECK(npu.error() == "illegal_instruction at instruction 0: unknown opcode "
                       "0x7f");
  npu.program.code[0] = isa::encode(isa::makeSetI(isa::Unit::DmaIn, 100, 0));
  CHECK_THAT(npu.error(), Catch::StartsWith("illegal_field at instruction 0"));
}

TEST_CASE("a program without an end is stopped at the bound", "[sequencer]") {
  CHECK(Npu("nop\njump -1\nhalt").error(50) ==
        "the program does not end: instruction 0 after 50 others, more than "
        "its layers explain");
}

} // namespace dalbit::functional::test
