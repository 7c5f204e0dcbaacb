// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scratchpad's storage for simulation: all banks in one array.
//
// The arbiter grants at most one access a bank and cycle, so two accesses never meet in a word
// and one array does the same as Banks of them, without a crossbar to evaluate: a port that is
// not enabled costs nothing. scratchpad_banks is the body that is synthesised; a bench compares
// the two. `zero` makes a read return 0. Read data come the cycle after `en` and stay until the
// next one.

module scratchpad_array #(
  parameter int WordBits = 12,   // log2 of the number of words
  /* verilator lint_off UNUSEDPARAM */
  parameter int Banks = 8,       // no meaning here; the two bodies have the same interface
  /* verilator lint_on UNUSEDPARAM */
  parameter int PortBytes = 64
) (
  input  logic                   clk_i,

  input  logic                   dma_in_en_i,
  input  logic [WordBits-1:0]    dma_in_word_i,
  input  logic [8*PortBytes-1:0] dma_in_wdata_i,
  input  logic [PortBytes-1:0]   dma_in_be_i,

  input  logic                   dma_out_en_i,
  input  logic                   dma_out_zero_i,
  input  logic [WordBits-1:0]    dma_out_word_i,
  output logic [8*PortBytes-1:0] dma_out_rdata_o,

  input  logic                   fill_en_i,
  input  logic                   fill_zero_i,
  input  logic [WordBits-1:0]    fill_word_i,
  output logic [8*PortBytes-1:0] fill_rdata_o,

  input  logic                   act_en_i,
  input  logic                   act_zero_i,
  input  logic [WordBits-1:0]    act_word_i,
  output logic [8*PortBytes-1:0] act_rdata_o,

  input  logic                   vec_out_en_i,
  input  logic [WordBits-1:0]    vec_out_word_i,
  input  logic [8*PortBytes-1:0] vec_out_wdata_i,
  input  logic [PortBytes-1:0]   vec_out_be_i,

  input  logic                   vec_c_en_i,
  input  logic                   vec_c_zero_i,
  input  logic [WordBits-1:0]    vec_c_word_i,
  output logic [8*PortBytes-1:0] vec_c_rdata_o,

  input  logic                   vec_b_en_i,
  input  logic                   vec_b_zero_i,
  input  logic [WordBits-1:0]    vec_b_word_i,
  output logic [8*PortBytes-1:0] vec_b_rdata_o,

  input  logic                   vec_a_en_i,
  input  logic                   vec_a_zero_i,
  input  logic [WordBits-1:0]    vec_a_word_i,
  output logic [8*PortBytes-1:0] vec_a_rdata_o,

  input  logic                   index_en_i,
  input  logic                   index_zero_i,
  input  logic [WordBits-1:0]    index_word_i,
  output logic [8*PortBytes-1:0] index_rdata_o,

  input  logic                   scalar_en_i,
  input  logic                   scalar_zero_i,
  input  logic [WordBits-1:0]    scalar_word_i,
  output logic [8*PortBytes-1:0] scalar_rdata_o
);

  logic [8*PortBytes-1:0] mem [1 << WordBits];

  // Old word with the enabled bytes replaced.
  function automatic logic [8*PortBytes-1:0] merge(
      input logic [8*PortBytes-1:0] old, input logic [8*PortBytes-1:0] data,
      input logic [PortBytes-1:0] be);
    logic [31:0] mask;
    for (int i = 0; i < PortBytes / 4; i++) begin
      mask = {{8{be[4*i + 3]}}, {8{be[4*i + 2]}}, {8{be[4*i + 1]}}, {8{be[4*i]}}};
      merge[32*i +: 32] = (old[32*i +: 32] & ~mask) | (data[32*i +: 32] & mask);
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (dma_in_en_i) begin
      mem[dma_in_word_i] <= merge(mem[dma_in_word_i], dma_in_wdata_i, dma_in_be_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (vec_out_en_i) begin
      mem[vec_out_word_i] <= merge(mem[vec_out_word_i], vec_out_wdata_i, vec_out_be_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (dma_out_en_i && dma_out_zero_i) dma_out_rdata_o <= '0;
    else if (dma_out_en_i) dma_out_rdata_o <= mem[dma_out_word_i];
  end

  always_ff @(posedge clk_i) begin
    if (fill_en_i && fill_zero_i) fill_rdata_o <= '0;
    else if (fill_en_i) fill_rdata_o <= mem[fill_word_i];
  end

  always_ff @(posedge clk_i) begin
    if (act_en_i && act_zero_i) act_rdata_o <= '0;
    else if (act_en_i) act_rdata_o <= mem[act_word_i];
  end

  always_ff @(posedge clk_i) begin
    if (vec_c_en_i && vec_c_zero_i) vec_c_rdata_o <= '0;
    else if (vec_c_en_i) vec_c_rdata_o <= mem[vec_c_word_i];
  end

  always_ff @(posedge clk_i) begin
    if (vec_b_en_i && vec_b_zero_i) vec_b_rdata_o <= '0;
    else if (vec_b_en_i) vec_b_rdata_o <= mem[vec_b_word_i];
  end

  always_ff @(posedge clk_i) begin
    if (vec_a_en_i && vec_a_zero_i) vec_a_rdata_o <= '0;
    else if (vec_a_en_i) vec_a_rdata_o <= mem[vec_a_word_i];
  end

  always_ff @(posedge clk_i) begin
    if (index_en_i && index_zero_i) index_rdata_o <= '0;
    else if (index_en_i) index_rdata_o <= mem[index_word_i];
  end

  always_ff @(posedge clk_i) begin
    if (scalar_en_i && scalar_zero_i) scalar_rdata_o <= '0;
    else if (scalar_en_i) scalar_rdata_o <= mem[scalar_word_i];
  end

endmodule
