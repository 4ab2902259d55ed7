// Builds the set-up page: node build.mjs MODULES OUT
// MODULES is the node_modules directory of package-lock.json; OUT receives setup.html,
// setup.css and setup.js. The same sources and tools give the same bytes everywhere:
// the module is compressed by a library, because the zlib of a Node differs by machine.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, out] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const load = createRequire(join(modules, "x.js"));
const esbuild = load("esbuild");
const { gzip } = load("pako");

const go = (...args) => execFileSync("go", args, { cwd: here, encoding: "utf8", env: { ...process.env, GOOS: "js", GOARCH: "wasm" } }).trim();

const work = mkdtempSync(join(tmpdir(), "setup-page-"));
try {
  const module = join(work, "module.wasm");
  // Without inlining the module is larger and the page smaller, once it is compressed.
  go("build", "-trimpath", "-buildvcs=false", "-gcflags=all=-l", "-ldflags=-s -w", "-o", module, ".");
  writeFileSync(join(work, "module.wasm.gz"), gzip(readFileSync(module), { level: 9 }));
  mkdirSync(out, { recursive: true });
  await esbuild.build({
    entryPoints: [join(here, "web", "page.ts")],
    outfile: join(out, "setup.js"),
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
    nodePaths: [modules],
    loader: { ".gz": "binary" },
    alias: { "module.wasm.gz": join(work, "module.wasm.gz"), wasm_exec: join(go("env", "GOROOT"), "lib", "wasm", "wasm_exec.js") },
  });
  for (const name of ["setup.html", "setup.css"]) copyFileSync(join(here, "web", name), join(out, name));
} finally {
  rmSync(work, { recursive: true });
}
