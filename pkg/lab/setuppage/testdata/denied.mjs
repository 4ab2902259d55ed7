// Steps of the second tab, "Why was it denied?". Each is a function of the tools of
// browser.mjs; what it returns is shown beside its name.
import { otherID, tenant, connectionID, denial, link, wrongPolicy, paste, openDenied, text, visible } from "./shared.mjs";

export const steps = {};

const pasting = { keep: "pasting" };

steps["a log in any form"] = async ({ open, same, config }) => {
  const { frame } = await open(pasting);
  await openDenied(frame);
  await paste(frame, "#policy", wrongPolicy);
  const raw = config.log.split("\n").map((line) => "2026-11-25T23:04:43.1234567Z " + line);
  for (const log of [config.log, raw.join("\r\n"), "\ufeff" + raw.filter((line) => !line.includes("#denial=")).join("\n")]) {
    await paste(frame, "#log", log);
    same(await text(frame, "#headline strong"), "This policy does not allow the identity.", "verdict");
    same(await frame.$$eval("mark", (all) => all.map((e) => e.textContent)), ["P", "p"], "marked characters");
    same(await frame.$$eval(".tests .sign", (all) => all.map((e) => e.getAttribute("aria-label"))), ["met", "met", "not met", "error"], "tests and findings");
  }
  return await text(frame, "#findings .facts");
};

steps["a policy in any form"] = async ({ open, same, config }) => {
  const { frame } = await open(pasting);
  await openDenied(frame);
  await paste(frame, "#log", config.log);
  const role = (document) => JSON.stringify({ Role: { RoleName: "deploy", AssumeRolePolicyDocument: document } }, null, 4);
  for (const policy of [wrongPolicy, role(JSON.parse(wrongPolicy)), role(encodeURIComponent(wrongPolicy)), encodeURIComponent(wrongPolicy)]) {
    await paste(frame, "#policy", policy);
    same(await text(frame, "#headline strong"), "This policy does not allow the identity.", "verdict of " + policy.slice(0, 30));
  }
  await paste(frame, "#policy", "{");
  same(await text(frame, "#headline strong"), "The trust policy cannot be read.", "verdict of a fragment");
};

steps["the policy to paste is allowed"] = async ({ open, same, config }) => {
  const { frame } = await open(pasting);
  await openDenied(frame);
  await paste(frame, "#log", config.log);
  const document = await text(frame, "#document");
  await paste(frame, "#policy", document);
  same(await text(frame, "#headline strong"), "This policy allows the identity.", "verdict");
  same(JSON.parse(document).Statement, [JSON.parse(await text(frame, "#statement"))], "statement and document");
};

steps["every vector gives what the command line gives"] = async ({ open, same, config }) => {
  const { frame } = await open(pasting);
  await openDenied(frame);
  await paste(frame, "#policy", config.vectorPolicy);
  const verdict = (allowed, passes) => (allowed ? `allows the identity${passes ? "" : ", but has errors"}.` : "does not allow the identity.");
  for (const { name, claims, allowed, passes, tests, findings } of config.vectors) {
    await paste(frame, "#log", claims);
    const ours = !(await text(frame, "#headline")).includes("No statement is offered");
    same(await frame.$eval("#headline > :last-child strong", (e) => e.textContent), "This policy " + verdict(allowed, passes || !ours), name);
    const shown = (level) => frame.$$eval(`#findings .tests .sign[aria-label${level}]`, (all) => all.map((e) => [e.getAttribute("aria-label"), e.nextElementSibling.firstChild.textContent]));
    same(await shown("$=met"), tests, `tests of ${name}`);
    same([...(await shown("=error")), ...(await shown("=warning"))], findings, `findings of ${name}`);
    if (!ours) same(await frame.$("#statement"), null, `statement of ${name}`);
  }
  return config.vectors.length;
};

steps["the link of a denied job opens the page filled in"] = async ({ open, same, holds, config }) => {
  const at = new URL(config.link);
  const [, org, project] = at.pathname.split("/").map(decodeURIComponent);
  same(at.pathname.split("/").pop(), config.hub, "the page of the link");
  const { frame } = await open({ org, project, fragment: at.hash, wait: "#denied:not([hidden]) #statement" });
  holds((await text(frame, "#findings .facts")).includes(denial.sub), "the identity is not shown");
  holds((await text(frame, "#statement")).includes(denial.sub), "the statement is not for this identity");
  holds(!(await visible(frame, "#row-denied-account")), "the account is asked for");
  return config.link.length;
};

/** Follows a link while the page is open. */
const follow = async ({ page, frame }, d, says) => {
  await page.evaluate((fragment) => (location.hash = fragment), link(d));
  await frame.waitForFunction((says) => document.querySelector("#denied:not([hidden])")?.textContent.includes(says), says);
};
const linked = { keep: "linked" };

steps["a link followed while the page is open"] = async ({ open, same }) => {
  const opened = await open(linked);
  await follow(opened, denial, denial.sub);
  same(JSON.parse(await text(opened.frame, "#statement")).Sid, "AzurePipelines", "the statement's Sid");
};

steps["a link without an account asks for it"] = async ({ open, holds }) => {
  const opened = await open(linked), { frame } = opened;
  await follow(opened, { ...denial, role: "arn:aws:iam:::role/deploy" }, "Enter the account ID");
  holds(!(await frame.$("#statement")), "a statement is offered without an account");
  await frame.fill("#denied-account", "444455556666");
  holds((await text(frame, "#statement")).includes("arn:aws:iam::444455556666:oidc-provider/"), "the statement is not for the account");
};

steps["strangers are named and offered nothing"] = async ({ open, same }) => {
  const strangers = [
    [{ ...denial, iss: "https://vstoken.dev.azure.com/" + otherID }, "belongs to another organisation: “contoso-eng”, with the ID " + otherID],
    [{ ...denial, sub: "sc://evil/payments/aws-prod" }, "names the organisation “evil”"],
    [{ ...denial, iss: `https://login.microsoftonline.com/${tenant}/v2.0`, sub: `/eid1/c/pub/t/NJocfS5bYE-KkePAttL1hw/a/rISbSSETf0KqFyZ8ppdXmA/sc/${otherID}/${connectionID}` }, "belongs to another organisation, with the ID " + otherID],
    [{ ...denial, iss: `https://login.microsoftonline.com/${tenant}/v2.0`, sub: connectionID }, "does not say which organisation"],
  ];
  const opened = await open(linked), { frame } = opened;
  for (const [d, says] of strangers) {
    await follow(opened, d, says);
    for (const policy of ["", wrongPolicy]) {
      await paste(frame, "#policy", policy);
      same([await frame.$("#statement"), await frame.$("#document")], [null, null], "statement for " + d.sub);
    }
  }
};

steps["a hostile link is text"] = async ({ open, same }) => {
  const opened = await open(linked), { frame } = opened;
  await follow(opened, { iss: "https://x/<img src=x onerror=alert(1)>", sub: "<script>alert(1)</script>", aud: '"><svg onload=alert(1)>', role: "<iframe src=javascript:alert(1)>", code: "<b>" }, "onerror");
  same(await frame.$$eval("#denied :is(img, svg, script, iframe, b)", (all) => all.length), 0, "elements from the link");
};

steps["a damaged link opens the page empty"] = async ({ open, holds }) => {
  const { frame, page } = await open({ fragment: "#denial=e30" });
  for (const fragment of ["#denial=***", "#/path", "#denial=" + "A".repeat(9000)]) await page.evaluate((f) => (location.hash = f), fragment);
  holds(await visible(frame, "#setup"), "the first tab is not shown");
};
