// Steps of the first tab, "Set up a role", and of both tabs in both themes. Each is a
// function of the tools of browser.mjs; what it returns is shown beside its name.
import { orgID, otherID, tenant, connectionID, connectionPage, denial, claimsOf, wrongPolicy, fillSetUp, paste, openDenied, text, visible, markedFields, messages, selected, axeFindings } from "./shared.mjs";

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
