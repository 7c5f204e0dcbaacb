// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scalar ALU: one row scalar operation (S3 to S8) at a time, in as many cycles as the operation
// needs, whatever the values: 6 for scale, fix, max and add, 8 for mul, 9 for recip, 13 for rsqrt. One
// normaliser (S1), one multiplier of 34 x 17 bits, one table ROM, and a step counter that says who
// works on what. While `run_i` is high the steps go on; the result is written in the step before
// the last, so that the next row may read it.

module vector_scalar (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        run_i,       // x_i, y_i are valid and stay so until last_o
  input  logic [2:0]  op_i,        // as npu_pkg::VectorScalarOp*
  input  logic [39:0] x_i,         // {e8, m32}
  input  logic [39:0] y_i,
  input  logic [23:0] imm1_i,      // {e8, m16}
  input  logic [23:0] imm2_i,
  input  logic [7:0]  adjust_i,    // scale1_adjust
  output logic        last_o,      // last step
  output logic        write_o,
  output logic [39:0] result_o
);

  logic [3:0]  step_q;
  logic [23:0] n_q, b_q, c_q;      // normalised {e8, m16}
  logic [50:0] p_q;                // product, or what comes before a normalisation
  logic [11:0] e_q;                // its exponent
  logic [15:0] t_q;                // table entry
  logic [15:0] m_q;                // rsqrt: mantissa for an even exponent, 2^14 to 2^16
  logic        zero_q;             // the result is (0, 0)
  logic [39:0] r_q;

  logic is_scale, is_fix, is_recip, is_rsqrt, is_mul;
  assign is_scale = op_i == npu_pkg::VectorScalarOpScale;
  assign is_fix   = op_i == npu_pkg::VectorScalarOpFix;
  assign is_recip = op_i == npu_pkg::VectorScalarOpRecip;
  assign is_rsqrt = op_i == npu_pkg::VectorScalarOpRsqrt;
  assign is_mul   = op_i == npu_pkg::VectorScalarOpMul;

  logic [3:0] write_step;  // the step after the one that makes the result
  assign write_step = is_rsqrt ? 4'd11 : is_recip ? 4'd7 : is_mul ? 4'd6 : 4'd4;
  assign last_o     = step_q == write_step + 4'd1;
  assign write_o    = run_i && step_q == write_step;

  // |n_q.m|
  logic [15:0] n_abs;
  assign n_abs = n_q[15] ? 16'd0 - n_q[15:0] : n_q[15:0];

  logic [15:0] entry;
  logic [15:0] even_m;             // n_q's mantissa for an even exponent
  logic [7:0]  rom_index;
  assign even_m    = n_q[16] ? {n_q[14:0], 1'b0} : n_q[15:0];
  assign rom_index = is_rsqrt ? even_m[15:8] - 8'd64 : {1'b0, n_abs[13:7]};
  vector_rom u_rom (.root_i(is_rsqrt), .index_i(rom_index), .entry_o(entry));

  // S6: the sum of two non-negative pairs with eight more bits, {e12, m51}.
  function automatic logic [62:0] align(input logic [23:0] a, input logic [23:0] b);
    logic [23:0] major, minor;
    logic [8:0]  d;
    logic        a_first;
    a_first = b[15:0] == 16'd0 || (a[15:0] != 16'd0 && $signed(a[23:16]) <= $signed(b[23:16]));
    major = a_first ? a : b;
    minor = a_first ? b : a;
    d     = {minor[23], minor[23:16]} - {major[23], major[23:16]};
    if (d > 9'd31) d = 9'd31;
    align = {{{4{major[23]}}, major[23:16]} + 12'd8,
             {27'd0, major[15:0], 8'd0} + ({27'd0, minor[15:0], 8'd0} >> d[4:0])};
  endfunction

  function automatic logic [11:0] wide(input logic [7:0] e);
    wide = {{4{e[7]}}, e};
  endfunction

  function automatic logic [50:0] multiply(input logic [33:0] a, input logic [16:0] b);
    multiply = $unsigned($signed({{17{a[33]}}, a}) * $signed({{34{b[16]}}, b}));
  endfunction

  function automatic logic [33:0] extend(input logic [15:0] m);
    extend = {{18{m[15]}}, m};
  endfunction

  function automatic logic [31:0] narrow(input logic [15:0] m);
    narrow = {{16{m[15]}}, m};
  endfunction

  function automatic logic [23:0] positive(input logic [23:0] pair);
    positive = pair[15] ? 24'd0 : pair;
  endfunction

  // What the shared blocks work on in this step.
  logic [31:0] norm_m;
  logic [33:0] mul_a;
  logic [11:0] norm_e;
  logic [16:0] mul_b;
  logic [23:0] normed;
  logic [50:0] product;
  logic [33:0] rounded;

  always_comb begin
    norm_m  = 32'd0;
    norm_e  = 12'd0;
    mul_a   = 34'd0;
    mul_b   = 17'd0;
    rounded = 34'd0;
    normed  = 24'd0;
    product = 51'd0;
    if (run_i) begin
      unique case (step_q)
        4'd0: begin
          norm_m = x_i[31:0];
          norm_e = wide(x_i[39:32]);
        end
        4'd1: begin
          norm_m = is_mul ? y_i[31:0] : narrow(imm1_i[15:0]);
          norm_e = is_mul ? wide(y_i[39:32]) : wide(imm1_i[23:16]);
        end
        4'd2: begin
          norm_m = is_mul ? narrow(imm1_i[15:0]) : narrow(imm2_i[15:0]);
          norm_e = is_mul ? wide(imm1_i[23:16]) : wide(imm2_i[23:16]);
          mul_a  = is_fix   ? {{2{x_i[31]}}, x_i[31:0]}
                 : is_recip ? {18'd0, n_abs} : extend(n_q[15:0]);
          mul_b  = is_fix   ? {imm1_i[15], imm1_i[15:0]}
                 : is_recip ? {1'b0, t_q} : {b_q[15], b_q[15:0]};
        end
        4'd3: begin
          norm_m = p_q[31:0];
          norm_e = is_scale ? e_q + wide(adjust_i) : e_q;
          mul_a  = 34'h0_4000_0000 - p_q[33:0];           // recip: 2^30 - a T
          mul_b  = {1'b0, t_q};
        end
        4'd4: begin
          rounded = 34'((p_q + 51'h1000_0000) >> 29);
          norm_m  = n_q[15] ? 32'd0 - rounded[31:0] : rounded[31:0];
          norm_e  = 12'd29 - wide(n_q[23:16]);
          mul_a   = extend(n_q[15:0]);                     // mul
          mul_b   = {c_q[15], c_q[15:0]};
        end
        4'd5: begin
          norm_m = p_q[31:0];
          norm_e = is_mul ? e_q + wide(adjust_i) : e_q;
          mul_a  = extend(n_q[15:0]);                      // recip
          mul_b  = {b_q[15], b_q[15:0]};
        end
        4'd6: begin
          norm_m = p_q[31:0];
          norm_e = e_q + wide(adjust_i);
        end
        4'd7: begin
          mul_a = {18'd0, t_q};
          mul_b = {1'b0, t_q};
        end
        4'd8: begin
          rounded = 34'((p_q + 51'h2000) >> 14);
          mul_a   = rounded;
          mul_b   = {1'b0, m_q};
        end
        4'd9: begin
          mul_a = 34'h0_c000_0000 - p_q[33:0];             // rsqrt: 3 * 2^30 - m q
          mul_b = {1'b0, t_q};
        end
        4'd10: begin
          rounded = 34'((p_q + 51'h4000_0000) >> 31);
          norm_m  = rounded[31:0];
          norm_e  = 12'd22 - {e_q[11], e_q[11:1]} + wide(adjust_i);
        end
        default: ;
      endcase
      normed  = vector_pkg::norm16(norm_m, norm_e);
      product = multiply(mul_a, mul_b);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q <= 4'd0;
    end else if (run_i) begin
      step_q <= last_o ? 4'd0 : step_q + 4'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (run_i) begin
      unique case (step_q)
        4'd0: begin
          n_q    <= normed;
          zero_q <= 1'b0;
        end
        4'd1: begin
          b_q    <= normed;
          t_q    <= entry;
          zero_q <= is_recip && n_q[15:0] == 16'd0;
        end
        4'd2: begin
          c_q <= normed;
          p_q <= product;
          e_q <= wide(n_q[23:16]) + wide(b_q[23:16]);
        end
        4'd3: begin
          if (is_scale || is_rsqrt || is_mul) n_q <= normed;
          if (is_recip) p_q <= product;
          unique case (op_i)
            npu_pkg::VectorScalarOpFix:
              r_q <= {8'd0, vector_pkg::shift_round(
                                {{13{p_q[50]}}, p_q},
                                vector_pkg::pair_shift(x_i[39:32], imm1_i[23:16]))};
            npu_pkg::VectorScalarOpMax:
              r_q <= {x_i[39:32],
                      $signed(x_i[31:0]) < $signed(y_i[31:0]) ? y_i[31:0] : x_i[31:0]};
            npu_pkg::VectorScalarOpAdd:
              r_q <= {x_i[39:32], vector_pkg::add_saturate(x_i[31:0], y_i[31:0], 1'b0)};
            default: ;
          endcase
        end
        4'd4: begin
          if (is_recip) n_q <= normed;
          if (is_mul) begin
            p_q <= product;
            e_q <= wide(n_q[23:16]) + wide(c_q[23:16]);
          end
          if (is_rsqrt) begin
            {e_q, p_q} <= align(positive(n_q), positive(c_q));
            zero_q     <= (positive(n_q) | positive(c_q)) == 24'd0;
          end
        end
        4'd5: begin
          if (is_rsqrt || is_mul) n_q <= normed;
          if (is_recip) begin
            p_q <= product;
            e_q <= wide(n_q[23:16]) + wide(b_q[23:16]);
          end
        end
        4'd6: begin
          if (is_recip) n_q <= normed;
          m_q <= even_m;
          if (is_rsqrt) begin
            e_q <= wide(n_q[23:16]) + {11'd0, n_q[16]};
            t_q <= entry;
          end
        end
        4'd7, 4'd8, 4'd9: p_q <= product;
        4'd10: if (is_rsqrt) n_q <= normed;
        default: ;
      endcase
    end
  end

  logic is_integer;
  assign is_integer = is_fix || op_i == npu_pkg::VectorScalarOpMax
                   || op_i == npu_pkg::VectorScalarOpAdd;
  assign result_o   = is_integer ? r_q
                  : zero_q ? 40'd0 : {n_q[23:16], {16{n_q[15]}}, n_q[15:0]};

endmodule
