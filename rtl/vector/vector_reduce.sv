// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions of a row (V8, A4) into one row scalar. Three stages behind the lanes: R1 prepares and
// squares each lane, R2 joins the lanes, R3 accumulates over the row; a row's result is written in
// the cycle in which its last beat is in R3. Rows may follow each other without a gap. Sums are
// exact for 2^20 columns; a square's root is cut to +-2^15, which a right absolute maximum never
// exceeds.

module vector_reduce #(
  parameter int Lanes = 16
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                advance_i,    // the pipeline moves
  input  logic [2:0]          op_i,         // as npu_pkg::VectorReduce*, stable
  input  logic [6:0]          beat_cols_i,

  input  logic                valid_i,      // L10: a beat to reduce
  input  logic [Lanes*32-1:0] v_i,
  input  logic [Lanes-1:0]    range_i,
  input  logic                first_i,      // first of its row
  input  logic                row_end_i,
  input  logic                inner_end_i,
  input  logic [4:0]          square_i,     // A4: the row's shift k

  output logic                busy_o,       // a beat is in R1 or R2
  output logic                write_o,
  output logic                write_inner_end_o,
  output logic [39:0]         write_data_o
);

  localparam int IndexBits = $clog2(Lanes);

  logic [2:0]           valid_q, row_end_q, inner_end_q;
  logic [1:0]           first_q;
  logic [4:0]           k1_q, k2_q, k3_q;
  logic [Lanes*32-1:0]  lanes_q;
  logic [Lanes-1:0]     range_q;
  logic [39:0]          sum2_q;
  logic [51:0]          sum3_q;
  logic [31:0]          best2_q, best3_q;
  logic                 any2_q, any3_q;
  logic [IndexBits-1:0] lane2_q;
  logic [19:0]          col3_q, next_col_q;

  logic sums;
  assign sums = op_i == npu_pkg::VectorReduceSum || op_i == npu_pkg::VectorReduceSumsq;

  function automatic logic [31:0] square(input logic [31:0] v, input logic [4:0] k);
    logic [32:0] u;
    u = $unsigned($signed({v[31], v} + ((33'd1 << k) >> 1)) >>> k);
    if (!u[32] && u[31:15] != 0) u = 33'h0_0000_8000;
    if (u[32] && u[31:15] != 17'h1ffff) u = 33'h1_ffff_8000;
    square = $unsigned($signed({{15{u[16]}}, u[16:0]}) * $signed({{15{u[16]}}, u[16:0]}));
  endfunction

  function automatic logic [Lanes*32-1:0] prepare(input logic [Lanes*32-1:0] v,
                                                  input logic [2:0] op, input logic [4:0] k);
    logic [31:0] x;
    prepare = v;
    if (op == npu_pkg::VectorReduceSumsq) begin
      for (int i = 0; i < Lanes; i++) prepare[i*32 +: 32] = square(v[i*32 +: 32], k);
    end else if (op == npu_pkg::VectorReduceAbsmax) begin
      for (int i = 0; i < Lanes; i++) begin
        x = v[i*32 +: 32];
        if (x[31]) prepare[i*32 +: 32] = (x == 32'h8000_0000) ? 32'h7fff_ffff : 32'd0 - x;
      end
    end
  endfunction

  function automatic logic [39:0] total(input logic [Lanes*32-1:0] v,
                                        input logic [Lanes-1:0] range);
    logic [39:0] t;
    t = 40'd0;
    for (int i = 0; i < Lanes; i++) if (range[i]) t = t + {{8{v[i*32 + 31]}}, v[i*32 +: 32]};
    total = t;
  endfunction

  // {lane, largest} as a tree of neighbours: of equals the lower lane wins.
  function automatic logic [IndexBits+31:0] largest(input logic [Lanes*32-1:0] v,
                                                    input logic [Lanes-1:0] range);
    logic [Lanes*32-1:0] best;
    logic [Lanes-1:0] any;
    logic [Lanes*IndexBits-1:0] lane;
    logic right;
    best = v;
    any  = range;
    for (int i = 0; i < Lanes; i++) lane[i*IndexBits +: IndexBits] = IndexBits'(i);
    for (int n = Lanes / 2; n > 0; n = n / 2) begin
      for (int i = 0; i < n; i++) begin
        right = any[2*i + 1] && (!any[2*i]
                || $signed(best[(2*i + 1)*32 +: 32]) > $signed(best[2*i*32 +: 32]));
        best[i*32 +: 32] = right ? best[(2*i + 1)*32 +: 32] : best[2*i*32 +: 32];
        lane[i*IndexBits +: IndexBits] = right ? lane[(2*i + 1)*IndexBits +: IndexBits]
                                               : lane[2*i*IndexBits +: IndexBits];
        any[i] = any[2*i + 1] || any[2*i];
      end
    end
    largest = {lane[IndexBits-1:0], best[31:0]};
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 3'd0;
    end else if (advance_i) begin
      valid_q <= {valid_q[1:0], valid_i};
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance_i) begin
      if (valid_i) begin
        lanes_q        <= prepare(v_i, op_i, square_i);
        range_q        <= range_i;
        k1_q           <= square_i;
        first_q[0]     <= first_i;
        row_end_q[0]   <= row_end_i;
        inner_end_q[0] <= inner_end_i;
      end
      if (valid_q[0]) begin
        if (sums) sum2_q <= total(lanes_q, range_q);
        else      {lane2_q, best2_q} <= largest(lanes_q, range_q);
        any2_q         <= range_q != 0;
        k2_q           <= k1_q;
        first_q[1]     <= first_q[0];
        row_end_q[1]   <= row_end_q[0];
        inner_end_q[1] <= inner_end_q[0];
      end
      if (valid_q[1]) begin
        if (sums) sum3_q <= (first_q[1] ? 52'd0 : sum3_q) + {{12{sum2_q[39]}}, sum2_q};
        if (first_q[1] || (any2_q && (!any3_q || $signed(best2_q) > $signed(best3_q)))) begin
          best3_q <= best2_q;
          col3_q  <= (first_q[1] ? 20'd0 : next_col_q) + 20'(lane2_q);
        end
        any3_q         <= any2_q || (any3_q && !first_q[1]);
        next_col_q     <= (first_q[1] ? 20'd0 : next_col_q) + {13'd0, beat_cols_i};
        k3_q           <= k2_q;
        row_end_q[2]   <= row_end_q[1];
        inner_end_q[2] <= inner_end_q[1];
      end
    end
  end

  assign busy_o            = valid_q[0] || valid_q[1];
  assign write_o           = advance_i && valid_q[2] && row_end_q[2];
  assign write_inner_end_o = inner_end_q[2];

  always_comb begin
    write_data_o = 40'd0;
    if (write_o) begin
      unique case (op_i)
        npu_pkg::VectorReduceSum:    write_data_o = vector_pkg::norm32(sum3_q, 5'd0);
        npu_pkg::VectorReduceSumsq:  write_data_o = vector_pkg::norm32(sum3_q, k3_q);
        npu_pkg::VectorReduceAbsmax: write_data_o[31:0] = any3_q ? best3_q : 32'd0;
        npu_pkg::VectorReduceMax:    write_data_o[31:0] = any3_q ? best3_q : 32'h8000_0000;
        default:                     write_data_o[31:0] = any3_q ? {12'd0, col3_q} : 32'd0;
      endcase
    end
  end

endmodule
