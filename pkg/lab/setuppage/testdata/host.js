// The host's side of azure-devops-extension-sdk, as far as the set-up page uses it: JSON
// messages { id, instanceId, methodName, params } from the frame, answered with
// { id, result }. Functions travel as { __proxyFunctionId } and are called by messages to
// __proxyFunctions. Everything the frame asks for is kept in asked.
const at = new URL(location);
const [, org, project] = at.pathname.split("/").map(decodeURIComponent);
const choice = (name, otherwise) => at.searchParams.get(name) ?? otherwise;

// Variables of the themes of Azure DevOps.
const common = {
  "background-color": "rgba(var(--palette-neutral-0), 1)",
  "text-primary-color": "rgba(var(--palette-neutral-100), .9)",
  "communication-background": "rgba(var(--palette-primary), 1)",
};
const themes = {
  light: {
    ...common,
    "palette-primary": "0, 120, 212",
    "palette-neutral-100": "0, 0, 0",
    "palette-neutral-0": "255, 255, 255",
    "text-secondary-color": "rgba(var(--palette-neutral-100), .55)",
    "status-error-text": "rgba(218, 10, 0, 1)",
    "status-error-background": "rgba(249, 235, 235, 1)",
    "status-success-foreground": "rgba(16, 124, 16, 1)",
    "status-success-background": "rgba(223, 246, 221, 1)",
  },
  dark: {
    ...common,
    "palette-primary": "0, 120, 212",
    "palette-neutral-100": "255, 255, 255",
    "palette-neutral-0": "32, 31, 30",
    "text-secondary-color": "rgba(var(--palette-neutral-100), .7)",
    "status-error-text": "rgba(241, 112, 123, 1)",
    "status-error-background": "rgba(68, 39, 38, 1)",
    "status-success-foreground": "rgba(146, 195, 83, 1)",
    "status-success-background": "rgba(57, 61, 27, 1)",
  },
};

window.asked = [];
let frame, proxies = 0, messages = 1e6;
const functions = {};

function send(message) {
  frame.contentWindow.postMessage(JSON.stringify(message, (_, v) => {
    if (typeof v !== "function") return v;
    functions["proxy" + ++proxies] = v;
    return { __proxyFunctionId: proxies, _channelId: 1 };
  }), "*");
}

// remote is a function of the frame.
const remote = ({ __proxyFunctionId: id }) => (...params) =>
  send({ id: ++messages, instanceId: "__proxyFunctions", methodName: "proxy" + id, params });

const services = {
  "ms.vss-features.host-navigation-service": {
    getHash: () => location.hash,
    onHashChanged: (changed) => addEventListener("hashchange", () => remote(changed)(location.hash)),
  },
};

const objects = {
  "DevOps.HostControl": {
    initialHandshake: () => ({
      contributionId: at.pathname.split("/").pop(),
      context: {
        extension: { id: "x.y", publisherId: "x", extensionId: "y", version: "1.0.0" },
        user: { id: "u", name: "dana@contoso.example", displayName: "Dana", descriptor: "aad.x", imageUrl: "" },
        host: { id: choice("orgId", "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"), name: org, serviceVersion: "", type: 4, isHosted: true },
        pageContext: { globalization: { theme: choice("theme", "light") }, webContext: { project: { id: "p", name: project }, team: null } },
      },
      initialConfig: {},
      themeData: themes[choice("theme", "light")],
    }),
    notifyLoadSucceeded: () => true,
    notifyLoadFailed: () => true,
    resize: () => true,
    getAccessToken: () => ({ token: "canary-access-token" }),
    getAppToken: () => ({ token: "canary-app-token" }),
  },
  "DevOps.ServiceManager": { getService: (id) => services[id] },
};

addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow) return;
  const m = JSON.parse(event.data);
  if (!m.methodName) return;
  const name = m.instanceId === "DevOps.ServiceManager" ? "getService " + m.params[0] : m.methodName;
  if (m.instanceId !== "__proxyFunctions") asked.push(name);
  const found = m.instanceId === "__proxyFunctions" ? functions[m.methodName] : objects[m.instanceId]?.[m.methodName];
  const answer = found ? { result: found(...(m.params ?? [])) } : { error: { message: "unknown: " + name } };
  send({ id: m.id, handshakeToken: m.handshakeToken, ...answer });
});

// changeTheme does what Azure DevOps does when its user takes another theme.
window.changeTheme = (name) => send({
  id: ++messages, instanceId: "DevOps.SdkClient", methodName: "dispatchEvent", params: ["themeChanged", { detail: { data: themes[name] } }],
});

addEventListener("DOMContentLoaded", async () => {
  const { name, address } = await (await fetch("/stand-in/hub.json")).json();
  document.getElementById("where").textContent = `${org} / ${project} / Settings`;
  document.getElementById("hub").textContent = name;
  document.body.classList.add(choice("theme", "light"));
  frame = document.createElement("iframe");
  frame.title = name;
  if (choice("sandbox")) frame.setAttribute("sandbox", choice("sandbox"));
  if (choice("allow")) frame.allow = choice("allow");
  const content = new URL(address);
  if (choice("blocked")) content.pathname = "/blocked" + content.pathname;
  frame.src = choice("near") ? "/near" + content.pathname : content.href;
  document.getElementById("frame").append(frame);
});
