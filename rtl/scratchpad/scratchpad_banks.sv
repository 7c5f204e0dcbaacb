// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scratchpad's storage as it is built: Banks single-port memories and a crossbar.
//
// A bank takes the one access that the arbiter granted in it; a read port selects, the cycle after
// its grant, the bank that it asked. Used for synthesis and in the bench that compares it with
// scratchpad_array, which simulations use. `zero` makes a read return 0.

module scratchpad_banks #(
  parameter int WordBits = 12,   // log2 of the number of words of all banks
  parameter int Banks = 8,
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

  localparam int BankBits = $clog2(Banks);
  localparam int RowBits = WordBits - BankBits;  // words of a bank

  logic [Banks*8*PortBytes-1:0] bank_rdata;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    logic [9:0] here;       // ports with an access in this bank, at most one
    logic [RowBits-1:0] row;
    logic write;
    assign here[0] = dma_in_en_i &&
        dma_in_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[1] = dma_out_en_i && !dma_out_zero_i &&
        dma_out_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[2] = fill_en_i && !fill_zero_i &&
        fill_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[3] = act_en_i && !act_zero_i &&
        act_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[4] = vec_out_en_i &&
        vec_out_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[5] = vec_c_en_i && !vec_c_zero_i &&
        vec_c_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[6] = vec_b_en_i && !vec_b_zero_i &&
        vec_b_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[7] = vec_a_en_i && !vec_a_zero_i &&
        vec_a_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[8] = index_en_i && !index_zero_i &&
        index_word_i[RowBits +: BankBits] == BankBits'(b);
    assign here[9] = scalar_en_i && !scalar_zero_i &&
        scalar_word_i[RowBits +: BankBits] == BankBits'(b);
    assign write = here[0] || here[4];
    always_comb begin
      row = '0;
      if (here[0]) row = dma_in_word_i[RowBits-1:0];
      if (here[1]) row = dma_out_word_i[RowBits-1:0];
      if (here[2]) row = fill_word_i[RowBits-1:0];
      if (here[3]) row = act_word_i[RowBits-1:0];
      if (here[4]) row = vec_out_word_i[RowBits-1:0];
      if (here[5]) row = vec_c_word_i[RowBits-1:0];
      if (here[6]) row = vec_b_word_i[RowBits-1:0];
      if (here[7]) row = vec_a_word_i[RowBits-1:0];
      if (here[8]) row = index_word_i[RowBits-1:0];
      if (here[9]) row = scalar_word_i[RowBits-1:0];
    end

    scratchpad_bank #(.RowBits(RowBits), .PortBytes(PortBytes)) i_bank (
      .clk_i,
      .en_i    (here != '0),
      .write_i (write),
      .row_i   (row),
      .wdata_i (here[0] ? dma_in_wdata_i : vec_out_wdata_i),
      .be_i    (here[0] ? dma_in_be_i : vec_out_be_i),
      .rdata_o (bank_rdata[b*8*PortBytes +: 8*PortBytes])
    );
  end

  // Which bank each read port asked.
  logic [BankBits-1:0] dma_out_bank_q;
  logic dma_out_zero_q;
  logic [BankBits-1:0] fill_bank_q;
  logic fill_zero_q;
  logic [BankBits-1:0] act_bank_q;
  logic act_zero_q;
  logic [BankBits-1:0] vec_c_bank_q;
  logic vec_c_zero_q;
  logic [BankBits-1:0] vec_b_bank_q;
  logic vec_b_zero_q;
  logic [BankBits-1:0] vec_a_bank_q;
  logic vec_a_zero_q;
  logic [BankBits-1:0] index_bank_q;
  logic index_zero_q;
  logic [BankBits-1:0] scalar_bank_q;
  logic scalar_zero_q;

  always_ff @(posedge clk_i) begin
    if (dma_out_en_i) begin
      dma_out_bank_q <= dma_out_word_i[RowBits +: BankBits];
      dma_out_zero_q <= dma_out_zero_i;
    end
    if (fill_en_i) begin
      fill_bank_q <= fill_word_i[RowBits +: BankBits];
      fill_zero_q <= fill_zero_i;
    end
    if (act_en_i) begin
      act_bank_q <= act_word_i[RowBits +: BankBits];
      act_zero_q <= act_zero_i;
    end
    if (vec_c_en_i) begin
      vec_c_bank_q <= vec_c_word_i[RowBits +: BankBits];
      vec_c_zero_q <= vec_c_zero_i;
    end
    if (vec_b_en_i) begin
      vec_b_bank_q <= vec_b_word_i[RowBits +: BankBits];
      vec_b_zero_q <= vec_b_zero_i;
    end
    if (vec_a_en_i) begin
      vec_a_bank_q <= vec_a_word_i[RowBits +: BankBits];
      vec_a_zero_q <= vec_a_zero_i;
    end
    if (index_en_i) begin
      index_bank_q <= index_word_i[RowBits +: BankBits];
      index_zero_q <= index_zero_i;
    end
    if (scalar_en_i) begin
      scalar_bank_q <= scalar_word_i[RowBits +: BankBits];
      scalar_zero_q <= scalar_zero_i;
    end
  end

  assign dma_out_rdata_o =
      dma_out_zero_q ? '0 : bank_rdata[dma_out_bank_q*8*PortBytes +: 8*PortBytes];
  assign fill_rdata_o =
      fill_zero_q ? '0 : bank_rdata[fill_bank_q*8*PortBytes +: 8*PortBytes];
  assign act_rdata_o =
      act_zero_q ? '0 : bank_rdata[act_bank_q*8*PortBytes +: 8*PortBytes];
  assign vec_c_rdata_o =
      vec_c_zero_q ? '0 : bank_rdata[vec_c_bank_q*8*PortBytes +: 8*PortBytes];
  assign vec_b_rdata_o =
      vec_b_zero_q ? '0 : bank_rdata[vec_b_bank_q*8*PortBytes +: 8*PortBytes];
  assign vec_a_rdata_o =
      vec_a_zero_q ? '0 : bank_rdata[vec_a_bank_q*8*PortBytes +: 8*PortBytes];
  assign index_rdata_o =
      index_zero_q ? '0 : bank_rdata[index_bank_q*8*PortBytes +: 8*PortBytes];
  assign scalar_rdata_o =
      scalar_zero_q ? '0 : bank_rdata[scalar_bank_q*8*PortBytes +: 8*PortBytes];

endmodule
