// The steps of the set-up page's tests, each a function of the tools of browser.mjs.
// What a step returns is shown beside its name, and compared by the Go test where it says so.
const orgID = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13";
const otherID = "99999999-3d1b-4e6a-9b7e-5c2d41a09f13";
const tenant = "7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587";
const connectionID = "3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954";
const connectionPage = (org) => `https://dev.azure.com/${org}/S%C3%A3o%20Paulo/_settings/adminservices?resourceId=${connectionID}`;
const roleARN = "arn:aws:iam::111122223333:role/team/deploy";

const denial = { iss: "https://vstoken.dev.azure.com/" + orgID, sub: "sc://contoso-eng/payments/aws-prod", aud: "api://AzureADTokenExchange", role: "arn:aws:iam::111122223333:role/deploy", code: "AAR-STS-ACCESS-DENIED" };
const claimsOf = ({ iss, sub, aud }) => JSON.stringify({ iss, sub, aud });
const link = (d) => "#denial=" + Buffer.from(JSON.stringify(d)).toString("base64url");

/** The policy of a role that trusts a project with a capital letter, and any audience. */
const provider = "vstoken.dev.azure.com/" + orgID;
const wrongPolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{
    Sid: "Deploy", Effect: "Allow", Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/" + provider },
    Action: "sts:AssumeRoleWithWebIdentity", Condition: { StringEquals: { [provider + ":sub"]: "sc://contoso-eng/Payments/aws-prod" } },
  }],
}, null, 2);

const fillSetUp = async (frame) => {
  await frame.fill("#connection", "aws-prod");
  await frame.fill("#account", roleARN);
  await frame.fill("#region", "eu-west-1");
};
/** Puts a long text into a field at once; typing it takes the browser a second. */
const paste = (frame, selector, value) => frame.$eval(selector, (field, value) => {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}, value);
const openDenied = (frame) => frame.click("#tab-denied");
const text = (frame, selector) => frame.textContent(selector);
const visible = (frame, selector) => frame.isVisible(selector);
const markedFields = (frame) => frame.$$eval("[aria-invalid=true]", (all) => all.map((e) => e.id));
const messages = (frame) => frame.$$eval(".error", (all) => all.filter((e) => e.textContent).map((e) => e.textContent));
const selected = (frame) => frame.evaluate(() => getSelection().toString());
const overflowing = (frame) => frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What axe finds in the frame. The page of the host is not ours. */
async function axeFindings({ axe }, frame) {
  await frame.evaluate(axe);
  const { violations } = await frame.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}

export const steps = {};

for (const theme of ["light", "dark"]) {
  const page = { theme, keep: theme, context: { bypassCSP: true } };

  steps[`empty form, ${theme}`] = async ({ open, same }) => {
    const { frame } = await open(page);
    same(await text(frame, "#needed"), "Still needed: Name of the service connection, Account ID.", "notice");
    same(await markedFields(frame), [], "marked fields");
    same(await text(frame, "#org"), "contoso-eng", "organisation");
    same(await text(frame, "#org-id"), orgID, "organisation ID");
    same(await text(frame, "#issuer"), "https://vstoken.dev.azure.com/" + orgID, "issuer");
    same(await frame.inputValue("#project"), "payments", "project");
  };

  steps[`colours, ${theme}`] = async ({ open, same }) => {
    const { frame } = await open(page);
    const seen = await frame.evaluate(() => [getComputedStyle(document.body).backgroundColor, document.documentElement.style.colorScheme]);
    same(seen, theme === "dark" ? ["rgb(32, 31, 30)", "dark"] : ["rgb(255, 255, 255)", "light"], "background and colour scheme");
  };

  steps[`accessibility of the form, ${theme}`] = async (tools) => {
    const { frame } = await tools.open(page);
    tools.same(await axeFindings(tools, frame), [], "axe, empty form");
    await fillSetUp(frame);
    await frame.click("#format-json");
    await frame.fill("#region", "Ireland");
    await frame.fill("#region", "eu-west-1");
    tools.same(await axeFindings(tools, frame), [], "axe, filled form");
    await frame.fill("#account", "12");
    tools.same(await axeFindings(tools, frame), [], "axe, a wrong field");
  };

  steps[`accessibility of a denial, ${theme}`] = async (tools) => {
    const { frame } = await tools.open(page);
    await openDenied(frame);
    await paste(frame, "#log", tools.config.log);
    await paste(frame, "#policy", wrongPolicy);
    tools.same(await axeFindings(tools, frame), [], "axe, not allowed");
    await paste(frame, "#policy", tools.config.goodPolicy);
    tools.same(await axeFindings(tools, frame), [], "axe, allowed");
    await paste(frame, "#log", claimsOf({ ...denial, iss: "https://vstoken.dev.azure.com/" + otherID }));
    tools.same(await axeFindings(tools, frame), [], "axe, a stranger");
  };
}

const filled = { keep: "filled" };

steps["filled form"] = async ({ open, same, holds, config }) => {
  const { frame, requests, asked } = await open(filled);
  await fillSetUp(frame);
  same([await frame.inputValue("#account"), await frame.inputValue("#partition"), await frame.inputValue("#role")], ["111122223333", "aws", "team/deploy"], "fields of the ARN");
  holds(!(await visible(frame, "#needed")), "the notice is still there");
  holds((await text(frame, "#code")).includes("sc://contoso-eng/payments/aws-prod"), "the subject is missing");
  holds((await text(frame, "#notes")).includes("of the 2048 characters"), "the length is missing");
  same(await text(frame, "#steps"), config.steps.profile, "steps with a profile");
  await frame.click("#export-variables");
  same(await text(frame, "#steps"), config.steps.variables, "steps with variables");
  same(await text(frame, "#check"), config.steps.check, "the step that checks only");
  const foreign = requests.filter((url) => ![config.host, config.content].includes(new URL(url).origin));
  same(foreign, [], "requests to other sites");
  const own = requests.filter((url) => url.startsWith(config.content)).map((url) => new URL(url).pathname);
  same(own, ["/setup/setup.html", "/setup/setup.css", "/setup/setup.js"], "requests of the page");
  same(await asked(), ["initialHandshake", "notifyLoadSucceeded", "getService ms.vss-features.host-navigation-service"], "asked of the host");
};

steps["copying without permission"] = async ({ open, same }) => {
  const { frame } = await open(filled);
  await frame.click("[data-copy=check]");
  await frame.waitForSelector("[data-copy=check]:has-text('Copied')");
  same((await selected(frame)).trim(), (await text(frame, "#check")).trim(), "selection");
};

steps["copying where nothing but the keyboard is left"] = async ({ open, same }) => {
  const { frame } = await open(filled);
  await frame.evaluate(() => (document.execCommand = () => false));
  await frame.click("[data-copy=code]");
  await frame.waitForSelector("[data-copy=code]:has-text('Press Ctrl+C')");
  same((await selected(frame)).trim(), (await text(frame, "#code")).trim(), "selection");
};

steps["themes change while the page is open"] = async ({ open, same }) => {
  const { frame, page } = await open(filled);
  await page.evaluate(() => window.changeTheme("dark"));
  await frame.waitForFunction(() => document.documentElement.style.colorScheme === "dark");
  same(await frame.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(32, 31, 30)", "background");
};

steps["tabs by keyboard"] = async ({ open, same, holds }) => {
  const { frame, page } = await open(filled);
  await frame.focus("#tab-setup");
  await page.keyboard.press("ArrowRight");
  same(await frame.evaluate(() => document.activeElement.id), "tab-denied", "focus");
  holds(await visible(frame, "#denied"), "the second tab is not shown");
  await page.keyboard.press("Tab");
  same(await frame.evaluate(() => document.activeElement.id), "log", "focus after Tab");
  await frame.focus("#tab-denied");
  await page.keyboard.press("Home");
  await frame.click("#format-terraform");
  await page.keyboard.press("End");
  same(await frame.evaluate(() => [document.activeElement.id, document.querySelector("#code").getAttribute("aria-labelledby")]), ["format-json", "format-json"], "last format");
};

steps["one message a field, and none before it was touched"] = async ({ open, same }) => {
  const { frame } = await open();
  await frame.fill("#region", "Ireland");
  same(await markedFields(frame), ["region"], "marked after one wrong field");
  same(await messages(frame), ["must be the name of a region, such as eu-west-1"], "messages");
  await frame.fill("#account", "12");
  same(await messages(frame), ["must be 12 digits", "must be the name of a region, such as eu-west-1"], "messages of two fields");
  await frame.focus("#connection");
  await frame.focus("#account");
  same(await markedFields(frame), ["connection", "account", "region"], "marked after a field was left empty");
  const described = await frame.$eval("#account", (e) => e.getAttribute("aria-describedby"));
  same(described, "account-hint account-error", "what describes the account");
  await frame.fill("#account", "111122223333");
  await frame.fill("#region", "");
  await frame.fill("#connection", "x");
  same(await markedFields(frame), [], "marked when all is right");
};

steps["a pasted address gives connection and project"] = async ({ open, same, holds }) => {
  const { frame } = await open({ keep: "address" });
  await frame.selectOption("#identity", "entra-connection");
  await frame.fill("#connection-id", connectionPage("contoso-eng"));
  same([await frame.inputValue("#connection-id"), await frame.inputValue("#project")], [connectionID, "São Paulo"], "fields of the address");
  await frame.fill("#connection", "azure-prod");
  await frame.fill("#tenant-id", tenant);
  await frame.fill("#account", "111122223333");
  holds((await text(frame, "#code")).includes("/eid1/c/pub/t/NJocfS5bYE-KkePAttL1hw/"), "the subject is missing");
  holds((await text(frame, "#notes")).includes("predicted"), "nothing says that it is predicted");
};

steps["a pasted address of another organisation is refused"] = async ({ open, same }) => {
  const { frame } = await open({ keep: "address" });
  await frame.fill("#project", "payments");
  await frame.fill("#connection", connectionPage("evil"));
  same(await messages(frame), ["this connection belongs to the organisation evil"], "messages");
  same(await frame.inputValue("#project"), "payments", "project");
};

steps["every identity gives what the command line gives"] = async ({ open, same, config }) => {
  const { frame } = await open();
  const kept = await frame.$$eval("form input, form select", (all) => all.map((e) => [e.id, e.type === "checkbox" ? e.checked : e.value]));
  for (const { name, fields, formats } of config.roles) {
    await frame.evaluate((values) => {
      for (const [id, value] of values) document.getElementById(id)[typeof value === "boolean" ? "checked" : "value"] = value;
      document.getElementById("identity").dispatchEvent(new Event("input", { bubbles: true }));
    }, [...kept, ...Object.entries(fields)]);
    for (const id of Object.keys(fields)) same(await visible(frame, "#" + id), true, `${name}: the field ${id} is shown`);
    for (const [format, want] of Object.entries(formats)) {
      await frame.click("#format-" + format);
      same(await text(frame, "#code"), want, `${name} as ${format}`);
    }
  }
  return config.roles.map((r) => r.name);
};

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

steps["copying with permission"] = async ({ open, same }) => {
  const { frame } = await open({ allow: "clipboard-write; clipboard-read", context: { permissions: ["clipboard-read", "clipboard-write"] } });
  await fillSetUp(frame);
  await frame.click("[data-copy=code]");
  await frame.waitForSelector("[data-copy=code]:has-text('Copied')");
  same(await frame.evaluate(() => navigator.clipboard.readText()), await text(frame, "#code"), "clipboard");
};

steps["WebAssembly is blocked"] = async ({ open, same, holds, config }) => {
  const opened = await open({ blocked: "yes" });
  const { frame } = opened;
  holds(await visible(frame, "#blocked"), "nothing is said");
  holds(!(await visible(frame, "#tab-denied")), "the second tab is offered");
  await frame.fill("#connection", "it's aws");
  await frame.fill("#account", "111122223333");
  await frame.check("#existing-provider");
  same(await text(frame, "#command"), config.command, "command");
  opened.errors.length = 0; // the browser itself reports what it blocked
};

for (const width of [320, 640, 1024, 1280]) {
  steps[`nothing overflows at ${width} pixels`] = async ({ open, same, config }) => {
    const { frame, page } = await open({ keep: "widths" });
    await page.setViewportSize({ width, height: 900 });
    await frame.click("#tab-setup");
    await frame.selectOption("#identity", "entra-exchange");
    same(await overflowing(frame), 0, "the longest form");
    await frame.selectOption("#identity", "service-connection");
    await fillSetUp(frame);
    for (const format of ["json", "aws-cli"]) {
      await frame.click("#format-" + format);
      same(await overflowing(frame), 0, "the role as " + format);
    }
    await openDenied(frame);
    await paste(frame, "#log", config.log);
    await paste(frame, "#policy", wrongPolicy);
    same(await overflowing(frame), 0, "a denial");
  };
}

steps["the page may neither connect nor make markup of text"] = async ({ open, same }) => {
  const opened = await open(), { frame } = opened;
  const tried = await frame.evaluate(async () => {
    const outcome = async (f) => f().then(() => "done", () => "refused");
    return {
      fetch: await outcome(() => fetch("setup.css")),
      image: await outcome(() => new Promise((done, failed) => Object.assign(new Image(), { onload: done, onerror: failed, src: "data:image/gif;base64,R0lGODlhAQABAAAAACw=" }))),
      markup: await outcome(async () => (document.body.innerHTML = "<b>x</b>")),
    };
  });
  same(tried, { fetch: "refused", image: "refused", markup: "refused" }, "what the page may do");
  const policy = await frame.$eval("meta[http-equiv]", (e) => e.content);
  same(policy.split("; ").filter((d) => /^(default|connect|script|form)/.test(d)), ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'none'", "form-action 'none'"], "content security policy");
  opened.errors.length = 0; // the browser reports what it refused
};

for (const sandbox of ["allow-scripts", "allow-scripts allow-same-origin allow-forms allow-popups"]) {
  steps[`in a frame with sandbox="${sandbox}"`] = async ({ open, holds }) => {
    const { frame } = await open({ sandbox });
    await fillSetUp(frame);
    holds((await text(frame, "#code")).includes("sc://contoso-eng/payments/aws-prod"), "no role");
  };
}

/** Milliseconds from the frame's navigation to a usable page. */
const usable = (frame) => frame.evaluate(() => Math.round(performance.getEntriesByName("usable")[0].startTime));

steps["time to a usable page"] = async ({ open }) => {
  const { frame } = await open();
  return { milliseconds: await usable(frame) };
};

// One session of the developer tools slows one process down, so the frame is near here:
// of the same site as the host.
steps["time to a usable page, 10 Mbit/s, CPU ÷ 4"] = async ({ open }) => {
  const { frame } = await open({ slow: true, near: "yes" });
  return { milliseconds: await usable(frame) };
};

steps["pictures"] = async ({ open, config }) => {
  if (!config.pictures) return "not asked for";
  const context = { viewport: { width: 1280, height: 1180 }, deviceScaleFactor: 1 };
  const set = await open({ context });
  await fillSetUp(set.frame);
  await set.frame.evaluate(() => (document.activeElement.blur(), scrollTo(0, 0)));
  await set.page.screenshot({ path: config.pictures + "/setup-page.png" });
  const denied = await open({ context, fragment: link(denial), wait: "#denied:not([hidden])" });
  await paste(denied.frame, "#policy", wrongPolicy);
  await denied.frame.evaluate(() => document.activeElement.blur());
  await denied.page.screenshot({ path: config.pictures + "/setup-page-denied.png" });
  return config.pictures;
};
