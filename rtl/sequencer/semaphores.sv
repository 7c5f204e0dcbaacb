// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counting semaphores between the units.
//
// Takers are the four dispatchers and, last, the sequencer. One that asks gets its semaphores
// in the same cycle if each of its mask is at least 1 and no earlier taker gets one of them in
// this cycle; it then takes 1 from each. No path from `up_i` to `take_o`: a signal is seen one
// cycle later (T2). Counts stay at 255 when more is signalled.

module semaphores #(
  parameter int Takers = 5
) (
  input  logic                                 clk_i,
  input  logic                                 rst_ni,   // synchronous, active low
  input  logic                                 clear_i,  // start of a program: all counts 0

  input  logic [Takers-1:0]                    want_i,   // would start in this cycle
  input  logic [Takers*npu_pkg::Semaphores-1:0] need_i,  // masks
  output logic [Takers-1:0]                    take_o,   // wanted and taken

  input  logic [Takers*npu_pkg::Semaphores-1:0] up_i     // masks, each adds 1
);

  localparam int Count = npu_pkg::Semaphores;
  localparam int Bits = npu_pkg::SemaphoreBits;

  function automatic logic [Takers+Count-1:0] choose(
      input logic [Takers-1:0] want, input logic [Takers*Count-1:0] need,
      input logic [Count-1:0] ready);
    logic [Count-1:0] left, mask;
    left = ready;
    for (int i = 0; i < Takers; i++) begin
      mask = need[i*Count +: Count];
      choose[i] = want[i] && (mask & ~left) == '0;
      if (choose[i]) left = left & ~mask;
    end
    choose[Takers +: Count] = ready & ~left;
  endfunction

  // New counts, and above them which are not 0.
  function automatic logic [Count+Count*Bits-1:0] update(
      input logic [Count*Bits-1:0] counts, input logic [Count-1:0] taken,
      input logic [Takers*Count-1:0] up);
    logic [Bits+2:0] sum;
    for (int s = 0; s < Count; s++) begin
      sum = {3'b0, counts[s*Bits +: Bits]} - {{(Bits+2){1'b0}}, taken[s]};
      for (int i = 0; i < Takers; i++) sum = sum + {{(Bits+2){1'b0}}, up[i*Count + s]};
      if (sum[Bits+2:Bits] != '0) sum = {3'b0, {Bits{1'b1}}};
      update[s*Bits +: Bits] = sum[Bits-1:0];
      update[Count*Bits + s] = sum != '0;
    end
  endfunction

  logic [Count-1:0] ready_q;       // count is not 0
  logic [Count*Bits-1:0] count_q /*verilator public_flat_rd*/;
  logic [Count-1:0] taken;
  assign {taken, take_o} = want_i == '0 ? '0 : choose(want_i, need_i, ready_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) {ready_q, count_q} <= '0;
    else if (taken != '0 || up_i != '0) {ready_q, count_q} <= update(count_q, taken, up_i);
  end

endmodule
