import type { Bench, Control, Measured, Outcome, Promised } from './bench.ts';
import { type Comparison, ratiosOf } from './comparison.ts';

/** Medians with their extremes, the verdict, and what it was measured with. */
export function tableOf(
  bench: Bench,
  { measured, control, notes = [] }: Outcome & { readonly control: Control },
  lines: readonly Comparison[],
): string {
  const rows = [['', 'unit', 'median', 'min', 'max', 'rounds']];
  for (const [i, promised] of bench.promises.entries()) {
    const found = measured.find((one) => one.name === promised.name);
    rows.push(...rowsOf(promised, found, lines[i]));
  }
  return [
    `\n${bench.name}: ${bench.summary}`,
    ...align(rows),
    '',
    ...lines.map(verdictOf),
    `control (${control.what}): ${digits(control.before)} ${control.unit} before, ${digits(control.after)} after`,
    ...[...notes, ...bench.settings].map((setting) => `- ${setting}`),
  ].join('\n');
}

function rowsOf(
  promised: Promised,
  measured: Measured | undefined,
  line: Comparison | undefined,
): string[][] {
  const { name, unit, peer } = promised;
  const row = (
    label: string,
    values: readonly number[] | null | undefined,
    what: string,
    middle?: number | null,
  ) =>
    !values || values.length === 0
      ? [label, what, 'did not run', '', '', '0']
      : [
          label,
          what,
          digits(middle ?? Number.NaN),
          digits(Math.min(...values)),
          digits(Math.max(...values)),
          String(values.length),
        ];
  const rows = [row(`${name}, ours`, measured?.ours, unit, line?.ours)];
  if (peer) rows.push(row(`${peer.name} ${peer.version}`, measured?.peer, unit, line?.peer?.value));
  rows.push(row('ratio', measured && ratiosOf(promised, measured), '', line?.ratio));
  return rows;
}

const verdictOf = ({ bench, ratio, target, met }: Comparison): string =>
  `${met ? '✔' : '✘'} ${bench}: ratio ${digits(ratio)}, target ${target}`;

/** Three digits tell enough on a machine that swings by more. */
const digits = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));

function align(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
