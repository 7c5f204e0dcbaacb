// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instruction fetch: a buffer of 8 lines of 1 KiB, direct mapped, with prefetch.
//
// Lines are aligned in DRAM, so no burst crosses a multiple of 1 KiB wherever the code lies
// (its base is a multiple of 8). A pointer looks at one line a cycle, from the current line on:
// one that is there or coming it passes, another it asks for and passes. It stays within 5 lines
// of the current one and does not go past the code; a redirect puts it back to the new current
// line. At most 4 lines are on their way, answers come in order. Five lines hide the DRAM's latency behind a
// full list of DMA bursts: about 500 cycles. Code of up to 3 lines is fetched once however often
// it is executed. `start_i` empties the buffer.
//
// An instruction is shown from registers; it takes 1 cycle from the line's last beat plus 1, or
// from a redirect plus 1. `fault_o` beside `valid_o`: the line had an error response or pc is
// past the code.

`include "assert.svh"

module fetch #(
  parameter int AxiBytes = 32
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,        // synchronous, active low
  input  logic                  start_i,       // begins at pc_i with an empty buffer
  input  logic                  run_i,         // may ask for lines
  input  logic                  redirect_i,    // goes on at pc_i
  input  logic [31:0]           pc_i,
  input  logic [31:0]           code_words_i,
  input  logic [npu_pkg::AddressBits-4:0] base_i,  // of the code, in instructions

  output logic                  valid_o,
  output logic                  fault_o,
  output logic [63:0]           instruction_o,
  output logic [31:0]           pc_o,
  input  logic                  take_i,        // the instruction shown is executed
  output logic                  idle_o,        // no line is on its way

  output logic                  arvalid_o,
  input  logic                  arready_i,
  output logic [npu_pkg::AddressBits-1:0] araddr_o,
  output logic [7:0]            arlen_o,
  input  logic                  rvalid_i,
  input  logic [8*AxiBytes-1:0] rdata_i,
  input  logic [1:0]            rresp_i,
  input  logic                  rlast_i
);

  localparam int Lines = 8;
  localparam int SlotBits = $clog2(Lines);
  localparam int Ahead = 5;    // lines asked beyond the current one
  localparam int Pending = 4;  // lines on their way
  localparam int LineBytes = 1024;
  localparam int OffsetBits = $clog2(LineBytes);
  localparam int LineBits = npu_pkg::AddressBits - OffsetBits;
  localparam int InLineBits = OffsetBits - 3;  // instructions of a line
  localparam int Beats = LineBytes / AxiBytes;
  localparam int BeatBits = $clog2(Beats);
  localparam int InBeat = AxiBytes / 8;  // instructions of a beat
  localparam int InBeatBits = $clog2(InBeat);

  logic [8*AxiBytes-1:0] mem [Lines * Beats];
  logic [LineBits-1:0] line_mem [Lines];
  logic [Lines-1:0] asked_q, here_q, bad_q;

  // ---- reading

  logic [31:0] pc_q;
  logic [36:0] word;  // index of the instruction in all of the DRAM
  logic [LineBits-1:0] line;
  logic [SlotBits-1:0] slot;
  logic past, hit;
  assign word = base_i + {5'h0, pc_q};
  assign line = word[36:InLineBits];
  assign slot = line[SlotBits-1:0];
  assign past = pc_q >= code_words_i;
  assign hit = here_q[slot] && line_mem[slot] == line;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i || redirect_i) valid_o <= 1'b0;
    else if (!valid_o || take_i) valid_o <= run_i && (past || hit);
  end
  always_ff @(posedge clk_i) begin
    if (start_i || redirect_i) begin
      pc_q <= pc_i;
    end else if (run_i && (!valid_o || take_i) && (past || hit)) begin
      pc_q <= pc_q + 32'd1;
      pc_o <= pc_q;
      fault_o <= past || bad_q[slot];
      instruction_o <= mem[word[SlotBits+InLineBits-1:InBeatBits]][word[InBeatBits-1:0]*64 +: 64];
    end
  end

  // ---- asking

  logic [LineBits-1:0] last_line, ahead_q, look_line;
  logic [SlotBits-1:0] look_slot, back_slot;
  logic again_q, look, known, full, pending, pop;

  assign last_line = LineBits'((base_i + {5'h0, code_words_i} - 37'd1) >> InLineBits);
  assign look_line = again_q ? line : ahead_q;
  assign look_slot = look_line[SlotBits-1:0];
  assign look = run_i && !past && look_line <= last_line && look_line <= line + LineBits'(Ahead);
  assign known = asked_q[look_slot] && line_mem[look_slot] == look_line;

  logic ask;  // not into a slot whose line is still coming
  assign ask = look && !known && !full && (!arvalid_o || arready_i) &&
               !(asked_q[look_slot] && !here_q[look_slot]);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) again_q <= 1'b0;
    else if (start_i || redirect_i) again_q <= 1'b1;
    else if (look) again_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (look) ahead_q <= look_line + LineBits'(known || ask);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) arvalid_o <= 1'b0;
    else if (ask) arvalid_o <= 1'b1;
    else if (arready_i) arvalid_o <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (ask) begin
      araddr_o <= {look_line, OffsetBits'(0)};
      line_mem[look_slot] <= look_line;
    end
  end
  assign arlen_o = 8'(Beats - 1);

  fifo #(.Width(SlotBits), .Depth(Pending)) i_pending (
    .clk_i, .rst_ni, .push_i(ask), .data_i(look_slot), .full_o(full),
    .pop_i(pop), .valid_o(pending), .data_o(back_slot)
  );
  assign pop = rvalid_i && rlast_i;
  assign idle_o = !pending;

  // ---- answers

  logic [BeatBits-1:0] beat_q;
  always_ff @(posedge clk_i) begin
    if (rvalid_i) mem[{back_slot, beat_q}] <= rdata_i;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= '0;
    else if (rvalid_i) beat_q <= beat_q + BeatBits'(1);
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      asked_q <= '0;
      here_q <= '0;
    end else if (ask || rvalid_i) begin
      if (pop) here_q[back_slot] <= 1'b1;
      if (rvalid_i && rresp_i != 2'b00) bad_q[back_slot] <= 1'b1;
      if (ask) begin
        asked_q[look_slot] <= 1'b1;
        here_q[look_slot] <= 1'b0;
        bad_q[look_slot] <= 1'b0;
      end
    end
  end

  // ---- counters, at a line's last beat

  logic [63:0] cnt_fetch_bytes_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_fetch_bursts_q /*verilator public_flat_rd*/;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_fetch_bytes_q <= '0;
      cnt_fetch_bursts_q <= '0;
    end else if (pop) begin
      cnt_fetch_bytes_q <= cnt_fetch_bytes_q + 64'(LineBytes);
      cnt_fetch_bursts_q <= cnt_fetch_bursts_q + 64'd1;
    end
  end

  `ASSERT(LineExpected, rvalid_i |-> pending, "code arrived that was not asked")
  `ASSERT(StartWhenIdle, start_i |-> !pending, "started while lines were on their way")
  `ASSERT(LineLength, rvalid_i |-> (rlast_i == (beat_q == BeatBits'(Beats - 1))),
          "rlast does not match the line's length")

endmodule
