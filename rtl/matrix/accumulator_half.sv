// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One half of the accumulator: a memory with one read and one write port, and the adders in front
// of the write. The read's data come in the next cycle; a write adds the products to them, so it
// has to come in that cycle (or start from 0 with write_clear_i).

module accumulator_half #(
  parameter int N = 32,
  parameter int Entries = 256
) (
  input  logic                       clk_i,
  input  logic                       read_i,
  input  logic [$clog2(Entries)-1:0] read_entry_i,
  output logic [32*N-1:0]            read_data_o,
  input  logic                       write_i,
  input  logic [$clog2(Entries)-1:0] write_entry_i,
  input  logic                       write_clear_i,
  input  logic [32*N-1:0]            psum_i
);

  logic [32*N-1:0] mem [Entries];
  logic [32*N-1:0] data_q;

  function automatic logic [32*N-1:0] add(input logic [32*N-1:0] a, input logic [32*N-1:0] b);
    for (int n = 0; n < N; n++)
      add[32*n +: 32] = a[32*n +: 32] + b[32*n +: 32];
  endfunction

  assign read_data_o = data_q;

  always_ff @(posedge clk_i) begin
    if (read_i) data_q <= mem[read_entry_i];
    if (write_i) begin
      if (write_clear_i) mem[write_entry_i] <= psum_i;
      else               mem[write_entry_i] <= add(data_q, psum_i);
    end
  end

endmodule
