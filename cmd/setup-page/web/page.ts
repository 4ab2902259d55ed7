// The set-up page of the extension, a hub in Project settings.
import { byId, say } from "./dom";
import { copying } from "./copy";
import { deniedTab } from "./denied";
import { start } from "./engine";
import { failed, greet, shown, watchFragment } from "./host";
import { setUpTab } from "./setup";
import { tabs } from "./tabs";

async function main(): Promise<void> {
  const starting = start().catch(() => undefined);
  const host = await greet();
  say(byId("issuer"), "https://vstoken.dev.azure.com/" + host.orgId);
  const chosen = tabs(document.querySelector<HTMLElement>("[role=tablist]")!, (tab) => {
    byId("setup").hidden = tab.id !== "tab-setup";
    byId("denied").hidden = tab.id !== "tab-denied";
  });
  copying(document.body);
  const engine = await starting;
  setUpTab(engine, host);
  const open = engine ? deniedTab(engine, host) : withoutProgram();
  performance.mark("usable");
  document.documentElement.dataset.usable = "true";
  await shown();
  await openLinks(open, chosen);
}

/** Shows the denial of a link, now or when the fragment changes. */
async function openLinks(open: (fragment: string) => boolean, chosen: { choose(id: string): void }): Promise<void> {
  try {
    await watchFragment((fragment) => {
      if (fragment && open(fragment)) chosen.choose("tab-denied");
    });
  } catch {
    // A host without this service shows the page all the same; links do not fill it.
  }
}

/** Says that the program does not run. No denial can be explained then. */
function withoutProgram(): () => boolean {
  byId("blocked").hidden = false;
  byId("tab-denied").hidden = true;
  return () => false;
}

main().catch(failed);
