// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls every function of the generated package, for Verilator -Wall and yosys.

module npu_pkg_user (
  input  logic                               clk_i,
  input  logic [npu_pkg::FieldIndexWidth-1:0] index_i,
  input  logic [31:0]                        value_i,
  input  logic [63:0]                        instruction_i,
  output logic                               legal_o,
  output logic [29:0]                        lsb_o,
  output logic [17:0]                        width_o,
  output logic [2:0]                         signed_o,
  output logic [npu_pkg::DmaCfgBits-1:0]     dma_o,
  output logic [npu_pkg::MatrixCfgBits-1:0]  matrix_o,
  output logic [npu_pkg::VectorCfgBits-1:0]  vector_o
);

  assign legal_o = (instruction_i & ~npu_pkg::instruction_mask(
      instruction_i[npu_pkg::OpcodeLsb +: npu_pkg::OpcodeWidth])) == '0;
  assign lsb_o = {npu_pkg::dma_field_lsb(index_i), npu_pkg::matrix_field_lsb(index_i),
                  npu_pkg::vector_field_lsb(index_i)};
  assign width_o = {npu_pkg::dma_field_width(index_i), npu_pkg::matrix_field_width(index_i),
                    npu_pkg::vector_field_width(index_i)};
  assign signed_o = {npu_pkg::dma_field_signed(index_i), npu_pkg::matrix_field_signed(index_i),
                     npu_pkg::vector_field_signed(index_i)};

  always_ff @(posedge clk_i) begin
    dma_o    <= npu_pkg::dma_set(dma_o, index_i, value_i[npu_pkg::DmaSetBits-1:0]);
    matrix_o <= npu_pkg::matrix_set(matrix_o, index_i, value_i[npu_pkg::MatrixSetBits-1:0]);
    vector_o <= npu_pkg::vector_set(vector_o, index_i, value_i[npu_pkg::VectorSetBits-1:0]);
  end

endmodule
