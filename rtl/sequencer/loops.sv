// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stack of hardware loops.
//
// When the instruction at `pc_i` ends (`step_i`) and is the last of one or several bodies, the
// innermost one with rounds left goes on at its start (`back_o` in the same cycle); the ones
// without end. A loop instruction pushes in the cycle in which it is executed.

module loops (
  input  logic        clk_i,
  input  logic        rst_ni,   // synchronous, active low
  input  logic        clear_i,

  input  logic        push_i,   // only while !full_o
  input  logic [31:0] first_i,  // first and last instruction of the body
  input  logic [31:0] last_i,
  input  logic [31:0] rounds_i, // at least 1
  output logic        full_o,

  input  logic        step_i,
  input  logic [31:0] pc_i,
  output logic        back_o,
  output logic [31:0] target_o
);

  localparam int Depth = npu_pkg::LoopDepth;
  localparam int LevelBits = $clog2(Depth);

  logic [31:0] first_mem [Depth];
  logic [31:0] last_mem [Depth];
  logic [31:0] left_mem [Depth];  // rounds, this one included
  logic [LevelBits:0] depth_q, depth;
  logic [LevelBits-1:0] level;

  assign full_o = depth_q == (LevelBits+1)'(Depth);

  always_comb begin
    back_o = 1'b0;
    level = '0;
    depth = depth_q;
    if (step_i) begin
      for (int l = Depth - 1; l >= 0; l--) begin
        if (!back_o && depth == (LevelBits+1)'(l + 1) && last_mem[l] == pc_i) begin
          level = LevelBits'(l);
          if (left_mem[l] != 32'd1) back_o = 1'b1;
          else depth = (LevelBits+1)'(l);
        end
      end
    end
  end
  assign target_o = first_mem[level];

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) depth_q <= '0;
    else if (push_i) depth_q <= depth_q + (LevelBits+1)'(1);
    else if (step_i) depth_q <= depth;
  end
  always_ff @(posedge clk_i) begin
    if (push_i) begin
      first_mem[depth_q[LevelBits-1:0]] <= first_i;
      last_mem[depth_q[LevelBits-1:0]] <= last_i;
      left_mem[depth_q[LevelBits-1:0]] <= rounds_i;
    end else if (back_o) begin
      left_mem[level] <= left_mem[level] - 32'd1;
    end
  end

endmodule
