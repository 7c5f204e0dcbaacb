// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lanes for synthesis: one vector_lane for each, and the row's values in step with its beats.
// Same ports, same time, same values as vector_lanes_sim.

module vector_lanes_syn #(
  parameter int Lanes = 16
) (
  input  logic                              clk_i,
  input  logic                              advance_i,     // the pipeline moves
  input  logic [vector_pkg::LaneStages-1:0] valid_i,       // beats in S, L1 .. L9
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,         // stable while beats are inside
  input  logic                              use_acc_i,
  input  logic [Lanes*32-1:0]               a_i,           // S: raw elements, lowest first
  input  logic [Lanes*32-1:0]               b_i,
  input  logic [Lanes*32-1:0]               c_i,
  input  logic [Lanes*32-1:0]               acc_i,
  input  logic [23:0]                       pair1_i,       // S: the row's pairs and summand
  input  logic [23:0]                       pair2_i,
  input  logic [31:0]                       addend_i,
  input  logic                              table_write_i, // the words in a_i become table words
  input  logic [7:0]                        table_row_i,   // which group of them
  output logic [Lanes*32-1:0]               v_o            // L10: saturated, not masked
);

  localparam int TableLanes = (Lanes > 16) ? 16 : Lanes;
  localparam int RowBits    = $clog2(npu_pkg::TableSegments / TableLanes);

  logic unused;
  assign unused = ^{table_row_i[7:RowBits], b_i};       // pairs leave their upper byte empty

  logic [vector_pkg::LaneStages-1:0] enable;
  assign enable = valid_i & {vector_pkg::LaneStages{advance_i}};

  logic [7:0]  shift1_q, shift2_q;
  logic [23:0] pair2_1_q, pair2_2_q;
  logic [31:0] addend_1_q, addend_2_q, addend_3_q;

  always_ff @(posedge clk_i) begin
    if (enable[0]) begin
      shift1_q   <= pair1_i[23:16];
      pair2_1_q  <= pair2_i;
      addend_1_q <= addend_i;
    end
    if (enable[1]) begin
      pair2_2_q  <= pair2_1_q;
      addend_2_q <= addend_1_q;
    end
    if (enable[2]) begin
      shift2_q   <= pair2_2_q[23:16];
      addend_3_q <= addend_2_q;
    end
  end

  logic [1:0] a_type, b_type, c_type;
  assign a_type = cfg_i[npu_pkg::VectorATypeLsb +: 2];
  assign b_type = cfg_i[npu_pkg::VectorBTypeLsb +: 2];
  assign c_type = cfg_i[npu_pkg::VectorCTypeLsb +: 2];

  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic [31:0] a, c;
    logic [23:0] b;
    assign a = (a_type == 2'd0) ? {{24{a_i[i*8 + 7]}}, a_i[i*8 +: 8]}
             : (a_type == 2'd1) ? {{16{a_i[i*16 + 15]}}, a_i[i*16 +: 16]} : a_i[i*32 +: 32];
    assign b = (b_type == 2'd0) ? {{16{b_i[i*8 + 7]}}, b_i[i*8 +: 8]}
             : (b_type == 2'd1) ? {8'd0, b_i[i*16 +: 16]} : b_i[i*32 +: 24];
    assign c = (c_type == 2'd0) ? {{24{c_i[i*8 + 7]}}, c_i[i*8 +: 8]}
             : (c_type == 2'd1) ? {{16{c_i[i*16 + 15]}}, c_i[i*16 +: 16]} : c_i[i*32 +: 32];

    vector_lane #(.TableLanes(TableLanes)) u_lane (
      .clk_i, .enable_i(enable), .cfg_i, .use_acc_i,
      .a_i(a), .b_i(b), .c_i(c), .acc_i(acc_i[i*32 +: 32]),
      .m1_i(pair1_i[15:0]), .s1_i(shift1_q), .m2_i(pair2_2_q[15:0]), .s2_i(shift2_q),
      .addend_i(addend_3_q),
      .table_write_i(table_write_i && advance_i), .table_row_i(table_row_i[RowBits-1:0]),
      .table_data_i(a_i[TableLanes*32-1:0]), .v_o(v_o[i*32 +: 32]));
  end

endmodule
