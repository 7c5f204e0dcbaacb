// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scratchpad: Banks equal single-port banks, chosen by the highest address bits, and ten ports.
//
// In each bank the first requesting port of isa/npu.td's order wins and is granted in the same
// cycle; `gnt` is a function of registered requests. Read data and `rvalid` come the cycle
// after the grant. A request past SpmBytes is granted at once, reads 0, writes nothing and
// raises its bit of `oob_o` in the cycle of the grant. Words are PortBytes long, low address
// bits are ignored. SpmBytes and Banks are powers of two.

`include "assert.svh"

module scratchpad #(
  parameter int SpmBytes = 262144,
  parameter int Banks = 8,
  parameter int PortBytes = 64
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,  // synchronous, active low

  input  logic                   dma_in_req_i,
  input  logic [23:0]            dma_in_addr_i,
  input  logic [8*PortBytes-1:0] dma_in_wdata_i,
  input  logic [PortBytes-1:0]   dma_in_be_i,
  output logic                   dma_in_gnt_o,

  input  logic                   dma_out_req_i,
  input  logic [23:0]            dma_out_addr_i,
  output logic                   dma_out_gnt_o,
  output logic                   dma_out_rvalid_o,
  output logic [8*PortBytes-1:0] dma_out_rdata_o,

  input  logic                   fill_req_i,
  input  logic [23:0]            fill_addr_i,
  output logic                   fill_gnt_o,
  output logic                   fill_rvalid_o,
  output logic [8*PortBytes-1:0] fill_rdata_o,

  input  logic                   act_req_i,
  input  logic [23:0]            act_addr_i,
  output logic                   act_gnt_o,
  output logic                   act_rvalid_o,
  output logic [8*PortBytes-1:0] act_rdata_o,

  input  logic                   vec_out_req_i,
  input  logic [23:0]            vec_out_addr_i,
  input  logic [8*PortBytes-1:0] vec_out_wdata_i,
  input  logic [PortBytes-1:0]   vec_out_be_i,
  output logic                   vec_out_gnt_o,

  input  logic                   vec_c_req_i,
  input  logic [23:0]            vec_c_addr_i,
  output logic                   vec_c_gnt_o,
  output logic                   vec_c_rvalid_o,
  output logic [8*PortBytes-1:0] vec_c_rdata_o,

  input  logic                   vec_b_req_i,
  input  logic [23:0]            vec_b_addr_i,
  output logic                   vec_b_gnt_o,
  output logic                   vec_b_rvalid_o,
  output logic [8*PortBytes-1:0] vec_b_rdata_o,

  input  logic                   vec_a_req_i,
  input  logic [23:0]            vec_a_addr_i,
  output logic                   vec_a_gnt_o,
  output logic                   vec_a_rvalid_o,
  output logic [8*PortBytes-1:0] vec_a_rdata_o,

  input  logic                   index_req_i,
  input  logic [23:0]            index_addr_i,
  output logic                   index_gnt_o,
  output logic                   index_rvalid_o,
  output logic [8*PortBytes-1:0] index_rdata_o,

  input  logic                   scalar_req_i,
  input  logic [23:0]            scalar_addr_i,
  output logic                   scalar_gnt_o,
  output logic                   scalar_rvalid_o,
  output logic [8*PortBytes-1:0] scalar_rdata_o,

  output logic [npu_pkg::Ports-1:0] oob_o  // by port number: granted, but past the scratchpad
);

  localparam int Ports = npu_pkg::Ports;
  localparam int WordLsb = $clog2(PortBytes);
  localparam int WordBits = $clog2(SpmBytes) - WordLsb;
  localparam int BankBits = $clog2(Banks);
  localparam int BankLsb = $clog2(SpmBytes) - BankBits;

  // One winner a bank. Most cycles have at most one request, which needs no look at the banks.
  function automatic logic [Ports-1:0] arbitrate(
      input logic [Ports-1:0] req, input logic [Ports*BankBits-1:0] bank);
    logic [Banks-1:0] taken, mine;
    logic [Ports-1:0] one;
    arbitrate = req;
    if ((req & (req - Ports'(1))) != '0) begin
      taken = '0;
      one = Ports'(1);
      for (int p = 0; p < Ports; p++) begin
        mine = Banks'(1) << bank[p*BankBits +: BankBits];
        if ((taken & mine) != '0) arbitrate = arbitrate & ~one;
        if ((req & one) != '0) taken = taken | mine;
        one = one << 1;
      end
    end
  endfunction

  function automatic logic past(input logic [23:0] addr);
    past = {8'h0, addr} >= SpmBytes;
  endfunction

  logic [Ports-1:0] req, out, gnt;
  logic [Ports*BankBits-1:0] bank;

  assign req = {
    scalar_req_i,
    index_req_i,
    vec_a_req_i,
    vec_b_req_i,
    vec_c_req_i,
    vec_out_req_i,
    act_req_i,
    fill_req_i,
    dma_out_req_i,
    dma_in_req_i
  };
  assign out = req & {
    past(scalar_addr_i),
    past(index_addr_i),
    past(vec_a_addr_i),
    past(vec_b_addr_i),
    past(vec_c_addr_i),
    past(vec_out_addr_i),
    past(act_addr_i),
    past(fill_addr_i),
    past(dma_out_addr_i),
    past(dma_in_addr_i)
  };
  assign bank = {
    scalar_addr_i[BankLsb +: BankBits],
    index_addr_i[BankLsb +: BankBits],
    vec_a_addr_i[BankLsb +: BankBits],
    vec_b_addr_i[BankLsb +: BankBits],
    vec_c_addr_i[BankLsb +: BankBits],
    vec_out_addr_i[BankLsb +: BankBits],
    act_addr_i[BankLsb +: BankBits],
    fill_addr_i[BankLsb +: BankBits],
    dma_out_addr_i[BankLsb +: BankBits],
    dma_in_addr_i[BankLsb +: BankBits]
  };
  assign gnt = out | arbitrate(req & ~out, bank);
  assign oob_o = out;
  assign {
    scalar_gnt_o,
    index_gnt_o,
    vec_a_gnt_o,
    vec_b_gnt_o,
    vec_c_gnt_o,
    vec_out_gnt_o,
    act_gnt_o,
    fill_gnt_o,
    dma_out_gnt_o,
    dma_in_gnt_o
  } = gnt;

  logic [Ports-3:0] rvalid_q;  // of the read ports

  always_ff @(posedge clk_i) begin
    if (!rst_ni) rvalid_q <= '0;
    else rvalid_q <= {gnt[9:5], gnt[3:1]};
  end

  assign dma_out_rvalid_o = rvalid_q[0];
  assign fill_rvalid_o = rvalid_q[1];
  assign act_rvalid_o = rvalid_q[2];
  assign vec_c_rvalid_o = rvalid_q[3];
  assign vec_b_rvalid_o = rvalid_q[4];
  assign vec_a_rvalid_o = rvalid_q[5];
  assign index_rvalid_o = rvalid_q[6];
  assign scalar_rvalid_o = rvalid_q[7];

`ifdef SYNTHESIS
  scratchpad_banks #(
`else
  scratchpad_array #(
`endif
    .WordBits (WordBits),
    .Banks    (Banks),
    .PortBytes(PortBytes)
  ) i_body (
    .clk_i,

    .dma_in_en_i    (gnt[0] && !out[0]),
    .dma_in_word_i  (dma_in_addr_i[WordLsb +: WordBits]),
    .dma_in_wdata_i,
    .dma_in_be_i,

    .dma_out_en_i    (gnt[1]),
    .dma_out_zero_i  (out[1]),
    .dma_out_word_i  (dma_out_addr_i[WordLsb +: WordBits]),
    .dma_out_rdata_o,

    .fill_en_i    (gnt[2]),
    .fill_zero_i  (out[2]),
    .fill_word_i  (fill_addr_i[WordLsb +: WordBits]),
    .fill_rdata_o,

    .act_en_i    (gnt[3]),
    .act_zero_i  (out[3]),
    .act_word_i  (act_addr_i[WordLsb +: WordBits]),
    .act_rdata_o,

    .vec_out_en_i    (gnt[4] && !out[4]),
    .vec_out_word_i  (vec_out_addr_i[WordLsb +: WordBits]),
    .vec_out_wdata_i,
    .vec_out_be_i,

    .vec_c_en_i    (gnt[5]),
    .vec_c_zero_i  (out[5]),
    .vec_c_word_i  (vec_c_addr_i[WordLsb +: WordBits]),
    .vec_c_rdata_o,

    .vec_b_en_i    (gnt[6]),
    .vec_b_zero_i  (out[6]),
    .vec_b_word_i  (vec_b_addr_i[WordLsb +: WordBits]),
    .vec_b_rdata_o,

    .vec_a_en_i    (gnt[7]),
    .vec_a_zero_i  (out[7]),
    .vec_a_word_i  (vec_a_addr_i[WordLsb +: WordBits]),
    .vec_a_rdata_o,

    .index_en_i    (gnt[8]),
    .index_zero_i  (out[8]),
    .index_word_i  (index_addr_i[WordLsb +: WordBits]),
    .index_rdata_o,

    .scalar_en_i    (gnt[9]),
    .scalar_zero_i  (out[9]),
    .scalar_word_i  (scalar_addr_i[WordLsb +: WordBits]),
    .scalar_rdata_o
  );

  `ASSERT(DmaInNeverWaits, dma_in_req_i |-> dma_in_gnt_o, "landing data had to wait")

endmodule
