// Steps of the page as a whole: where it runs, what it may do, how soon it can be used.
// Each is a function of the tools of browser.mjs; what it returns is shown beside its name.
import { denial, link, wrongPolicy, fillSetUp, paste, openDenied, text, visible, overflowing } from "./shared.mjs";

export const steps = {};

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
