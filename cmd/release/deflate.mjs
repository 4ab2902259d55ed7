// Compresses the programs for the package, two or more at once.
//
//   node cmd/release/deflate.mjs NODE_MODULES BIN OUT
//
// pako is zlib in JavaScript. It makes 2.4 % less of a program than the encoders that
// are written in Go, and the same bytes on every machine, as the zlib of a Node does not.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

const [modules, bin, out] = process.argv.slice(2).map((path) => resolve(path));

if (isMainThread) {
  mkdirSync(out);
  for (const name of readdirSync(bin)) {
    new Worker(new URL(import.meta.url), { argv: process.argv.slice(2), workerData: name });
  }
} else {
  const { deflateRaw } = createRequire(join(modules, 'x.js'))('pako');
  writeFileSync(join(out, workerData), deflateRaw(readFileSync(join(bin, workerData)), { level: 9 }));
}
