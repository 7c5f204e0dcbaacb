// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First guesses of the reciprocal (S5) and of the reciprocal square root (S6). Every entry is
// computed from its formula at elaboration (vector_pkg::recip_entry, rsqrt_entry); the bench
// compares all of them with floating point. Combinational: `index_i` is sampled by whoever
// registers `entry_o`.

module vector_rom (
  input  logic        root_i,    // 0: recip_table, 128 entries; 1: rsqrt_table, 192 entries
  input  logic [7:0]  index_i,
  output logic [15:0] entry_o
);

  logic [128*16-1:0] recip;
  logic [192*16-1:0] rsqrt;

  for (genvar i = 0; i < 128; i++) begin : gen_recip
    localparam logic [15:0] Entry = vector_pkg::recip_entry(i);
    assign recip[i*16 +: 16] = Entry;
  end
  for (genvar i = 0; i < 192; i++) begin : gen_rsqrt
    localparam logic [15:0] Entry = vector_pkg::rsqrt_entry(i);
    assign rsqrt[i*16 +: 16] = Entry;
  end

  assign entry_o = root_i ? rsqrt[{index_i, 4'd0} +: 16] : recip[{index_i[6:0], 4'd0} +: 16];

endmodule
