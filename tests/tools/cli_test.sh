#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The command on the real example: what people type, and what bad input gets.
# usage: cli_test.sh DALBIT EXAMPLE_FOLDER
set -u
dalbit=$1
example=$2
model=$example/tiny-gpt.onnx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

check() { # name, condition as a command
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
  fi
}

# refuses NAME PATTERN COMMAND...: status 1, `error:` with the pattern, and no file left in $work/out.
refuses() {
  local name=$1 pattern=$2
  shift 2
  rm -rf "$work/out"
  mkdir "$work/out"
  "$@" >"$work/stdout" 2>"$work/stderr"
  local status=$?
  check "$name: status 1, got $status" [ "$status" -eq 1 ]
  check "$name: says error: $pattern" grep -q "^error: .*$pattern" "$work/stderr"
  check "$name: leaves nothing" [ -z "$(ls -A "$work/out")" ]
}

# What people type.
check "compile" "$dalbit" compile "$model" -o "$work/t.dbn" --target nano
check "readelf lists the sections" sh -c "/usr/lib/llvm-19/bin/llvm-readelf -S $work/t.dbn | grep -q dalbit.weights"
check "inspect" sh -c "$dalbit inspect $work/t.dbn | grep -q 'entry *decode'"
check "explain says what a token costs" sh -c "$dalbit compile $model --explain >$work/explain && grep -q '4 attention' $work/explain && grep -q 'a token *1.82 M MACs' $work/explain && grep -q 'refused *nothing' $work/explain"
check "a run without report and files says the next token" sh -c "$dalbit run $model --tokens 12,7 | grep -q '^next token [0-9]'"
check "version" sh -c "$dalbit --version | grep -q '^dalbit [0-9]'"
check "disassemble" sh -c "$dalbit inspect $work/t.dbn --disassemble | grep -q 'go matrix'"
"$dalbit" run "$work/t.dbn" --engine functional --prompt 'And the ' --generate 16 --json "$work/f.json" --record "$work/f.rec" >/dev/null
"$dalbit" run "$work/t.dbn" --engine rtl --prompt 'And the ' --generate 16 --json "$work/r.json" --record "$work/r.rec" >/dev/null
same() { # key: equal in both reports
  [ "$(grep "\"$1\"" "$work/f.json")" = "$(grep "\"$1\"" "$work/r.json")" ] && grep -q "\"$1\"" "$work/f.json"
}
check "rtl and functional write the same text" same text
cp "$model" "$work/self.onnx"
refuses "compile over its own model" "self.onnx: is a file that this command reads" "$dalbit" compile "$work/self.onnx" -o "$work/self.onnx"
check "the float engine continues text" sh -c "$dalbit run $model --engine float --prompt 'And the ' --generate 4 | grep -q '^And the ....'"
check "rtl and functional leave the same memory" same memory_sha256
check "the rtl reports energy per token" grep -q '"per_token"' "$work/r.json"
check "rtl and functional record the same values" cmp "$work/f.rec" "$work/r.rec"
timing() { # report, prompt, options
  local json=$1 prompt=$2
  shift 2
  "$dalbit" run "$work/t.dbn" --engine fast --timing-only --prompt "$prompt" --generate 16 --json "$json" "$@"
}
check "timing only" sh -c "$dalbit run $work/t.dbn --engine fast --timing-only | grep -q '^timing only, run-time values are seeded'"
timing "$work/t.json" 'And the ' --replay "$work/r.rec" >"$work/stdout"
check "timing only, replayed: the rtl's cycles, counters and energy, no data" /usr/bin/python3 -c "
import json
t, r = (json.load(open('$work/' + f)) for f in ('t.json', 'r.json'))
exit(t['run_time_values'] != 'replayed' or 'text' in t or 'memory_sha256' in t or 'And the' in open('$work/stdout').read()
     or any(t[k] != r[k] for k in ('cycles', 'counters', 'energy_j', 'bound_j', 'tokens')))"
# Layers alone: the first ones copy only, the last one of the decode step too.
count=$("$dalbit" inspect "$work/t.dbn" | grep -c '^layer')
alone() { # report, engine, options
  local json=$1 engine=$2
  shift 2
  "$dalbit" run "$work/t.dbn" --engine "$engine" --prompt 'And the LORD said unto Moses, And the' --generate 3 --json "$json" "$@" >"$work/stdout"
}
alone "$work/f.json" fast
alone "$work/l.json" rtl --from-layer 0 --layers "$count"
check "all layers of a decode step on the rtl, the rest as in a run on fast" /usr/bin/python3 - "$work" "$count" <<'P'
import json, sys
whole, run = (json.load(open(sys.argv[1] + "/" + f)) for f in ("f.json", "l.json"))
layers, count = run["layers"], int(sys.argv[2])
rows = layers["cycles"]
sys.exit(any(run[k] != whole[k] for k in ("cycles", "counters", "energy_j", "text", "memory_sha256", "tokens"))
         or [layers[k] for k in ("step", "steps", "phase")] != [2, 3, "decode"] or layers["fast"] or len(layers["rtl"]) != count
         or [row["layer"] for row in rows] != list(range(count)) or any(row["parts"] < 1 for row in rows)
         or not 0.8 < sum(row["alone"] for row in rows) / sum(row["in_run"] for row in rows) < 1.2
         or sum(row["in_run"] for row in rows) > whole["cycles"]["decode"])
P
alone "$work/l.json" rtl --from-layer 5 --layers 2 --step 0
check "the text says which layers were on the rtl" grep -q "^layers   step 0 of 0 .. 2 (prefill): 2 on rtl, $((count - 2)) on fast" "$work/stdout"
check "two layers of a prefill of two blocks on the rtl" /usr/bin/python3 -c "
import json
layers = json.load(open('$work/l.json'))['layers']
rows = [row for row in layers['cycles'] if row['engine'] == 'rtl']
exit([(row['layer'], row['parts']) for row in rows] != [(5, 2), (6, 2)] or layers['rtl'] != [row['name'] for row in rows]
     or len(layers['fast']) != $count - 2 or any(not 0.9 < row['alone'] / row['in_run'] < 1.1 for row in rows))"
alone "$work/l.json" fast --from-layer 5 --layers 2 --step 0
check "the same on fast alone" grep -q "^layers .*: 0 on rtl, $count on fast" "$work/stdout"
# Exact as the rtl, so no model of edge has to be built. Head by head and with the chunks of a block it would be 5,400.
"$dalbit" run "$model" --target edge --engine fast --tokens 65 --position 2 --kv seed --generate 33 --json "$work/edge.json" >/dev/null
check "instructions cost less than 3 % of a decode step" /usr/bin/python3 - "$work/edge.json" <<'P'
import json, sys
run = json.load(open(sys.argv[1]))
wait = max(run["counters"][unit + ".seq_wait"] for unit in ("dma_in", "matrix", "vector"))
sys.exit(run["tokens"]["decode"] != 33 or wait >= 0.03 * run["cycles"]["total"])
P
check "a step takes heads together and weights by the slot" /usr/bin/python3 -c "
import json
exit(json.load(open('$work/edge.json'))['counters']['sequencer.instructions'] >= 33 * 3500)"
"$dalbit" run "$example/../tiny-kogpt/tiny-kogpt.onnx" --prompt '컴퓨터' --generate 40 --json "$work/korean.json" >"$work/korean"
check "Korean in, Korean out, the same on terminal and in the report" /usr/bin/python3 - "$work" <<'P'
import json, sys
shown = open(sys.argv[1] + "/korean", encoding="utf-8").read()
text = json.load(open(sys.argv[1] + "/korean.json"))["text"]
sys.exit(shown != "컴퓨터" + text + "\n" or sum("가" <= c <= "힣" for c in text) < 8)
P
# No byte of the Bible completes the Korean syllable that the prompt begins.
broken=$(printf '\354\273')
check "broken UTF-8 is printed as U+FFFD" sh -c \
  "$dalbit run $work/t.dbn --prompt '한글$broken' --generate 8 | head -1 | iconv -f UTF-8 | grep -q '^한글�'"
check "verify: every step agrees with the next" "$dalbit" verify "$model" --target nano
# A data set as the standard lays it out (files are told by their content, so .npy will do): five tokens, no past.
mkdir -p "$work/sets/test_data_set_0"
PYTHONPATH=$(dirname "$0") /usr/bin/python3 -B - "$work/sets/test_data_set_0" <<'P'
import npy, struct, sys
npy.write(sys.argv[1] + "/input_0.pb", "<i8", (1, 5), struct.pack("<5q", *b"And t"))
for i in range(1, 9): npy.write(f"{sys.argv[1]}/input_{i}.pb", "<f4", (1, 3, 0, 64), b"")
P
past=$(for i in 0 1 2 3; do for part in key value; do echo "--input past_key_values.$i.$part=$work/sets/test_data_set_0/input_1.pb"; done; done)
"$dalbit" run "$model" --engine float --input input_ids="$work/sets/test_data_set_0/input_0.pb" $past --output "$work/float" >/dev/null
cp "$work/float/logits.npy" "$work/sets/test_data_set_0/output_0.pb"
"$dalbit" verify "$model" --cases "$work/sets" >"$work/noise"
check "verify --cases: noise of an output and of each layer" /usr/bin/python3 - "$work/noise" <<'P'
import re, sys
text = open(sys.argv[1]).read()
logits = float(re.search(r"output logits +([\d.]+) dB", text)[1])
rows = re.findall(r"(linear|attention) +(\S+) +(\S+) +([\d.]+)$", text, re.M)
whole = float(rows[-1][3])
# Layers are tried, and what those named gain is said.
before, after, names = re.search(r"worst output ([\d.]+) -> ([\d.]+) dB with --int16 (\S+)$", text, re.M).groups()
names = names.split(",")
tried = dict(re.findall(r"^  (\S+) +alone in int16: \+([\d.]+) dB", text, re.M))
sys.exit(not (25 < logits < 80 and abs(whole - logits) < 0.2 and len(rows) == 4 * 7 + 1
              and float(after) > float(before) and names[0] in tried and len(tried) <= 8))
P
"$dalbit" verify "$model" --no-rtl --input input_ids="$work/sets/test_data_set_0/input_0.pb" $past >"$work/given"
check "verify: inputs at hand decide, a cache of no position too" sh -c "grep -q '^ok    qnn        functional  bit for bit' $work/given"
check "rows of 16 bits for one layer" sh -c "$dalbit compile $model --int16 /model/h.0/c_fc/Gemm --emit qnn | grep -c 'qnn.linear.* low ' | grep -qx 1"
refuses "16 bits for a layer that is not there" "no linear layer comes from" "$dalbit" compile "$model" -o "$work/out/x.dbn" --int16 /model/h.0/attn/MatMul
refuses "no data sets" "no test_data_set" "$dalbit" verify "$model" --cases "$example"
check "eval" sh -c "head -c 700 $example/heldout.txt > $work/text && $dalbit eval $model --text $work/text | grep -q 'bits per byte over 699 bytes'"
cached() { "$dalbit" run "$work/t.dbn" --engine "$1" --tokens 5 --position 100 --kv seed --generate 2 --json "$work/$2.json" >/dev/null; }
cached functional f && cached rtl r
check "a seeded cache gives the same memory on both engines" same memory_sha256
"$dalbit" run "$work/t.dbn" --prompt 'And the L' --generate 4 --output "$work/kv" --json "$work/f.json" >/dev/null
# The cache then holds all but the last of 12 tokens; the text goes on as if it had not been interrupted.
"$dalbit" run "$work/t.dbn" --prompt 'And the L' --generate 5 --json "$work/whole.json" >/dev/null
last=$(/usr/bin/python3 -c "import json; t = json.load(open('$work/f.json'))['text']; print(ord(t[-1]))")
"$dalbit" run "$work/t.dbn" --tokens "$last" --position 12 --kv "$work/kv" --generate 1 --json "$work/r.json" >/dev/null
check "a stored cache goes on where it was left" /usr/bin/python3 -c "
import json; whole, part = (json.load(open('$work/' + f))['text'] for f in ('whole.json', 'r.json'))
exit(whole[-1] != part)"
# The same model, which does not say that it reads bytes, with a BPE of single bytes beside it.
mkdir "$work/bpe"
/usr/bin/python3 - "$model" "$work/bpe" <<'P'
import json, sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[2] + "/model.onnx", "wb").write(data.replace(b"dalbit.tokenizer", b"dalbit.tokenless"))
own = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
names = {b: chr(b) for b in own} | {b: chr(256 + i) for i, b in enumerate(sorted(set(range(256)) - set(own)))}
json.dump({"model": {"type": "BPE", "vocab": {names[b]: b for b in range(256)}, "merges": []},
           "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False}}, open(sys.argv[2] + "/tokenizer.json", "w"))
P
"$dalbit" compile "$work/bpe/model.onnx" -o "$work/bpe.dbn" --target nano
"$dalbit" run "$work/bpe.dbn" --prompt 'And the L' --generate 5 --json "$work/part.json" >/dev/null
same_text() { [ "$(grep '"text"' "$work/part.json")" = "$(grep '"text"' "$work/whole.json")" ] && grep -q '"text"' "$work/whole.json"; }
check "a tokenizer.json beside the model is used" same_text
mkdir "$work/mute"
cp "$work/bpe/model.onnx" "$work/mute"
refuses "a prompt without a tokenizer" "does not say how it reads text" "$dalbit" run "$work/mute/model.onnx" --prompt a --generate 1
sed 's/"BPE"/"Unigram"/' "$work/bpe/tokenizer.json" >"$work/mute/tokenizer.json"
refuses "a tokenizer of another kind" "Unigram" "$dalbit" run "$work/mute/model.onnx" --prompt a --generate 1
check "half the clock, other cycles" sh -c "$dalbit run $work/t.dbn --engine rtl --tokens 5 --generate 2 --frequency 200 | grep -q 'engine rtl'"
"$dalbit" compile "$model" -o "$work/fixed.dbn" --target nano --shape input_ids=1,16
"$dalbit" run "$work/fixed.dbn" --prompt 'And the L' --generate 5 --json "$work/part.json" >/dev/null
check "a number of tokens that the model fixes: others run too" same_text
check "targets print TOML that loads" sh -c "$dalbit targets nano > $work/mine.toml && $dalbit compile $model -o $work/m.dbn --target $work/mine.toml"
compared() {
  "$dalbit" compare "$model" --targets nano,edge --prompt 'And the L' --prompt 'In ' --generate 5 --json "$work/compare.json" >"$work/compare" &&
    "$dalbit" run "$work/t.dbn" --engine fast --prompt 'And the L' --generate 5 --json "$work/part.json" >/dev/null
}
check "compare runs" compared
check "compare: a line each, and the figures of single runs" /usr/bin/python3 -c "
import json; all, one = (json.load(open('$work/' + f)) for f in ('compare.json', 'part.json'))
runs = all['runs']
exit([(r['target'], r['prompt']) for r in runs] != [(t, p) for t in ('nano', 'edge') for p in ('And the L', 'In ')]
     or any(runs[0][k] != one[k] for k in ('cycles', 'counters', 'text', 'energy_j')) or len(open('$work/compare').readlines()) != 5)"
fuzzed() { "$dalbit" fuzz --programs 16 --seed 3 --target nano --json "$work/fuzz.json" && grep -q '"mismatches": 0' "$work/fuzz.json" && grep -q '"matrix.w_form.w4"' "$work/fuzz.json"; }
check "fuzz: engines agree" fuzzed
printf '.target nano\n.memory 1\n.stalls 3 50 20\nli r9, 5\nloop r9, +1\nnop\nhalt\n' >"$work/case.s"
check "fuzz: a case is replayed" sh -c "$dalbit fuzz --replay $work/case.s | grep -q 'cycles, no difference'"
printf '0 R 0\n0 R 40\n0 W 80\n' | gzip >"$work/trace.gz"
check "a DRAM trace" sh -c "$dalbit dram $work/trace.gz --device lpddr5-6400-x32 --window 2 --refresh per-bank --json $work/dram.json | grep -q '^3 requests on lpddr5-6400-x32'"
check "its report" /usr/bin/python3 -c "
import json; run = json.load(open('$work/dram.json'))
exit(not (run['total_ns'] > 40 and run['rd_lat_p99_ns'] >= run['rd_lat_avg_ns'] > 20 and run['bandwidth_gb_s'] > 1
          and run['commands']['read'] == 2 and run['commands']['write'] == 1 and run['row_hit_rate'] <= 0
          and run['pj_per_bit'] > 1))"

# Bad input.
refuses "a bad line of a fuzz case" "bad.s:2" sh -c "printf '.target nano\nnop r1\n' >$work/bad.s; $dalbit fuzz --replay $work/bad.s"
head -c 100000 "$model" >"$work/short.onnx"
refuses "truncated model" "short.onnx: .*it has 100000 bytes" "$dalbit" compile "$work/short.onnx" -o "$work/out/x.dbn"
: >"$work/empty.onnx"
refuses "empty model" "the file is empty" "$dalbit" compile "$work/empty.onnx" -o "$work/out/x.dbn"
refuses "an input that is given twice" "given twice" "$dalbit" run "$model" --input x="$work/sets/test_data_set_0/input_0.pb" --input x="$work/sets/test_data_set_0/input_0.pb"
refuses "a clock without time" "has no time" "$dalbit" run "$model" --frequency 200
check "an unknown command is named" sh -c "$dalbit nonsense 2>&1 | grep -q \"^error: 'nonsense'\""
refuses "missing model" "none.onnx" "$dalbit" compile "$work/none.onnx" -o "$work/out/x.dbn"
head -c 50000 "$work/t.dbn" >"$work/short.dbn"
refuses "truncated binary" "short.dbn" "$dalbit" run "$work/short.dbn"
refuses "context past the position table" "position table" "$dalbit" compile "$model" -o "$work/out/x.dbn" --max-context 4096
refuses "unknown DRAM device" "lpddr9" "$dalbit" dram "$work/trace.gz" --device lpddr9 --json "$work/out/d.json"
refuses "no refresh of single banks" "no per-bank refresh" "$dalbit" dram "$work/trace.gz" --device ddr4-3200-x64 --refresh per-bank --json "$work/out/d.json"
echo '0 R 40
5 X 80' >"$work/bad.txt"
refuses "bad line of a trace" "bad.txt:2: line is not" "$dalbit" dram "$work/bad.txt" --device ddr4-3200-x64 --json "$work/out/d.json"
echo '0 R ffffffffff' >"$work/far.txt"
refuses "address past the DRAM" "far.txt:1: .*past the 8192 MiB" "$dalbit" dram "$work/far.txt" --device ddr4-3200-x64 --json "$work/out/d.json"
: >"$work/none.txt"
refuses "empty trace" "none.txt: has no requests" "$dalbit" dram "$work/none.txt" --device ddr4-3200-x64 --json "$work/out/d.json"
refuses "4-bit weights on 64 lanes" "use --weights w8" "$dalbit" compile "$model" -o "$work/out/x.dbn" --target server --weights w4
refuses "fuzz on a target without room" "too small for random programs" sh -c "$dalbit targets edge | sed 's/^row_scalars = .*/row_scalars = 16/' >$work/few.toml; $dalbit fuzz --programs 8 --target $work/few.toml --json $work/out/f.json"
# changed NAME SED_SCRIPT: the target NAME.toml, edge with a line changed.
changed() { "$dalbit" targets edge | sed "$2" >"$work/$1.toml"; }
changed small 's/^kib = .*/kib = 64/'
refuses "a target whose scratchpad is too small" "scratchpad.kib = 64 is too small, it takes 128" "$dalbit" compile "$model" -o "$work/out/x.dbn" --target "$work/small.toml"
check "which context would fit" grep -q '^note: --max-context 192 fits$' "$work/stderr"
check "it does" "$dalbit" compile "$model" -o "$work/short.dbn" --target "$work/small.toml" --max-context 192
changed scalars 's/^row_scalars = .*/row_scalars = 16/'
check "a target with few row scalars takes a row at a time" "$dalbit" compile "$model" -o "$work/few.dbn" --target "$work/scalars.toml"
changed mib 's/^capacity_mib = .*/capacity_mib = 2/'
refuses "a target whose DRAM is too small" "mib.toml:27: dram.capacity_mib = 2 is too small for .*needs 3 MiB" "$dalbit" compile "$model" -o "$work/out/x.dbn" --target "$work/mib.toml"
changed more 's/^capacity_mib = .*/capacity_mib = 8192/'
refuses "more DRAM than the device has" "more.toml:27: dram.capacity_mib: DRAM device lpddr5-6400-2x16-16gb has 4096 MiB, the target wants 8192" "$dalbit" targets "$work/more.toml"
changed clock 's/^mhz = .*/mhz = 803/'
refuses "a clock in no ratio" "clock.toml:30: clock.mhz: clocks of 803 MHz" "$dalbit" fuzz --programs 1 --target "$work/clock.toml"
check "which clocks are near" grep -q '^note: .*: 800 or 812 MHz$' "$work/stderr"
changed tile 's/^outputs = .*/outputs = 8/;s/^lanes = .*/lanes = 8/'
refuses "an array smaller than a word of weights" "tile.toml:8: array.lanes = 8 and array.outputs = 8" "$dalbit" run "$model" --engine rtl --target "$work/tile.toml"
changed memory 's/^device = .*/device = "lpddr9"/'
refuses "a target with an unknown device" "memory.toml:26: dram.device: DRAM device 'lpddr9'" "$dalbit" compile "$model" -o "$work/out/x.dbn" --target "$work/memory.toml"
refuses "a dimension past all sizes" "above 1048576" "$dalbit" compile "$model" -o "$work/out/x.dbn" --shape input_ids=1,99999999
refuses "compare with an unknown target" "target moon" "$dalbit" compare "$model" --targets edge,moon --json "$work/out/c.json"
refuses "compare a binary for other targets" "compiled already" "$dalbit" compare "$work/t.dbn" --targets edge --json "$work/out/c.json"
refuses "unknown target" "moon" "$dalbit" compile "$model" -o "$work/out/x.dbn" --target moon
refuses "prompt longer than the context" "positions" "$dalbit" run "$work/t.dbn" --prompt "$(head -c 300 "$example/heldout.txt")" --generate 4
refuses "token outside the vocabulary" "999" "$dalbit" run "$work/t.dbn" --tokens 999 --generate 1
refuses "cache of another length" "hold 12 positions" "$dalbit" run "$work/t.dbn" --tokens 5 --position 13 --kv "$work/kv"
refuses "cache that is not there" "none" "$dalbit" run "$work/t.dbn" --tokens 5 --position 13 --kv "$work/none"
refuses "a record of another prompt" "other tokens" timing "$work/out/j" 'And' --replay "$work/r.rec"
refuses "a record that is too short" "ends before start 17" "$dalbit" run "$work/t.dbn" --engine fast --timing-only --prompt 'And the ' --generate 17 --replay "$work/r.rec"
refuses "a record of another program" "another program" "$dalbit" run "$model" --target edge --engine fast --timing-only --replay "$work/r.rec"
head -c 200 "$work/r.rec" >"$work/cut.rec"
refuses "a record that is cut off" "cut.rec: .*cut off" timing "$work/out/j" 'And the ' --replay "$work/cut.rec"
refuses "a record that is none" "t.dbn: not a record" timing "$work/out/j" 'And the ' --replay "$work/t.dbn"
refuses "timing of another engine" "add\|fast engine" "$dalbit" run "$work/t.dbn" --engine rtl --timing-only
refuses "a replay with data" "needs --timing-only" "$dalbit" run "$work/t.dbn" --engine fast --replay "$work/r.rec"
refuses "a record of a run without data" "no run-time values" timing "$work/out/j" 'And the ' --record "$work/out/r"
refuses "outputs of a run without data" "no --output" timing "$work/out/j" 'And the ' --output "$work/out/o"
refuses "a layer that does not exist" "has $count layers, 0 .. $((count - 1))" "$dalbit" run "$work/t.dbn" --engine rtl --tokens 5 --from-layer "$count" --json "$work/out/j"
refuses "more layers than there are" "has $count layers" "$dalbit" run "$work/t.dbn" --engine fast --tokens 5 --from-layer 5 --layers "$count" --json "$work/out/j"
refuses "a step that is not run" "the run's last step is 0" "$dalbit" run "$work/t.dbn" --engine fast --tokens 5 --from-layer 5 --step 1 --json "$work/out/j"
refuses "layers on an engine without time" "know time" "$dalbit" run "$work/t.dbn" --tokens 5 --from-layer 5 --json "$work/out/j"
refuses "layers of a float run" "know time" "$dalbit" run "$model" --engine float --tokens 5 --from-layer 5 --json "$work/out/j"
refuses "layers without data" "needs data" timing "$work/out/j" 'And the ' --from-layer 5
check "layers from nowhere" sh -c "$dalbit run $work/t.dbn --engine fast --tokens 5 --layers 2 2>&1 | grep -q '^error: .*--from-layer'"
refuses "a record of the float engine" "float engine" "$dalbit" run "$model" --engine float --record "$work/out/r"
refuses "cache without a position" "needs --position" "$dalbit" run "$work/t.dbn" --tokens 5 --kv seed
# Destinations are looked at first: nothing runs before the error.
early() { # NAME PATTERN COMMAND...: refused without a word of a result
  refuses "$@"
  check "$1: before it runs" [ ! -s "$work/stdout" ]
}
early "a report in no folder" "no folder .*nowhere" "$dalbit" run "$work/t.dbn" --engine fast --tokens 5 --json "$work/nowhere/j"
early "a record in no folder" "no folder" "$dalbit" run "$work/t.dbn" --engine fast --tokens 5 --record "$work/nowhere/r"
early "outputs in a file" "is no folder" "$dalbit" run "$work/t.dbn" --engine fast --tokens 5 --output "$work/t.dbn/o"
early "report and record in one file" "--json and --record both write" "$dalbit" run "$work/t.dbn" --engine fast --tokens 5 --json "$work/out/a" --record "$work/out/../out/a"
early "a report over the model" "is a file that this command reads" "$dalbit" run "$work/self.onnx" --engine fast --tokens 5 --json "$work/self.onnx"
early "a folder as a report" "Is a directory" "$dalbit" eval "$work/t.dbn" --text "$work/text" --json "$work"
early "an outcome of fuzz in no folder" "no folder" "$dalbit" fuzz --programs 1 --json "$work/nowhere/j"
early "an outcome of compare in no folder" "no folder" "$dalbit" compare "$model" --json "$work/nowhere/j"
early "a report over the trace" "reads" "$dalbit" dram "$work/trace.gz" --device lpddr5-6400-x32 --json "$work/trace.gz"
mkdir "$work/links"
ln -s target.json "$work/links/a.json"
"$dalbit" run "$work/t.dbn" --tokens 5 --json "$work/links/a.json" >/dev/null
check "a link to nothing yet stays a link" [ -L "$work/links/a.json" ]
check "the file that it names is made" grep -q '"engine"' "$work/links/target.json"
"$dalbit" run "$work/t.dbn" --engine fast --tokens 5 --json /dev/stdout >"$work/both"
check "standard output in a file: all of it, in order" sh -c "head -1 $work/both | grep -q '^engine fast' && tail -1 $work/both | grep -q '^}'"
check "standard output as a pipe" sh -c "$dalbit run $work/t.dbn --tokens 5 --json /dev/stdout | grep -q memory_sha256"
check "nobody wants the results" sh -c "$dalbit run $work/t.dbn --tokens 5 --json /dev/null --record /dev/null >/dev/null && [ -c /dev/null ]"
mkfifo "$work/pipe"
refuses "a pipe as a model" "pipe: is a pipe" timeout 20 "$dalbit" inspect "$work/pipe"
truncate -s 1G "$work/hole"
for file in "$work/pipe" /dev/zero "$work/links" "$work/hole"; do
  refuses "no text as a target: $file" "${file##*/}: \(is a\|has 1073741824 bytes\)" timeout 20 "$dalbit" compile "$model" -o "$work/out/x.dbn" --target "$file"
done
refuses "a folder as a model" "links: is a folder" "$dalbit" run "$work/links"
refuses "a result that is none" "has no result 'nothing'" "$dalbit" compile "$model" -o "$work/out/x.dbn" --results nothing
"$dalbit" compile "$model" -o "$work/kept.dbn" --results logits 2>/dev/null
check "results that are not wanted are left out" sh -c "$dalbit inspect $work/kept.dbn | grep -q '^tensor *logits' && ! $dalbit inspect $work/kept.dbn | grep -q '^tensor *present'"
for option in "" "--results logits"; do
  "$dalbit" run "$model" --engine float $option --tokens 5 --generate 3 --output "$work/said$option" >"$work/said.text$option"
done
check "the float engine keeps its caches too" cmp "$work/said.text" "$work/said.text--results logits"
check "what is left out is not written" [ "$(ls "$work/said--results logits")" = logits.npy ]
check "compare takes results" sh -c "$dalbit compare $model --results logits --targets nano --generate 2 | grep -q nano"
check "inspect takes results" sh -c "$dalbit inspect $model --results logits | grep -q '^output *logits' && ! $dalbit inspect $model --results logits | grep -q '^output *present'"
for command in inspect compare; do
  refuses "results of a binary: $command" "is compiled already, for .*--results has no effect" "$dalbit" $command "$work/t.dbn" --results logits
done
check "the NPU keeps them itself" sh -c "$dalbit run $model --engine functional --results logits --tokens 5 --generate 4 >$work/kept && $dalbit run $model --engine functional --tokens 5 --generate 4 | cmp - $work/kept"
refuses "a binary to compile" "is a compiled binary" "$dalbit" compile "$work/t.dbn" -o "$work/out/x.dbn"
refuses "a binary to verify" "is a compiled binary" "$dalbit" verify "$work/t.dbn"
cp "$work/t.dbn" "$work/flipped.dbn"
printf '\377\377' | dd of="$work/flipped.dbn" bs=1 seek=200000 conv=notrunc 2>/dev/null
for command in inspect "eval --text $work/text" compare; do
  refuses "a wrong checksum: $command" "checksum is wrong" "$dalbit" $command "$work/flipped.dbn"
  check "what takes it is named" grep -q '^note: .dalbit run --ignore-checksum' "$work/stderr"
done
# The type of ids on every engine: integers of another width convert, floats do not, numbers too large are named.
PYTHONPATH=$(dirname "$0") /usr/bin/python3 -B - "$work" <<'P'
import npy, struct, sys
npy.write(sys.argv[1] + "/i4.npy", "<i4", (1, 5), struct.pack("<5i", *b"And t"))
npy.write(sys.argv[1] + "/f4.npy", "<f4", (1, 5), struct.pack("<5f", *b"And t"))
npy.write(sys.argv[1] + "/u8.npy", "<u8", (1, 1), struct.pack("<Q", 2**63))
P
for engine in float functional fast; do
  typed() { "$dalbit" run "$model" --engine $engine --input input_ids="$1" $past --output "$work/typed"; }
  rm -rf "$work/typed"
  refuses "floats as ids on $engine" "elements of type float, the model wants int64" typed "$work/f4.npy"
  refuses "an id past its type on $engine" "value 0 is .* int64 does not hold" typed "$work/u8.npy"
  check "nothing is written" [ ! -e "$work/typed" ]
  typed "$work/i4.npy" >/dev/null 2>&1
  check "int32 as ids on $engine" [ -s "$work/typed/logits.npy" ]
done
# The standard's own data for bfloat16 are its bits as uint16.
node=/usr/share/libonnx-testdata/data/node/test_cast_BFLOAT16_to_FLOAT
check "bits as bfloat16" "$dalbit" run $node/model.onnx --engine float --input input=$node/test_data_set_0/input_0.pb --output "$work/bits"
# An operator set that nobody knows yet, in place of the last one that the file imports.
/usr/bin/python3 - "$model" "$work/future.onnx" <<'P'
import re, sys
data = open(sys.argv[1], "rb").read()
at = [m for m in re.finditer(rb"\x42(?:\x04\x0a\x00\x10|\x02\x10)[\x0b-\x15]", data)][-1].end() - 1
open(sys.argv[2], "wb").write(data[:at] + bytes([99]) + data[at + 1:])
P
check "an unknown operator set is said, once" sh -c "$dalbit compile $work/future.onnx -o $work/future.dbn 2>&1 | grep -c '^warning: .*opset 99 is newer than' | grep -qx 1"
# Two designs of one name.
changed slow 's/^mhz = .*/mhz = 400/'
"$dalbit" compare "$model" --targets "edge,$work/slow.toml" --generate 2 --timing-only --json "$work/compare.json" >"$work/compare"
check "compare tells files of one name apart" sh -c "grep -q '^edge  ' $work/compare && grep -q '^\.\..*slow.toml  ' $work/compare"
check "so does its report" grep -q '"target_file": ".*slow.toml"' "$work/compare.json"
sed 's/"vocab"/"vocab":/' "$work/bpe/tokenizer.json" >"$work/mute/tokenizer.json"
refuses "a tokenizer that is no JSON" "tokenizer.json:1: is no JSON from byte" "$dalbit" run "$work/mute/model.onnx" --prompt a --generate 1
refuses "full device" "dev/full" "$dalbit" compile "$model" -o /dev/full --target nano
check "a device stays a device" [ -c /dev/full ]
refuses "full standard output" "standard output" sh -c "$dalbit targets edge >/dev/full"
refuses "full disk" "dev/full\|No space\|cannot\|space" sh -c "ulimit -f 100; $dalbit compile $model -o $work/out/x.dbn --target nano"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
