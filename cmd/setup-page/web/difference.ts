// Where two values part.

/**
 * Takes the pair of values that agrees longest, and the index of the first character in
 * which it differs, counted in code points.
 */
export function differing(wanted: string[], got: string[]): { want: string; have: string; at: number } {
  let best = { want: wanted[0], have: got[0], at: -1 };
  for (const want of wanted) {
    for (const have of got) {
      const at = common(Array.from(want), Array.from(have));
      if (at > best.at) best = { want, have, at };
    }
  }
  return best;
}

function common(a: string[], b: string[]): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}
