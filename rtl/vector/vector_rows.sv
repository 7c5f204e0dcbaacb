// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The row scalar memory (entries {e8, m32}, rules S) and what the lanes need of it for a row. The
// four scalars of a row are read when its first beat goes from F to D, normalised (S10) on the way
// to S, and stay there until the next row's first beat. In hardware the memory is four copies with
// one read port each, all written together: row boundaries cost nothing, however short the rows
// are.

module vector_rows #(
  parameter int RowScalars = 1024
) (
  input  logic                              clk_i,
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,
  input  logic                              use_scale1_i,  // a row scalar is read for ...
  input  logic                              use_scale2_i,
  input  logic                              use_add_i,
  input  logic                              use_square_i,
  input  logic                              store_raw_i,   // addend_o: integer of scale1's scalar
  input  logic                              store_pair_i,  // addend_o: its pair

  input  logic                              load_i,
  input  logic                              step_i,        // F's beat goes to D
  input  logic                              first_i,       // it is the first of its row
  input  logic                              row_end_i,
  input  logic                              inner_end_i,
  input  logic                              sample_i,      // D's beat, its row's first, goes to S

  output logic [39:0]                       x_o,           // D: scale1's and scale2's as they are
  output logic [39:0]                       y_o,
  output logic [23:0]                       pair1_o,       // S: {e8, m16}
  output logic [23:0]                       pair2_o,
  output logic [31:0]                       addend_o,
  output logic [4:0]                        square_o,      // A4: the shift k

  input  logic                              write_i,       // the result of a row, in order
  input  logic                              write_inner_end_i,
  input  logic [39:0]                       write_data_i
);

  localparam int IndexBits = $clog2(RowScalars);

  logic unused_cfg;
  assign unused_cfg = ^cfg_i;

  logic [39:0] mem_q [RowScalars];
  logic [39:0] scale1_q, scale2_q;
  logic [31:0] add_q, square_q;              // the integers are enough
  logic [23:0] pair1_q, pair2_q;
  logic [31:0] addend_q;
  logic [4:0]  shift_q;

  logic [11:0] scale1_index, scale2_index, add_index, square_index, write_index;
  logic        next;
  assign next = step_i && row_end_i;

  // Without use, a row's index may lie past the memory; nothing is read then. Checked indices need
  // only the low bits.
  logic unused_index;
  assign unused_index = ^{scale1_index, scale2_index, add_index, square_index, write_index};

  vector_index u_scale1 (
    .clk_i, .load_i, .next_i(next && use_scale1_i), .inner_end_i, .index_o(scale1_index),
    .base_i(cfg_i[npu_pkg::VectorScale1RowLsb +: npu_pkg::VectorScale1RowWidth]),
    .by_i(cfg_i[npu_pkg::VectorScale1ByLsb +: npu_pkg::VectorScale1ByWidth]));
  vector_index u_scale2 (
    .clk_i, .load_i, .next_i(next && use_scale2_i), .inner_end_i, .index_o(scale2_index),
    .base_i(cfg_i[npu_pkg::VectorScale2RowLsb +: npu_pkg::VectorScale2RowWidth]),
    .by_i(cfg_i[npu_pkg::VectorScale2ByLsb +: npu_pkg::VectorScale2ByWidth]));
  vector_index u_add (
    .clk_i, .load_i, .next_i(next && use_add_i), .inner_end_i, .index_o(add_index),
    .base_i(cfg_i[npu_pkg::VectorAddRowLsb +: npu_pkg::VectorAddRowWidth]),
    .by_i(cfg_i[npu_pkg::VectorAddByLsb +: npu_pkg::VectorAddByWidth]));
  vector_index u_square (
    .clk_i, .load_i, .next_i(next && use_square_i), .inner_end_i, .index_o(square_index),
    .base_i(cfg_i[npu_pkg::VectorSquareRowLsb +: npu_pkg::VectorSquareRowWidth]),
    .by_i(cfg_i[npu_pkg::VectorSquareByLsb +: npu_pkg::VectorSquareByWidth]));
  vector_index u_write (
    .clk_i, .load_i, .next_i(write_i), .inner_end_i(write_inner_end_i), .index_o(write_index),
    .base_i(cfg_i[npu_pkg::VectorReduceRowLsb +: npu_pkg::VectorReduceRowWidth]),
    .by_i(cfg_i[npu_pkg::VectorReduceByLsb +: npu_pkg::VectorReduceByWidth]));

  always_ff @(posedge clk_i) begin
    if (write_i) mem_q[write_index[IndexBits-1:0]] <= write_data_i;
    if (step_i && first_i) begin
      if (use_scale1_i) scale1_q <= mem_q[scale1_index[IndexBits-1:0]];
      if (use_scale2_i) scale2_q <= mem_q[scale2_index[IndexBits-1:0]];
      if (use_add_i)    add_q    <= mem_q[add_index[IndexBits-1:0]][31:0];
      if (use_square_i) square_q <= mem_q[square_index[IndexBits-1:0]][31:0];
    end
  end

  assign x_o = scale1_q;
  assign y_o = scale2_q;

  // A scalar as it is, as a pair.
  function automatic logic [23:0] to_pair(input logic [39:0] scalar);
    to_pair = vector_pkg::norm16(scalar[31:0], {{4{scalar[39]}}, scalar[39:32]});
  endfunction

  always_ff @(posedge clk_i) begin
    if (sample_i) begin
      pair1_q  <= use_scale1_i ? to_pair(scale1_q)
                               : cfg_i[npu_pkg::VectorScale1ImmLsb +: 24];
      pair2_q  <= use_scale2_i ? to_pair(scale2_q)
                               : cfg_i[npu_pkg::VectorScale2ImmLsb +: 24];
      addend_q <= store_pair_i ? {8'd0, to_pair(scale1_q)}
                : store_raw_i  ? scale1_q[31:0]
                : use_add_i    ? add_q
                               : cfg_i[npu_pkg::VectorAddImmLsb +: npu_pkg::VectorAddImmWidth];
      if (use_square_i) shift_q <= vector_pkg::square_shift(square_q);
    end
  end

  assign pair1_o  = pair1_q;
  assign pair2_o  = pair2_q;
  assign addend_o = addend_q;
  assign square_o = shift_q;

endmodule
