// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// AccEntries entries of N int32 in two halves; each half reads one entry and writes one a cycle.
//
// Read-modify-write of the matrix unit in two cycles: `read_i` with the entry in the first (without
// it the entry starts from 0), `write_i` with the same entry and the products in the second. A read
// does not see the write of the same cycle: the unit never asks for that.
// The vector unit's read is granted in the same cycle unless the unit reads that half; its data
// come in the next cycle and stay until the next grant. Contents are not reset.

`include "assert.svh"

module accumulator #(
  parameter int N = 32,
  parameter int AccEntries = 512
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,

  input  logic                          read_i,
  input  logic [$clog2(AccEntries)-1:0] read_entry_i,
  input  logic                          write_i,
  input  logic [$clog2(AccEntries)-1:0] write_entry_i,
  input  logic                          write_clear_i,  // the entry was not read: start from 0
  input  logic [32*N-1:0]               psum_i,

  input  logic                          acc_req_i,
  input  logic [$clog2(AccEntries)-1:0] acc_addr_i,
  output logic                          acc_gnt_o,
  output logic                          acc_rvalid_o,
  output logic [32*N-1:0]               acc_rdata_o
);

  localparam int Top = $clog2(AccEntries) - 1;

  logic [1:0] read, write, grant;
  logic       grant_half_q;
  logic [32*N-1:0] data0, data1;

  assign read = {read_i && read_entry_i[Top], read_i && !read_entry_i[Top]};
  assign write = {write_i && write_entry_i[Top], write_i && !write_entry_i[Top]};
  assign grant = {acc_req_i && acc_addr_i[Top] && !read[1],
                  acc_req_i && !acc_addr_i[Top] && !read[0]};

  accumulator_half #(.N(N), .Entries(AccEntries / 2)) u_low (
    .clk_i,
    .read_i(read[0] || grant[0]),
    .read_entry_i(read[0] ? read_entry_i[Top-1:0] : acc_addr_i[Top-1:0]),
    .read_data_o(data0),
    .write_i(write[0]),
    .write_entry_i(write_entry_i[Top-1:0]),
    .write_clear_i,
    .psum_i
  );

  accumulator_half #(.N(N), .Entries(AccEntries / 2)) u_high (
    .clk_i,
    .read_i(read[1] || grant[1]),
    .read_entry_i(read[1] ? read_entry_i[Top-1:0] : acc_addr_i[Top-1:0]),
    .read_data_o(data1),
    .write_i(write[1]),
    .write_entry_i(write_entry_i[Top-1:0]),
    .write_clear_i,
    .psum_i
  );

  assign acc_gnt_o = |grant;
  assign acc_rdata_o = grant_half_q ? data1 : data0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) acc_rvalid_o <= 1'b0;
    else         acc_rvalid_o <= |grant;
    if (|grant) grant_half_q <= grant[1];
  end

  `ASSERT(NoReadOfAWrite, read_i && write_i |-> read_entry_i != write_entry_i,
          "an accumulator entry is read in the cycle in which it is written")

endmodule
