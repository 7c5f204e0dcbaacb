// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Executes the program: one instruction a cycle when there is one.
//
// Two stages: fetch shows an instruction from registers, this module executes it. A taken
// branch and a loop's way back cost one more cycle, a load two more cycles plus its wait for
// the bank. In the 32 cycles from `start_i` the registers are loaded (r1..r8 from the
// arguments, others 0) while the first line is fetched. Execution ends at halt (`halted_o`), at
// an error of its own (`error_o` for one cycle with code and pc), or when `run_i` falls.
//
// Errors, in this order: fetch fault, illegal encoding, then what the instruction says. A
// branch is checked whether taken or not, a loop whatever its count.

`include "assert.svh"

module sequencer #(
  parameter int SpmBytes = 262144,
  parameter int PortBytes = 64,
  parameter int AxiBytes = 32
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,  // synchronous, active low

  input  logic                  start_i,
  input  logic                  run_i,   // from start on, until the end or an error
  input  logic [31:0]           entry_i,
  input  logic [31:0]           code_words_i,
  input  logic [npu_pkg::AddressBits-1:0] code_base_i,
  input  logic [npu_pkg::Arguments*32-1:0] argument_i,
  output logic                  halted_o,
  output logic                  fetch_idle_o,
  output logic                  issuing_o,  // runs and waits neither for a queue nor a semaphore
  output logic                  error_o,
  output logic [3:0]            error_code_o,
  output logic [31:0]           error_pc_o,

  // configuration and queues of the units
  output logic [npu_pkg::Units-1:0] set_o,
  output logic [6:0]            set_index_o,
  output logic [31:0]           set_value_o,
  output logic [npu_pkg::Units-1:0] push_o,
  output logic [npu_pkg::TagBits-1:0] push_tag_o,
  output logic [31:0]           push_pc_o,
  output logic [npu_pkg::Semaphores-1:0] push_wait_o,
  output logic [npu_pkg::Semaphores-1:0] push_signal_o,
  input  logic [npu_pkg::Units-1:0] full_i,

  output logic                  want_o,
  output logic [npu_pkg::Semaphores-1:0] need_o,
  input  logic                  take_i,
  output logic [npu_pkg::Semaphores-1:0] up_o,

  output logic                  scalar_req_o,
  output logic [23:0]           scalar_addr_o,
  input  logic                  scalar_gnt_i,
  input  logic                  scalar_rvalid_i,
  input  logic [8*PortBytes-1:0] scalar_rdata_i,

  output logic                  f_arvalid_o,
  input  logic                  f_arready_i,
  output logic [npu_pkg::AddressBits-1:0] f_araddr_o,
  output logic [7:0]            f_arlen_o,
  input  logic                  f_rvalid_i,
  input  logic [8*AxiBytes-1:0] f_rdata_i,
  input  logic [1:0]            f_rresp_i,
  input  logic                  f_rlast_i
);

  localparam int Registers = npu_pkg::Registers;
  localparam int PortLsb = $clog2(PortBytes);

  // ---- fetch

  logic valid, fault, take, redirect;
  logic [63:0] instruction;
  logic [31:0] pc /*verilator public_flat_rd*/;
  logic [31:0] target;
  logic halted_q, failed_q, run;
  logic [2:0] unused_base;
  assign unused_base = code_base_i[2:0];
  assign run = run_i && !start_i && !halted_q && !failed_q;

  fetch #(.AxiBytes(AxiBytes)) i_fetch (
    .clk_i, .rst_ni, .start_i, .run_i(run), .redirect_i(redirect),
    .pc_i(start_i ? entry_i : target), .code_words_i,
    .base_i(code_base_i[npu_pkg::AddressBits-1:3]),
    .valid_o(valid), .fault_o(fault), .instruction_o(instruction), .pc_o(pc), .take_i(take),
    .idle_o(fetch_idle_o),
    .arvalid_o(f_arvalid_o), .arready_i(f_arready_i), .araddr_o(f_araddr_o),
    .arlen_o(f_arlen_o), .rvalid_i(f_rvalid_i), .rdata_i(f_rdata_i), .rresp_i(f_rresp_i),
    .rlast_i(f_rlast_i)
  );

  // ---- operands

  logic [7:0] opcode;
  logic [4:0] reg_a, reg_b, reg_c;
  logic [31:0] imm, value_a, value_b, value_c;
  logic [1:0] unit;
  logic [6:0] index;
  assign opcode = instruction[npu_pkg::OpcodeLsb +: npu_pkg::OpcodeWidth];
  assign reg_a = instruction[npu_pkg::OperandALsb +: npu_pkg::OperandAWidth];
  assign reg_b = instruction[npu_pkg::OperandBLsb +: npu_pkg::OperandBWidth];
  assign reg_c = instruction[npu_pkg::OperandCLsb +: npu_pkg::OperandCWidth];
  assign imm = instruction[npu_pkg::OperandImmLsb +: npu_pkg::OperandImmWidth];
  assign unit = instruction[npu_pkg::OperandUnitLsb +: npu_pkg::OperandUnitWidth];
  assign index = instruction[npu_pkg::OperandFieldLsb +: npu_pkg::FieldIndexWidth];

  logic [31:0] register_mem [Registers];
  logic loading_q;        // registers are being loaded
  logic [4:0] load_q;     // the one of this cycle
  logic write;
  logic [4:0] write_index;
  logic [31:0] write_value;

  assign value_a = reg_a == '0 ? '0 : register_mem[reg_a];
  assign value_b = reg_b == '0 ? '0 : register_mem[reg_b];
  assign value_c = reg_c == '0 ? '0 : register_mem[reg_c];

  always_ff @(posedge clk_i) begin
    if (write) register_mem[write_index] <= write_value;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) loading_q <= 1'b0;
    else if (start_i) loading_q <= 1'b1;
    else if (load_q == 5'(Registers - 1)) loading_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (start_i) load_q <= '0;
    else if (loading_q) load_q <= load_q + 5'd1;
  end

  logic [2:0] argument;
  logic is_argument;
  assign argument = 3'(load_q - 5'd1);
  assign is_argument = load_q != '0 && load_q <= 5'(npu_pkg::Arguments);

  // ---- what it does

  logic is_branch, taken, is_loop, is_set, writes, less, equal;
  logic [31:0] result;
  execute i_execute (
    .opcode_i(opcode), .b_i(value_b), .c_i(value_c), .imm_i(imm), .result_o(result),
    .writes_o(writes), .less_o(less), .equal_o(equal)
  );

  always_comb begin
    is_branch = 1'b1;
    case (opcode)
      npu_pkg::OpBeq: taken = equal;
      npu_pkg::OpBne: taken = !equal;
      npu_pkg::OpBlt: taken = less;
      npu_pkg::OpBge: taken = !less;
      npu_pkg::OpJump: taken = 1'b1;
      default: begin
        taken = 1'b0;
        is_branch = 1'b0;
      end
    endcase
  end
  assign is_loop = opcode == npu_pkg::OpLoop;
  assign is_set = opcode == npu_pkg::OpSetI || opcode == npu_pkg::OpSetR;

  logic [31:0] far, address;  // pc + target; R[b] + imm
  assign far = pc + imm;
  assign address = value_b + imm;

  // A value fits if the bits above the field are 0, or all equal to the sign.
  logic [31:0] set_value;
  logic [5:0] set_width;
  logic set_signed, set_fits;
  assign set_value = opcode == npu_pkg::OpSetR ? value_a + imm : imm;
  always_comb begin
    set_width = '0;
    set_signed = 1'b0;
    if (is_set) begin
      case (unit)
        npu_pkg::UnitMatrix: begin
          set_width = npu_pkg::matrix_field_width(index);
          set_signed = npu_pkg::matrix_field_signed(index);
        end
        npu_pkg::UnitVector: begin
          set_width = npu_pkg::vector_field_width(index);
          set_signed = npu_pkg::vector_field_signed(index);
        end
        default: begin
          set_width = npu_pkg::dma_field_width(index);
          set_signed = npu_pkg::dma_field_signed(index);
        end
      endcase
    end
  end
  logic [32:0] set_rest;
  logic [31:0] set_above;  // what the field cannot hold
  assign set_rest = {set_signed && set_value[31], set_value};
  assign set_above = 32'($signed(set_rest) >>> (set_signed ? set_width - 6'd1 : set_width));
  assign set_fits = set_width == 6'd32 || set_above == '0 || (set_signed && &set_above);

  // ---- errors

  logic active, error;
  logic [3:0] code;
  logic loops_full;
  logic [63:0] mask;
  logic loading_word_q;    // a load has been checked and waits for its word
  assign active = valid && run && !loading_q;
  assign mask = npu_pkg::instruction_mask(opcode);

  always_comb begin
    code = npu_pkg::ErrNone;
    if (fault) begin
      code = npu_pkg::ErrAxiFetch;
    end else if (mask == '0 || (instruction & ~mask) != '0) begin
      code = npu_pkg::ErrIllegalInstruction;
    end else if (is_branch) begin
      if (far >= code_words_i) code = npu_pkg::ErrIllegalInstruction;
    end else if (is_loop) begin
      if (imm[31] || imm == '0 || far >= code_words_i || loops_full) begin
        code = npu_pkg::ErrIllegalInstruction;
      end
    end else if (is_set) begin
      if (set_width == '0 || !set_fits) code = npu_pkg::ErrIllegalField;
    end else if (opcode == npu_pkg::OpLoad) begin
      if (address[1:0] != '0 || address >= SpmBytes) code = npu_pkg::ErrAddress;
    end
  end
  assign error = active && code != npu_pkg::ErrNone;

  // ---- the cycle

  logic stall, done, halt, skip, seq_stall, queue_stall;
  assign halt = active && !error && opcode == npu_pkg::OpHalt;
  assign queue_stall = active && opcode == npu_pkg::OpGo && full_i[unit];
  assign want_o = active && !error && opcode == npu_pkg::OpSemWait;
  assign need_o = imm[31:16];
  assign seq_stall = want_o && !take_i;
  assign stall = queue_stall || seq_stall || (opcode == npu_pkg::OpLoad && !scalar_rvalid_i);
  assign done = active && !error && !stall;
  assign take = done;

  // A loop without rounds ends where its body would, which may be an outer body's last instruction.
  assign skip = is_loop && (value_a[31] || value_a == '0);
  logic back, branch;
  logic [31:0] back_target;
  assign branch = taken && is_branch;
  loops i_loops (
    .clk_i, .rst_ni, .clear_i(start_i),
    .push_i(done && is_loop && !skip), .first_i(pc + 32'd1), .last_i(far), .rounds_i(value_a),
    .full_o(loops_full),
    .step_i(done && !branch && !(is_loop && !skip)), .pc_i(skip ? far : pc),
    .back_o(back), .target_o(back_target)
  );

  always_comb begin
    redirect = done && (branch || back || skip);
    target = far;
    if (back) target = back_target;
    else if (skip) target = far + 32'd1;
  end

  logic word_write;
  assign word_write = done && opcode == npu_pkg::OpLoad;
  assign write = loading_q || (done && writes) || word_write;
  assign write_index = loading_q ? load_q : reg_a;
  always_comb begin
    write_value = result;
    if (loading_q) write_value = is_argument ? argument_i[argument*32 +: 32] : '0;
    else if (word_write) write_value = scalar_rdata_i[scalar_addr_o[PortLsb-1:2]*32 +: 32];
  end

  // ---- load

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      scalar_req_o <= 1'b0;
      loading_word_q <= 1'b0;
    end else begin
      if (scalar_gnt_i) scalar_req_o <= 1'b0;
      if (active && !error && opcode == npu_pkg::OpLoad && !loading_word_q) begin
        scalar_req_o <= 1'b1;
        loading_word_q <= 1'b1;
        scalar_addr_o <= address[23:0];
      end else if (word_write) begin
        loading_word_q <= 1'b0;
      end
    end
  end

  // ---- units

  logic [npu_pkg::TagBits-1:0] tag_q;
  logic [npu_pkg::Units-1:0] chosen;
  assign chosen = npu_pkg::Units'(1) << unit;
  assign set_o = done && is_set ? chosen : '0;
  assign set_index_o = index;
  assign set_value_o = set_value;
  assign push_o = done && opcode == npu_pkg::OpGo ? chosen : '0;
  assign push_tag_o = tag_q;
  assign push_pc_o = pc;
  assign push_wait_o = instruction[npu_pkg::OperandWaitLsb +: npu_pkg::OperandWaitWidth];
  assign push_signal_o = instruction[npu_pkg::OperandSignalLsb +: npu_pkg::OperandSignalWidth];
  assign up_o = done && opcode == npu_pkg::OpSemSignal ? push_signal_o : '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) tag_q <= '0;
    else if (done && opcode == npu_pkg::OpTag) tag_q <= imm[npu_pkg::TagBits-1:0];
  end

  // ---- end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      halted_q <= 1'b0;
      failed_q <= 1'b0;
      error_o <= 1'b0;
    end else begin
      if (halt) halted_q <= 1'b1;
      if (error) failed_q <= 1'b1;
      error_o <= error;
    end
  end
  always_ff @(posedge clk_i) begin
    if (error) begin
      error_code_o <= code;
      error_pc_o <= pc;
    end
  end
  assign halted_o = halted_q && !start_i;
  assign issuing_o = run && !queue_stall && !seq_stall;

  // ---- counters

  logic [63:0] cnt_instructions_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_fetch_stall_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_queue_stall_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_sem_stall_q /*verilator public_flat_rd*/;
  logic [63:0] cnt_busy_q /*verilator public_flat_rd*/;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_instructions_q <= '0;
      cnt_fetch_stall_q <= '0;
      cnt_queue_stall_q <= '0;
      cnt_sem_stall_q <= '0;
      cnt_busy_q <= '0;
    end else if (run) begin
      cnt_busy_q <= cnt_busy_q + 64'd1;
      if (done) cnt_instructions_q <= cnt_instructions_q + 64'd1;
      if (!active) cnt_fetch_stall_q <= cnt_fetch_stall_q + 64'd1;
      if (queue_stall) cnt_queue_stall_q <= cnt_queue_stall_q + 64'd1;
      if (seq_stall) cnt_sem_stall_q <= cnt_sem_stall_q + 64'd1;
    end
  end

  `ASSERT(WordWhileLoading, scalar_rvalid_i |-> loading_word_q, "a word came that no load asked")

endmodule
