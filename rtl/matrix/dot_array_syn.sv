// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dot array for synthesis; dot_array.sv says what it does. A row module a channel, so that a
// synthesiser maps one and counts N; 2*PortBytes/K decoders, one for each row of a code word.

module dot_array_syn #(
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

  localparam int Rows = PortBytes / K;  // weight rows in a word of w8, half of those in one of w4
  localparam int IndexBits = $clog2(N > K ? N : K);

  logic [8*PortBytes-1:0] headers_q;
  logic [16*PortBytes-1:0] decoded;
  logic [8*N-1:0] headers;  // of the tile that is filled
  logic [8*K-1:0] row;
  logic [8*N-1:0] column;
  logic write, write_w8, write_w4, write_rows, write_columns;

  assign write = write_i && !write_header_i;
  assign write_w8 = write && form_i == npu_pkg::MatrixWFormW8;
  assign write_w4 = write && form_i == npu_pkg::MatrixWFormW4;
  assign write_rows = write && form_i == npu_pkg::MatrixWFormRows;
  assign write_columns = write && form_i == npu_pkg::MatrixWFormColumns;

  assign headers = headers_q[8*N*write_slot_i +: 8*N];
  assign row = data_i[8*write_byte_i +: 8*K];
  assign column = data_i[8*write_byte_i +: 8*N];

  always_ff @(posedge clk_i) begin
    if (write_i && write_header_i) headers_q <= data_i;
  end

  for (genvar r = 0; r < 2*Rows; r++) begin : gen_decoder
    logic [$clog2(N)-1:0] channel;
    assign channel = $clog2(N)'(write_index_i * (2*Rows) + r);
    weight_decoder #(.K(K)) u_decoder (
      .header_i(headers[8*channel +: 8]),
      .codes_i(data_i[4*K*r +: 4*K]),
      .weights_o(decoded[8*K*r +: 8*K])
    );
  end

  for (genvar n = 0; n < N; n++) begin : gen_row
    logic mine;
    logic [K-1:0] lanes;
    logic [8*K-1:0] weights;

    assign mine = write_w8 && write_index_i == IndexBits'(n / Rows)
               || write_w4 && write_index_i == IndexBits'(n / (2*Rows))
               || write_rows && write_index_i == IndexBits'(n);
    assign lanes = write_columns ? K'(1) << write_index_i : {K{mine}};
    assign weights = write_w8 ? data_i[8*K*(n % Rows) +: 8*K]
                   : write_w4 ? decoded[8*K*(n % (2*Rows)) +: 8*K]
                   : write_rows ? row : {K{column[8*n +: 8]}};

    dot_row #(.K(K)) u_row (
      .clk_i,
      .write0_i(lanes & {K{!write_bank_i}}),
      .write1_i(lanes & {K{write_bank_i}}),
      .weights_i(weights),
      .fire_i,
      .fire_bank_i,
      .gate_i(channels_i > ($clog2(N)+1)'(n)),
      .act_i,
      .psum_o(psum_o[32*n +: 32])
    );
  end

endmodule
