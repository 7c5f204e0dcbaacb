// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector unit: Lanes columns of a row each cycle through the stages of rule A5, reductions of
// rows into row scalars, and a scalar ALU on them. Time, exactly, is in docs/units/vector.md.
//
// A beat passes F (words requested), D (words arrive), S (operand registers), L1 .. L10 (lanes),
// then the output word and R1 .. R3 (reductions). The unit moves as a whole: in a cycle in which
// some port has a request without grant, or the scalar ALU works, nothing moves. All operations go
// the same way: table, store, fetch and scalar are beats that leave the pipeline earlier.
//
// One instruction at a time. What it reads it must not write, except in place (the same element, or
// the same row's scalar): rows in flight would see old values.

`include "assert.svh"

module vector_unit #(
  parameter int N          = 32,
  parameter int Lanes      = 16,
  parameter int PortBytes  = 64,
  parameter int AccEntries = 512,
  parameter int RowScalars = 1024
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,

  input  logic                              start_i,
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,
  output logic                              ready_o,
  output logic                              done_o,
  output logic                              error_o,
  output logic [3:0]                        error_code_o,

  output logic                              vec_a_req_o,
  output logic [23:0]                       vec_a_addr_o,
  input  logic                              vec_a_gnt_i,
  input  logic                              vec_a_rvalid_i,
  input  logic [PortBytes*8-1:0]            vec_a_rdata_i,

  output logic                              vec_b_req_o,
  output logic [23:0]                       vec_b_addr_o,
  input  logic                              vec_b_gnt_i,
  input  logic                              vec_b_rvalid_i,
  input  logic [PortBytes*8-1:0]            vec_b_rdata_i,

  output logic                              vec_c_req_o,
  output logic [23:0]                       vec_c_addr_o,
  input  logic                              vec_c_gnt_i,
  input  logic                              vec_c_rvalid_i,
  input  logic [PortBytes*8-1:0]            vec_c_rdata_i,

  output logic                              vec_out_req_o,
  output logic [23:0]                       vec_out_addr_o,
  output logic [PortBytes*8-1:0]            vec_out_wdata_o,
  output logic [PortBytes-1:0]              vec_out_be_o,
  input  logic                              vec_out_gnt_i,

  output logic                              acc_req_o,
  output logic [11:0]                       acc_addr_o,
  input  logic                              acc_gnt_i,
  input  logic                              acc_rvalid_i,
  input  logic [N*32-1:0]                   acc_rdata_i
);

  localparam int CountBits = $clog2(Lanes + 1);
  localparam int Last      = vector_pkg::LaneStages;    // valid_q[Last] is L10
  localparam int PortBeat  = (Lanes * 32 > PortBytes * 8) ? PortBytes * 8 : Lanes * 32;
  localparam int SpmHi     = npu_pkg::SpmAddressBits - $clog2(PortBytes);
  localparam int AccLo     = $clog2(N * 4);

  // ---- control ----------------------------------------------------------------------------------

  typedef enum logic [1:0] {Idle, Check, Run} state_e;
  state_e state_d, state_q;

  logic [npu_pkg::VectorCfgBits-1:0] cfg_q;
  logic        done_q, error_q;
  logic [3:0]  error_code_q;
  logic [3:0]  error_code;
  logic        empty, load, finished;

  logic        is_stream, is_scalar, is_table, is_store, is_fetch;
  logic        use_a, use_b, use_c, use_acc, use_out, use_reduce;
  logic        use_scale1, use_scale2, use_add, use_square;
  logic [11:0] rows0, rows1;
  logic [19:0] cols;
  logic [6:0]  beat_cols;
  logic [$clog2(PortBytes):0] a_bytes, b_bytes, c_bytes, out_bytes;
  logic [AccLo:0]             acc_bytes;

  logic        advance;                                 // everything moves by one place
  logic        step, sample;                            // a beat goes F to D, D to S
  logic        f_valid, f_first, f_row_end, f_inner_end, f_more;
  logic        d_valid_q, d_first_q, d_row_end_q, d_inner_end_q;
  logic        s_first_q, s_row_end_q, s_inner_end_q;
  logic [Last:0] valid_q;                               // S, L1 .. L10
  logic        a_wait, b_wait, c_wait, acc_wait, out_wait, alu_wait, reduce_busy;

  assign ready_o      = state_q == Idle;
  assign done_o       = done_q;
  assign error_o      = error_q;
  assign error_code_o = error_code_q;

  assign load     = state_q == Check && !empty && error_code == npu_pkg::ErrNone;
  assign advance  = state_q == Run
                 && !(a_wait || b_wait || c_wait || acc_wait || out_wait || alu_wait);
  assign step     = advance && f_valid;
  assign sample   = advance && d_valid_q && !is_scalar;
  assign finished = state_q == Run && !f_valid && !d_valid_q && valid_q == 0 && !reduce_busy
                 && !out_wait;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle:    if (start_i) state_d = Check;
      Check:   state_d = load ? Run : Idle;
      default: if (finished) state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q      <= Idle;
      done_q       <= 1'b0;
      error_q      <= 1'b0;
      error_code_q <= npu_pkg::ErrNone;
    end else begin
      state_q <= state_d;
      done_q  <= state_q != Idle && state_d == Idle;
      error_q <= state_q == Check && error_code != npu_pkg::ErrNone;
      if (state_q == Check) error_code_q <= error_code;
    end
  end

  always_ff @(posedge clk_i) if (start_i) cfg_q <= cfg_i;

  vector_decode #(
    .N(N), .Lanes(Lanes), .PortBytes(PortBytes), .AccEntries(AccEntries), .RowScalars(RowScalars)
  ) u_decode (
    .clk_i, .start_i, .cfg_i, .cfg_q_i(cfg_q),
    .stream_o(is_stream), .scalar_o(is_scalar), .table_o(is_table), .store_o(is_store),
    .fetch_o(is_fetch), .use_a_o(use_a), .use_b_o(use_b), .use_c_o(use_c), .use_acc_o(use_acc),
    .use_out_o(use_out), .reduce_o(use_reduce), .use_scale1_o(use_scale1),
    .use_scale2_o(use_scale2), .use_add_o(use_add), .use_square_o(use_square),
    .rows0_o(rows0), .rows1_o(rows1), .cols_o(cols), .beat_cols_o(beat_cols),
    .a_beat_bytes_o(a_bytes), .b_beat_bytes_o(b_bytes), .c_beat_bytes_o(c_bytes),
    .acc_beat_bytes_o(acc_bytes), .out_beat_bytes_o(out_bytes),
    .empty_o(empty), .error_code_o(error_code));

  // ---- places of the beats ----------------------------------------------------------------------

  logic [Lanes-1:0]     d_tail, d_range;
  logic [CountBits-1:0] d_count;

  vector_loop #(.Lanes(Lanes)) u_loop (
    .clk_i, .rst_ni, .load_i(load), .rows0_i(rows0), .rows1_i(rows1), .cols_i(cols),
    .beat_cols_i(beat_cols),
    .range_lo_i(cfg_q[npu_pkg::VectorRangeLoLsb +: npu_pkg::VectorRangeLoWidth]),
    .range_lo_step_i(cfg_q[npu_pkg::VectorRangeLoStepLsb +: npu_pkg::VectorRangeLoStepWidth]),
    .range_hi_i(cfg_q[npu_pkg::VectorRangeHiLsb +: npu_pkg::VectorRangeHiWidth]),
    .range_hi_step_i(cfg_q[npu_pkg::VectorRangeHiStepLsb +: npu_pkg::VectorRangeHiStepWidth]),
    .step_i(step), .valid_o(f_valid), .first_o(f_first), .row_end_o(f_row_end),
    .inner_end_o(f_inner_end), .more_o(f_more),
    .tail_o(d_tail), .range_o(d_range), .count_o(d_count));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      d_valid_q <= 1'b0;
      valid_q   <= '0;
    end else if (advance) begin
      d_valid_q <= f_valid;
      valid_q   <= {valid_q[Last-1:1], valid_q[0] && is_stream, sample};
    end
  end

  // What goes with a beat from S to L10.
  localparam int NoteBits = 2 * Lanes + 8;
  logic [NoteBits-1:0] note_q [vector_pkg::LaneStages - 1];
  logic [NoteBits-1:0] l_note_q;
  logic [3:0]          place_q;
  logic [Lanes-1:0]    s_tail_q, s_range_q, l_tail, l_range;
  logic [4:0]          s_square, l_square;
  logic                l_first, l_row_end, l_inner_end;
  assign {l_square, l_first, l_row_end, l_inner_end, l_tail, l_range} = l_note_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      place_q <= 4'd0;
    end else if (advance) begin
      place_q <= (place_q == 4'(vector_pkg::LaneStages - 2)) ? 4'd0 : place_q + 4'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      d_first_q     <= f_first;
      d_row_end_q   <= f_row_end;
      d_inner_end_q <= f_inner_end;
    end
    if (sample) begin
      s_first_q     <= d_first_q;
      s_row_end_q   <= d_row_end_q;
      s_inner_end_q <= d_inner_end_q;
      s_tail_q      <= d_tail;
      s_range_q     <= d_range;
    end
    if (advance && valid_q[0])
      note_q[place_q] <= {s_square, s_first_q, s_row_end_q, s_inner_end_q, s_tail_q, s_range_q};
    if (advance && valid_q[Last-1]) l_note_q <= note_q[place_q];
  end

  // ---- operands ---------------------------------------------------------------------------------

  logic [PortBeat-1:0] a_beat, b_beat, c_beat;
  logic [Lanes*32-1:0] acc_beat;
  logic                active;
  assign active = state_q != Idle;

  vector_stream #(.WordBytes(PortBytes), .HiBits(SpmHi), .BeatBits(PortBeat)) u_a (
    .clk_i, .rst_ni, .active_i(active), .load_i(load), .use_i(use_a),
    .base_i(cfg_q[npu_pkg::VectorAAddrLsb +: npu_pkg::VectorAAddrWidth]),
    .stride0_i(cfg_q[npu_pkg::VectorAStride0Lsb +: npu_pkg::VectorAStride0Width]),
    .stride1_i(cfg_q[npu_pkg::VectorAStride1Lsb +: npu_pkg::VectorAStride1Width]),
    .hi_step_i(SpmHi'(1)), .beat_bytes_i(a_bytes),
    .step_i(step), .more_i(f_more), .row_end_i(f_row_end), .inner_end_i(f_inner_end),
    .sample_i(sample), .wait_o(a_wait), .req_o(vec_a_req_o), .addr_o(vec_a_addr_o),
    .gnt_i(vec_a_gnt_i), .rvalid_i(vec_a_rvalid_i), .rdata_i(vec_a_rdata_i), .beat_o(a_beat));

  vector_stream #(.WordBytes(PortBytes), .HiBits(SpmHi), .BeatBits(PortBeat)) u_b (
    .clk_i, .rst_ni, .active_i(active), .load_i(load), .use_i(use_b),
    .base_i(cfg_q[npu_pkg::VectorBAddrLsb +: npu_pkg::VectorBAddrWidth]),
    .stride0_i(cfg_q[npu_pkg::VectorBStride0Lsb +: npu_pkg::VectorBStride0Width]),
    .stride1_i(cfg_q[npu_pkg::VectorBStride1Lsb +: npu_pkg::VectorBStride1Width]),
    .hi_step_i(SpmHi'(1)), .beat_bytes_i(b_bytes),
    .step_i(step), .more_i(f_more), .row_end_i(f_row_end), .inner_end_i(f_inner_end),
    .sample_i(sample), .wait_o(b_wait), .req_o(vec_b_req_o), .addr_o(vec_b_addr_o),
    .gnt_i(vec_b_gnt_i), .rvalid_i(vec_b_rvalid_i), .rdata_i(vec_b_rdata_i), .beat_o(b_beat));

  vector_stream #(.WordBytes(PortBytes), .HiBits(SpmHi), .BeatBits(PortBeat)) u_c (
    .clk_i, .rst_ni, .active_i(active), .load_i(load), .use_i(use_c),
    .base_i(cfg_q[npu_pkg::VectorCAddrLsb +: npu_pkg::VectorCAddrWidth]),
    .stride0_i(cfg_q[npu_pkg::VectorCStride0Lsb +: npu_pkg::VectorCStride0Width]),
    .stride1_i(cfg_q[npu_pkg::VectorCStride1Lsb +: npu_pkg::VectorCStride1Width]),
    .hi_step_i(SpmHi'(1)), .beat_bytes_i(c_bytes),
    .step_i(step), .more_i(f_more), .row_end_i(f_row_end), .inner_end_i(f_inner_end),
    .sample_i(sample), .wait_o(c_wait), .req_o(vec_c_req_o), .addr_o(vec_c_addr_o),
    .gnt_i(vec_c_gnt_i), .rvalid_i(vec_c_rvalid_i), .rdata_i(vec_c_rdata_i), .beat_o(c_beat));

  logic [12+AccLo-1:0] acc_addr;
  logic                unused_acc_addr;
  assign acc_addr_o      = acc_addr[AccLo +: 12];
  assign unused_acc_addr = ^acc_addr[AccLo-1:0];

  vector_stream #(.WordBytes(N * 4), .HiBits(12), .BeatBits(Lanes * 32)) u_acc (
    .clk_i, .rst_ni, .active_i(active), .load_i(load), .use_i(use_acc),
    .base_i({cfg_q[npu_pkg::VectorAccAddrLsb +: npu_pkg::VectorAccAddrWidth], AccLo'(0)}),
    .stride0_i({cfg_q[npu_pkg::VectorAccStride0Lsb +: npu_pkg::VectorAccStride0Width], AccLo'(0)}),
    .stride1_i({cfg_q[npu_pkg::VectorAccStride1Lsb +: npu_pkg::VectorAccStride1Width], AccLo'(0)}),
    .hi_step_i(cfg_q[npu_pkg::VectorAccTileStrideLsb +: npu_pkg::VectorAccTileStrideWidth]),
    .beat_bytes_i(acc_bytes),
    .step_i(step), .more_i(f_more), .row_end_i(f_row_end), .inner_end_i(f_inner_end),
    .sample_i(sample), .wait_o(acc_wait), .req_o(acc_req_o), .addr_o(acc_addr),
    .gnt_i(acc_gnt_i), .rvalid_i(acc_rvalid_i), .rdata_i(acc_rdata_i), .beat_o(acc_beat));

  // ---- row scalars ------------------------------------------------------------------------------

  logic [39:0] x, y, alu_result, reduce_result, row_result;
  logic [23:0] pair1, pair2;
  logic [31:0] addend;
  logic        alu_last, alu_write, reduce_write, reduce_inner_end, fetch_write, row_write;
  assign alu_wait    = is_scalar && d_valid_q && !alu_last;
  assign fetch_write = advance && valid_q[0] && is_fetch;
  assign row_write   = reduce_write || alu_write || fetch_write;
  assign row_result  = is_stream ? reduce_result : is_scalar ? alu_result
                     : {a_beat[23:16], {16{a_beat[15]}}, a_beat[15:0]};

  vector_rows #(.RowScalars(RowScalars)) u_rows (
    .clk_i, .cfg_i(cfg_q), .use_scale1_i(use_scale1), .use_scale2_i(use_scale2),
    .use_add_i(use_add), .use_square_i(use_square),
    .store_raw_i(is_store && cfg_q[npu_pkg::VectorScalarOpLsb +: npu_pkg::VectorScalarOpWidth]
                             == npu_pkg::VectorScalarOpRaw),
    .store_pair_i(is_store && cfg_q[npu_pkg::VectorScalarOpLsb +: npu_pkg::VectorScalarOpWidth]
                              != npu_pkg::VectorScalarOpRaw),
    .load_i(load), .step_i(step), .first_i(f_first), .row_end_i(f_row_end),
    .inner_end_i(f_inner_end), .sample_i(sample && d_first_q),
    .x_o(x), .y_o(y), .pair1_o(pair1), .pair2_o(pair2), .addend_o(addend), .square_o(s_square),
    .write_i(row_write),
    .write_inner_end_i(is_stream ? reduce_inner_end : is_scalar ? d_inner_end_q : s_inner_end_q),
    .write_data_i(row_result));

  vector_scalar u_scalar (
    .clk_i, .rst_ni, .run_i(is_scalar && d_valid_q),
    .op_i(cfg_q[npu_pkg::VectorScalarOpLsb +: npu_pkg::VectorScalarOpWidth]),
    .x_i(x), .y_i(y),
    .imm1_i(cfg_q[npu_pkg::VectorScale1ImmLsb +: npu_pkg::VectorScale1ImmWidth]),
    .imm2_i(cfg_q[npu_pkg::VectorScale2ImmLsb +: npu_pkg::VectorScale2ImmWidth]),
    .adjust_i(cfg_q[npu_pkg::VectorScale1AdjustLsb +: npu_pkg::VectorScale1AdjustWidth]),
    .last_o(alu_last), .write_o(alu_write), .result_o(alu_result));

  // ---- lanes, output, reductions ----------------------------------------------------------------

  logic [Lanes*32-1:0] v;
  logic                table_write;
  logic [7:0]          table_row_q;
  assign table_write = valid_q[0] && is_table;

  always_ff @(posedge clk_i) begin
    if (load) table_row_q <= 8'd0;
    else if (advance && table_write) table_row_q <= table_row_q + 8'd1;
  end

`ifdef SYNTHESIS
  vector_lanes_syn #(.Lanes(Lanes)) u_lanes (
    .clk_i,
`else
  vector_lanes_sim #(.Lanes(Lanes)) u_lanes (
    .clk_i, .rst_ni,
`endif
    .advance_i(advance), .valid_i(valid_q[Last-1:0] & {Last{is_stream}}), .cfg_i(cfg_q),
    .use_acc_i(use_acc), .a_i((Lanes*32)'(a_beat)), .b_i((Lanes*32)'(b_beat)),
    .c_i((Lanes*32)'(c_beat)), .acc_i(acc_beat), .pair1_i(pair1), .pair2_i(pair2),
    .addend_i(addend), .table_write_i(table_write), .table_row_i(table_row_q), .v_o(v));

  vector_out #(.Lanes(Lanes), .PortBytes(PortBytes)) u_out (
    .clk_i, .rst_ni, .active_i(active), .cfg_i(cfg_q), .load_i(load), .beat_bytes_i(out_bytes),
    .take_lanes_i(advance && valid_q[Last] && use_out), .v_i(v), .range_i(l_range),
    .tail_i(l_tail), .take_word_i(advance && valid_q[0] && is_store), .word_i(addend),
    .row_end_i(is_store ? s_row_end_q : l_row_end),
    .inner_end_i(is_store ? s_inner_end_q : l_inner_end), .wait_o(out_wait),
    .req_o(vec_out_req_o), .addr_o(vec_out_addr_o), .wdata_o(vec_out_wdata_o),
    .be_o(vec_out_be_o), .gnt_i(vec_out_gnt_i));

  vector_reduce #(.Lanes(Lanes)) u_reduce (
    .clk_i, .rst_ni, .advance_i(advance),
    .op_i(cfg_q[npu_pkg::VectorReduceLsb +: npu_pkg::VectorReduceWidth]),
    .beat_cols_i(beat_cols), .valid_i(valid_q[Last] && use_reduce), .v_i(v), .range_i(l_range),
    .first_i(l_first), .row_end_i(l_row_end), .inner_end_i(l_inner_end), .square_i(l_square),
    .busy_o(reduce_busy), .write_o(reduce_write), .write_inner_end_o(reduce_inner_end),
    .write_data_o(reduce_result));

  vector_counters #(.Lanes(Lanes), .PortBytes(PortBytes)) u_counters (
    .clk_i, .rst_ni, .active_i(active), .load_i(load), .cfg_i(cfg_q), .stream_i(is_stream),
    .use_out_i(use_out), .use_reduce_i(use_reduce),
    .beat_i(sample && is_stream), .count_i(d_count), .range_i(d_range),
    .scalar_i((alu_write || fetch_write || (advance && valid_q[0] && is_store))),
    .lanes_i(advance && is_stream && valid_q[Last-1:0] != 0),
    .acc_gnt_i, .a_gnt_i(vec_a_gnt_i), .b_gnt_i(vec_b_gnt_i), .c_gnt_i(vec_c_gnt_i),
    .out_gnt_i(vec_out_gnt_i));

  `ASSERT(StartOnlyWhenReady, start_i |-> ready_o, "an instruction came while another one runs")
  `ASSERT(OneResult, $onehot0({reduce_write, alu_write, fetch_write}),
          "two row scalars were written at once")
  `ASSERT(WholeEntries, N % Lanes == 0 && (Lanes & (Lanes - 1)) == 0,
          "N is not a multiple of Lanes, a power of two")

endmodule
