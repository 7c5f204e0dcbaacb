// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/fast/Compare.h"

#include <random>

namespace dalbit::fast::test {

TEST_CASE("full queues stall the sequencer as in the rtl", "[fast]") {
  std::string text;
  for (int i = 0; i < 30; ++i)
    text += "tag " + std::to_string(i / 4) + "\n" +
            load(i % 8 * 1024, 2000, "0x0000", i * 1024) + "nop\n";
  compare(text + "halt\n");
}

TEST_CASE("several that want one semaphore get it in the rtl's order",
          "[fast]") {
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text += "tag " + std::to_string(1 + i) + "\n";
    text += "go matrix, wait 0x0001, signal 0x0006\n"
            "go vector, wait 0x0003, signal 0x0001\n"
            "go dma_out, wait 0x0004, signal 0x0002\n";
    text += load(i * 1024, 100, i % 2 ? "0x0001" : "0x0000");
    text += "sem.signal 0x0001\nnop\nsem.signal 0x0003\nsem.signal 0x0005\n";
    text += "sem.wait 0x0001\n";
  }
  compare(text + "sem.signal 0xffff\nhalt\n");
}

TEST_CASE("a tag that changes while the head waits splits the wait as the rtl "
          "does",
          "[fast]") {
  for (int gap = 0; gap < 24; ++gap) {
    std::string text = "tag 1\n" + load(0, 256, "0x0001") + "tag 2\n" +
                       load(1024, 3000, "0x0002") + "tag 3\n" +
                       load(8192, 64, "0x0004") +
                       "set dma_in.spm_addr, 12288\n"
                       "go dma_in, wait 0x0100, signal 0x0000\n"
                       "sem.wait 0x0001\n";
    for (int i = 0; i < gap; ++i)
      text += "nop\n";
    compare(text + "sem.signal 0x0100\nhalt\n", "nano", 1);
  }
}

} // namespace dalbit::fast::test
