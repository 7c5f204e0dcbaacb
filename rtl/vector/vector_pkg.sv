// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic that several blocks of the vector unit share: requantise (A3), the normalisations S1
// and S2, the table interpolation V4 and the entries of the two root tables S5 and S6. All
// functions are pure.

package vector_pkg;

  // Stages between the operand registers (S) and the lane result (L10).
  localparam int LaneStages = 10;

  // A3 after the product: p * 2^-s, halves up, saturated to int32. |p| < 2^48, s any 10 bits.
  function automatic logic [31:0] shift_round(input logic [63:0] p, input logic [9:0] s);
    logic [63:0] r;
    logic [5:0] n;
    n = s[5:0];
    r = $unsigned($signed(p + ((64'd1 << n) >> 1)) >>> n);
    shift_round = (!r[63] && r[62:31] != 0) ? 32'h7fff_ffff
               : (r[63] && r[62:31] != 32'hffff_ffff) ? 32'h8000_0000 : r[31:0];
    if (s[9]) shift_round = (p == 0) ? 32'h0 : (p[63] ? 32'h8000_0000 : 32'h7fff_ffff);
    else if (s >= 10'd48) shift_round = 32'h0;
  endfunction

  // A3: x * m * 2^-s.
  function automatic logic [31:0] requantise(input logic [31:0] x, input logic [15:0] m,
                                             input logic [9:0] s);
    requantise = shift_round($unsigned($signed({{32{x[31]}}, x}) * $signed({{48{m[15]}}, m})), s);
  endfunction

  // The shift of a pair with an adjust, in 10 bits.
  function automatic logic [9:0] pair_shift(input logic [7:0] s, input logic [7:0] adjust);
    pair_shift = {{2{s[7]}}, s} + {{2{adjust[7]}}, adjust};
  endfunction

  // sat32(v + a), or of v - a.
  function automatic logic [31:0] add_saturate(input logic [31:0] v, input logic [31:0] a,
                                              input logic negate);
    logic [32:0] r;
    r = negate ? {v[31], v} - {a[31], a} : {v[31], v} + {a[31], a};
    add_saturate = (r[32] == r[31]) ? r[31:0] : (r[32] ? 32'h8000_0000 : 32'h7fff_ffff);
  endfunction

  // V4: the table's input as an unsigned number, segment in [15:8].
  function automatic logic [15:0] table_index(input logic [31:0] v, input logic [4:0] shift,
                                             input logic [16:0] offset);
    logic [32:0] t;
    t = $unsigned($signed({v[31], v}) >>> shift) + {{16{offset[16]}}, offset};
    table_index = (!t[32] && t[31:15] != 0) ? 16'hffff
               : (t[32] && t[31:15] != 17'h1ffff) ? 16'h0000 : {!t[15], t[14:0]};
  endfunction

  // V4: y = sat16(base + ((slope * f + 128) >> 8)), sign-extended.
  function automatic logic [31:0] table_value(input logic [31:0] word, input logic [7:0] f);
    logic [31:0] p;
    logic [31:0] y;
    p = $unsigned($signed({{16{word[31]}}, word[31:16]}) * $signed({24'd0, f})) + 32'd128;
    y = $unsigned($signed(p) >>> 8) + {{16{word[15]}}, word[15:0]};
    table_value = (!y[31] && y[30:15] != 0) ? 32'h0000_7fff
               : (y[31] && y[30:15] != 16'hffff) ? 32'hffff_8000 : y;
  endfunction

  // V7: int8 (0), int16 (1), else as it is.
  function automatic logic [31:0] saturate(input logic [31:0] v, input logic [1:0] kind);
    saturate = v;
    if (kind == 2'd0 && v[31:7] != {25{v[31]}})
      saturate = v[31] ? 32'hffff_ff80 : 32'h0000_007f;
    if (kind == 2'd1 && v[31:15] != {17{v[31]}})
      saturate = v[31] ? 32'hffff_8000 : 32'h0000_7fff;
  endfunction

  // S1: {e8, m16} of v * 2^-e.
  function automatic logic [23:0] norm16(input logic [31:0] v, input logic [11:0] e);
    logic [31:0] a;
    logic [11:0] x;
    logic [15:0] m;
    a = v[31] ? 32'd0 - v : v;
    // Shift the highest bit to [31]; x follows. With it at [31], e' = e + 15 - 32.
    x = e - 12'd17;
    if (a[31:16] == 0) begin a = a << 16; x = x + 12'd16; end
    if (a[31:24] == 0) begin a = a << 8; x = x + 12'd8; end
    if (a[31:28] == 0) begin a = a << 4; x = x + 12'd4; end
    if (a[31:30] == 0) begin a = a << 2; x = x + 12'd2; end
    if (!a[31]) begin a = a << 1; x = x + 12'd1; end
    m = {1'b0, a[31:17]} + {15'd0, a[16]};
    if (m[15]) begin m = 16'h4000; x = x - 12'd1; end
    if ($signed(x) < -12'sd128) begin m = 16'h7fff; x = 12'hf80; end
    norm16 = {x[7:0], v[31] ? 16'd0 - m : m};
    if (v == 0 || $signed(x) > 12'sd127) norm16 = 24'd0;
  endfunction

  // S2 with 2k subtracted from the exponent (A4): {e8, m32} of an exact sum.
  function automatic logic [39:0] norm32(input logic [51:0] sum, input logic [4:0] k);
    logic [51:0] a;
    logic [7:0] h;
    logic [31:0] m;
    a = sum[51] ? 52'd0 - sum : sum;
    // Shift the highest bit to [51]; there h = 52 - 31.
    h = 8'd21;
    if (a[51:36] == 0) begin a = a << 16; h = h - 8'd16; end
    if (a[51:44] == 0) begin a = a << 8; h = h - 8'd8; end
    if (a[51:48] == 0) begin a = a << 4; h = h - 8'd4; end
    if (a[51:50] == 0) begin a = a << 2; h = h - 8'd2; end
    if (!a[51]) begin a = a << 1; h = h - 8'd1; end
    m = {1'b0, a[51:21]} + {31'd0, a[20]};
    if (m[31]) begin m = 32'h4000_0000; h = h + 8'd1; end
    if (sum[51]) m = 32'd0 - m;
    if (sum[51:31] == {21{sum[51]}}) begin m = sum[31:0]; h = 8'd0; end
    norm32 = {8'd0 - h - {2'd0, k, 1'b0}, m};
  endfunction

  // A4: the right shift of a row with the absolute maximum |m|.
  function automatic logic [4:0] square_shift(input logic [31:0] m);
    logic [31:0] a;
    a = m[31] ? 32'd0 - m : m;
    square_shift = 5'd0;
    for (int i = 0; i < 17; i++) if (a[15 + i]) square_shift = 5'(i + 1);
  endfunction

  // S5: round(2^29 / d), d = 2^14 + 128 i + 64.
  function automatic logic [15:0] recip_entry(input int i);
    int d;
    d = 16384 + 128 * i + 64;
    recip_entry = 16'(((1 << 30) + d) / (2 * d));
  endfunction

  // S6: round(2^22 / sqrt(n)), n = (i + 64) 256 + 128: the largest t with (2t - 1)^2 n <= 2^46.
  function automatic logic [15:0] rsqrt_entry(input int i);
    logic [63:0] n, t, u;
    n = 64'(i) * 64'd256 + 64'd16512;
    t = 64'd0;
    for (int b = 15; b >= 0; b--) begin
      u = 64'd2 * (t + (64'd1 << b)) - 64'd1;
      if (u * u * n <= 64'd1 << 46) t = t + (64'd1 << b);
    end
    rsqrt_entry = t[15:0];
  endfunction

endpackage
