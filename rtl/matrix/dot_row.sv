// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One channel of the dot array for synthesis: K weights in each of two banks, and their dot product
// with the activations. write_i has an enable a lane. An idle channel (gate_i low in a fire) gives
// 0 and its multipliers see no new operands.

module dot_row #(
  parameter int K = 32
) (
  input  logic           clk_i,
  input  logic [K-1:0]   write0_i,
  input  logic [K-1:0]   write1_i,
  input  logic [8*K-1:0] weights_i,
  input  logic           fire_i,
  input  logic           fire_bank_i,
  input  logic           gate_i,
  input  logic [8*K-1:0] act_i,
  output logic [31:0]    psum_o
);

  localparam int SumBits = 16 + $clog2(K);  // K products of at most 2^14, and the sign

  logic [8*K-1:0] weights0_q, weights1_q;
  logic signed [SumBits-1:0] psum_q;

  function automatic logic [SumBits-1:0] dot(input logic [8*K-1:0] weights,
                                             input logic [8*K-1:0] act);
    logic signed [SumBits-1:0] sum;
    sum = '0;
    for (int k = 0; k < K; k++)
      sum = sum + SumBits'($signed(weights[8*k +: 8])) * SumBits'($signed(act[8*k +: 8]));
    dot = sum;
  endfunction

  always_ff @(posedge clk_i) begin
    for (int k = 0; k < K; k++) begin
      if (write0_i[k]) weights0_q[8*k +: 8] <= weights_i[8*k +: 8];
      if (write1_i[k]) weights1_q[8*k +: 8] <= weights_i[8*k +: 8];
    end
    if (fire_i)
      psum_q <= gate_i ? dot(fire_bank_i ? weights1_q : weights0_q, act_i) : '0;
  end

  assign psum_o = 32'(psum_q);

endmodule
