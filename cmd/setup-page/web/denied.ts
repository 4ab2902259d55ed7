// The second tab: what a log and a trust policy say together.
import { byId, el } from "./dom";
import type { Denial, Diagnosis, Engine, Finding, Host, Statement, Test, Verdict } from "./engine";
import { differing } from "./difference";

/** Starts the tab; the function that it returns opens the fragment of a link. */
export function deniedTab(engine: Engine, host: Host): (fragment: string) => boolean {
  let fragment = "";
  const text = (id: string) => byId<HTMLTextAreaElement | HTMLInputElement>(id).value;
  const update = () => {
    const d = engine.diagnose({ log: text("log"), fragment, policy: text("policy"), account: text("denied-account").trim(), host });
    byId("row-denied-account").hidden = !d.needsAccount;
    byId("log-hint").hidden = d.denial !== undefined && !text("log").trim();
    byId("linked-hint").hidden = !byId("log-hint").hidden;
    byId("headline").replaceChildren(...headlines(d, text("log").trim() !== ""));
    byId("findings").replaceChildren(...details(d));
    return d.denial !== undefined;
  };
  for (const id of ["log", "policy", "denied-account"]) byId(id).addEventListener("input", update);
  update();
  return (opened) => {
    fragment = opened;
    return update();
  };
}

/** What matters most, in one or two messages. */
function headlines(d: Diagnosis, hasLog: boolean): Node[] {
  if (!d.denial) {
    return [el("p", { class: "notice" }, hasLog
      ? "This log names no identity. Copy the whole log of the step, from “role:” to the end."
      : "Paste the log of the step that failed. It stays in your browser.")];
  }
  const parts: Node[] = [];
  if (!d.owner?.ours) {
    parts.push(message("bad", "This identity is not known to belong to your organisation.", d.owner?.text ?? "",
      "No statement is offered for it. Do not trust an identity because a log or a link names it."));
  }
  if (d.problem) parts.push(message("bad", "The trust policy cannot be read.", d.problem));
  if (d.verdict) parts.push(outcome(d.verdict, d.owner?.ours ?? false));
  if (!d.problem && !d.verdict && d.owner?.ours) parts.push(el("p", { class: "notice" }, "Paste the trust policy of the role to see which condition it does not meet."));
  return parts;
}

function outcome({ allowed, passes }: Verdict, ours: boolean): HTMLElement {
  if (!allowed) return message(ours ? "bad" : "good", "This policy does not allow the identity.");
  if (!ours) return message("bad", "This policy allows the identity.", "Make sure that you want that.");
  if (!passes) return message("bad", "This policy allows the identity, but has errors.", "They are listed below the statements.");
  return message("good", "This policy allows the identity.",
    "If AWS still denies it: the policy was changed a moment ago, it belongs to another role, or a service control policy denies the call.");
}

function details(d: Diagnosis): Node[] {
  if (!d.denial) return [];
  const serious = (d.verdict?.findings ?? []).filter((f) => f.level !== "info");
  return [
    ...(d.verdict?.decision.statements ?? []).flatMap(statement),
    ...(serious.length ? [el("h2", {}, "What else to correct"), el("ul", { class: "tests" }, ...serious.map(finding))] : []),
    el("h2", {}, "The identity"),
    identity(d, d.denial),
    ...(d.owner?.ours ? [el("p", { class: "hint" }, d.owner.text), ...offer(d)] : []),
  ];
}

function identity(d: Diagnosis, denial: Denial): HTMLElement {
  const rows: [string, string | undefined][] = [
    ["Kind", d.kind], ["Issuer", denial.iss], [":sub", denial.sub], [":aud", denial.aud], [":oaud", denial.oaud], ["Role", denial.role], ["Error", denial.code],
  ];
  return el("dl", { class: "facts" }, ...rows.flatMap(([name, text]) => (text ? [el("dt", {}, name), el("dd", {}, text)] : [])));
}

function offer(d: Diagnosis): Node[] {
  if (d.needsAccount && !d.statement) return [el("p", { class: "notice" }, "Enter the account ID of the role to get the statement that allows this identity.")];
  if (d.unusable) return [el("p", { class: "notice" }, "No statement can allow exactly this identity: " + d.unusable + ".")];
  if (!d.statement || !d.document) return [];
  return [
    el("h2", {}, "What allows exactly this identity"),
    ...block("statement", "The statement, to add to the policy", d.statement),
    ...block("document", "The whole policy, for a role that trusts nobody else", d.document),
  ];
}

function block(id: string, title: string, text: string): Node[] {
  return [
    el("div", { class: "bar" }, el("h3", {}, title), el("button", { type: "button", "data-copy": id }, "Copy", el("span", { class: "unseen" }, " the " + id))),
    el("pre", { id, tabindex: "0" }, text),
  ];
}

function message(kind: "good" | "bad", title: string, ...more: string[]): HTMLElement {
  return el("div", { class: "message " + kind }, el("strong", {}, title), ...more.map((text) => el("p", {}, text)));
}

function statement(s: Statement): Node[] {
  const name = "Statement " + s.number + (s.sid ? " “" + s.sid + "”" : "");
  return [
    el("h2", {}, name, el("span", { class: s.applies ? "tag yes" : "tag no" }, (s.effect === "Deny" ? "Deny, " : "") + (s.applies ? "applies" : "does not apply"))),
    el("ul", { class: "tests" }, ...s.reasons.map(test)),
  ];
}

function test(t: Test): HTMLElement {
  const sign = el("span", { class: t.holds ? "sign yes" : "sign no", role: "img", "aria-label": t.holds ? "met" : "not met" }, t.holds ? "✓" : "✗");
  if (!t.want?.length || !t.got?.length) return el("li", {}, sign, el("div", {}, t.text));
  const values = t.holds && t.want.includes(t.got[0]) ? el("code", { class: "value" }, t.got[0]) : comparison(t.want, t.got, !t.holds);
  return el("li", {}, sign, el("div", {}, t.name ?? t.text, values));
}

/** The value of the policy above that of the token, with the first difference marked. */
function comparison(wanted: string[], got: string[], marked: boolean): HTMLElement {
  const { want, have, at } = differing(wanted, got);
  const shown = (text: string) => {
    const all = Array.from(text);
    if (!marked) return el("code", {}, text);
    return el("code", {}, all.slice(0, at).join(""), el("mark", {}, all[at] ?? "∅"), all.slice(at + 1).join(""));
  };
  return el("dl", { class: "compared" }, el("dt", {}, "policy"), el("dd", {}, shown(want)), el("dt", {}, "token"), el("dd", {}, shown(have)));
}

function finding(f: Finding): HTMLElement {
  const sign = el("span", { class: "sign " + (f.level === "error" ? "no" : "maybe"), role: "img", "aria-label": f.level }, f.level === "error" ? "✗" : "!");
  return el("li", {}, sign, el("div", {}, (f.statement ? "Statement " + f.statement + ": " : "") + f.text));
}
