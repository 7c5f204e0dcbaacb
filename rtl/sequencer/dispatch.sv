// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the sequencer and one unit: a queue of go's, the list of started instructions,
// counters.
//
// A go pushed in cycle t may take its semaphores in t+1 and start the unit in t+2. The head of
// the queue takes its semaphores in a cycle in which the unit is ready, fewer than 4
// instructions are in it and none was started in the cycle before; `start_o` with `cfg_o` comes
// from registers in the next cycle. `done_i` signals the oldest instruction's semaphores in the
// same cycle (the others see them in the next). Errors, `oob_i` included, belong to the oldest
// instruction. After `stop_i` nothing starts; `clear_i` (start of a program) empties queue and
// list.

`include "assert.svh"

module dispatch #(
  parameter int CfgBits = npu_pkg::DmaCfgBits
) (
  input  logic               clk_i,
  input  logic               rst_ni,     // synchronous, active low
  input  logic               clear_i,
  input  logic               stop_i,

  input  logic               push_i,     // only while !full_o
  input  logic [CfgBits-1:0] push_cfg_i,
  input  logic [npu_pkg::TagBits-1:0] push_tag_i,
  input  logic [31:0]        push_pc_i,
  input  logic [npu_pkg::Semaphores-1:0] push_wait_i,
  input  logic [npu_pkg::Semaphores-1:0] push_signal_i,
  output logic               full_o,

  output logic               want_o,     // would start now
  output logic [npu_pkg::Semaphores-1:0] need_o,
  input  logic               take_i,     // has its semaphores, in the same cycle
  output logic [npu_pkg::Semaphores-1:0] up_o,

  output logic               start_o,
  output logic [CfgBits-1:0] cfg_o,
  input  logic               ready_i,
  input  logic               done_i,
  input  logic               error_i,
  input  logic [3:0]         error_code_i,
  input  logic               oob_i,      // one of the unit's ports was past the scratchpad

  input  logic               issuing_i,  // the sequencer runs and does not wait for a unit
  output logic               running_o,  // an instruction is in the unit
  output logic               idle_o,     // nothing in queue and unit
  output logic               event_o,    // an instruction starts or ends in this cycle
  output logic               error_o,
  output logic [3:0]         error_code_o,
  output logic [31:0]        error_pc_o
);

  localparam int Depth = npu_pkg::QueueDepth;
  localparam int PtrBits = $clog2(Depth);
  localparam int Semaphores = npu_pkg::Semaphores;
  localparam int TagBits = npu_pkg::TagBits;
  localparam int NoteBits = TagBits + 32 + 2 * Semaphores;

  // ---- queue

  logic [CfgBits-1:0] cfg_mem [Depth];
  // {tag, pc, signal, wait}
  logic [NoteBits-1:0] note_mem [Depth] /*verilator public_flat_rd*/;
  logic [PtrBits-1:0] head_q /*verilator public_flat_rd*/;
  logic [PtrBits-1:0] tail_q;
  logic [PtrBits:0] count_q /*verilator public_flat_rd*/;
  logic start;  // the head is started: its semaphores are taken

  assign full_o = count_q == (PtrBits+1)'(Depth);

  always_ff @(posedge clk_i) begin
    if (push_i) begin
      cfg_mem[tail_q] <= push_cfg_i;
      note_mem[tail_q] <= {push_tag_i, push_pc_i, push_signal_i, push_wait_i};
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      head_q <= '0;
      tail_q <= '0;
      count_q <= '0;
    end else if (push_i || start) begin
      if (push_i) tail_q <= tail_q + PtrBits'(1);
      if (start) head_q <= head_q + PtrBits'(1);
      count_q <= count_q + (PtrBits+1)'(push_i) - (PtrBits+1)'(start);
    end
  end

  // ---- start

  logic [NoteBits-1:0] head;
  logic [TagBits-1:0] head_tag;
  logic [31:0] head_pc;
  logic [Semaphores-1:0] head_signal;
  logic [2:0] listed_q /*verilator public_flat_rd*/;  // instructions in the unit, at most 4
  logic able;
  assign head = note_mem[head_q];
  assign {head_tag, head_pc, head_signal, need_o} = head;
  assign able = count_q != '0 && ready_i && !start_o && !listed_q[2] && !stop_i && !clear_i;
  assign want_o = able;
  assign start = take_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) start_o <= 1'b0;
    else start_o <= start;
  end
  always_ff @(posedge clk_i) begin
    if (start) cfg_o <= cfg_mem[head_q];
  end

  // ---- list of started instructions

  logic [TagBits+32+Semaphores-1:0] list_mem [4];
  logic [1:0] first_q, free_q, second;
  logic done;
  logic [TagBits-1:0] second_tag, list_tag;
  logic [31:0] list_pc, second_pc;
  logic [Semaphores-1:0] list_signal, second_signal;
  logic unused;
  assign second = first_q + 2'd1;
  assign done = done_i && listed_q != '0;
  assign {list_tag, list_pc, list_signal} = list_mem[first_q];
  assign {second_tag, second_pc, second_signal} = list_mem[second];
  assign unused = ^{list_tag, second_pc, second_signal};
  assign up_o = done ? list_signal : '0;

  logic [TagBits-1:0] tag_q /*verilator public_flat_rd*/;  // of the oldest in the unit, or the last

  always_ff @(posedge clk_i) begin
    if (start) list_mem[free_q] <= {head_tag, head_pc, head_signal};
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      first_q <= '0;
      free_q <= '0;
      listed_q <= '0;
      tag_q <= '0;
    end else if (start || done) begin
      if (start) free_q <= free_q + 2'd1;
      if (done) first_q <= second;
      listed_q <= listed_q + 3'(start) - 3'(done);
      if (done && listed_q != 3'd1) tag_q <= second_tag;
      else if (start && (done || listed_q == '0)) tag_q <= head_tag;
    end
  end

  assign running_o = listed_q != '0;
  assign idle_o = listed_q == '0 && count_q == '0;
  assign event_o = start || done;

  assign error_o = error_i || oob_i;
  assign error_code_o = error_i ? error_code_i : npu_pkg::ErrAddress;
  assign error_pc_o = list_pc;

  // ---- counters

  logic [63:0] cnt_busy_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_sem_stall_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_seq_wait_q /*verilator public_flat_rd*/;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_busy_q <= '0;
      cnt_sem_stall_q <= '0;
      cnt_seq_wait_q <= '0;
    end else begin
      if (running_o) cnt_busy_q <= cnt_busy_q + 64'd1;
      if (able && !take_i) cnt_sem_stall_q <= cnt_sem_stall_q + 64'd1;
      if (idle_o && issuing_i) cnt_seq_wait_q <= cnt_seq_wait_q + 64'd1;
    end
  end

  `ASSERT(PushOnlyWithRoom, push_i |-> !full_o, "a go was pushed into a full queue")
  `ASSERT(TakeOnlyWhenWanted, take_i |-> want_o, "semaphores were taken for nothing")
  `ASSERT(DoneOfStarted, done_i |-> listed_q != '0, "the unit ended what was not started")

endmodule
