// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weight registers of two tiles, the 4-bit decoder and N dot products of K int8 lanes.
//
// A tile is N channels (rows) of K weights; one bank works while the other fills. In the cycle of
// `write_i` a scratchpad word is written to bank `write_bank_i`, by form (npu.td, w_form):
//   w8       PortBytes weights: rows write_index_i * PortBytes/K and following
//   w4       2*PortBytes codes (rule A14), expanded with the headers of slot write_slot_i
//   rows     K bytes from byte write_byte_i on are row write_index_i
//   columns  N bytes from byte write_byte_i on are lane write_index_i of all rows
// With write_header_i the word is kept as the headers of the next PortBytes/N slots instead.
// In the cycle of `fire_i` the products of act_i with bank fire_bank_i are summed; psum_o has them
// from the next cycle until the next fire. Rows from channels_i on give 0 (A11). form_i does not
// change while a tile is in use. What was written in a cycle is used from the next one on.
//
// Two bodies, equal in every cycle (tests/rtl/matrix/DotArrayTest.cpp): one that Verilator turns
// into vector code, one for synthesis.

module dot_array #(
  parameter int N = 32,         // channels
  parameter int K = 32,         // lanes
  parameter int PortBytes = 64  // bytes of a scratchpad word; at least N and K, at most N*K/2
) (
  input  logic                             clk_i,

  // A word of the scratchpad arrives.
  input  logic                             write_i,
  input  logic                             write_header_i,
  input  logic                             write_bank_i,
  input  logic [$clog2(N > K ? N : K)-1:0] write_index_i,
  input  logic [(PortBytes > N ? $clog2(PortBytes / N) : 1)-1:0] write_slot_i,
  input  logic [$clog2(PortBytes)-1:0]     write_byte_i,
  input  logic [8*PortBytes-1:0]           data_i,

  // A row of activations meets a tile.
  input  logic                             fire_i,
  input  logic                             fire_bank_i,
  input  logic [8*K-1:0]                   act_i,
  input  logic [$clog2(N):0]               channels_i,
  output logic [32*N-1:0]                  psum_o,

  input  logic [1:0]                       form_i
);

`ifdef SYNTHESIS
  dot_array_syn #(.N(N), .K(K), .PortBytes(PortBytes)) u_body (.*);
`else
  dot_array_sim #(.N(N), .K(K), .PortBytes(PortBytes)) u_body (.*);
`endif

endmodule
