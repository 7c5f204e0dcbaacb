// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One lane of the vector pipeline, for synthesis: ten stages (V1 to V7 without the mask), each with
// its register and its enable. Multiplications have two stages, product and shift.
//
//   L1, L2  scale 1      L3, L4   scale 2, add              L5, L6  table
//   L7, L8  gate         L9, L10  multiply, add C, saturate
//
// Row values come to each stage from vector_lanes_syn in step with the beat. The lane has its own
// copy of the table.

module vector_lane #(
  parameter int TableLanes = 16,
  localparam int TableRows = npu_pkg::TableSegments / TableLanes,
  localparam int RowBits   = $clog2(TableRows)
) (
  input  logic                              clk_i,
  input  logic [vector_pkg::LaneStages-1:0] enable_i,     // stage L(k+1) takes the beat of stage k
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,
  input  logic                              use_acc_i,
  input  logic [31:0]                       a_i,          // S: sign-extended elements
  input  logic [23:0]                       b_i,          // pair or factor
  input  logic [31:0]                       c_i,
  input  logic [31:0]                       acc_i,
  input  logic [15:0]                       m1_i,         // S: scale 1's mantissa of the row
  input  logic [7:0]                        s1_i,         // L1: its shift
  input  logic [15:0]                       m2_i,         // L2
  input  logic [7:0]                        s2_i,         // L3
  input  logic [31:0]                       addend_i,     // L3
  input  logic                              table_write_i,
  input  logic [RowBits-1:0]                table_row_i,
  input  logic [TableLanes*32-1:0]          table_data_i,
  output logic [31:0]                       v_o           // L10
);

  localparam int WordBits = $clog2(TableLanes);
  localparam logic [1:0] None  = npu_pkg::VectorScale1None;
  localparam logic [1:0] FromB = npu_pkg::VectorScale1B;

  logic [1:0]  scale1, scale2, add, tab, add_c;
  logic [7:0]  adjust1, adjust2, multiply_shift;
  logic        multiply, pairs;
  logic [4:0]  gate_shift;
  assign scale1         = cfg_i[npu_pkg::VectorScale1Lsb +: 2];
  assign adjust1        = cfg_i[npu_pkg::VectorScale1AdjustLsb +: 8];
  assign scale2         = cfg_i[npu_pkg::VectorScale2Lsb +: 2];
  assign adjust2        = cfg_i[npu_pkg::VectorScale2AdjustLsb +: 8];
  assign add            = cfg_i[npu_pkg::VectorAddLsb +: 2];
  assign tab            = cfg_i[npu_pkg::VectorTableLsb +: 2];
  assign gate_shift     = cfg_i[npu_pkg::VectorGateShiftLsb +: 5];
  assign multiply       = cfg_i[npu_pkg::VectorMultiplyLsb];
  assign pairs          = cfg_i[npu_pkg::VectorBTypeLsb +: 2] == npu_pkg::VectorBTypeI32;
  assign multiply_shift = cfg_i[npu_pkg::VectorMultiplyShiftLsb +: 8];
  assign add_c          = cfg_i[npu_pkg::VectorAddCLsb +: 2];

  // x * m if the stage is used, else x.
  function automatic logic [47:0] product(input logic used, input logic [31:0] x,
                                          input logic [15:0] m);
    product = used ? $unsigned($signed({{16{x[31]}}, x}) * $signed({{32{m[15]}}, m}))
                   : {{16{x[31]}}, x};
  endfunction

  function automatic logic [31:0] shifted(input logic used, input logic [47:0] p,
                                          input logic [9:0] s);
    shifted = used ? vector_pkg::shift_round({{16{p[47]}}, p}, s) : p[31:0];
  endfunction

  logic [TableLanes*32-1:0] table_q [TableRows];
  logic [47:0] p1_q, p3_q, p7_q, p9_q;
  logic [31:0] v2_q, v4_q, v5_q, v6_q, v8_q, v10_q;
  logic [23:0] b1_q, b2_q, b3_q, b4_q, b5_q, b6_q, b7_q, b8_q;
  logic [7:0]  s9_q;                                    // of a pair in B
  logic [31:0] c1_q, c2_q, c3_q;                        // for the first addition
  logic [31:0] e1_q, e2_q, e3_q, e4_q, e5_q, e6_q, e7_q, e8_q, e9_q;  // for the second
  logic [31:0] word_q;
  logic [7:0]  f_q;
  logic [15:0] y6_q;

  logic [15:0] index;
  assign index = vector_pkg::table_index(v4_q, cfg_i[npu_pkg::VectorTableShiftLsb +: 5],
                                         cfg_i[npu_pkg::VectorTableOffsetLsb +: 17]);
  logic [TableLanes*32-1:0] row;
  assign row = table_q[index[15 -: RowBits]];

  logic [31:0] y;
  assign y = vector_pkg::table_value(word_q, f_q);

  logic [31:0] scaled, multiplied;
  assign scaled     = shifted(
      scale2 != None, p3_q,
      vector_pkg::pair_shift(scale2 == FromB ? b3_q[23:16] : s2_i, adjust2));
  assign multiplied = shifted(multiply, p9_q,
                              pairs ? vector_pkg::pair_shift(s9_q, multiply_shift)
                                    : {{2{multiply_shift[7]}}, multiply_shift});

  always_ff @(posedge clk_i) begin
    if (table_write_i) table_q[table_row_i] <= table_data_i;

    if (enable_i[0]) begin
      p1_q <= product(scale1 != None, use_acc_i ? acc_i : a_i, scale1 == FromB ? b_i[15:0] : m1_i);
      b1_q <= b_i;
      c1_q <= c_i;
      e1_q <= (add_c == npu_pkg::VectorAddCA) ? a_i : c_i;
    end
    if (enable_i[1]) begin
      v2_q <= shifted(scale1 != None, p1_q,
                      vector_pkg::pair_shift(scale1 == FromB ? b1_q[23:16] : s1_i, adjust1));
      b2_q <= b1_q;
      c2_q <= c1_q;
      e2_q <= e1_q;
    end
    if (enable_i[2]) begin
      p3_q <= product(scale2 != None, v2_q, scale2 == FromB ? b2_q[15:0] : m2_i);
      b3_q <= b2_q;
      c3_q <= c2_q;
      e3_q <= e2_q;
    end
    if (enable_i[3]) begin
      v4_q <= (add == npu_pkg::VectorAddNone) ? scaled
            : vector_pkg::add_saturate(scaled, add == npu_pkg::VectorAddC ? c3_q : addend_i,
                                       cfg_i[npu_pkg::VectorAddNegateLsb]);
      b4_q <= b3_q;
      e4_q <= e3_q;
    end
    if (enable_i[4]) begin
      v5_q   <= v4_q;
      word_q <= row[{index[8 +: WordBits], 5'd0} +: 32];
      f_q    <= index[7:0];
      b5_q   <= b4_q;
      e5_q   <= e4_q;
    end
    if (enable_i[5]) begin
      v6_q <= (tab == npu_pkg::VectorTableValue) ? y : v5_q;
      y6_q <= y[15:0];
      b6_q <= b5_q;
      e6_q <= e5_q;
    end
    if (enable_i[6]) begin
      p7_q <= product(tab == npu_pkg::VectorTableGate, v6_q, y6_q);
      b7_q <= b6_q;
      e7_q <= e6_q;
    end
    if (enable_i[7]) begin
      v8_q <= shifted(tab == npu_pkg::VectorTableGate, p7_q, {5'd0, gate_shift});
      b8_q <= b7_q;
      e8_q <= e7_q;
    end
    if (enable_i[8]) begin
      p9_q <= product(multiply, v8_q, b8_q[15:0]);
      s9_q <= b8_q[23:16];
      e9_q <= e8_q;
    end
    if (enable_i[9]) begin
      v10_q <= vector_pkg::saturate(
          (add_c == npu_pkg::VectorAddCNone) ? multiplied
                                             : vector_pkg::add_saturate(multiplied, e9_q, 1'b0),
          cfg_i[npu_pkg::VectorOutTypeLsb +: 2]);
    end
  end

  assign v_o = v10_q;

endmodule
