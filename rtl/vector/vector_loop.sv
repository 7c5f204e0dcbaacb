// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The three loops of an instruction: outer rows, inner rows, columns in beats. Describes the beat
// in F (first, last, ...) and, registered when it moves to D, its lanes: which are columns below
// cols (`tail_o`), which of them lie in the valid range (`range_o`, rule V7), and how many columns.

module vector_loop #(
  parameter int Lanes = 16,
  localparam int CountBits = $clog2(Lanes + 1)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 load_i,       // starts with the values below, stable from then on
  input  logic [11:0]          rows0_i,
  input  logic [11:0]          rows1_i,
  input  logic [19:0]          cols_i,
  input  logic [6:0]           beat_cols_i,  // columns of a beat, at most Lanes
  input  logic [31:0]          range_lo_i,
  input  logic [15:0]          range_lo_step_i,
  input  logic [31:0]          range_hi_i,
  input  logic [15:0]          range_hi_step_i,

  input  logic                 step_i,       // F's beat goes to D
  output logic                 valid_o,      // a beat is in F
  output logic                 first_o,      // first of its row
  output logic                 row_end_o,    // last of its row
  output logic                 inner_end_o,  // its row is the last of the inner rows
  output logic                 more_o,       // another beat follows

  output logic [Lanes-1:0]     tail_o,       // of D's beat
  output logic [Lanes-1:0]     range_o,
  output logic [CountBits-1:0] count_o
);

  logic        valid_q, first_q;
  logic [11:0] inner_q, outer_q;             // rows that follow
  logic [19:0] left_q;                       // columns from this beat on
  logic [34:0] lo_q, hi_q;                   // range relative to this beat's first column
  logic [34:0] lo_row_q, hi_row_q;           // relative to the row's

  assign valid_o     = valid_q;
  assign first_o     = first_q;
  assign row_end_o   = left_q <= {13'd0, beat_cols_i};
  assign inner_end_o = inner_q == 12'd0;
  assign more_o      = !(row_end_o && inner_end_o && outer_q == 12'd0);

  // A signed distance cut to 0..limit.
  function automatic logic [CountBits-1:0] cut(input logic [34:0] distance,
                                               input logic [6:0] limit);
    cut = distance[34] ? CountBits'(0)
        : (distance[33:0] > {27'd0, limit}) ? CountBits'(limit) : CountBits'(distance);
  endfunction

  function automatic logic [Lanes-1:0] below(input logic [CountBits-1:0] n);
    below = ~({Lanes{1'b1}} << n);
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
    end else if (load_i) begin
      valid_q <= 1'b1;
    end else if (step_i) begin
      valid_q <= more_o;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      first_q  <= 1'b1;
      inner_q  <= rows0_i - 12'd1;
      outer_q  <= rows1_i - 12'd1;
      left_q   <= cols_i;
      lo_q     <= {{3{range_lo_i[31]}}, range_lo_i};
      hi_q     <= {{3{range_hi_i[31]}}, range_hi_i};
      lo_row_q <= {{3{range_lo_i[31]}}, range_lo_i};
      hi_row_q <= {{3{range_hi_i[31]}}, range_hi_i};
    end else if (step_i) begin
      first_q <= row_end_o;
      count_o <= cut({15'd0, left_q}, beat_cols_i);
      tail_o  <= below(cut({15'd0, left_q}, beat_cols_i));
      range_o <= below(cut({15'd0, left_q}, beat_cols_i)) & below(cut(hi_q, beat_cols_i))
               & ~below(cut(lo_q, beat_cols_i));
      if (!row_end_o) begin
        left_q <= left_q - {13'd0, beat_cols_i};
        lo_q   <= lo_q - {28'd0, beat_cols_i};
        hi_q   <= hi_q - {28'd0, beat_cols_i};
      end else begin
        left_q <= cols_i;
        if (!inner_end_o) begin
          inner_q <= inner_q - 12'd1;
          lo_q    <= lo_row_q;
          hi_q    <= hi_row_q;
        end else begin
          inner_q  <= rows0_i - 12'd1;
          outer_q  <= outer_q - 12'd1;
          lo_q     <= lo_row_q + {{19{range_lo_step_i[15]}}, range_lo_step_i};
          hi_q     <= hi_row_q + {{19{range_hi_step_i[15]}}, range_hi_step_i};
          lo_row_q <= lo_row_q + {{19{range_lo_step_i[15]}}, range_lo_step_i};
          hi_row_q <= hi_row_q + {{19{range_hi_step_i[15]}}, range_hi_step_i};
        end
      end
    end
  end

endmodule
