// The command that does what the page does, for browsers that do not run its program.

/** Values that stand for what the form does not say yet. */
const placeholders: Record<string, string> = { connection: "NAME", pipeline: "NAME", account: "111122223333" };

/** Fields of the page that the command does not take: they are only for the pipeline's YAML. */
const notFlags = ["region"];

/** The command for what the form says, in one line. */
export function commandLine(form: Record<string, string>): string {
  const words = ["assume-aws-role", "trust-policy", "generate"];
  for (const [name, text] of Object.entries(form)) {
    const given = text || placeholders[name];
    if (!given || notFlags.includes(name)) continue;
    if (switches.includes(name)) words.push("--" + name);
    else words.push("--" + name, quote(given));
  }
  return [...words, "--format", "terraform"].join(" ");
}

const switches = ["migrate", "existing-provider"];

const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");
