// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import { createRequire } from 'node:module';
import ort from 'onnxruntime-node';

const session = await ort.InferenceSession.create(process.argv[2], {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const bytes = Uint8Array.from({ length: 128 * 768 }, (_, i) => (i * 7919) % 256);
const feeds = { a: new ort.Tensor('uint8', bytes, [128, 768]) };
await session.run(feeds);
let best = Infinity;
for (let i = 0; i < 200; ++i) {
  const begin = process.hrtime.bigint();
  await session.run(feeds);
  best = Math.min(best, Number(process.hrtime.bigint() - begin));
}
const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json');
const rate = (128 * 768 * 3072) / best;
console.log(`onnxruntime ${version}, MatMulInteger u8 x s8: ${rate.toFixed(1)} GMAC/s`);
