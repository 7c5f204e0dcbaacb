// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/fast/Compare.h"

namespace dalbit::fast::test {

TEST_CASE("an empty program takes the rtl's cycles", "[fast]") {
  compare("halt\n", "nano", 3);
  compare("nop\nnop\nli r9, 4\nhalt\n");
}

TEST_CASE("branches and loops take the rtl's cycles", "[fast]") {
  compare("li r9, 5\naddi r9, r9, -1\nbne r9, r0, -1\nhalt\n");
  compare("li r9, 3\nli r10, 4\nloop r9, +4\nloop r10, +2\nnop\nnop\nnop\n"
          "loop r0, +2\nnop\nnop\nhalt\n");
}

TEST_CASE("loops longer than the fetch buffer are fetched again", "[fast]") {
  std::string body;
  for (int length : {100, 300, 1500}) {
    std::string text = "li r9, 4\nloop r9, +" + std::to_string(length) + "\n";
    for (int i = 0; i < length; ++i)
      text += i % 97 == 5 ? "set dma_in.bytes, " + std::to_string(i) + "\n"
                          : "addi r10, r10, 1\n";
    compare(text + "halt\n");
    compare(text + "halt\n", "edge");
  }
}

TEST_CASE("code that branches over lines waits as the rtl does", "[fast]") {
  std::string text = "li r9, 6\n";
  for (int i = 0; i < 160; ++i)
    text += "nop\n";
  text += "addi r9, r9, -1\nbeq r9, r0, +1598\njump +1200\n";
  for (int i = 0; i < 1199; ++i)
    text += "nop\n";
  text += "jump -1330\n"; // back into the first part
  for (int i = 0; i < 396; ++i)
    text += "nop\n";
  compare(text + "halt\n");
}

} // namespace dalbit::fast::test
