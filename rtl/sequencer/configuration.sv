// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Configuration of one unit: `set` replaces a field, everything else stays; 0 at the start of a
// program. The sequencer has checked that the field exists and that the value fits.

module configuration #(
  parameter logic [1:0] Unit = npu_pkg::UnitDmaIn,
  parameter int CfgBits = npu_pkg::DmaCfgBits,
  parameter int SetBits = npu_pkg::DmaSetBits  // widest field
) (
  input  logic               clk_i,
  input  logic               rst_ni,   // synchronous, active low
  input  logic               clear_i,

  input  logic               set_i,
  input  logic [6:0]         index_i,  // of the field
  input  logic [SetBits-1:0] value_i,
  output logic [CfgBits-1:0] cfg_o
);

  if (Unit == npu_pkg::UnitMatrix) begin : gen_matrix
    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) cfg_o <= '0;
      else if (set_i) cfg_o <= npu_pkg::matrix_set(cfg_o, index_i, value_i);
    end
  end else if (Unit == npu_pkg::UnitVector) begin : gen_vector
    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) cfg_o <= '0;
      else if (set_i) cfg_o <= npu_pkg::vector_set(cfg_o, index_i, value_i);
    end
  end else begin : gen_dma
    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) cfg_o <= '0;
      else if (set_i) cfg_o <= npu_pkg::dma_set(cfg_o, index_i, value_i);
    end
  end

endmodule
