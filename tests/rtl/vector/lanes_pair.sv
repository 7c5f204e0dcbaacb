// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both bodies of the lanes side by side, driven alike, and the table ROM.

module lanes_pair #(
  parameter int Lanes = 8
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  input  logic                              advance_i,
  input  logic [vector_pkg::LaneStages-1:0] valid_i,
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,
  input  logic                              use_acc_i,
  input  logic [Lanes*32-1:0]               a_i,
  input  logic [Lanes*32-1:0]               b_i,
  input  logic [Lanes*32-1:0]               c_i,
  input  logic [Lanes*32-1:0]               acc_i,
  input  logic [23:0]                       pair1_i,
  input  logic [23:0]                       pair2_i,
  input  logic [31:0]                       addend_i,
  input  logic                              table_write_i,
  input  logic [7:0]                        table_row_i,
  output logic [Lanes*32-1:0]               sim_v_o,
  output logic [Lanes*32-1:0]               syn_v_o,

  input  logic                              root_i,
  input  logic [7:0]                        index_i,
  output logic [15:0]                       entry_o
);

  vector_lanes_sim #(.Lanes(Lanes)) u_sim (
    .clk_i, .rst_ni, .advance_i, .valid_i, .cfg_i, .use_acc_i, .a_i, .b_i, .c_i, .acc_i,
    .pair1_i, .pair2_i, .addend_i, .table_write_i, .table_row_i, .v_o(sim_v_o));
  vector_lanes_syn #(.Lanes(Lanes)) u_syn (
    .clk_i, .advance_i, .valid_i, .cfg_i, .use_acc_i, .a_i, .b_i, .c_i, .acc_i,
    .pair1_i, .pair2_i, .addend_i, .table_write_i, .table_row_i, .v_o(syn_v_o));
  vector_rom u_rom (.root_i, .index_i, .entry_o);

endmodule
