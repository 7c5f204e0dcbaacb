// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both bodies of the dot array on the same inputs.

module dot_array_pair #(
  parameter int N = 16,
  parameter int K = 16,
  parameter int PortBytes = 64
) (
  input  logic                             clk_i,
  input  logic                             write_i,
  input  logic                             write_header_i,
  input  logic                             write_bank_i,
  input  logic [$clog2(N > K ? N : K)-1:0] write_index_i,
  input  logic [(PortBytes > N ? $clog2(PortBytes / N) : 1)-1:0] write_slot_i,
  input  logic [$clog2(PortBytes)-1:0]     write_byte_i,
  input  logic [8*PortBytes-1:0]           data_i,
  input  logic                             fire_i,
  input  logic                             fire_bank_i,
  input  logic [8*K-1:0]                   act_i,
  input  logic [$clog2(N):0]               channels_i,
  input  logic [1:0]                       form_i,
  output logic [32*N-1:0]                  psum_sim_o,
  output logic [32*N-1:0]                  psum_syn_o
);

  dot_array_sim #(.N(N), .K(K), .PortBytes(PortBytes)) u_sim (
    .clk_i, .write_i, .write_header_i, .write_bank_i, .write_index_i, .write_slot_i, .write_byte_i,
    .data_i, .fire_i, .fire_bank_i, .act_i, .channels_i, .psum_o(psum_sim_o), .form_i
  );
  dot_array_syn #(.N(N), .K(K), .PortBytes(PortBytes)) u_syn (
    .clk_i, .write_i, .write_header_i, .write_bank_i, .write_index_i, .write_slot_i, .write_byte_i,
    .data_i, .fire_i, .fire_bank_i, .act_i, .channels_i, .psum_o(psum_syn_o), .form_i
  );

endmodule
