// Plays the steps of the set-up page's tests in Chromium. Standard input is one JSON
// document, written by the Go test. Standard output is one JSON document a line for each
// step: { name, error, seen, milliseconds }.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import * as denied from "./denied.mjs";
import * as whole from "./page.mjs";
import * as setUp from "./setup.mjs";

const config = JSON.parse(readFileSync(0, "utf8"));
const load = createRequire(join(resolve(config.modules), "x.js"));
const { chromium } = load("playwright-core");

const browser = await chromium.launch({
  executablePath: config.chromium,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--site-per-process"],
});

/** How long a step waits for something, in milliseconds: a machine can be very busy. */
const patience = 120_000;

const kept = new Map();

/** Opens a page. Steps that give the same name to keep share one, one after the other. */
async function open({ keep, ...options } = {}) {
  if (!keep) return openNew(options);
  if (!kept.has(keep)) kept.set(keep, await openNew(options));
  return kept.get(keep);
}

/** One opened page: the page of the host, the frame of the extension, and what went wrong. */
async function openNew({ fragment = "", context = {}, project = "payments", org = "contoso-eng", wait = "html[data-usable]", slow = false, ...query } = {}) {
  const made = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context });
  made.setDefaultTimeout(patience);
  const page = await made.newPage();
  const errors = [], requests = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  if (slow) await slowDown(await made.newCDPSession(page));
  await page.goto(`${config.host}/${org}/${encodeURIComponent(project)}/_settings/${config.hub}?${new URLSearchParams(query)}${fragment}`);
  const frame = await (await page.waitForSelector("iframe")).contentFrame();
  if (wait) await frame.waitForSelector(wait);
  return { page, frame, errors, requests, asked: () => page.evaluate(() => window.asked), close: () => made.close() };
}

/** 10 Mbit/s, 40 ms and a processor of a quarter of the speed. */
async function slowDown(devtools) {
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: 40, downloadThroughput: 1.25e6, uploadThroughput: 1.25e6 });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
}

/** Fails with both values when they differ. */
function same(got, want, what) {
  const [a, b] = [got, want].map((v) => JSON.stringify(v));
  if (a !== b) throw new Error(`${what}: got ${a}, want ${b}`);
}

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

const axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

for (const [name, step] of Object.entries({ ...setUp.steps, ...denied.steps, ...whole.steps })) {
  const opened = [];
  const tools = { config, axe, same, holds, open: async (...o) => (opened.push(await open(...o)), opened.at(-1)) };
  const began = Date.now();
  let error = "", seen;
  try {
    seen = await step(tools);
    for (const o of opened) same(o.errors, [], "errors in the console");
  } catch (e) {
    error = String(e.message ?? e).slice(0, 2000);
  }
  const still = [...kept.values()];
  for (const o of opened) if (!still.includes(o)) await o.close();
  console.log(JSON.stringify({ name, error, seen, milliseconds: Date.now() - began }));
}
await browser.close();
