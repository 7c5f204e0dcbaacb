// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit-targets-manual: prints docs/targets.md.

#include "isa/target/Target.h"

#include <cstdio>

int main() {
  std::fputs(dalbit::target::printManual().c_str(), stdout);
  return 0;
}
