// The form of the first tab: which fields an identity needs, what they hold, and one
// message a field.
import { byId, el, say } from "./dom";
import type { Form, Problem } from "./engine";

/** The fields that can be hidden, by the choices that need them. */
const needed: Record<string, string[]> = {
  "service-connection": ["connection"],
  pipeline: ["pipeline"],
  "entra-connection": ["connection", "connection-id", "tenant-id"],
  "entra-exchange": ["connection", "tenant-id", "token-version", "client-id", "object-id", "audience"],
};

/** What "trust both issuers" needs in addition. */
const neededToMigrate: Record<string, string[]> = { "service-connection": ["connection-id", "tenant-id"] };

const optional = ["connection", "connection-id", "pipeline", "tenant-id", "token-version", "client-id", "object-id", "audience", "migrate"];

/** All fields, in the order of the page. */
const fields = ["identity", "project", ...optional, "account", "role", "region", "partition", "existing-provider"];

type Field = HTMLInputElement | HTMLSelectElement;
const field = (name: string) => byId<Field>(name);

/** The text of a field. */
export const value = (name: string) => field(name).value.trim();

/** Whether a box is ticked. */
const ticked = (name: string) => byId<HTMLInputElement>(name).checked;

const boxes = ["migrate", "existing-provider"];

export function fill(name: string, text: string): void {
  field(name).value = text;
}

/** Shows the fields that the choices need and returns their names. */
export function arrange(): string[] {
  const identity = value("identity");
  const shown = new Set(needed[identity]);
  if (identity !== "pipeline") shown.add("migrate");
  if (shown.has("migrate") && ticked("migrate")) for (const name of neededToMigrate[identity] ?? []) shown.add(name);
  if (identity === "entra-exchange" && value("token-version") === "1") shown.delete("client-id");
  for (const name of optional) byId("row-" + name).hidden = !shown.has(name);
  return fields.filter((name) => !optional.includes(name) || shown.has(name));
}

/** What the form says; hidden fields say nothing. */
export function read(names: string[]): Form {
  return Object.fromEntries(names.map((name) => [name, boxes.includes(name) ? ticked(name) : value(name)]));
}

const touched = new Set<string>();

/** Tells the form that the user has been at a field, so that it may be marked. */
export function touch(name: string): void {
  touched.add(name);
}

/** Marks the fields with problems, one message each; returns the labels of those still empty. */
export function mark(names: string[], problems: Problem[]): string[] {
  const first = new Map<string, string>();
  for (const p of problems) if (!first.has(p.field)) first.set(p.field, p.text);
  const missing: string[] = [];
  for (const name of names) {
    const text = first.get(name) ?? "";
    const untouched = text !== "" && !value(name) && !touched.has(name);
    if (text && !value(name)) missing.push(label(name));
    show(name, untouched ? "" : text);
  }
  return missing;
}

const label = (name: string) => document.querySelector(`label[for="${name}"]`)?.textContent ?? name;

function show(name: string, text: string): void {
  const id = name + "-error";
  const hint = document.getElementById(name + "-hint") ? name + "-hint" : "";
  let error = document.getElementById(id);
  if (!error && text) byId("row-" + name).append((error = el("p", { id, class: "error" })));
  if (error) say(error, text);
  field(name).setAttribute("aria-invalid", String(text !== ""));
  field(name).setAttribute("aria-describedby", [hint, text ? id : ""].filter(Boolean).join(" "));
}
