// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lanes as three tasks, for simulation: all stages of a beat are computed when it leaves S, and
// the result waits in a ring until it is due. Same ports, same time, same values as
// vector_lanes_syn (a bench compares them every cycle); yosys cannot read it and does not see it.
//
// The tasks have their own C++ variables and rolled loops over lanes, which gcc can vectorise
// (hence no_inline_task); stages that the instruction does not use cost nothing.

`ifndef SYNTHESIS

module vector_lanes_sim #(
  parameter int Lanes = 16
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
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
  localparam int TableRows  = npu_pkg::TableSegments / TableLanes;
  localparam int RowBits    = $clog2(TableRows);
  localparam int WordBits   = $clog2(TableLanes);
  localparam int Depth      = vector_pkg::LaneStages - 1;

  localparam logic [1:0] None = npu_pkg::VectorScale1None;
  localparam logic [1:0] FromB = npu_pkg::VectorScale1B;

  logic [TableLanes*32-1:0] table_q [TableRows];
  logic [Lanes*32-1:0]      ring_q [Depth];
  logic [3:0]               place_q;
  logic [Lanes*32-1:0]      v_q;
  assign v_o = v_q;

  logic unused_row;
  assign unused_row = ^table_row_i[7:RowBits];

  // V1 to V3: operands, scales, first addition. Also the elements that later stages need.
  task automatic begin_lanes(
      input logic [Lanes*32-1:0] a, input logic [Lanes*32-1:0] b, input logic [Lanes*32-1:0] c,
      input logic [Lanes*32-1:0] acc, input logic use_acc,
      input logic [23:0] pair1, input logic [23:0] pair2, input logic [31:0] addend,
      input logic [1:0] a_type, input logic [1:0] b_type, input logic [1:0] c_type,
      input logic [1:0] scale1, input logic [7:0] adjust1,
      input logic [1:0] scale2, input logic [7:0] adjust2,
      input logic [1:0] add, input logic negate, input logic multiply, input logic [1:0] add_c,
      output logic [31:0] v [Lanes], output logic [31:0] vb [Lanes],
      output logic [31:0] ve [Lanes]);
    /* verilator no_inline_task */
    logic [31:0] va [Lanes];
    logic [31:0] vc [Lanes];
    logic [9:0]  s;

    if (!use_acc || add_c == npu_pkg::VectorAddCA) begin
      for (int i = 0; i < Lanes; i++)
        va[i] = (a_type == 2'd0) ? {{24{a[i*8 + 7]}}, a[i*8 +: 8]}
              : (a_type == 2'd1) ? {{16{a[i*16 + 15]}}, a[i*16 +: 16]} : a[i*32 +: 32];
    end
    if (multiply || scale1 == FromB || scale2 == FromB) begin
      for (int i = 0; i < Lanes; i++)
        vb[i] = (b_type == 2'd0) ? {{24{b[i*8 + 7]}}, b[i*8 +: 8]}
              : (b_type == 2'd1) ? {{16{b[i*16 + 15]}}, b[i*16 +: 16]} : b[i*32 +: 32];
    end
    if (add == npu_pkg::VectorAddC || add_c == npu_pkg::VectorAddCC) begin
      for (int i = 0; i < Lanes; i++)
        vc[i] = (c_type == 2'd0) ? {{24{c[i*8 + 7]}}, c[i*8 +: 8]}
              : (c_type == 2'd1) ? {{16{c[i*16 + 15]}}, c[i*16 +: 16]} : c[i*32 +: 32];
    end
    for (int i = 0; i < Lanes; i++) v[i] = use_acc ? acc[i*32 +: 32] : va[i];

    if (scale1 == FromB) begin
      for (int i = 0; i < Lanes; i++)
        v[i] = vector_pkg::requantise(v[i], vb[i][15:0],
                                      vector_pkg::pair_shift(vb[i][23:16], adjust1));
    end else if (scale1 != None) begin
      s = vector_pkg::pair_shift(pair1[23:16], adjust1);
      for (int i = 0; i < Lanes; i++) v[i] = vector_pkg::requantise(v[i], pair1[15:0], s);
    end

    if (scale2 == FromB) begin
      for (int i = 0; i < Lanes; i++)
        v[i] = vector_pkg::requantise(v[i], vb[i][15:0],
                                      vector_pkg::pair_shift(vb[i][23:16], adjust2));
    end else if (scale2 != None) begin
      s = vector_pkg::pair_shift(pair2[23:16], adjust2);
      for (int i = 0; i < Lanes; i++) v[i] = vector_pkg::requantise(v[i], pair2[15:0], s);
    end

    if (add == npu_pkg::VectorAddC) begin
      for (int i = 0; i < Lanes; i++) v[i] = vector_pkg::add_saturate(v[i], vc[i], negate);
    end else if (add != npu_pkg::VectorAddNone) begin
      for (int i = 0; i < Lanes; i++) v[i] = vector_pkg::add_saturate(v[i], addend, negate);
    end

    if (add_c != npu_pkg::VectorAddCNone) begin
      for (int i = 0; i < Lanes; i++) ve[i] = (add_c == npu_pkg::VectorAddCA) ? va[i] : vc[i];
    end
  endtask

  // V4.
  task automatic gate_lanes(
      input logic [TableLanes*32-1:0] words [TableRows], input logic gate,
      input logic [4:0] table_shift, input logic [16:0] table_offset,
      input logic [4:0] gate_shift, inout logic [31:0] v [Lanes]);
    /* verilator no_inline_task */
    logic [31:0] y;
    logic [15:0] t;
    for (int i = 0; i < Lanes; i++) begin
      t = vector_pkg::table_index(v[i], table_shift, table_offset);
      y = words[t[15 -: RowBits]][{t[8 +: WordBits], 5'd0} +: 32];
      y = vector_pkg::table_value(y, t[7:0]);
      v[i] = gate ? vector_pkg::requantise(v[i], y[15:0], {5'd0, gate_shift}) : y;
    end
  endtask

  // V5 to V7: multiply, second addition, saturation.
  task automatic end_lanes(
      input logic [31:0] x [Lanes], input logic [31:0] vb [Lanes], input logic [31:0] ve [Lanes],
      input logic multiply, input logic pairs, input logic [7:0] multiply_shift,
      input logic add, input logic [1:0] out_type, output logic [Lanes*32-1:0] result);
    /* verilator no_inline_task */
    logic [31:0] v [Lanes];
    logic [9:0]  s;
    for (int i = 0; i < Lanes; i++) v[i] = x[i];
    if (multiply) begin
      for (int i = 0; i < Lanes; i++) begin
        s = pairs ? vector_pkg::pair_shift(vb[i][23:16], multiply_shift)
                  : {{2{multiply_shift[7]}}, multiply_shift};
        v[i] = vector_pkg::requantise(v[i], vb[i][15:0], s);
      end
    end
    if (add) begin
      for (int i = 0; i < Lanes; i++) v[i] = vector_pkg::add_saturate(v[i], ve[i], 1'b0);
    end
    for (int i = 0; i < Lanes; i++) result[i*32 +: 32] = vector_pkg::saturate(v[i], out_type);
  endtask

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      place_q <= 4'd0;
    end else if (advance_i) begin
      place_q <= (place_q == 4'(Depth - 1)) ? 4'd0 : place_q + 4'd1;
    end
  end

  logic [31:0]         v [Lanes];
  logic [31:0]         vb [Lanes];
  logic [31:0]         ve [Lanes];
  logic [Lanes*32-1:0] result;

  always_ff @(posedge clk_i) begin
    if (advance_i) begin
      if (valid_i[Depth]) v_q <= ring_q[place_q];
      if (valid_i[0]) begin
        begin_lanes(
            a_i, b_i, c_i, acc_i, use_acc_i, pair1_i, pair2_i, addend_i,
            cfg_i[npu_pkg::VectorATypeLsb +: 2], cfg_i[npu_pkg::VectorBTypeLsb +: 2],
            cfg_i[npu_pkg::VectorCTypeLsb +: 2],
            cfg_i[npu_pkg::VectorScale1Lsb +: 2], cfg_i[npu_pkg::VectorScale1AdjustLsb +: 8],
            cfg_i[npu_pkg::VectorScale2Lsb +: 2], cfg_i[npu_pkg::VectorScale2AdjustLsb +: 8],
            cfg_i[npu_pkg::VectorAddLsb +: 2], cfg_i[npu_pkg::VectorAddNegateLsb],
            cfg_i[npu_pkg::VectorMultiplyLsb], cfg_i[npu_pkg::VectorAddCLsb +: 2], v, vb, ve);
        if (cfg_i[npu_pkg::VectorTableLsb +: 2] != npu_pkg::VectorTableOff) begin
          gate_lanes(table_q, cfg_i[npu_pkg::VectorTableLsb +: 2] == npu_pkg::VectorTableGate,
                     cfg_i[npu_pkg::VectorTableShiftLsb +: 5],
                     cfg_i[npu_pkg::VectorTableOffsetLsb +: 17],
                     cfg_i[npu_pkg::VectorGateShiftLsb +: 5], v);
        end
        end_lanes(v, vb, ve, cfg_i[npu_pkg::VectorMultiplyLsb],
                  cfg_i[npu_pkg::VectorBTypeLsb +: 2] == npu_pkg::VectorBTypeI32,
                  cfg_i[npu_pkg::VectorMultiplyShiftLsb +: 8],
                  cfg_i[npu_pkg::VectorAddCLsb +: 2] != npu_pkg::VectorAddCNone,
                  cfg_i[npu_pkg::VectorOutTypeLsb +: 2], result);
        ring_q[place_q] <= result;
      end
      if (table_write_i) table_q[table_row_i[RowBits-1:0]] <= a_i[TableLanes*32-1:0];
    end
  end

endmodule

`endif
