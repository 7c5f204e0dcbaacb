// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The output: packs a beat of lanes into bytes and writes a word when it is full or its row ends,
// so a word is written once. Columns past cols keep their bytes (A11), columns outside the valid
// range are 0 (V7). While a write is not granted, wait_o holds the whole unit.

`include "assert.svh"

module vector_out #(
  parameter int Lanes     = 16,
  parameter int PortBytes = 64,
  localparam int LoBits = $clog2(PortBytes)
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  input  logic                              active_i,      // the unit works
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,
  input  logic                              load_i,        // new instruction
  input  logic [LoBits:0]                   beat_bytes_i,

  input  logic                              take_lanes_i,  // a beat of lanes, or ...
  input  logic [Lanes*32-1:0]               v_i,
  input  logic [Lanes-1:0]                  range_i,
  input  logic [Lanes-1:0]                  tail_i,
  input  logic                              take_word_i,   // ... one word of 32 bits
  input  logic [31:0]                       word_i,
  input  logic                              row_end_i,     // of what is taken
  input  logic                              inner_end_i,
  output logic                              wait_o,

  output logic                              req_o,
  output logic [23:0]                       addr_o,
  output logic [PortBytes*8-1:0]            wdata_o,
  output logic [PortBytes-1:0]              be_o,
  input  logic                              gnt_i
);

  logic                   req_q, open_q;
  logic [23:0]            addr_q, row_q, outer_q, word_addr_q;
  logic [PortBytes*8-1:0] wdata_q;
  logic [PortBytes-1:0]   be_q;

  logic        unused_cfg;
  assign unused_cfg = ^cfg_i;

  logic [23:0] stride0, stride1;
  logic [1:0]  kind;
  assign stride0 = cfg_i[npu_pkg::VectorOutStride0Lsb +: npu_pkg::VectorOutStride0Width];
  assign stride1 = cfg_i[npu_pkg::VectorOutStride1Lsb +: npu_pkg::VectorOutStride1Width];
  assign kind    = cfg_i[npu_pkg::VectorOutTypeLsb +: npu_pkg::VectorOutTypeWidth];

  function automatic logic [Lanes*32-1:0] pack(input logic [Lanes*32-1:0] v,
                                               input logic [Lanes-1:0] range, input logic [1:0] as);
    pack = {Lanes*32{1'b0}};
    if (as == npu_pkg::VectorOutTypeI8) begin
      for (int i = 0; i < Lanes; i++) pack[i*8 +: 8] = range[i] ? v[i*32 +: 8] : 8'd0;
    end else if (as == npu_pkg::VectorOutTypeI16) begin
      for (int i = 0; i < Lanes; i++) pack[i*16 +: 16] = range[i] ? v[i*32 +: 16] : 16'd0;
    end else begin
      for (int i = 0; i < Lanes; i++) pack[i*32 +: 32] = range[i] ? v[i*32 +: 32] : 32'd0;
    end
  endfunction

  function automatic logic [Lanes*4-1:0] enables(input logic [Lanes-1:0] tail,
                                                 input logic [1:0] as);
    enables = {Lanes*4{1'b0}};
    if (as == npu_pkg::VectorOutTypeI8) begin
      enables[Lanes-1:0] = tail;
    end else if (as == npu_pkg::VectorOutTypeI16) begin
      for (int i = 0; i < Lanes; i++) enables[i*2 +: 2] = {2{tail[i]}};
    end else begin
      for (int i = 0; i < Lanes; i++) enables[i*4 +: 4] = {4{tail[i]}};
    end
  endfunction

  logic [LoBits:0] lo_next;
  logic            take, full;
  assign lo_next = {1'b0, addr_q[LoBits-1:0]} + beat_bytes_i;
  assign take    = take_lanes_i || take_word_i;
  assign full    = row_end_i || lo_next[LoBits];

  assign wait_o  = req_q && !gnt_i;
  assign req_o   = req_q;
  assign addr_o  = word_addr_q;
  assign wdata_o = wdata_q;
  assign be_o    = be_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      req_q  <= 1'b0;
      open_q <= 1'b0;
    end else if (active_i) begin
      if (take) begin
        req_q  <= full;
        open_q <= !full;
      end else if (gnt_i) begin
        req_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_lanes_i) begin
      wdata_q <= (open_q ? wdata_q : {PortBytes*8{1'b0}})
               | ((PortBytes*8)'(pack(v_i, range_i, kind)) << {addr_q[LoBits-1:0], 3'd0});
      be_q    <= (open_q ? be_q : {PortBytes{1'b0}})
               | (PortBytes'(enables(tail_i, kind)) << addr_q[LoBits-1:0]);
    end else if (take_word_i) begin
      wdata_q <= (PortBytes*8)'(word_i) << {addr_q[LoBits-1:0], 3'd0};
      be_q    <= PortBytes'(4'hf) << addr_q[LoBits-1:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      addr_q  <= cfg_i[npu_pkg::VectorOutAddrLsb +: npu_pkg::VectorOutAddrWidth];
      row_q   <= cfg_i[npu_pkg::VectorOutAddrLsb +: npu_pkg::VectorOutAddrWidth];
      outer_q <= cfg_i[npu_pkg::VectorOutAddrLsb +: npu_pkg::VectorOutAddrWidth];
    end else if (take) begin
      word_addr_q <= addr_q;
      if (!row_end_i) begin
        addr_q <= addr_q + 24'(beat_bytes_i);
      end else if (!inner_end_i) begin
        addr_q <= row_q + stride0;
        row_q  <= row_q + stride0;
      end else begin
        addr_q  <= outer_q + stride1;
        row_q   <= outer_q + stride1;
        outer_q <= outer_q + stride1;
      end
    end
  end

  `ASSERT(GrantOnlyOnRequest, gnt_i |-> req_q, "a write was granted that nobody asked for")
  `ASSERT(TakeOnlyWhenFree, take |-> !wait_o, "a beat overwrote a word that waits to be written")

endmodule
