// The first tab: a form, and beside it what the form makes of a role.
import { byId, el, say } from "./dom";
import type { Engine, Form, Host, Role } from "./engine";
import { arrange, fill, mark, read, touch, value } from "./form";
import { commandLine } from "./command";
import { tabs } from "./tabs";

/** Starts the tab. Without an engine it shows the command that does the same. */
export function setUpTab(engine: Engine | undefined, host: Host): void {
  say(byId("org"), host.org);
  say(byId("org-id"), host.orgId);
  fill("project", host.project);
  const shown = { format: "terraform", export: "profile" as "profile" | "variables" };
  let role: Role = {};
  const write = () => {
    say(byId("code"), role.formats?.[shown.format] ?? "");
    byId("providers").hidden = shown.format !== "json";
    say(byId("steps"), role.steps?.[shown.export] ?? "");
  };
  tabs(byId("formats"), (tab) => {
    shown.format = tab.id.replace("format-", "");
    byId("code").setAttribute("aria-labelledby", tab.id);
    write();
  });
  tabs(byId("exports"), (tab) => {
    shown.export = tab.id === "export-profile" ? "profile" : "variables";
    byId("steps").setAttribute("aria-labelledby", tab.id);
    write();
  });
  const update = () => {
    const names = arrange();
    const form = { ...read(names), org: host.org, "org-id": host.orgId };
    if (!engine) return offerCommand(form);
    role = engine.setUp({ ...form, task: host.task });
    render(role, mark(names, role.problems ?? []));
    write();
  };
  byId("form").addEventListener("input", (event) => {
    const name = (event.target as HTMLElement).id;
    touch(name);
    if (engine) accept(engine, name, host);
    update();
  });
  byId("form").addEventListener("focusout", (event) => {
    touch((event.target as HTMLElement).id);
    update();
  });
  byId("form").addEventListener("submit", (event) => event.preventDefault());
  update();
}

/** Takes a pasted role ARN or the address of a connection's page apart. */
function accept(engine: Engine, name: string, host: Host): void {
  if (!["account", "role", "connection", "connection-id"].includes(name)) return;
  const { role, connection } = engine.recognise(value(name));
  if (role) {
    fill("account", role.account);
    fill("partition", role.partition);
    fill("role", role.role);
  }
  if (connection && connection.org.toLowerCase() === host.org.toLowerCase()) {
    if (name === "connection") fill("connection", "");
    fill("connection-id", connection.id);
    if (connection.project) fill("project", connection.project);
  }
}

function render(role: Role, missing: string[]): void {
  const ready = !role.problems?.length;
  byId("result").hidden = !ready;
  byId("needed").hidden = ready;
  say(byId("needed"), ready ? "" : missing.length ? "Still needed: " + missing.join(", ") + "." : "Correct the fields that are marked.");
  if (!ready) return;
  byId("providers").replaceChildren(...providers(role));
  byId("notes").replaceChildren(...(role.notes ?? []).map((text) => el("p", { class: "hint" }, text)));
  say(byId("check"), role.steps?.check ?? "");
}

/** What the account needs beside a policy in JSON, which creates no provider. */
function providers(role: Role): Node[] {
  return (role.providers ?? []).flatMap((p) => [el("dt", {}, "Identity provider"), el("dd", {}, p.url), el("dt", {}, "Client ID (audience)"), el("dd", {}, p.clientIds.join(", "))]);
}

function offerCommand(form: Form): void {
  byId("needed").hidden = true;
  byId("command-result").hidden = false;
  say(byId("command"), commandLine(form));
}
