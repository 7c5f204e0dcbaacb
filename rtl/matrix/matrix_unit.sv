// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The matrix unit: accumulator[acc_addr + n-tile * acc_stride + row] (+)= A * W^T in int8 x int8,
// int32 sums (rules A1, A11, A14). One instruction at a time; isa/npu.td has the fields,
// docs/units/matrix.md the timing.
//
// Cycle 0 start_i, 1 checks, 2 first requests on both ports. Weights and activation rows come on
// their own; a row fires (meets its tile in the dot array) when it is there, its tile is complete
// and, with one row, the last fire was not in the cycle before: the accumulator reads in the cycle
// of the fire and writes in the next one. done_o is two cycles after the last fire. An instruction
// that is not allowed or has no effect is done in cycle 2 and touches nothing.

`include "assert.svh"

module matrix_unit #(
  parameter int N = 32,          // output channels of the dot array; a power of two, at least 16
  parameter int K = 32,          // products summed per channel and cycle; likewise
  parameter int PortBytes = 64,  // scratchpad word; at least 2*N and 2*K
  parameter int AccEntries = 512 // accumulator entries of N int32
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,

  input  logic                              start_i,
  input  logic [npu_pkg::MatrixCfgBits-1:0] cfg_i,
  output logic                              ready_o,
  output logic                              done_o,
  output logic                              error_o,
  output logic [npu_pkg::ErrBits-1:0]       error_code_o,

  output logic                              fill_req_o,
  output logic [23:0]                       fill_addr_o,
  input  logic                              fill_gnt_i,
  input  logic                              fill_rvalid_i,
  input  logic [8*PortBytes-1:0]            fill_rdata_i,

  output logic                              act_req_o,
  output logic [23:0]                       act_addr_o,
  input  logic                              act_gnt_i,
  input  logic                              act_rvalid_i,
  input  logic [8*PortBytes-1:0]            act_rdata_i,

  input  logic                              acc_req_i,
  input  logic [11:0]                       acc_addr_i,
  output logic                              acc_gnt_o,
  output logic                              acc_rvalid_o,
  output logic [32*N-1:0]                   acc_rdata_o
);

  localparam int EntryBits = $clog2(AccEntries);
  localparam int PortWords = PortBytes / 64;  // what a port's access counts

  typedef enum logic [1:0] { Idle, Check, Run } state_e;

  // The instruction and what follows from it.
  state_e state_q;
  logic [npu_pkg::MatrixCfgBits-1:0] cfg_q;
  logic                        empty, clear;
  logic [npu_pkg::ErrBits-1:0] error;
  logic [2:0]                  group_last_d, group_last_q;
  logic [19-$clog2(K):0]       k_last_d, k_last_q;
  logic [19-$clog2(N):0]       n_last_d, n_last_q;
  logic [$clog2(K):0]          k_tail_d, k_tail_q;
  logic [$clog2(N):0]          n_tail_d, n_tail_q;
  logic [11:0]                 rows;
  logic [1:0]                  form;
  logic                        begin_run, finish;

  assign rows = cfg_q[npu_pkg::MatrixRowsLsb +: npu_pkg::MatrixRowsWidth];
  assign form = cfg_q[npu_pkg::MatrixWFormLsb +: npu_pkg::MatrixWFormWidth];
  assign begin_run = state_q == Check && !empty && error == npu_pkg::ErrNone;

  matrix_check #(.N(N), .K(K), .PortBytes(PortBytes), .AccEntries(AccEntries)) u_check (
    .cfg_i(cfg_q),
    .empty_o(empty),
    .clear_o(clear),
    .error_o(error),
    .group_last_o(group_last_d),
    .k_last_o(k_last_d),
    .n_last_o(n_last_d),
    .k_tail_o(k_tail_d),
    .n_tail_o(n_tail_d)
  );

  always_ff @(posedge clk_i) begin
    if (start_i) cfg_q <= cfg_i;
    if (begin_run) begin
      group_last_q <= group_last_d;
      k_last_q <= k_last_d;
      n_last_q <= n_last_d;
      k_tail_q <= k_tail_d;
      n_tail_q <= n_tail_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
      done_o <= 1'b0;
      error_o <= 1'b0;
      error_code_o <= npu_pkg::ErrNone;
    end else begin
      done_o <= finish || state_q == Check && !begin_run;
      error_o <= state_q == Check && error != npu_pkg::ErrNone;
      if (state_q == Check) error_code_o <= error;
      unique case (state_q)
        Idle:    if (start_i) state_q <= Check;
        Check:   state_q <= begin_run ? Run : Idle;
        default: if (finish) state_q <= Idle;
      endcase
    end
  end

  assign ready_o = state_q == Idle;

  // Weights.
  logic release_tile;
  logic write, write_header, write_last, write_bank;
  logic [$clog2(N > K ? N : K)-1:0] write_index;
  logic [(PortBytes > N ? $clog2(PortBytes / N) : 1)-1:0] write_slot;
  logic [$clog2(PortBytes)-1:0] write_byte;

  weight_fetch #(.N(N), .K(K), .PortBytes(PortBytes)) u_weights (
    .clk_i, .rst_ni,
    .start_i(begin_run),
    .form_i(form),
    .addr_i(cfg_q[npu_pkg::MatrixWAddrLsb +: npu_pkg::MatrixWAddrWidth]),
    .stride_i(cfg_q[npu_pkg::MatrixWRowStrideLsb +: npu_pkg::MatrixWRowStrideWidth]),
    .group_last_i(group_last_q),
    .k_last_i(k_last_q),
    .n_last_i(n_last_q),
    .k_tail_i(k_tail_q),
    .n_tail_i(n_tail_q),
    .release_i(release_tile),
    .fill_req_o, .fill_addr_o, .fill_gnt_i, .fill_rvalid_i,
    .write_o(write),
    .write_header_o(write_header),
    .write_last_o(write_last),
    .write_bank_o(write_bank),
    .write_index_o(write_index),
    .write_slot_o(write_slot),
    .write_byte_o(write_byte)
  );

  // Activations.
  logic row_valid, fire, row_end, k_first, k_end, n_end;
  logic [8*K-1:0] act;
  logic [11:0] entry;

  row_fetch #(.N(N), .K(K), .PortBytes(PortBytes)) u_rows (
    .clk_i, .rst_ni,
    .start_i(begin_run),
    .addr_i(cfg_q[npu_pkg::MatrixAAddrLsb +: npu_pkg::MatrixAAddrWidth]),
    .stride_i(cfg_q[npu_pkg::MatrixARowStrideLsb +: npu_pkg::MatrixARowStrideWidth]),
    .row_last_i(rows - 12'd1),
    .k_last_i(k_last_q),
    .n_last_i(n_last_q),
    .k_tail_i(k_tail_q),
    .acc_addr_i(cfg_q[npu_pkg::MatrixAccAddrLsb +: npu_pkg::MatrixAccAddrWidth]),
    .acc_stride_i(cfg_q[npu_pkg::MatrixAccStrideLsb +: npu_pkg::MatrixAccStrideWidth]),
    .act_req_o, .act_addr_o, .act_gnt_i, .act_rvalid_i, .act_rdata_i,
    .valid_o(row_valid),
    .pop_i(fire),
    .act_o(act),
    .entry_o(entry),
    .row_end_o(row_end),
    .k_first_o(k_first),
    .k_end_o(k_end),
    .n_end_o(n_end)
  );

  // A row meets its tile.
  logic [1:0] tiles_q;   // complete tiles that are not released
  logic       bank_q;    // of the oldest one
  logic       fired_q, end_q, clear_q, read;
  logic [EntryBits-1:0] entry_q;
  logic [$clog2(N):0] channels;
  logic [$clog2(K):0] lanes;
  logic [32*N-1:0] psum;

  assign fire = row_valid && tiles_q != 0 && !(fired_q && rows == 12'd1);
  assign release_tile = fire && row_end;
  assign channels = n_end ? n_tail_q : ($clog2(N)+1)'(N);
  assign lanes = k_end ? k_tail_q : ($clog2(K)+1)'(K);
  assign read = fire && !(k_first && clear);
  assign finish = fired_q && end_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tiles_q <= '0;
      bank_q <= 1'b0;
      fired_q <= 1'b0;
    end else begin
      tiles_q <= tiles_q + 2'(write && write_last) - 2'(release_tile);
      bank_q <= state_q == Run && (bank_q ^ release_tile);
      fired_q <= fire;
    end
    if (fire) begin
      end_q <= row_end && k_end && n_end;
      clear_q <= !read;
      entry_q <= entry[EntryBits-1:0];
    end
  end

  dot_array #(.N(N), .K(K), .PortBytes(PortBytes)) u_array (
    .clk_i,
    .write_i(write),
    .write_header_i(write_header),
    .write_bank_i(write_bank),
    .write_index_i(write_index),
    .write_slot_i(write_slot),
    .write_byte_i(write_byte),
    .data_i(fill_rdata_i),
    .fire_i(fire),
    .fire_bank_i(bank_q),
    .act_i(act),
    .channels_i(channels),
    .psum_o(psum),
    .form_i(form)
  );

  accumulator #(.N(N), .AccEntries(AccEntries)) u_accumulator (
    .clk_i, .rst_ni,
    .read_i(read),
    .read_entry_i(entry[EntryBits-1:0]),
    .write_i(fired_q),
    .write_entry_i(entry_q),
    .write_clear_i(clear_q),
    .psum_i(psum),
    .acc_req_i,
    .acc_addr_i(acc_addr_i[EntryBits-1:0]),
    .acc_gnt_o, .acc_rvalid_o, .acc_rdata_o
  );

  // Counters (npu.td); a word of PortBytes counts as PortBytes/64 accesses.
  logic [63:0] cnt_macs_w8_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_macs_w4_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_macs_stream_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_array_active_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_fill_words_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_fill_weights_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_decoded_weights_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_fill_active_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_act_reads_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_acc_reads_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_acc_writes_q /*verilator public_flat_rd*/;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_macs_w8_q <= '0;
      cnt_macs_w4_q <= '0;
      cnt_macs_stream_q <= '0;
      cnt_array_active_q <= '0;
      cnt_acc_reads_q <= '0;
    end else if (fire) begin
      unique case (form)
        npu_pkg::MatrixWFormW8: cnt_macs_w8_q <= cnt_macs_w8_q + 64'(channels) * 64'(lanes);
        npu_pkg::MatrixWFormW4: cnt_macs_w4_q <= cnt_macs_w4_q + 64'(channels) * 64'(lanes);
        default: cnt_macs_stream_q <= cnt_macs_stream_q + 64'(channels) * 64'(lanes);
      endcase
      cnt_array_active_q <= cnt_array_active_q + 64'd1;
      if (read) cnt_acc_reads_q <= cnt_acc_reads_q + 64'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) cnt_acc_writes_q <= '0;
    else if (fired_q) cnt_acc_writes_q <= cnt_acc_writes_q + 64'd1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) cnt_act_reads_q <= '0;
    else if (act_rvalid_i) cnt_act_reads_q <= cnt_act_reads_q + 64'(PortWords);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_fill_words_q <= '0;
      cnt_fill_weights_q <= '0;
      cnt_decoded_weights_q <= '0;
      cnt_fill_active_q <= '0;
    end else if (write) begin
      cnt_fill_words_q <= cnt_fill_words_q + 64'(PortWords);
      if (!write_header) begin
        cnt_fill_active_q <= cnt_fill_active_q + 64'd1;
        unique case (form)
          npu_pkg::MatrixWFormW8: cnt_fill_weights_q <= cnt_fill_weights_q + 64'(PortBytes);
          npu_pkg::MatrixWFormW4: begin
            cnt_fill_weights_q <= cnt_fill_weights_q + 64'(2*PortBytes);
            cnt_decoded_weights_q <= cnt_decoded_weights_q + 64'(2*PortBytes);
          end
          npu_pkg::MatrixWFormRows: cnt_fill_weights_q <= cnt_fill_weights_q + 64'(K);
          default: cnt_fill_weights_q <= cnt_fill_weights_q + 64'(N);
        endcase
      end
    end
  end

  `ASSERT(StartWhenReady, start_i |-> ready_o, "an instruction is started while one runs")
  `ASSERT(VectorInRange, acc_req_i |-> 32'(acc_addr_i) < AccEntries,
          "the vector unit reads an accumulator entry past the end")
  `ASSERT(EntriesInRange, fire |-> 32'(entry) < AccEntries,
          "an accumulator entry past the end passed the checks")

endmodule
