// What the page asks of the Go program, and how that program starts. Its JSON is
// written by cmd/setup-page and pkg/setuppage.
import "wasm_exec";
import compressed from "module.wasm.gz";

export interface Host {
  org: string;
  orgId: string;
  project: string;
  /** The task's name, which differs in a private build. */
  task: string;
}

/** A problem of one field of the form, named as the flag of the command line. */
export interface Problem {
  field: string;
  text: string;
}

/** What the form says, by field; the fields are named as the flags of the command line. */
export type Form = Record<string, string | boolean>;

export interface Role {
  problems?: Problem[];
  formats?: Record<string, string>;
  providers?: { url: string; clientIds: string[] }[];
  notes?: string[];
  steps?: { profile: string; variables: string; check: string };
}

export interface Recognised {
  role?: { partition: string; account: string; role: string };
  connection?: { org: string; project: string; id: string };
}

export interface Test {
  holds: boolean;
  text: string;
  /** The operator and the key of a condition. */
  name?: string;
  want?: string[];
  got?: string[];
}

export interface Statement {
  number: number;
  sid?: string;
  effect: string;
  applies: boolean;
  reasons: Test[];
}

export interface Finding {
  level: "error" | "warning" | "info";
  statement?: number;
  text: string;
}

export interface Verdict {
  passes: boolean;
  allowed: boolean;
  decision: { statements: Statement[] | null };
  findings: Finding[] | null;
}

export interface Denial {
  iss: string;
  sub: string;
  aud: string;
  oaud?: string;
  role?: string;
  code?: string;
}

export interface Diagnosis {
  denial?: Denial;
  kind?: string;
  owner?: { ours: boolean; text: string };
  needsAccount?: boolean;
  problem?: string;
  verdict?: Verdict;
  statement?: string;
  document?: string;
  unusable?: string;
}

export interface Engine {
  setUp(form: Form): Role;
  recognise(text: string): Recognised;
  diagnose(request: { log: string; fragment: string; policy: string; account: string; host: Host }): Diagnosis;
}

declare class Go {
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

/**
 * Starts the program that the page carries. It rejects where the browser or a policy
 * forbids WebAssembly.
 */
export async function start(): Promise<Engine> {
  const unpacked = new Response(new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip")));
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(await unpacked.arrayBuffer(), go.importObject);
  const calls = await new Promise<Record<string, (request: string) => string>>((resolve, reject) => {
    Object.assign(globalThis, { setUpPage: resolve }); // the program calls it when it is ready
    go.run(instance).then(() => reject(new Error("the program ended")), reject);
  });
  const call = (name: string) => (request: unknown) => JSON.parse(calls[name](JSON.stringify(request)));
  return { setUp: call("setUp"), recognise: call("recognise"), diagnose: call("diagnose") };
}
