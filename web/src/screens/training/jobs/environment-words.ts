import { formatBytes } from '../../../lib/format.ts';

export interface LockedPackage {
  readonly name: string;
  /** `2.1.0`, or where it came from. */
  readonly version: string;
}

/** `numpy==2.1.0` and `demo @ file:///src/demo`, one a line. */
export const parseLock = (text: string): LockedPackage[] =>
  text.split('\n').flatMap((line) => {
    const [, name, equal, from] = /^([\w.-]+)\s*(?:==\s*(\S+)|@\s*(.+))$/.exec(line.trim()) ?? [];
    if (name) return [{ name, version: equal ?? from ?? '' }];
    const rest = line.trim();
    return rest === '' || rest.startsWith('#') ? [] : [{ name: rest, version: '' }];
  });

/** What was noted of the place, flat: `python version`, `cpu cores`. */
export function toSurroundings(text: string): Record<string, unknown> {
  let noted: unknown;
  try {
    noted = JSON.parse(text);
  } catch {
    return { noted: text };
  }
  return Object.fromEntries(
    Object.entries(noted as Record<string, unknown>).flatMap(([part, value]): [string, unknown][] => {
      if (part === 'memoryBytes') return [['memory', formatBytes(Number(value))]];
      if (part === 'madeFrom') return [['environment made from', toMade(value)]];
      if (value === null) return [[part, 'none']];
      if (typeof value !== 'object') return [[part, value]];
      return Object.entries(value).map(([name, each]) => [`${part} ${name}`, each]);
    }),
  );
}

function toMade(value: unknown): string {
  if (typeof value !== 'object' || value === null) return 'nothing: the interpreter that was found';
  const { file, tool, digest } = value as Readonly<Record<string, unknown>>;
  return `${file} by ${tool} (${String(digest).slice(0, 12)})`;
}
