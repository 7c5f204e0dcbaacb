// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First-in first-out queue of Depth entries, any Depth >= 1.
//
// `valid_o` and `data_o` show the oldest entry; `pop_i` removes it. An entry pushed in a cycle is
// seen in the next. Push and pop may meet, but a full queue takes a push only in the cycle after a
// pop: `full_o` comes from a register alone. Nothing in here wakes up without push or pop.

`include "assert.svh"

module fifo #(
  parameter int Width = 8,
  parameter int Depth = 4
) (
  input  logic             clk_i,
  input  logic             rst_ni,  // synchronous, active low

  input  logic             push_i,  // only while !full_o
  input  logic [Width-1:0] data_i,
  output logic             full_o,

  input  logic             pop_i,   // only while valid_o
  output logic             valid_o,
  output logic [Width-1:0] data_o
);

  localparam int PtrBits = Depth > 1 ? $clog2(Depth) : 1;
  localparam int CountBits = $clog2(Depth + 1);
  localparam logic [PtrBits-1:0] Last = PtrBits'(Depth - 1);

  logic [Width-1:0] mem [Depth];
  logic [PtrBits-1:0] read_q, write_q;
  logic [CountBits-1:0] count_q;

  assign full_o = count_q == CountBits'(Depth);
  assign valid_o = count_q != '0;
  assign data_o = mem[read_q];

  always_ff @(posedge clk_i) begin
    if (push_i) mem[write_q] <= data_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q <= '0;
      write_q <= '0;
      count_q <= '0;
    end else if (push_i || pop_i) begin
      if (push_i) write_q <= write_q == Last ? '0 : write_q + PtrBits'(1);
      if (pop_i) read_q <= read_q == Last ? '0 : read_q + PtrBits'(1);
      if (push_i && !pop_i) count_q <= count_q + CountBits'(1);
      if (pop_i && !push_i) count_q <= count_q - CountBits'(1);
    end
  end

  `ASSERT(PushOnlyWithRoom, push_i |-> !full_o, "pushed into a full queue")
  `ASSERT(PopOnlyWhenValid, pop_i |-> valid_o, "popped an empty queue")

endmodule
