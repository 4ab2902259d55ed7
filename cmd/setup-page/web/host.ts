// What the page takes from Azure DevOps: the organisation, the project, the theme, and
// the fragment of the address. It asks for no token.
import * as SDK from "azure-devops-extension-sdk";
import type { Host } from "./engine";

/** Greets the host and returns who it is. */
export async function greet(): Promise<Host> {
  window.addEventListener("themeApplied", colourScheme);
  await SDK.init({ loaded: false, applyTheme: true });
  const host = SDK.getHost();
  const project = told(() => SDK.getWebContext().project.name) ?? "";
  const privateBuild = told(() => SDK.getExtensionContext().extensionId.endsWith("-dev")) ?? false;
  return { org: host.name, orgId: host.id.toLowerCase(), project, task: privateBuild ? "AssumeAwsRoleDev" : "AssumeAwsRole" };
}

/** What the host tells, or nothing: no page should fail for a convenience. */
function told<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** Tells the host that the page can be seen. */
export const shown = () => SDK.notifyLoadSucceeded();

/** Tells the host that the page cannot be used. */
export const failed = (reason: unknown) => SDK.notifyLoadFailed(String(reason));

/** Scroll bars and boxes follow the theme, too: dark when the background is. */
function colourScheme(): void {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [255, 255, 255];
  document.documentElement.style.colorScheme = red * 0.3 + green * 0.6 + blue * 0.1 < 128 ? "dark" : "light";
}

/** The service of the host that knows the address (azure-devops-extension-api, IHostNavigationService). */
interface Navigation {
  getHash(): Promise<string>;
  onHashChanged(changed: (fragment: string) => void): void;
}

/** Gives the fragment of the host's address, now and whenever it changes. */
export async function watchFragment(opened: (fragment: string) => void): Promise<void> {
  const navigation = await SDK.getService<Navigation>("ms.vss-features.host-navigation-service");
  opened(await navigation.getHash());
  navigation.onHashChanged(opened);
}
