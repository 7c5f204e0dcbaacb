// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instruction set of the NPU: the one place where compiler, simulator and rtl agree.
// Arithmetic is defined by the numbered rules of docs/arithmetic.md (A.., S.., V..), timing by
// docs/microarchitecture.md (T..).

include "isa/Isa.td"

//===--------------------------------------------------------------------------------------------===//
// Sizes that are part of the instruction set (target parameters are in isa/target)
//===--------------------------------------------------------------------------------------------===//

def InstructionBits : Constant<"InstructionBits", 64, "one instruction, little endian in memory">;
def Registers : Constant<"Registers", 32, "scalar registers of 32 bits; r0 reads as 0">;
def Arguments : Constant<"Arguments", 8, "argument registers copied to r1..r8 at the start">;
def Semaphores : Constant<"Semaphores", 16, "counting semaphores">;
def SemaphoreBits : Constant<"SemaphoreBits", 8, "bits of a semaphore's count">;
def LoopDepth : Constant<"LoopDepth", 4, "nested hardware loops">;
def QueueDepth : Constant<"QueueDepth", 8, "go's that wait in front of a unit">;
def Regions : Constant<"Regions", 8, "region base registers">;
def AddressBits : Constant<"AddressBits", 40, "bits of a DRAM byte address">;
def SpmAddressBits : Constant<"SpmAddressBits", 24, "bits of a scratchpad byte address">;
def TableSegments : Constant<"TableSegments", 256, "segments of a piecewise-linear table">;
def BurstBytes : Constant<"BurstBytes", 1024, "longest AXI burst; bursts never cross a multiple of it">;
def TagBits : Constant<"TagBits", 9, "layer tag [7:0] and phase [8] (0 prefill, 1 decode)">;

//===--------------------------------------------------------------------------------------------===//
// Units and regions
//===--------------------------------------------------------------------------------------------===//

def DmaIn : Unit<"dma_in", 0, "copies DRAM to scratchpad">;
def DmaOut : Unit<"dma_out", 1, "copies scratchpad to DRAM">;
def Matrix : Unit<"matrix", 2, "int8 dot array with its weight fill and accumulators">;
def Vector : Unit<"vector", 3, "int32 lanes, row reductions and row scalars">;

def CodeRegion : RegionKind<"code", 0, "instructions; read only">;
def ConstRegion : RegionKind<"const", 1, "tables, biases, scales, embeddings; read only">;
def WeightRegion : RegionKind<"weights", 2, "weight streams in the order of use; read only">;
def KvRegion : RegionKind<"kv", 3, "KV cache: codes and scales">;
def InputRegion : RegionKind<"input", 4, "what the host writes before a step">;
def OutputRegion : RegionKind<"output", 5, "what the host reads after a step">;
def WorkspaceRegion : RegionKind<"workspace", 6, "spills">;

//===--------------------------------------------------------------------------------------------===//
// Instructions
//===--------------------------------------------------------------------------------------------===//

def OpA : Operand<"a", 51, 5, "reg">;
def OpB : Operand<"b", 46, 5, "reg">;
def OpC : Operand<"c", 41, 5, "reg">;
def OpField : Operand<"field", 32, 9, "field">;     // unit [40:39], index [38:32]
def OpUnit : Operand<"unit", 39, 2, "unit">;
def OpImm : Operand<"imm", 0, 32, "imm">;
def OpTarget : Operand<"target", 0, 32, "target">;
def OpSignal : Operand<"signal", 0, 16, "mask">;
def OpWait : Operand<"wait", 16, 16, "mask">;
def OpTag : Operand<"tag", 0, 9, "imm">;

let Semantics = "does nothing" in
def Nop : Instruction<"nop", 0x01, []>;

let Semantics = "stops fetching, waits until all units are idle and their queues empty, then raises done" in
def Halt : Instruction<"halt", 0x02, []>;

let Semantics = "go's from here on carry this layer tag [7:0] and phase [8]" in
def Tag : Instruction<"tag", 0x03, [OpTag]>;

let Semantics = "R[a] = imm" in
def Li : Instruction<"li", 0x10, [OpA, OpImm]>;
let Semantics = "R[a] = R[b] + R[c], modulo 2^32" in
def Add : Instruction<"add", 0x11, [OpA, OpB, OpC]>;
let Semantics = "R[a] = R[b] + imm, modulo 2^32" in
def AddI : Instruction<"addi", 0x12, [OpA, OpB, OpImm]>;
let Semantics = "R[a] = R[b] - R[c], modulo 2^32" in
def Sub : Instruction<"sub", 0x13, [OpA, OpB, OpC]>;
let Semantics = "R[a] = R[b] * R[c], modulo 2^32" in
def Mul : Instruction<"mul", 0x14, [OpA, OpB, OpC]>;
let Semantics = "R[a] = R[b] * imm, modulo 2^32" in
def MulI : Instruction<"muli", 0x15, [OpA, OpB, OpImm]>;
let Semantics = "R[a] = R[b] >> imm[4:0], zeros shifted in" in
def SrlI : Instruction<"srli", 0x16, [OpA, OpB, OpImm]>;
let Semantics = "R[a] = R[b] & imm" in
def AndI : Instruction<"andi", 0x17, [OpA, OpB, OpImm]>;
let Semantics = "R[a] = min(R[b], R[c]), signed" in
def Min : Instruction<"min", 0x18, [OpA, OpB, OpC]>;
let Semantics = "R[a] = max(R[b], R[c]), signed" in
def Max : Instruction<"max", 0x19, [OpA, OpB, OpC]>;
let Semantics = "R[a] = min(R[b], imm), signed" in
def MinI : Instruction<"mini", 0x1a, [OpA, OpB, OpImm]>;
let Semantics = "R[a] = max(R[b], imm), signed" in
def MaxI : Instruction<"maxi", 0x1b, [OpA, OpB, OpImm]>;

let Errors = "a target outside the code section: illegal instruction" in {
let Semantics = "if R[b] == R[c]: pc += target, else pc += 1" in
def Beq : Instruction<"beq", 0x20, [OpB, OpC, OpTarget]>;
let Semantics = "if R[b] != R[c]: pc += target, else pc += 1" in
def Bne : Instruction<"bne", 0x21, [OpB, OpC, OpTarget]>;
let Semantics = "if R[b] < R[c] (signed): pc += target, else pc += 1" in
def Blt : Instruction<"blt", 0x22, [OpB, OpC, OpTarget]>;
let Semantics = "if R[b] >= R[c] (signed): pc += target, else pc += 1" in
def Bge : Instruction<"bge", 0x23, [OpB, OpC, OpTarget]>;
let Semantics = "pc += target" in
def Jump : Instruction<"jump", 0x24, [OpTarget]>;
}

let Semantics = [{the next `target` instructions are executed R[a] times (signed; 0 or less: skipped).
  Loops nest properly, at most LoopDepth deep; a branch may not cross a loop's border.}],
    Errors = "a fifth level, or a body of no instruction: illegal instruction" in
def Loop : Instruction<"loop", 0x28, [OpA, OpTarget]>;

let Semantics = "waits until each semaphore of the mask is at least 1, then takes 1 from each" in
def SemWait : Instruction<"sem.wait", 0x30, [OpWait]>;
let Semantics = "adds 1 to each semaphore of the mask" in
def SemSignal : Instruction<"sem.signal", 0x31, [OpSignal]>;

let Semantics = [{R[a] = the 32-bit word of the scratchpad at byte R[b] + imm, little endian. Only
  here and at a gather may run-time values steer a program (T11).}],
    Errors = "not a multiple of 4, or past the scratchpad: address out of range" in
def Load : Instruction<"load", 0x38, [OpA, OpB, OpImm]>;

let Errors = "a field that the unit does not have, or a value too wide for it: illegal field" in {
let Semantics = "configuration field = imm" in
def SetI : Instruction<"set", 0x40, [OpField, OpImm]>;
let Semantics = "configuration field = R[a] + imm, modulo 2^32" in
def SetR : Instruction<"setr", 0x41, [OpField, OpA, OpImm]>;
}

let Semantics = [{pushes the unit's configuration with the current tag into the unit's queue; stalls
  while the queue is full. The unit starts it, in order, when each semaphore of `wait` is at least
  1 (it takes 1 from each then) and signals (adds 1 to) each of `signal` when its last write has
  landed.}] in
def Go : Instruction<"go", 0x48, [OpUnit, OpWait, OpSignal]>;

//===--------------------------------------------------------------------------------------------===//
// Configuration of the units
//===--------------------------------------------------------------------------------------------===//

// A zero in bytes, rows or planes makes an instruction without effect; it still waits and signals.
def DmaConfiguration : Configuration<[DmaIn, DmaOut], [
  Field<"region", 3, "DRAM region whose base register is added">,
  Field<"dram_offset", 32, "byte offset of the first row in the region">,
  Field<"spm_addr", 24, "scratchpad byte address of the first row; equal to the DRAM address modulo the AXI width">,
  Field<"bytes", 24, "contiguous bytes of a row, a multiple of 4">,
  Field<"rows", 16, "rows of a plane">,
  Field<"planes", 16, "planes">,
  Field<"dram_row_stride", 32, "bytes between rows in DRAM">,
  Field<"dram_plane_stride", 32, "bytes between planes in DRAM">,
  Field<"spm_row_stride", 24, "bytes between rows in the scratchpad">,
  Field<"spm_plane_stride", 24, "bytes between planes in the scratchpad">,
  ChoiceField<"gather", 1, [
    Choice<"off", 0, "row r is at dram_offset + r * dram_row_stride">,
    Choice<"on", 1, "dma_in: row r is at dram_offset + index[r] * dram_row_stride, planes must be 1">],
    "row addressing">,
  Field<"index_addr", 24, "scratchpad byte address of the index list, int32, multiple of 4">
]>;

// accumulator[acc_addr + (n / N) * acc_stride + row][n % N] (+)= sum over k of A[row][k] * W[n][k]
// A zero in rows, n or k makes an instruction without effect.
def MatrixConfiguration : Configuration<[Matrix], [
  Field<"a_addr", 24, "activations: int8, row-major; a multiple of K (the array's lanes)">,
  Field<"a_row_stride", 24, "bytes between activation rows; a multiple of K">,
  Field<"rows", 12, "activation rows (tokens)">,
  Field<"n", 20, "output channels">,
  Field<"k", 20, "length of the sum; lanes past it count as 0 (A11)">,
  Field<"w_addr", 24, "weights: tiles: a multiple of PortBytes; rows: of K; columns: of N">,
  Field<"w_row_stride", 24, "rows, columns: bytes between rows; a multiple of K (rows) or N (columns)">,
  ChoiceField<"w_form", 2, [
    Choice<"w8", 0, "int8 tiles of N rows x K bytes, n-tile by n-tile, k-tiles inside">,
    Choice<"w4", 1, "4-bit tiles, rule A14">,
    Choice<"rows", 2, "int8 matrix [n][k]: row n is output channel n (A * B^T)">,
    Choice<"columns", 3, "int8 matrix [k][n]: row k holds lane k of every channel (A * B)">],
    "how the weight registers are filled">,
  ChoiceField<"w_group", 2, [
    Choice<"g32", 0, "32 weights along K share a multiplier">,
    Choice<"g64", 1, "64">,
    Choice<"g128", 2, "128">],
    "w4: group size along K">,
  Field<"acc_addr", 12, "first accumulator entry (N int32 each)">,
  Field<"acc_stride", 12, "entries between n-tiles; at least rows">,
  ChoiceField<"accumulate", 1, [
    Choice<"clear", 0, "the first k-tile overwrites">,
    Choice<"add", 1, "adds to what the accumulator holds">],
    "start value">
]>;

class By : ChoiceField<"", 2, [
    Choice<"row", 0, "entry base + outer * rows0 + inner">,
    Choice<"outer", 1, "entry base + outer">,
    Choice<"inner", 2, "entry base + inner">,
    Choice<"one", 3, "entry base">], "">;
class ByField<string name, string text> : By { let Name = name; let Text = text; }

class TypeField<string name, string text> : ChoiceField<name, 2, [
    Choice<"i8", 0, "int8">, Choice<"i16", 1, "int16">, Choice<"i32", 2, "int32">,
    Choice<"none", 3, "output: nothing is written">], text>;

class ScaleSource<string name, string text> : ChoiceField<name, 2, [
    Choice<"none", 0, "the value passes">, Choice<"imm", 1, "the immediate pair">,
    Choice<"row", 2, "a row scalar">, Choice<"b", 3, "stream B, one pair a column">], text>;

// Rows are (outer, inner) = rows1 x rows0; a row has cols columns, L of them a beat. Addresses and
// strides are multiples of L times the element size. A zero in rows0, rows1 or cols makes an
// instruction without effect. Stage order (A5): load, scale 1, scale 2, add, table, gate, multiply,
// add C, saturate to the output type, mask, write and reduce.
def VectorConfiguration : Configuration<[Vector], [
  ChoiceField<"op", 3, [
    Choice<"stream", 0, "the pipeline over rows x columns">,
    Choice<"scalar", 1, "one scalar operation for each row, rule S">,
    Choice<"table", 2, "loads the table: 256 words {slope int16, base int16} at a_addr (multiple of 64)">,
    Choice<"store", 3, "writes row scalars (scale1_row) to the scratchpad, one word a row">,
    Choice<"fetch", 4, "reads pairs from the scratchpad (a_addr), one word a row, to reduce_row">],
    "what the instruction does">,
  Field<"rows0", 12, "inner rows (heads)">,
  Field<"rows1", 12, "outer rows (tokens)">,
  Field<"cols", 20, "columns of a row">,

  ChoiceField<"source", 1, [
    Choice<"spm", 0, "main operand from stream A">,
    Choice<"acc", 1, "main operand from the accumulator">], "main operand">,
  TypeField<"a_type", "element type of stream A">,
  Field<"a_addr", 24, "stream A: byte address">,
  Field<"a_stride0", 24, "bytes between inner rows">,
  Field<"a_stride1", 24, "bytes between outer rows">,
  Field<"acc_addr", 12, "accumulator entry of column 0 of the first row">,
  Field<"acc_stride0", 12, "entries between inner rows">,
  Field<"acc_stride1", 12, "entries between outer rows">,
  Field<"acc_tile_stride", 12, "entries between n-tiles of one row">,
  TypeField<"b_type", "stream B: i32 = pairs, i16 and i8 = factors of the multiply stage">,
  Field<"b_addr", 24, "stream B: byte address">,
  Field<"b_stride0", 24, "bytes between inner rows (0: the same row again)">,
  Field<"b_stride1", 24, "bytes between outer rows">,
  TypeField<"c_type", "stream C">,
  Field<"c_addr", 24, "stream C: byte address">,
  Field<"c_stride0", 24, "bytes between inner rows (0: the same row again)">,
  Field<"c_stride1", 24, "bytes between outer rows">,

  ScaleSource<"scale1", "scale 1, rule A3">,
  Field<"scale1_imm", 24, "pair: mantissa int16 [15:0], shift int8 [23:16]">,
  Field<"scale1_row", 12, "first row scalar">,
  ByField<"scale1_by", "which row scalar">,
  SignedField<"scale1_adjust", 8, "added to the pair's shift">,
  ScaleSource<"scale2", "scale 2, rule A3">,
  Field<"scale2_imm", 24, "pair">,
  Field<"scale2_row", 12, "first row scalar">,
  ByField<"scale2_by", "which row scalar">,
  SignedField<"scale2_adjust", 8, "added to the pair's shift">,
  ChoiceField<"add", 2, [
    Choice<"none", 0, "the value passes">, Choice<"imm", 1, "add_imm">,
    Choice<"row", 2, "the integer of a row scalar">, Choice<"c", 3, "stream C">], "first addition, saturating">,
  ChoiceField<"add_negate", 1, [
    Choice<"plus", 0, "adds">, Choice<"minus", 1, "subtracts">], "sign of the first addition">,
  SignedField<"add_imm", 32, "summand">,
  Field<"add_row", 12, "first row scalar">,
  ByField<"add_by", "which row scalar">,
  ChoiceField<"table", 2, [
    Choice<"off", 0, "the value passes">, Choice<"value", 1, "the table's value">,
    Choice<"gate", 2, "the value times the table's value, >> gate_shift (A5)">], "piecewise-linear table, rule V4">,
  Field<"table_shift", 5, "the table's input is sat16((x >> table_shift) + table_offset)">,
  SignedField<"table_offset", 17, "see table_shift">,
  Field<"gate_shift", 5, "right shift after the gate's product, rounding as A3">,
  ChoiceField<"multiply", 1, [
    Choice<"none", 0, "the value passes">, Choice<"b", 1, "times stream B">], "multiply stage">,
  SignedField<"multiply_shift", 8, "i8, i16 factors: the right shift; pairs: added to the pair's shift">,
  ChoiceField<"add_c", 2, [
    Choice<"none", 0, "the value passes">, Choice<"c", 1, "plus stream C">,
    Choice<"a", 2, "plus stream A (only with source acc)">], "second addition, saturating">,

  SignedField<"range_lo", 32, "first valid column of outer row 0">,
  SignedField<"range_lo_step", 16, "change of it with each outer row">,
  SignedField<"range_hi", 32, "end of the valid columns of outer row 0 (cut to 0..cols)">,
  SignedField<"range_hi_step", 16, "change of it with each outer row">,
  TypeField<"out_type", "element type of the output">,
  Field<"out_addr", 24, "output: byte address">,
  Field<"out_stride0", 24, "bytes between inner rows">,
  Field<"out_stride1", 24, "bytes between outer rows">,
  ChoiceField<"reduce", 3, [
    Choice<"none", 0, "no reduction">, Choice<"sum", 1, "sum">,
    Choice<"sumsq", 2, "sum of squares, A4; the row's absolute maximum is row scalar square_row">,
    Choice<"absmax", 3, "absolute maximum">, Choice<"max", 4, "maximum">,
    Choice<"argmax", 5, "column of the first maximum">], "reduction of the written values into reduce_row">,
  Field<"reduce_row", 12, "first row scalar of the result">,
  ByField<"reduce_by", "which row scalar; for reductions and scalar results 'row' or 'outer'">,
  Field<"square_row", 12, "sumsq: first row scalar of the absolute maxima">,
  ByField<"square_by", "which row scalar">,

  ChoiceField<"scalar_op", 3, [
    Choice<"scale", 0, "S3: pair(x * imm1)">,
    Choice<"fix", 1, "S4: integer(x * imm1)">,
    Choice<"recip", 2, "S5: pair(imm1 / x)">,
    Choice<"rsqrt", 3, "S6: pair(1 / sqrt(x * imm1 + imm2))">,
    Choice<"mul", 4, "S7: pair(x * y * imm1)">,
    Choice<"max", 5, "S8: the larger of x and y">,
    Choice<"add", 6, "S8: x + y">,
    Choice<"raw", 7, "store: the integer itself instead of the pair">],
    "scalar operation; x = scale1_row, y = scale2_row, imm1 = scale1_imm, imm2 = scale2_imm, result to reduce_row">
]>;

//===--------------------------------------------------------------------------------------------===//
// Scratchpad ports, in order of priority (T4)
//===--------------------------------------------------------------------------------------------===//

def PortDmaIn : Port<"dma_in", 0, "write", "landing AXI read data; never waits">;
def PortDmaOut : Port<"dma_out", 1, "read", "data of AXI writes">;
def PortFill : Port<"fill", 2, "read", "weights">;
def PortAct : Port<"act", 3, "read", "activation rows">;
def PortVectorOut : Port<"vec_out", 4, "write", "vector output">;
def PortVectorC : Port<"vec_c", 5, "read", "stream C">;
def PortVectorB : Port<"vec_b", 6, "read", "stream B">;
def PortVectorA : Port<"vec_a", 7, "read", "stream A, table, row scalars">;
def PortIndex : Port<"index", 8, "read", "index list of a gather">;
def PortScalar : Port<"scalar", 9, "read", "scalar load">;

//===--------------------------------------------------------------------------------------------===//
// Errors and control registers
//===--------------------------------------------------------------------------------------------===//

def ErrNone : ErrorCode<"none", 0, "no error">;
def ErrIllegalInstruction : ErrorCode<"illegal_instruction", 1, "unknown opcode, a set bit outside the operands, a bad branch or loop">;
def ErrIllegalField : ErrorCode<"illegal_field", 2, "a set of an unknown field or of a value too wide for it">;
def ErrAddress : ErrorCode<"address", 3, "a scratchpad, accumulator or row scalar access out of range or misaligned">;
def ErrAxiRead : ErrorCode<"axi_read", 4, "error response to a read">;
def ErrAxiWrite : ErrorCode<"axi_write", 5, "error response to a write">;
def ErrAxiFetch : ErrorCode<"axi_fetch", 6, "error response to an instruction fetch, or pc past the code">;
def ErrIllegalConfig : ErrorCode<"illegal_config", 7, "a go with a configuration that the unit does not allow">;

def RegControl : Register<"control", 0x00, 1, "wo", "writing 1 starts the program at entry">;
def RegStatus : Register<"status", 0x04, 3, "ro", "[0] running, [1] done, [2] stopped by an error">;
def RegEntry : Register<"entry", 0x08, 32, "rw", "first instruction (index into the code region)">;
def RegErrorCode : Register<"error_code", 0x0c, 4, "ro", "ErrorCode of the first error">;
def RegErrorPc : Register<"error_pc", 0x10, 32, "ro", "instruction that failed, or whose go failed">;
def RegErrorUnit : Register<"error_unit", 0x14, 3, "ro", "unit that failed; 4 = sequencer">;
def RegCodeWords : Register<"code_words", 0x18, 32, "rw", "instructions in the code region">;
def RegArgument : Register<"argument", 0x40, 32, "rw", "eight words: r1..r8 at the start">;
def RegRegion : Register<"region", 0x80, 40, "rw", "eight pairs of words, low then high: region bases">;

//===--------------------------------------------------------------------------------------------===//
// Activity counters (C1, C2): 64 bit, per unit; attributed to layers by the start and end events
//===--------------------------------------------------------------------------------------------===//

def : Counter<"", "cycles", "cycles from start to done">;
foreach d = ["in", "out"] in {
  def : Counter<"dma_" # d, "bytes", "bytes copied">;
  def : Counter<"dma_" # d, "beats", "AXI data beats">;
  def : Counter<"dma_" # d, "bursts", "AXI bursts">;
  def : Counter<"dma_" # d, "spm_accesses", "64-byte scratchpad accesses">;
  def : Counter<"dma_" # d, "busy", "cycles with an instruction in the unit">;
  def : Counter<"dma_" # d, "sem_stall", "cycles in which the head of the queue waits for a semaphore">;
  def : Counter<"dma_" # d, "seq_wait", "cycles idle with an empty queue while the sequencer issues">;
}
def : Counter<"matrix", "macs_w8", "int8 products with weights from w8 tiles">;
def : Counter<"matrix", "macs_w4", "int8 products with weights from w4 tiles">;
def : Counter<"matrix", "macs_stream", "int8 products with weights filled from rows or columns">;
def : Counter<"matrix", "array_active", "cycles in which the array multiplies; it is clock-gated in all others (C4)">;
def : Counter<"matrix", "fill_words", "64-byte scratchpad reads of weights">;
def : Counter<"matrix", "fill_weights", "weights written to the weight registers">;
def : Counter<"matrix", "decoded_weights", "of them expanded from 4-bit codes">;
def : Counter<"matrix", "fill_active", "cycles in which weight registers are clocked (C4)">;
def : Counter<"matrix", "act_reads", "64-byte scratchpad reads of activations">;
def : Counter<"matrix", "acc_reads", "accumulator entries read by the unit">;
def : Counter<"matrix", "acc_writes", "accumulator entries written">;
def : Counter<"matrix", "busy", "cycles with an instruction in the unit">;
def : Counter<"matrix", "sem_stall", "cycles in which the head of the queue waits for a semaphore">;
def : Counter<"matrix", "seq_wait", "cycles idle with an empty queue while the sequencer issues">;
def : Counter<"vector", "load_ops", "elements loaded as main operand">;
def : Counter<"vector", "scale_ops", "elements scaled, both stages">;
def : Counter<"vector", "add_ops", "elements added, both stages">;
def : Counter<"vector", "table_ops", "table look-ups">;
def : Counter<"vector", "multiply_ops", "products of gate and multiply stage">;
def : Counter<"vector", "write_ops", "elements written">;
def : Counter<"vector", "reduce_ops", "elements reduced">;
def : Counter<"vector", "scalar_ops", "scalar operations, stores and fetches of row scalars">;
def : Counter<"vector", "acc_reads", "accumulator entries read">;
def : Counter<"vector", "spm_reads", "64-byte scratchpad reads">;
def : Counter<"vector", "spm_writes", "64-byte scratchpad writes">;
def : Counter<"vector", "lanes_active", "cycles in which the lanes are clocked (C4)">;
def : Counter<"vector", "busy", "cycles with an instruction in the unit">;
def : Counter<"vector", "sem_stall", "cycles in which the head of the queue waits for a semaphore">;
def : Counter<"vector", "seq_wait", "cycles idle with an empty queue while the sequencer issues">;
def : Counter<"sequencer", "instructions", "instructions executed">;
def : Counter<"sequencer", "fetch_bytes", "bytes of code fetched">;
def : Counter<"sequencer", "fetch_bursts", "AXI bursts of the fetch">;
def : Counter<"sequencer", "fetch_stall", "cycles without an instruction to execute">;
def : Counter<"sequencer", "queue_stall", "cycles in which a go waits for a full queue">;
def : Counter<"sequencer", "sem_stall", "cycles in sem.wait">;
def : Counter<"sequencer", "busy", "cycles from start until halt is executed">;
