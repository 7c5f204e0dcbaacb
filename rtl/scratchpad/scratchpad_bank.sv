// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One bank: a single-port memory with byte enables. Read data come the cycle after and stay
// until the next read.

module scratchpad_bank #(
  parameter int RowBits = 9,
  parameter int PortBytes = 64
) (
  input  logic                   clk_i,
  input  logic                   en_i,
  input  logic                   write_i,
  input  logic [RowBits-1:0]     row_i,
  input  logic [8*PortBytes-1:0] wdata_i,
  input  logic [PortBytes-1:0]   be_i,
  output logic [8*PortBytes-1:0] rdata_o
);

  logic [8*PortBytes-1:0] mem [1 << RowBits];

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < PortBytes; i++) begin
      if (en_i && write_i && be_i[i]) mem[row_i][8*i +: 8] <= wdata_i[8*i +: 8];
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i && !write_i) rdata_o <= mem[row_i];
  end

endmodule
