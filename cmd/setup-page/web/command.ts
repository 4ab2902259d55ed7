// The command that does what the page does, for browsers that do not run its program.
import type { Form } from "./engine";

/** What stands for a value that the form does not have yet. */
const placeholders: Record<string, string> = { connection: "NAME", pipeline: "NAME", account: "111122223333" };

/** A field of the page that is only for the pipeline's YAML. */
const onlyYAML = "region";

/** The command for what the form says, in one line. */
export function commandLine(form: Form): string {
  const words = ["assume-aws-role", "trust-policy", "generate"];
  for (const [name, given] of Object.entries(form)) {
    const text = given || placeholders[name];
    if (!text || name === onlyYAML) continue;
    words.push("--" + name);
    if (typeof text === "string") words.push(quoted(text));
  }
  return [...words, "--format", "terraform"].join(" ");
}

/** A text as one word of a shell. */
const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");
