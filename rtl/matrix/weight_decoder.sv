// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expands one channel's 4-bit codes to int8 weights, rule A14: sat8((code - zero) * multiplier).
// Combinational. header_i: multiplier - 1 in [7:4], zero in [3:0].

module weight_decoder #(
  parameter int K = 32
) (
  input  logic [7:0]     header_i,
  input  logic [4*K-1:0] codes_i,
  output logic [8*K-1:0] weights_o
);

  function automatic logic [7:0] weight(input logic [3:0] code, input logic [7:0] header);
    logic signed [4:0] difference;
    logic signed [5:0] multiplier;
    logic signed [10:0] product;
    difference = $signed({1'b0, code}) - $signed({1'b0, header[3:0]});
    multiplier = $signed({2'b0, header[7:4]}) + 6'sd1;
    product = 11'(difference) * 11'(multiplier);
    if (product > 11'sd127) weight = 8'h7f;
    else if (product < -11'sd128) weight = 8'h80;
    else weight = product[7:0];
  endfunction

  for (genvar k = 0; k < K; k++) begin : gen_lane
    assign weights_o[8*k +: 8] = weight(codes_i[4*k +: 4], header_i);
  end

endmodule
