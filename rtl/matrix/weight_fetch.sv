// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fetches the weights of an instruction, tile after tile (n-tiles outside, k-tiles inside), and
// says where each word goes in the weight registers.
//
// `start_i` for one cycle begins; the first request comes in the next cycle. One word a cycle is
// requested while a bank is free: the first word of a tile is asked for when at most one older tile
// is not released. A word that is granted in cycle g is announced on write_* with its rvalid in
// g + 1. Words beyond a tail are not fetched: rows past n_tail, lanes of columns past k_tail.
//   w8, w4   words follow each other; a tile always takes its full size in the stream, and the
//            k-tiles of an n-tile are padded to whole groups (w4). w4: a word of headers stands
//            before the tile that needs the first of it.
//   rows     one word a channel, w_row_stride apart
//   columns  one word a lane
// Addresses wrap at 2^24. Inputs other than release_i and the port are stable until the last word.

`include "assert.svh"

module weight_fetch #(
  parameter int N = 32,
  parameter int K = 32,
  parameter int PortBytes = 64
) (
  input  logic                             clk_i,
  input  logic                             rst_ni,

  input  logic                             start_i,
  input  logic [1:0]                       form_i,
  input  logic [23:0]                      addr_i,
  input  logic [23:0]                      stride_i,
  input  logic [2:0]                       group_last_i,  // k-tiles of a group - 1
  input  logic [19-$clog2(K):0]            k_last_i,      // k-tiles - 1
  input  logic [19-$clog2(N):0]            n_last_i,      // n-tiles - 1
  input  logic [$clog2(K):0]               k_tail_i,      // lanes of the last k-tile
  input  logic [$clog2(N):0]               n_tail_i,      // channels of the last n-tile
  input  logic                             release_i,     // the oldest tile is no longer needed

  output logic                             fill_req_o,
  output logic [23:0]                      fill_addr_o,
  input  logic                             fill_gnt_i,
  input  logic                             fill_rvalid_i,

  output logic                             write_o,
  output logic                             write_header_o,
  output logic                             write_last_o,   // completes a tile
  output logic                             write_bank_o,
  output logic [$clog2(N > K ? N : K)-1:0] write_index_o,
  output logic [(PortBytes > N ? $clog2(PortBytes / N) : 1)-1:0] write_slot_o,
  output logic [$clog2(PortBytes)-1:0]     write_byte_o
);

  localparam int IndexBits = $clog2(N > K ? N : K);
  localparam int Slots = PortBytes / N;  // groups whose headers fill a word
  localparam int SlotBits = Slots > 1 ? $clog2(Slots) : 1;
  localparam int TileBytes = N * K;  // of w8
  localparam int CodeBytes = N * K / 2;

  logic                  req_q;     // the word described below is asked for
  logic                  wait_q;    // it is the first of a tile that has no bank yet
  logic [1:0]            owned_q;   // tiles that have a bank
  logic [23:0]           addr_q, tile_addr_q, n_addr_q;  // of the word, its tile, its n-tile
  logic [19-$clog2(K):0] k_q;
  logic [19-$clog2(N):0] n_q;
  logic [2:0]            group_q;   // place of the k-tile in its group
  logic [SlotBits-1:0]   slot_q, next_slot_q;
  logic                  header_q;  // it is a word of headers
  logic [IndexBits-1:0]  index_q;
  logic                  bank_q;

  logic taken, k_end, n_end, word_end, tile_end, claim, claimed, group_end, packed_tiles;
  logic [$clog2(N):0] channels;
  logic [$clog2(K):0] lanes;
  logic [IndexBits-1:0] index_last;
  logic [23:0] skip;

  assign packed_tiles = !form_i[1];
  assign taken = req_q && fill_gnt_i;
  assign k_end = k_q == k_last_i;
  assign n_end = n_q == n_last_i;
  assign channels = n_end ? n_tail_i : ($clog2(N)+1)'(N);
  assign lanes = k_end ? k_tail_i : ($clog2(K)+1)'(K);
  assign word_end = !header_q && index_q == index_last;
  assign tile_end = taken && word_end;
  assign claim = start_i || wait_q || tile_end && !(k_end && n_end);
  assign claimed = claim && (!owned_q[1] || release_i);
  assign group_end = k_end || group_q == group_last_i;

  always_comb begin
    unique case (form_i)
      npu_pkg::MatrixWFormW8:   index_last = IndexBits'((32'(channels) - 1) / (PortBytes / K));
      npu_pkg::MatrixWFormW4:   index_last = IndexBits'((32'(channels) - 1) / (2 * PortBytes / K));
      npu_pkg::MatrixWFormRows: index_last = IndexBits'(32'(channels) - 1);
      default:                  index_last = IndexBits'(32'(lanes) - 1);
    endcase
  end

  // Bytes from the last word fetched of a tile to the next tile: words beyond the tail, and behind
  // the last k-tile of w4 what is missing to a whole group.
  always_comb begin
    if (form_i == npu_pkg::MatrixWFormW8)
      skip = 24'(TileBytes) - 24'(index_q) * 24'(PortBytes);
    else
      skip = 24'(CodeBytes) - 24'(index_q) * 24'(PortBytes)
           + (k_end ? (24'(group_last_i) - 24'(group_q)) * 24'(CodeBytes) : 24'd0);
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      addr_q <= addr_i;
      tile_addr_q <= addr_i;
      n_addr_q <= addr_i;
      k_q <= '0;
      n_q <= '0;
      group_q <= '0;
      slot_q <= '0;
      next_slot_q <= SlotBits'(Slots > 1);
      header_q <= form_i == npu_pkg::MatrixWFormW4;
      index_q <= '0;
      bank_q <= 1'b0;
    end else if (taken) begin
      if (header_q) begin
        header_q <= 1'b0;
        addr_q <= addr_q + 24'(PortBytes);
      end else if (!word_end) begin
        index_q <= index_q + IndexBits'(1);
        addr_q <= addr_q + (packed_tiles ? 24'(PortBytes) : stride_i);
      end else begin
        index_q <= '0;
        bank_q <= !bank_q;
        k_q <= k_end ? '0 : k_q + 1;
        if (k_end) n_q <= n_q + 1;
        group_q <= group_end ? '0 : group_q + 3'd1;
        if (group_end) begin
          slot_q <= next_slot_q;
          next_slot_q <= next_slot_q + SlotBits'(Slots > 1);
          header_q <= form_i == npu_pkg::MatrixWFormW4 && next_slot_q == '0;
        end
        if (packed_tiles) begin
          addr_q <= addr_q + skip;
        end else if (k_end) begin
          addr_q <= n_addr_q + (form_i[0] ? 24'(N) : stride_i * 24'(N));
          tile_addr_q <= n_addr_q + (form_i[0] ? 24'(N) : stride_i * 24'(N));
          n_addr_q <= n_addr_q + (form_i[0] ? 24'(N) : stride_i * 24'(N));
        end else begin
          addr_q <= form_i[0] ? addr_q + stride_i : tile_addr_q + 24'(K);
          tile_addr_q <= tile_addr_q + 24'(K);
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
      wait_q <= 1'b0;
      owned_q <= '0;
    end else begin
      req_q <= claimed || req_q && !tile_end;
      wait_q <= claim && !claimed;
      owned_q <= owned_q + 2'(claimed) - 2'(release_i);
    end
  end

  assign fill_req_o = req_q;
  assign fill_addr_o = addr_q;

  // What the word in flight is.
  always_ff @(posedge clk_i) begin
    if (taken) begin
      write_header_o <= header_q;
      write_last_o <= word_end;
      write_bank_o <= bank_q;
      write_index_o <= index_q;
      write_slot_o <= slot_q;
      write_byte_o <= addr_q[$clog2(PortBytes)-1:0];
    end
  end
  assign write_o = fill_rvalid_i;

  logic taken_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) taken_q <= 1'b0;
    else         taken_q <= taken;
  end

  `ASSERT(DataAfterGrant, fill_rvalid_i == taken_q,
          "the fill port's data do not come in the cycle after the grant")
  `ASSERT(ReleaseOwned, release_i |-> owned_q != 0, "a tile is released that was never begun")

endmodule
