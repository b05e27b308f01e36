/** Versions of Python packages, as far as telling older from newer takes them (PEP 440 without its rarer parts). */

/** Release numbers, then whether it comes before the release itself (`rc`, `dev`). Null where it is no version. */
function parse(text: string): readonly number[] | null {
  const found = /^v?(?:\d+!)?(\d+(?:\.\d+)*)[._-]?((?:a|b|c|rc|alpha|beta|dev|pre)\d*)?/i.exec(text.trim());
  if (!found?.[1]) return null;
  const release = found[1].split('.').map(Number);
  while (release.length < 6) release.push(0);
  return [...release.slice(0, 6), found[2] ? -1 : 0];
}

/** Null where one of them is no version. */
export function isOlder(version: string, than: string): boolean | null {
  const [a, b] = [parse(version), parse(than)];
  if (!a || !b) return null;
  const at = a.findIndex((number, i) => number !== b[i]);
  return at >= 0 && (a[at] as number) < (b[at] as number);
}

export interface Requirement {
  readonly name: string;
  /** What stands behind the name: `==1.5.0`, `>=2.9`; empty where nothing does. */
  readonly asked: string;
}

/** PEP 503: `scikit_learn` and `Scikit.Learn` are one package. */
export const normalName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** Lines of a requirements file; options, addresses and comments are left out. */
export function parseRequirements(text: string): Requirement[] {
  return text.split('\n').flatMap((line) => {
    const bare = (line.split(/\s#|^#|;/)[0] ?? '').trim();
    const found = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$/.exec(bare);
    if (!found?.[1] || found[2]?.startsWith('@') || bare.includes('://')) return [];
    return [{ name: normalName(found[1]), asked: (found[2] ?? '').replace(/\s+/g, '') }];
  });
}

/** `==1.5.0` is one version; anything else leaves it open. */
export const pinned = (asked: string): string | null => /^===?([^,*<>=!~]+)$/.exec(asked)?.[1] ?? null;
