/** The searches side by side with the naive rule, and the one that is taken. */
import type { ChoiceRule, Client, DatasetVersion, Sweep } from '@tidemill/sdk';
import { add, fixed } from './narrator.ts';
import { readRows } from './prices.ts';

export interface Candidate {
  readonly name: string;
  readonly sweep: Sweep;
}

export interface Repeats {
  readonly seeds: number;
  readonly windows: number;
  readonly rule: ChoiceRule & { readonly type: 'mean-std'; readonly lambda: number };
}

interface Ground {
  readonly client: Client;
  readonly set: DatasetVersion;
  readonly target: string;
  readonly repeats: Repeats;
}

/** A line of the table, in the price's own unit. */
export interface Row {
  readonly name: string;
  /** Of the search, each by its own split. */
  readonly best: number | null;
  readonly mean: number;
  readonly std: number;
  readonly score: number;
  readonly note: string;
}

export interface Compared {
  readonly rows: readonly Row[];
  readonly seeds: number;
  readonly windows: number;
}

/** By the least mean + std, as each search's own confirmation. Gives the registered version. */
export async function chooseAmong(
  { client, set, target, repeats }: Ground,
  candidates: readonly Candidate[],
  url: string,
): Promise<{ model: string; compared: Compared }> {
  const { lambda } = repeats.rule;
  const rows = candidates.flatMap(({ name, sweep }) => {
    const own = sweep.confirmation?.trials.find(({ isChosen }) => isChosen);
    if (own?.mean == null || own.std === null) return [];
    const figures = { mean: own.mean, std: own.std, score: own.mean + lambda * own.std };
    return { sweep, row: { name, best: sweep.best?.value ?? null, ...figures, note: '' } };
  });
  const [chosen] = [...rows].sort((a, b) => a.row.score - b.row.score);
  if (!chosen) throw new Error('None of the searches has a trial that gave a value in all of its repeats.');
  const naive = measureNaive(await readDays(client, set), target, repeats);
  const table: Row[] = [
    ...rows.map(({ row }) => (row === chosen.row ? { ...row, note: 'chosen' } : row)),
    { name: 'yesterday', best: null, ...naive, score: naive.mean + lambda * naive.std, note: 'naive rule' },
  ];
  const compared = { rows: table, seeds: repeats.seeds, windows: repeats.windows };
  tellTable(compared);
  await client.datasets.commit({
    name: 'trainers-compared',
    format: 'ndjson',
    content: Buffer.from(table.map((row) => `${JSON.stringify(row)}\n`).join('')),
    message: `on ${set.reference}, ${repeats.seeds} seeds × ${repeats.windows} rolling windows`,
  });
  const version = await client.registry.registerTrial({
    id: chosen.sweep.id,
    name: 'forecaster',
    description: describe(chosen, table, repeats),
  });
  add(
    `${version.reference} is that trial's model; the table in the browser: ${url}/ui/datasets/trainers-compared?tab=rows`,
  );
  return { model: version.reference, compared };
}

export function tellTable({ rows, seeds, windows }: Compared): void {
  add(
    `mean absolute error: the best of each search by its own split, then over ${seeds} seeds × ${windows} rolling windows`,
  );
  add(`${''.padEnd(12)}  best     mean ± std    mean + std`);
  for (const { name, best, mean, std, score, note } of rows)
    add(
      `${name.padEnd(12)}${fixed(best).padStart(6)}${fixed(mean).padStart(9)} ± ${fixed(std).padEnd(6)}${fixed(score).padStart(9)}  ${note}`,
    );
}

function describe(
  { sweep, row }: { sweep: Sweep; row: Row },
  table: readonly Row[],
  { seeds, windows, rule }: Repeats,
): string {
  const figures = table.map(({ name, mean, std }) => `${name} ${fixed(mean)} ± ${fixed(std)}`).join(', ');
  return `${row.name}, trial ${sweep.chosen?.number} of ${sweep.id}, by the least mean + ${rule.lambda}·std over ${seeds} seeds × ${windows} rolling windows: ${figures}`;
}

type Day = Readonly<Record<string, number>>;

async function readDays(client: Client, { dataset, version }: DatasetVersion): Promise<Day[]> {
  const rows = await readRows<Day>(client, dataset, String(version));
  return rows.sort((a, b) => (String(a.event_time) < String(b.event_time) ? -1 : 1));
}

/** "Same as yesterday" on the rows that the windows judge: every block but the first. */
function measureNaive(days: readonly Day[], target: string, { seeds, windows }: Repeats) {
  const start = (block: number) => Math.floor((days.length * block) / (windows + 1));
  const errors = Array.from({ length: windows }, (_unused, k) =>
    meanOf(
      days.slice(start(k + 1), start(k + 2)).map((day) => Math.abs(Number(day.close) - Number(day[target]))),
    ),
  );
  // Each seed meets the same windows, and the rule has no seed.
  const all = Array.from({ length: seeds }, () => errors).flat();
  const mean = meanOf(all);
  const squares = all.reduce((sum, error) => sum + (error - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (all.length - 1)) };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
