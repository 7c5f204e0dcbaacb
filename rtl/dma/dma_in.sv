// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DMA in: copies rows from DRAM to the scratchpad, strided or gathered by an index list.
//
// At most 16 bursts and 4 instructions are in flight; the next instruction is accepted when all
// read addresses of the current one are out. A beat that arrives is written in the next cycle
// (the port has the highest priority and never waits), `done_o` comes in the cycle after the
// last write. An instruction that shows no burst (no effect, or not allowed) waits for the
// earlier ones and ends then. Errors are told with `done_o`, so they belong to the oldest
// instruction. rready is always 1.

`include "assert.svh"

module dma_in #(
  parameter int PortBytes = 64,
  parameter int AxiBytes = 32
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,  // synchronous, active low

  input  logic                          start_i,
  input  logic [npu_pkg::DmaCfgBits-1:0] cfg_i,
  output logic                          ready_o,
  output logic                          done_o,
  output logic                          error_o,
  output logic [3:0]                    error_code_o,
  input  logic [npu_pkg::Regions*npu_pkg::AddressBits-1:0] region_i,

  output logic                          arvalid_o,
  input  logic                          arready_i,
  output logic [npu_pkg::AddressBits-1:0] araddr_o,  // multiple of AxiBytes
  output logic [7:0]                    arlen_o,     // beats - 1
  input  logic                          rvalid_i,
  input  logic [8*AxiBytes-1:0]         rdata_i,
  input  logic [1:0]                    rresp_i,     // 0 = okay
  input  logic                          rlast_i,

  output logic                          dma_in_req_o,
  output logic [23:0]                   dma_in_addr_o,
  output logic [8*PortBytes-1:0]        dma_in_wdata_o,
  output logic [PortBytes-1:0]          dma_in_be_o,
  input  logic                          dma_in_gnt_i,
  input  logic                          dma_in_oob_i,

  output logic                          index_req_o,
  output logic [23:0]                   index_addr_o,
  input  logic                          index_gnt_i,
  input  logic                          index_rvalid_i,
  input  logic [8*PortBytes-1:0]        index_rdata_i,
  input  logic                          index_oob_i
);

  localparam int AddressBits = npu_pkg::AddressBits;
  localparam int AxiLsb = $clog2(AxiBytes);
  localparam int PortLsb = $clog2(PortBytes);
  localparam int Outstanding = 16;
  localparam int Access64 = PortBytes / 64;  // an access in units of 64 bytes

  // ---- read addresses

  logic valid, empty, last, next, full;
  logic [3:0] config_error;
  logic [AddressBits-1:0] dram;
  logic [23:0] spm;
  logic [10:0] bytes;
  logic active;
  logic idle_q;  // nothing is in flight: an instruction without bursts may end

  dma_bursts #(.Gather(1'b1), .PortBytes(PortBytes), .AxiBytes(AxiBytes)) i_bursts (
    .clk_i, .rst_ni, .start_i, .cfg_i, .region_i,
    .active_o(active), .valid_o(valid), .empty_o(empty), .error_o(config_error),
    .dram_o(dram), .spm_o(spm), .bytes_o(bytes), .last_o(last), .next_i(next),
    .index_req_o, .index_addr_o, .index_gnt_i, .index_rvalid_i, .index_rdata_i
  );

  assign ready_o = !active;

  logic issue, finish_empty;
  assign issue = valid && !full && (!arvalid_o || arready_i);
  assign finish_empty = empty && idle_q;
  assign next = issue || finish_empty;

  logic [10:0] span;  // bytes from the first beat's start to the last byte
  assign span = bytes + 11'(dram[AxiLsb-1:0]) - 11'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) arvalid_o <= 1'b0;
    else if (issue) arvalid_o <= 1'b1;
    else if (arready_i) arvalid_o <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (issue) begin
      araddr_o <= {dram[AddressBits-1:AxiLsb], AxiLsb'(0)};
      arlen_o <= 8'(span >> AxiLsb);
    end
  end

  // An index past the scratchpad marks the instruction's last burst.
  logic index_bad_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) index_bad_q <= 1'b0;
    else if (index_oob_i) index_bad_q <= 1'b1;
  end

  // ---- landing

  logic head_valid, head_last, head_bad;
  logic [23:0] head_spm;
  logic [10:0] head_bytes;
  fifo #(.Width(37), .Depth(Outstanding)) i_flight (
    .clk_i, .rst_ni,
    .push_i(issue), .data_i({index_bad_q, last, bytes, spm}), .full_o(full),
    .pop_i(rvalid_i && rlast_i), .valid_o(head_valid),
    .data_o({head_bad, head_last, head_bytes, head_spm})
  );

  // Beats of the oldest burst: where the next one goes and how many bytes are left.
  logic first_q;
  logic [23:0] beat_spm, next_spm_q;
  logic [10:0] beat_left, next_left_q;
  logic [AxiLsb:0] beat_room, beat_bytes;
  assign beat_spm = first_q ? head_spm : next_spm_q;
  assign beat_left = first_q ? head_bytes : next_left_q;
  assign beat_room = (AxiLsb+1)'(AxiBytes) - {1'b0, beat_spm[AxiLsb-1:0]};
  assign beat_bytes = beat_left < 11'(beat_room) ? (AxiLsb+1)'(beat_left) : beat_room;

  logic write_q, write_last_q, write_bad_q;
  logic [23:0] write_spm_q;
  logic [8*AxiBytes-1:0] write_data_q;
  logic [AxiLsb:0] write_bytes_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      write_q <= 1'b0;
      write_last_q <= 1'b0;
    end else begin
      write_q <= rvalid_i;
      if (rvalid_i) begin
        first_q <= rlast_i;
        write_last_q <= rlast_i && head_last;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (rvalid_i) begin
      next_spm_q <= beat_spm + 24'(beat_bytes);
      next_left_q <= beat_left - 11'(beat_bytes);
      write_spm_q <= beat_spm;
      write_bytes_q <= beat_bytes;
      write_data_q <= rdata_i;
      write_bad_q <= head_bad;
    end
  end

  logic [AxiBytes-1:0] write_be;  // of the beat
  assign write_be = ~({AxiBytes{1'b1}} << write_bytes_q) << write_spm_q[AxiLsb-1:0];

  assign dma_in_req_o = write_q;
  assign dma_in_addr_o = write_spm_q;
  assign dma_in_wdata_o = {(PortBytes / AxiBytes){write_data_q}};
  if (PortBytes == AxiBytes) begin : gen_whole
    assign dma_in_be_o = write_be;
  end else begin : gen_part
    assign dma_in_be_o =
        PortBytes'(write_be) << {write_spm_q[PortLsb-1:AxiLsb], AxiLsb'(0)};
  end

  // ---- end of an instruction

  logic [3:0] error_q;  // first error of the oldest instruction
  logic finish;
  logic [3:0] seen;
  assign finish = write_q && write_last_q;
  always_comb begin
    seen = error_q;
    if (write_q && error_q == npu_pkg::ErrNone) begin
      if (dma_in_oob_i || write_bad_q) seen = npu_pkg::ErrAddress;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) error_q <= npu_pkg::ErrNone;
    else if (rvalid_i && rresp_i != 2'b00 && (finish || seen == npu_pkg::ErrNone)) begin
      error_q <= npu_pkg::ErrAxiRead;
    end else if (finish) error_q <= npu_pkg::ErrNone;
    else if (write_q) error_q <= seen;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      done_o <= 1'b0;
      error_o <= 1'b0;
      error_code_o <= npu_pkg::ErrNone;
      idle_q <= 1'b1;
    end else begin
      done_o <= finish || finish_empty;
      error_o <= (finish && seen != npu_pkg::ErrNone) ||
                 (finish_empty && config_error != npu_pkg::ErrNone);
      if (finish) error_code_o <= seen;
      else if (finish_empty) error_code_o <= config_error;
      idle_q <= !issue && !head_valid && !write_q && !rvalid_i;
    end
  end

  // ---- counters; bytes, beats and bursts when they arrive

  logic [63:0] cnt_bytes_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_beats_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_bursts_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_spm_accesses_q /*verilator public_flat_rd*/;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_bytes_q <= '0;
      cnt_beats_q <= '0;
      cnt_bursts_q <= '0;
    end else if (rvalid_i) begin
      cnt_beats_q <= cnt_beats_q + 64'd1;
      cnt_bytes_q <= cnt_bytes_q + 64'(beat_bytes);
      if (rlast_i) cnt_bursts_q <= cnt_bursts_q + 64'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) cnt_spm_accesses_q <= '0;
    else if (write_q || index_gnt_i) begin
      cnt_spm_accesses_q <= cnt_spm_accesses_q +
          (write_q && index_gnt_i ? 64'(Access64) << 1 : 64'(Access64));
    end
  end

  `ASSERT(ReadDataExpected, rvalid_i |-> head_valid, "read data without a burst in flight")
  `ASSERT(NeverWaits, dma_in_req_o |-> dma_in_gnt_i, "a landing write was not granted")
  `ASSERT(BeatCount, rvalid_i |-> (rlast_i == (beat_left == 11'(beat_bytes))),
          "rlast does not match the burst's length")
  `ASSERT(StartOnlyWhenReady, start_i |-> ready_o, "started while busy")

endmodule
