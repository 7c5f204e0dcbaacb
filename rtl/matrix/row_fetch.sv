// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fetches the activation rows of an instruction in the order of use (n-tile, k-tile, row) and keeps
// up to four of them with what belongs to them.
//
// `start_i` for one cycle begins; the first request comes in the next cycle. Rows are asked for
// ahead of their tile as long as there is room for the answer. A row that is granted in cycle g can
// be taken from cycle g + 2 on. Lanes past the last k-tile's tail are 0 (A11). Inputs other than
// pop_i and the port are stable until the last row. Addresses wrap at 2^24.

`include "assert.svh"

module row_fetch #(
  parameter int N = 32,
  parameter int K = 32,
  parameter int PortBytes = 64
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   start_i,
  input  logic [23:0]            addr_i,
  input  logic [23:0]            stride_i,
  input  logic [11:0]            row_last_i,  // rows - 1
  input  logic [19-$clog2(K):0]  k_last_i,    // k-tiles - 1
  input  logic [19-$clog2(N):0]  n_last_i,    // n-tiles - 1
  input  logic [$clog2(K):0]     k_tail_i,    // lanes of the last k-tile
  input  logic [11:0]            acc_addr_i,
  input  logic [11:0]            acc_stride_i,

  output logic                   act_req_o,
  output logic [23:0]            act_addr_o,
  input  logic                   act_gnt_i,
  input  logic                   act_rvalid_i,
  input  logic [8*PortBytes-1:0] act_rdata_i,

  output logic                   valid_o,
  input  logic                   pop_i,       // only while valid_o
  output logic [8*K-1:0]         act_o,
  output logic [11:0]            entry_o,     // accumulator entry
  output logic                   row_end_o,   // last row of its tile
  output logic                   k_first_o,   // of the first k-tile
  output logic                   k_end_o,     // of the last k-tile
  output logic                   n_end_o      // of the last n-tile
);

  localparam int Depth = 4;
  localparam int Bits = $clog2(PortBytes);

  logic                  req_q;       // the row described below is asked for
  logic                  more_q;      // there is such a row
  logic [23:0]           addr_q, tile_addr_q;
  logic [11:0]           row_q, entry_q, n_entry_q;
  logic [19-$clog2(K):0] k_q;
  logic [19-$clog2(N):0] n_q;
  logic                  taken, row_end, k_end, n_end, more_d;

  logic [2:0]     reserved_q, reserved_d;  // rows in flight or kept
  logic [2:0]     count_q;                 // rows kept
  logic [1:0]     tag_q, in_q, out_q;      // slots: of the next grant, answer, pop
  logic           tail_q;                  // the row in flight is of the last k-tile
  logic [Bits-1:0] byte_q;                 // its place in the word
  logic [8*K-1:0] data [Depth];
  logic [15:0]    tags [Depth];

  assign taken = req_q && act_gnt_i;
  assign row_end = row_q == row_last_i;
  assign k_end = k_q == k_last_i;
  assign n_end = n_q == n_last_i;
  assign more_d = start_i || more_q && !(taken && row_end && k_end && n_end);
  assign reserved_d = reserved_q + 3'(taken) - 3'(pop_i);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      addr_q <= addr_i;
      tile_addr_q <= addr_i;
      row_q <= '0;
      k_q <= '0;
      n_q <= '0;
      entry_q <= acc_addr_i;
      n_entry_q <= acc_addr_i;
    end else if (taken) begin
      if (!row_end) begin
        row_q <= row_q + 12'd1;
        addr_q <= addr_q + stride_i;
        entry_q <= entry_q + 12'd1;
      end else begin
        row_q <= '0;
        k_q <= k_end ? '0 : k_q + 1;
        addr_q <= k_end ? addr_i : tile_addr_q + 24'(K);
        tile_addr_q <= k_end ? addr_i : tile_addr_q + 24'(K);
        entry_q <= k_end ? n_entry_q + acc_stride_i : n_entry_q;
        if (k_end) begin
          n_q <= n_q + 1;
          n_entry_q <= n_entry_q + acc_stride_i;
        end
      end
    end
    if (taken) begin
      tags[tag_q] <= {n_end, k_end, k_q == '0, row_end, entry_q};
      tail_q <= k_end;
      byte_q <= addr_q[Bits-1:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
      more_q <= 1'b0;
      reserved_q <= '0;
      count_q <= '0;
      tag_q <= '0;
      in_q <= '0;
      out_q <= '0;
    end else begin
      req_q <= req_q && !taken || more_d && reserved_d < 3'(Depth);
      more_q <= more_d;
      reserved_q <= reserved_d;
      count_q <= count_q + 3'(act_rvalid_i) - 3'(pop_i);
      if (taken) tag_q <= tag_q + 2'd1;
      if (act_rvalid_i) in_q <= in_q + 2'd1;
      if (pop_i) out_q <= out_q + 2'd1;
    end
  end

  function automatic logic [8*K-1:0] lanes(input logic [8*K-1:0] row, input logic tail,
                                           input logic [$clog2(K):0] valid);
    lanes = tail ? row & ~({8*K{1'b1}} << (8 * valid)) : row;
  endfunction

  always_ff @(posedge clk_i) begin
    if (act_rvalid_i)
      data[in_q] <= lanes(act_rdata_i[8*byte_q +: 8*K], tail_q && !k_tail_i[$clog2(K)], k_tail_i);
  end

  assign act_req_o = req_q;
  assign act_addr_o = addr_q;
  assign valid_o = count_q != 0;
  assign act_o = data[out_q];
  assign {n_end_o, k_end_o, k_first_o, row_end_o, entry_o} = tags[out_q];

  logic taken_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) taken_q <= 1'b0;
    else         taken_q <= taken;
  end

  `ASSERT(DataAfterGrant, act_rvalid_i == taken_q,
          "the act port's data do not come in the cycle after the grant")
  `ASSERT(PopValid, pop_i |-> valid_o, "a row is taken that is not there")

endmodule
