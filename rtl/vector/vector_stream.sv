// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One operand stream: walks over rows and words, reads each word once for the beats that lie in it,
// and hands out one beat (the elements of `BeatBits` bits, lowest first) at the operand registers.
//
// A beat passes three places: F (its word is requested), D (the word arrives) and S (beat_o). The
// unit moves all streams together: `step_i` takes F's beat to D, `sample_i` takes D's beat to S.
// While another port makes the unit wait, a word that was granted early is kept here (`early_q`);
// so there are two word registers. `wait_o` depends on registers and gnt_i only.
//
// An address is {word, byte in the word}; crossing a word's end adds `hi_step_i` to the word, which
// is 1 for the scratchpad and the tile stride for the accumulator. All address sums wrap.

`include "assert.svh"

module vector_stream #(
  parameter int WordBytes = 64,
  parameter int HiBits    = 18,     // bits of a word's number
  parameter int BeatBits  = 512,    // at most WordBytes * 8
  localparam int LoBits = $clog2(WordBytes),
  localparam int AddrBits = HiBits + LoBits
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   active_i,     // the unit works

  input  logic                   load_i,       // first beat of an instruction
  input  logic                   use_i,        // it has this stream
  input  logic [AddrBits-1:0]    base_i,       // stable from load_i on, as all below
  input  logic [AddrBits-1:0]    stride0_i,
  input  logic [AddrBits-1:0]    stride1_i,
  input  logic [HiBits-1:0]      hi_step_i,
  input  logic [LoBits:0]        beat_bytes_i,

  input  logic                   step_i,       // F's beat goes to D
  input  logic                   more_i,       // F gets another beat
  input  logic                   row_end_i,    // F's beat is the last of its row
  input  logic                   inner_end_i,  // its row is the last of the inner rows
  input  logic                   sample_i,     // D's beat goes to S
  output logic                   wait_o,       // F's word is not granted yet

  output logic                   req_o,
  output logic [AddrBits-1:0]    addr_o,
  input  logic                   gnt_i,
  input  logic                   rvalid_i,
  input  logic [WordBytes*8-1:0] rdata_i,

  output logic [BeatBits-1:0]    beat_o
);

  logic                   req_q, early_q, to_f_q;
  logic [AddrBits-1:0]    addr_q, row_q, outer_q;
  logic [LoBits-1:0]      offset_q;                // D's byte in the word
  logic [WordBytes*8-1:0] held_q, ahead_q;
  logic [BeatBits-1:0]    beat_q;

  // The next beat of the same row; a carry into bit LoBits enters the next word.
  logic [LoBits:0] lo_next;
  assign lo_next = {1'b0, addr_q[LoBits-1:0]} + beat_bytes_i;

  assign wait_o = req_q && !gnt_i;
  assign req_o  = req_q;
  assign addr_o = addr_q;
  assign beat_o = beat_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
    end else if (active_i) begin
      if (load_i)      req_q <= use_i;
      else if (step_i) req_q <= use_i && more_i && (row_end_i || lo_next[LoBits]);
      else if (gnt_i)  req_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      addr_q  <= base_i;
      row_q   <= base_i;
      outer_q <= base_i;
    end else if (step_i) begin
      offset_q <= addr_q[LoBits-1:0];
      if (!row_end_i) begin
        addr_q <= {addr_q[AddrBits-1:LoBits] + (lo_next[LoBits] ? hi_step_i : HiBits'(0)),
                   lo_next[LoBits-1:0]};
      end else if (!inner_end_i) begin
        addr_q <= row_q + stride0_i;
        row_q  <= row_q + stride0_i;
      end else begin
        addr_q  <= outer_q + stride1_i;
        row_q   <= outer_q + stride1_i;
        outer_q <= outer_q + stride1_i;
      end
    end
  end

  // A word granted while its beat stays in F arrives one cycle later: at F, or at D if the beat
  // moves in just that cycle.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      early_q <= 1'b0;
      to_f_q  <= 1'b0;
    end else if (active_i) begin
      if (req_q && gnt_i) to_f_q <= !step_i;
      if (step_i)                       early_q <= 1'b0;
      else if (rvalid_i && to_f_q)      early_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (active_i && use_i) begin
      if (rvalid_i && to_f_q && !step_i) ahead_q <= rdata_i;
      if (step_i && early_q) held_q <= ahead_q;
      else if (rvalid_i && (step_i || !to_f_q)) held_q <= rdata_i;
      if (sample_i) begin
        if (rvalid_i && !to_f_q) beat_q <= BeatBits'(rdata_i >> {offset_q, 3'd0});
        else                     beat_q <= BeatBits'(held_q >> {offset_q, 3'd0});
      end
    end
  end

  `ASSERT(GrantOnlyOnRequest, gnt_i |-> req_q, "a read was granted that nobody asked for")
  `ASSERT(StepOnlyGranted, step_i |-> !wait_o, "a beat went on without its word")
  `ASSERT(OneWordAhead, !(early_q && rvalid_i), "two words arrived for one beat")

endmodule
