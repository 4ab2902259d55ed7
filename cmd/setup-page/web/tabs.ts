// Tabs as the ARIA Authoring Practices describe them: one stop for the Tab key, arrows
// move and choose.

/** Makes a tab list work; chosen is called with the tab's button, and once at the start. */
export function tabs(list: HTMLElement, chosen: (tab: HTMLElement) => void): { choose(id: string): void } {
  const all = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const choose = (tab: HTMLElement) => {
    for (const each of all) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
    chosen(tab);
  };
  list.addEventListener("click", (event) => {
    const tab = (event.target as HTMLElement).closest<HTMLElement>("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target as HTMLElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = all[(to + all.length) % all.length];
    tab.focus();
    choose(tab);
  });
  return { choose: (id) => choose(all.find((tab) => tab.id === id) ?? all[0]) };
}
