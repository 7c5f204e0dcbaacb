// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ASSERT(name, property, why): checked at every rising edge of clk_i out of reset. `why` is the
// sentence that a failing run prints. yosys defines SYNTHESIS and sees nothing.

`ifndef DALBIT_ASSERT_SVH
`define DALBIT_ASSERT_SVH

`ifdef SYNTHESIS
`define ASSERT(name, prop, why)
`else
`define ASSERT(name, prop, why) \
  name: assert property (@(posedge clk_i) disable iff (!rst_ni) (prop)) else $error(why);
`endif

`endif
