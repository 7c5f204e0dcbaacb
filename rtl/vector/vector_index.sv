// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which row scalar belongs to a row: base plus the row, outer or inner number, or base alone. Moves
// on with each row.

module vector_index (
  input  logic        clk_i,
  input  logic        load_i,       // first row; base_i and by_i stay stable
  input  logic [11:0] base_i,
  input  logic [1:0]  by_i,         // as npu_pkg::VectorScale1By*
  input  logic        next_i,       // to the next row
  input  logic        inner_end_i,  // this row is the last of the inner rows
  output logic [11:0] index_o
);

  logic [11:0] index_q;
  assign index_o = index_q;

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      index_q <= base_i;
    end else if (next_i) begin
      unique case (by_i)
        npu_pkg::VectorScale1ByRow:   index_q <= index_q + 12'd1;
        npu_pkg::VectorScale1ByOuter: index_q <= index_q + {11'd0, inner_end_i};
        npu_pkg::VectorScale1ByInner: index_q <= inner_end_i ? base_i : index_q + 12'd1;
        default:                      index_q <= base_i;
      endcase
    end
  end

endmodule
