// Copying where the frame may use the clipboard, where it may not, and where nothing but
// the keyboard is left.

/** How long a button says what it did, in milliseconds. */
const shown = 2000;

/** Makes every button with data-copy copy the element that it names. */
export function copying(root: HTMLElement): void {
  root.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-copy]");
    if (button) void copy(button, document.getElementById(button.dataset.copy ?? ""));
  });
}

async function copy(button: HTMLElement, source: HTMLElement | null): Promise<void> {
  if (!source) return;
  const label = button.firstChild as Text;
  label.data = (await write(source.textContent ?? "")) || selected(source) ? "Copied" : "Press Ctrl+C";
  setTimeout(() => (label.data = "Copy"), shown);
}

/** What a frame may do; not all browsers tell, and the types do not know it yet. */
interface Policy {
  featurePolicy?: { allowsFeature(name: string): boolean };
}

async function write(text: string): Promise<boolean> {
  if ((document as Policy).featurePolicy?.allowsFeature("clipboard-write") === false) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Selects the source and asks for the old copy command; the selection stays for Ctrl+C. */
function selected(source: HTMLElement): boolean {
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  return document.execCommand("copy");
}
