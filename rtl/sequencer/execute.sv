// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one instruction does to a register, as a function of its operands: no state, no time.
//
// `result_o` is the new value of R[a] for the arithmetic instructions, `less_o` and `equal_o`
// compare R[b] with R[c].

module execute (
  input  logic [7:0]  opcode_i,
  input  logic [31:0] b_i,
  input  logic [31:0] c_i,
  input  logic [31:0] imm_i,
  output logic [31:0] result_o,
  output logic        writes_o,  // the instruction writes result_o to R[a]
  output logic        less_o,    // signed
  output logic        equal_o
);

  logic [31:0] second;  // R[c] or the immediate
  always_comb begin
    case (opcode_i)
      npu_pkg::OpAdd, npu_pkg::OpSub, npu_pkg::OpMul, npu_pkg::OpMin, npu_pkg::OpMax:
        second = c_i;
      default: second = imm_i;
    endcase
  end

  assign less_o = $signed(b_i) < $signed(c_i);
  assign equal_o = b_i == c_i;

  always_comb begin
    writes_o = 1'b1;
    case (opcode_i)
      npu_pkg::OpLi: result_o = imm_i;
      npu_pkg::OpAdd, npu_pkg::OpAddI: result_o = b_i + second;
      npu_pkg::OpSub: result_o = b_i - second;
      npu_pkg::OpMul, npu_pkg::OpMulI: result_o = b_i * second;
      npu_pkg::OpSrlI: result_o = b_i >> imm_i[4:0];
      npu_pkg::OpAndI: result_o = b_i & imm_i;
      npu_pkg::OpMin, npu_pkg::OpMinI:
        result_o = $signed(b_i) < $signed(second) ? b_i : second;
      npu_pkg::OpMax, npu_pkg::OpMaxI:
        result_o = $signed(b_i) > $signed(second) ? b_i : second;
      default: begin
        result_o = '0;
        writes_o = 1'b0;
      end
    endcase
  end

endmodule
