// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DMA out: copies rows from the scratchpad to DRAM.
//
// Reads the words of a burst into a buffer of two longest bursts, sends the burst's address
// when all its data are there (T5), and its beats, one a cycle, after the address is taken. Up
// to 4 bursts wait for their data to be sent and 16 for their response. The next instruction is
// accepted when all reads of the current one are granted; `done_o` comes in the cycle after the
// response of its last burst. An instruction without bursts (no effect, or not allowed) waits
// for the earlier ones and ends then. Errors are told with `done_o`, so they belong to the
// oldest instruction. bready is always 1.

`include "assert.svh"

module dma_out #(
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

  output logic                          awvalid_o,
  input  logic                          awready_i,
  output logic [npu_pkg::AddressBits-1:0] awaddr_o,  // multiple of AxiBytes
  output logic [7:0]                    awlen_o,     // beats - 1
  output logic                          wvalid_o,
  input  logic                          wready_i,
  output logic [8*AxiBytes-1:0]         wdata_o,
  output logic [AxiBytes-1:0]           wstrb_o,
  output logic                          wlast_o,
  input  logic                          bvalid_i,
  input  logic [1:0]                    bresp_i,     // 0 = okay

  output logic                          dma_out_req_o,
  output logic [23:0]                   dma_out_addr_o,
  input  logic                          dma_out_gnt_i,
  input  logic                          dma_out_rvalid_i,
  input  logic [8*PortBytes-1:0]        dma_out_rdata_i,
  input  logic                          dma_out_oob_i
);

  localparam int AddressBits = npu_pkg::AddressBits;
  localparam int AxiLsb = $clog2(AxiBytes);
  localparam int PortLsb = $clog2(PortBytes);
  localparam int Ratio = PortBytes / AxiBytes;
  localparam int WordsPerBurst = npu_pkg::BurstBytes / PortBytes + 1;  // it may start inside one
  localparam int Words = 1 << $clog2(2 * WordsPerBurst);
  localparam int WordBits = $clog2(Words);
  localparam int BeatBits = $clog2(Words * Ratio);
  localparam int Access64 = PortBytes / 64;  // an access in units of 64 bytes

  // ---- reading: one burst after the other into the buffer

  logic valid, empty, last, next;
  logic [3:0] config_error;
  logic [AddressBits-1:0] dram;
  logic [23:0] spm;
  logic [10:0] bytes;
  logic active, index_req_unused;
  logic [23:0] index_addr_unused;
  logic unused;
  assign unused = ^{index_req_unused, index_addr_unused};

  dma_bursts #(.Gather(1'b0), .PortBytes(PortBytes), .AxiBytes(AxiBytes)) i_bursts (
    .clk_i, .rst_ni, .start_i, .cfg_i, .region_i,
    .active_o(active), .valid_o(valid), .empty_o(empty), .error_o(config_error),
    .dram_o(dram), .spm_o(spm), .bytes_o(bytes), .last_o(last), .next_i(next),
    .index_req_o(index_req_unused), .index_addr_o(index_addr_unused), .index_gnt_i(1'b0),
    .index_rvalid_i(1'b0), .index_rdata_i('0)
  );

  logic take;          // the reader takes the next burst
  logic reading_q;     // words of the burst in read_* are still to be asked
  logic finish_empty;
  assign ready_o = !active && !reading_q;
  assign next = take || finish_empty;

  // Room is taken for a whole burst at once, so that a request never waits for the buffer.
  logic [WordBits:0] free_q;
  logic [10:0] word_span;      // bytes from the first word's start to the last byte
  logic [WordBits:0] words;
  logic reader_free, desc_full;
  assign word_span = bytes + 11'(spm[PortLsb-1:0]) - 11'd1;
  assign words = (WordBits+1)'(word_span >> PortLsb) + (WordBits+1)'(1);
  assign take = valid && reader_free && free_q >= words && !desc_full;

  logic [WordBits:0] left_q;   // words of the burst not yet granted
  assign reader_free = !reading_q || (dma_out_gnt_i && left_q == (WordBits+1)'(1));
  assign dma_out_req_o = reading_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) reading_q <= 1'b0;
    else if (take) reading_q <= 1'b1;
    else if (reader_free) reading_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      dma_out_addr_o <= spm;
      left_q <= words;
    end else if (dma_out_gnt_i) begin
      dma_out_addr_o <= dma_out_addr_o + 24'(PortBytes);
      left_q <= left_q - (WordBits+1)'(1);
    end
  end

  // Bursts in reading order. The reader is at most 2 ahead of the address channel.
  typedef struct packed {
    logic last;
    logic [AddressBits-1:0] dram;
    logic [10:0] bytes;
    logic [WordBits:0] words;
    logic [PortLsb-1:0] offset;  // of the first byte in its word
  } burst_t;
  localparam int BurstBits = 1 + AddressBits + 11 + WordBits + 1 + PortLsb;
  burst_t burst, front;
  logic front_valid, front_pop;
  assign burst = {last, dram, bytes, words, spm[PortLsb-1:0]};
  fifo #(.Width(BurstBits), .Depth(4)) i_bursts_read (
    .clk_i, .rst_ni, .push_i(take), .data_i(burst), .full_o(desc_full),
    .pop_i(front_pop), .valid_o(front_valid), .data_o(front)
  );

  // ---- buffer, in beats; words arrive the cycle after their grant

  logic [8*AxiBytes-1:0] mem [Words * Ratio];
  logic [WordBits-1:0] fill_q;
  logic [WordBits:0] arrived_q;  // words that no address has been sent for
  for (genvar i = 0; i < Ratio; i++) begin : gen_part
    logic [BeatBits-1:0] place;
    assign place = BeatBits'(32'(fill_q) * Ratio + i);
    always_ff @(posedge clk_i) begin
      if (dma_out_rvalid_i) mem[place] <= dma_out_rdata_i[i*8*AxiBytes +: 8*AxiBytes];
    end
  end

  // ---- write addresses

  logic send, send_full, wait_full;
  assign send = front_valid && arrived_q >= front.words && !send_full && !wait_full &&
                (!awvalid_o || awready_i);
  assign front_pop = send;

  logic [10:0] beat_span;
  assign beat_span = front.bytes + 11'(front.dram[AxiLsb-1:0]) - 11'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) awvalid_o <= 1'b0;
    else if (send) awvalid_o <= 1'b1;
    else if (awready_i) awvalid_o <= 1'b0;
  end
  logic [WordBits:0] aw_words_q;
  logic [PortLsb-1:0] aw_offset_q;
  logic [10:0] aw_bytes_q;
  always_ff @(posedge clk_i) begin
    if (send) begin
      awaddr_o <= {front.dram[AddressBits-1:AxiLsb], AxiLsb'(0)};
      awlen_o <= 8'(beat_span >> AxiLsb);
      aw_words_q <= front.words;
      aw_offset_q <= front.offset;
      aw_bytes_q <= front.bytes;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fill_q <= '0;
      arrived_q <= '0;
    end else if (dma_out_rvalid_i || send) begin
      if (dma_out_rvalid_i) fill_q <= fill_q + WordBits'(1);
      arrived_q <= arrived_q + (WordBits+1)'(dma_out_rvalid_i) - (send ? front.words : '0);
    end
  end

  // ---- write data: bursts whose address is taken; one entry stays free for the one on its way

  logic accepted;
  assign accepted = awvalid_o && awready_i;
  logic head_valid, head_pop;
  logic [WordBits:0] head_words;
  logic [PortLsb-1:0] head_offset;
  logic [10:0] head_bytes;
  logic accepted_full;
  logic [2:0] data_q;  // bursts from address sent to last beat sent, at most 4
  assign send_full = data_q == 3'd4;
  fifo #(.Width(WordBits + 1 + PortLsb + 11), .Depth(4)) i_send (
    .clk_i, .rst_ni, .push_i(accepted), .data_i({aw_words_q, aw_offset_q, aw_bytes_q}),
    .full_o(accepted_full), .pop_i(head_pop), .valid_o(head_valid),
    .data_o({head_words, head_offset, head_bytes})
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) data_q <= '0;
    else if (send != head_pop) data_q <= send ? data_q + 3'd1 : data_q - 3'd1;
  end

  logic first_q;
  logic [WordBits-1:0] word_q;       // first word of the head burst
  logic [PortLsb:0] offset;
  logic [10:0] beat_left, next_left_q;
  logic [23:0] place_q, place;       // byte of the beat, from the head burst's first word
  logic [AxiLsb:0] beat_room, beat_bytes;
  logic beat, beat_last;
  assign offset = {1'b0, head_offset};
  assign place = first_q ? 24'(offset) : place_q;
  assign beat_left = first_q ? head_bytes : next_left_q;
  assign beat_room = (AxiLsb+1)'(AxiBytes) - {1'b0, place[AxiLsb-1:0]};
  assign beat_last = beat_left <= 11'(beat_room);
  assign beat_bytes = beat_last ? (AxiLsb+1)'(beat_left) : beat_room;
  assign beat = head_valid && (!wvalid_o || wready_i);
  assign head_pop = beat && beat_last;

  logic [BeatBits-1:0] beat_index;
  assign beat_index = BeatBits'(32'(word_q) * Ratio) + BeatBits'(place >> AxiLsb);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      wvalid_o <= 1'b0;
      word_q <= '0;
    end else begin
      if (beat) begin
        first_q <= beat_last;
        wvalid_o <= 1'b1;
        if (beat_last) word_q <= word_q + WordBits'(head_words);
      end else if (wready_i) begin
        wvalid_o <= 1'b0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (beat) begin
      place_q <= place + 24'(beat_bytes);
      next_left_q <= beat_left - 11'(beat_bytes);
      wdata_o <= mem[beat_index];
      wstrb_o <= ~({AxiBytes{1'b1}} << beat_bytes) << place[AxiLsb-1:0];
      wlast_o <= beat_last;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) free_q <= (WordBits+1)'(Words);
    else if (take || head_pop) begin
      free_q <= free_q - (take ? words : '0) + (head_pop ? head_words : '0);
    end
  end

  // ---- responses and the end of an instruction

  logic wait_valid, wait_last;
  fifo #(.Width(1), .Depth(16)) i_wait (
    .clk_i, .rst_ni, .push_i(send), .data_i(front.last), .full_o(wait_full),
    .pop_i(bvalid_i), .valid_o(wait_valid), .data_o(wait_last)
  );

  // A read past the scratchpad belongs to the instruction whose words are being read; it reaches
  // the oldest one by a mark that is kept for each instruction.
  logic bad, bad_q;
  logic [3:0] error_q, seen;
  logic finish, idle_q;
  logic mark_valid, mark, mark_full;
  assign bad = bad_q || dma_out_oob_i;
  logic read_last_q, read_end;       // the burst being read is its instruction's last
  assign read_end = reading_q && reader_free && read_last_q;
  always_ff @(posedge clk_i) begin
    if (take) read_last_q <= last;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || read_end) bad_q <= 1'b0;
    else if (dma_out_oob_i) bad_q <= 1'b1;
  end
  fifo #(.Width(1), .Depth(24)) i_marks (
    .clk_i, .rst_ni, .push_i(read_end), .data_i(bad), .full_o(mark_full),
    .pop_i(finish), .valid_o(mark_valid), .data_o(mark)
  );

  assign finish = bvalid_i && wait_last;
  assign finish_empty = empty && idle_q;
  always_comb begin
    seen = error_q;
    if (finish && mark) seen = npu_pkg::ErrAddress;
    else if (bvalid_i && bresp_i != 2'b00 && error_q == npu_pkg::ErrNone) begin
      seen = npu_pkg::ErrAxiWrite;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      done_o <= 1'b0;
      error_o <= 1'b0;
      error_code_o <= npu_pkg::ErrNone;
      error_q <= npu_pkg::ErrNone;
      idle_q <= 1'b1;
    end else begin
      done_o <= finish || finish_empty;
      error_o <= (finish && seen != npu_pkg::ErrNone) ||
                 (finish_empty && config_error != npu_pkg::ErrNone);
      if (finish) error_code_o <= seen;
      else if (finish_empty) error_code_o <= config_error;
      if (finish) error_q <= npu_pkg::ErrNone;
      else if (bvalid_i) error_q <= seen;
      idle_q <= !take && !front_valid && !reading_q && !wait_valid;
    end
  end

  // ---- counters; bytes, beats and bursts when they are sent

  logic [63:0] cnt_bytes_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_beats_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_bursts_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_spm_accesses_q /*verilator public_flat_rd*/;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_bytes_q <= '0;
      cnt_beats_q <= '0;
      cnt_bursts_q <= '0;
    end else if (beat) begin
      cnt_beats_q <= cnt_beats_q + 64'd1;
      cnt_bytes_q <= cnt_bytes_q + 64'(beat_bytes);
      if (beat_last) cnt_bursts_q <= cnt_bursts_q + 64'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) cnt_spm_accesses_q <= '0;
    else if (dma_out_gnt_i) cnt_spm_accesses_q <= cnt_spm_accesses_q + 64'(Access64);
  end

  `ASSERT(ResponseExpected, bvalid_i |-> wait_valid, "a write response without a burst")
  `ASSERT(MarkThere, finish |-> mark_valid, "an instruction ended before its reads")
  `ASSERT(MarksFit, !(read_end && mark_full), "more instructions in flight than bursts")
  `ASSERT(SendFits, accepted |-> !accepted_full, "an address was sent without room for its data")
  `ASSERT(StartOnlyWhenReady, start_i |-> ready_o, "started while busy")

endmodule
