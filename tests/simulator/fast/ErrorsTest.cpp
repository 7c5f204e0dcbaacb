// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/fast/Compare.h"

namespace dalbit::fast::test {

using Catch::StartsWith;

TEST_CASE("errors stop at the rtl's cycle with the rtl's words", "[fast]") {
  CHECK_THAT(compareError("set vector.a_addr, 4\nset vector.rows0, 1\n"
                          "set vector.rows1, 1\nset vector.cols, 1\n"
                          "go vector, wait 0x0000, signal 0x0000\nhalt\n"),
             StartsWith("address at instruction 4"));
  CHECK_THAT(compareError("li r10, 300000\nload r9, r10, 0\nhalt\n"),
             StartsWith("address at instruction 1"));
  CHECK_THAT(compareError("nop\n"), StartsWith("axi_fetch at instruction 1"));
  CHECK_THAT(compareError("jump 40\nhalt\n"),
             StartsWith("illegal_instruction at instruction 0"));
  CHECK_THAT(compareError("li r9, 70000\nsetr dma_in.rows, r9, 0\nhalt\n"),
             StartsWith("illegal_field at instruction 1"));
}

TEST_CASE("an error waits for what runs as in the rtl", "[fast]") {
  std::string text;
  for (int i = 0; i < 6; ++i)
    text += "tag " + std::to_string(i + 1) + "\n" +
            load(i * 512, 3000, "0x0001", i * 2048) +
            store(2001 + i * 300, 2048, "0x0001", i * 4096);
  CHECK_THAT(compareError(text + "halt\n"), StartsWith("illegal_config"));
}

TEST_CASE("accesses past the scratchpad and the memory are the rtl's errors",
          "[fast]") {
  CHECK_THAT(compareError(load(0, 4096, "0x0000", 4 << 20) + "halt\n"),
             StartsWith("axi_read"));
  CHECK_THAT(compareError(store(0, 4096, "0x0000", 4 << 20) + "halt\n"),
             StartsWith("axi_write"));
  CHECK_THAT(compareError(load(261120, 4096, "0x0000") + "halt\n"),
             StartsWith("address"));
  CHECK_THAT(compareError(store(261120, 4096, "0x0000") + "halt\n"),
             StartsWith("address"));
  CHECK_THAT(compareError("set matrix.a_addr, 262080\nset matrix.rows, 4\n"
                          "set matrix.a_row_stride, 64\nset matrix.n, 30\n"
                          "set matrix.k, 40\nset matrix.acc_stride, 4\n"
                          "go matrix, wait 0x0000, signal 0x0000\nhalt\n"),
             StartsWith("address"));
  CHECK_THAT(compareError("set vector.a_addr, 262080\nset vector.rows0, 1\n"
                          "set vector.rows1, 1\nset vector.cols, 100\n"
                          "set vector.out_type, 3\n"
                          "go vector, wait 0x0000, signal 0x0000\nhalt\n"),
             StartsWith("address"));
}

TEST_CASE("a deadlock is the rtl's, with its cycle and its waits", "[fast]") {
  CHECK_THAT(compareError("tag 258\nsem.signal 0x0002\n"
                          "go vector, wait 0x000a, signal 0x0000\n"
                          "go matrix, wait 0x0030, signal 0x0008\n"
                          "sem.wait 0x0100\nhalt\n"),
             StartsWith("deadlock: nothing has moved for 100000 cycles"));
  CHECK_THAT(compareError(load(0, 60000, "0x0000") +
                          "go dma_out, wait 0x0001, signal 0x0000\nhalt\n"),
             StartsWith("deadlock"));
}

TEST_CASE("a program without an end is stopped where the rtl is", "[fast]") {
  host::Start start;
  start.bound = 5000;
  CHECK_THAT(compareError("nop\njump -1\n", start),
             StartsWith("the program does not end: instruction "));
}

TEST_CASE("after an error the next run takes the rtl's cycles", "[fast]") {
  std::string copy = load(0, 4096, "0x0001") + store(0, 4096, "0x0001");
  // 15: waits forever with data on their way; 18: an error.
  std::string text =
      copy + "halt\n" +
      "go dma_in, wait 0x0000, signal 0x0000\nsem.wait 0x0001\nhalt\n"
      "go dma_in, wait 0x0000, signal 0x0000\nload r9, r0, 1\nhalt\n";
  Bench rtl(text), fast(text);
  std::vector<host::Start> starts;
  for (uint32_t pc : {0u, 15u, 0u, 18u, 0u}) {
    starts.emplace_back();
    starts.back().pc = pc;
  }
  compare(rtl, fast, starts);
}

} // namespace dalbit::fast::test
