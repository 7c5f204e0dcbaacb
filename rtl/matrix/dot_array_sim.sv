// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dot array as Verilator likes it; dot_array.sv says what it does.
//
// A bank is one vector in an array of two, because then a partial write costs its own bytes only.
// The arithmetic sits in tasks that are not inlined: their variables are locals of a C++ function,
// and gcc makes vector code of the loops. `while` with the increment first keeps Verilator from
// unrolling them (straight-line code is slower, above all at 64 x 64), and 32-bit words instead of
// bytes keep part selects away from word borders. A tile of columns is kept lane by lane, so that
// no byte is scattered; its product walks the same memory the other way. Measured in
// docs/units/matrix.md.

module dot_array_sim #(
  parameter int N = 32,
  parameter int K = 32,
  parameter int PortBytes = 64
) (
  input  logic                             clk_i,

  // A word of the scratchpad arrives.
  input  logic                             write_i,
  input  logic                             write_header_i,
  input  logic                             write_bank_i,
  input  logic [$clog2(N > K ? N : K)-1:0] write_index_i,
  input  logic [(PortBytes > N ? $clog2(PortBytes / N) : 1)-1:0] write_slot_i,
  input  logic [$clog2(PortBytes)-1:0]     write_byte_i,
  input  logic [8*PortBytes-1:0]           data_i,

  // A row of activations meets a tile.
  input  logic                             fire_i,
  input  logic                             fire_bank_i,
  input  logic [8*K-1:0]                   act_i,
  input  logic [$clog2(N):0]               channels_i,
  output logic [32*N-1:0]                  psum_o,

  input  logic [1:0]                       form_i
);

  logic [8*N*K-1:0] weights_q [2];
  logic [8*PortBytes-1:0] headers_q;
  logic [32*N-1:0] psum_d, psum_q;
  logic [16*PortBytes-1:0] decoded;

  assign psum_o = psum_q;

  // Rule A14 for the code in the lowest four bits.
  function automatic logic [31:0] weight(input logic [31:0] codes, input int zero,
                                         input int multiplier);
    int product;
    product = ((codes & 32'hf) - zero) * multiplier;
    if (product > 127) product = 127;
    if (product < -128) product = -128;
    weight = product & 32'hff;
  endfunction

  // A word of codes; the headers of its channels begin at byte `first`.
  task automatic decode(input int first, input logic [8*PortBytes-1:0] headers,
                        input logic [8*PortBytes-1:0] data,
                        output logic [16*PortBytes-1:0] result);
    /*verilator no_inline_task*/
    logic [31:0] codes [PortBytes/4];
    logic [31:0] low [PortBytes/4];   // lanes 0..3 of each eight
    logic [31:0] high [PortBytes/4];  // lanes 4..7
    int n, i;
    i = 0;
    while (i < PortBytes/4) begin
      i = i + 1;
      codes[i-1] = data[32*(i-1) +: 32];
    end
    n = 0;
    while (n < 2*PortBytes/K) begin
      int multiplier, zero;
      n = n + 1;
      multiplier = 32'(headers[8*(first+n-1)+4 +: 4]) + 1;
      zero = 32'(headers[8*(first+n-1) +: 4]);
      i = 0;
      while (i < K/8) begin
        logic [31:0] word;
        i = i + 1;
        word = codes[(n-1)*(K/8)+i-1];
        low[(n-1)*(K/8)+i-1] = weight(word, zero, multiplier)
                             | weight(word >> 4, zero, multiplier) << 8
                             | weight(word >> 8, zero, multiplier) << 16
                             | weight(word >> 12, zero, multiplier) << 24;
        high[(n-1)*(K/8)+i-1] = weight(word >> 16, zero, multiplier)
                              | weight(word >> 20, zero, multiplier) << 8
                              | weight(word >> 24, zero, multiplier) << 16
                              | weight(word >> 28, zero, multiplier) << 24;
      end
    end
    i = 0;
    while (i < PortBytes/4) begin
      i = i + 1;
      result[64*(i-1) +: 32] = low[i-1];
      result[64*(i-1)+32 +: 32] = high[i-1];
    end
  endtask

  // Bank kept row by row.
  task automatic multiply(input logic [8*N*K-1:0] weights, input logic [8*K-1:0] act,
                          input int channels, output logic [32*N-1:0] psum);
    /*verilator no_inline_task*/
    logic [31:0] rows [N*K/4];
    logic [31:0] lanes [K/4];
    int n, i;
    i = 0;
    while (i < N*K/4) begin
      i = i + 1;
      rows[i-1] = weights[32*(i-1) +: 32];
    end
    i = 0;
    while (i < K/4) begin
      i = i + 1;
      lanes[i-1] = act[32*(i-1) +: 32];
    end
    n = 0;
    while (n < N) begin
      int sum;
      n = n + 1;
      sum = 0;
      i = 0;
      while (i < K/4) begin
        logic [31:0] w, a;
        i = i + 1;
        w = rows[(n-1)*(K/4)+i-1];
        a = lanes[i-1];
        sum = sum + 32'($signed(w[7:0])) * 32'($signed(a[7:0]))
                  + 32'($signed(w[15:8])) * 32'($signed(a[15:8]))
                  + 32'($signed(w[23:16])) * 32'($signed(a[23:16]))
                  + 32'($signed(w[31:24])) * 32'($signed(a[31:24]));
      end
      psum[32*(n-1) +: 32] = sum;
    end
    n = channels;
    while (n < N) begin
      n = n + 1;
      psum[32*(n-1) +: 32] = 0;
    end
  endtask

  // Bank kept lane by lane.
  task automatic multiply_columns(input logic [8*N*K-1:0] weights, input logic [8*K-1:0] act,
                                  input int channels, output logic [32*N-1:0] psum);
    /*verilator no_inline_task*/
    logic [31:0] sum0 [N/4];
    logic [31:0] sum1 [N/4];
    logic [31:0] sum2 [N/4];
    logic [31:0] sum3 [N/4];
    int n, k;
    n = 0;
    while (n < N/4) begin
      n = n + 1;
      sum0[n-1] = 0;
      sum1[n-1] = 0;
      sum2[n-1] = 0;
      sum3[n-1] = 0;
    end
    k = 0;
    while (k < K) begin
      int a;
      k = k + 1;
      a = 32'($signed(act[8*(k-1) +: 8]));
      n = 0;
      while (n < N/4) begin
        logic [31:0] w;
        n = n + 1;
        w = weights[32*((k-1)*(N/4)+n-1) +: 32];
        sum0[n-1] = sum0[n-1] + 32'($signed(w[7:0])) * a;
        sum1[n-1] = sum1[n-1] + 32'($signed(w[15:8])) * a;
        sum2[n-1] = sum2[n-1] + 32'($signed(w[23:16])) * a;
        sum3[n-1] = sum3[n-1] + 32'($signed(w[31:24])) * a;
      end
    end
    n = 0;
    while (n < N/4) begin
      n = n + 1;
      psum[128*(n-1) +: 32] = sum0[n-1];
      psum[128*(n-1)+32 +: 32] = sum1[n-1];
      psum[128*(n-1)+64 +: 32] = sum2[n-1];
      psum[128*(n-1)+96 +: 32] = sum3[n-1];
    end
    n = channels;
    while (n < N) begin
      n = n + 1;
      psum[32*(n-1) +: 32] = 0;
    end
  endtask

  always_ff @(posedge clk_i) begin
    if (fire_i) begin
      if (form_i == npu_pkg::MatrixWFormColumns)
        multiply_columns(weights_q[fire_bank_i], act_i, 32'(channels_i), psum_d);
      else
        multiply(weights_q[fire_bank_i], act_i, 32'(channels_i), psum_d);
      psum_q <= psum_d;
    end
    if (write_i) begin
      if (write_header_i) begin
        headers_q <= data_i;
      end else begin
        case (form_i)
          npu_pkg::MatrixWFormW8:
            weights_q[write_bank_i][8*PortBytes*32'(write_index_i) +: 8*PortBytes] <= data_i;
          npu_pkg::MatrixWFormW4: begin
            decode(N*32'(write_slot_i) + 2*PortBytes/K*32'(write_index_i), headers_q, data_i,
                   decoded);
            weights_q[write_bank_i][16*PortBytes*32'(write_index_i) +: 16*PortBytes] <= decoded;
          end
          npu_pkg::MatrixWFormRows:
            weights_q[write_bank_i][8*K*32'(write_index_i) +: 8*K]
                <= data_i[8*32'(write_byte_i) +: 8*K];
          default:
            weights_q[write_bank_i][8*N*32'(write_index_i) +: 8*N]
                <= data_i[8*32'(write_byte_i) +: 8*N];
        endcase
      end
    end
  end

endmodule
