import type { ColumnDrift, ColumnProfile, ProfileComparison } from '@tidemill/contract';
import {
  brief,
  bytes,
  duration,
  figure,
  html,
  type Markup,
  moment,
  none,
  percent,
} from '../../../base/markup.ts';
import { list, overlay } from './charts.ts';
import { facts } from './columns.ts';

type Both = readonly [before: string, after: string];

export function comparedOverview({ before, after, columns, approximate }: ProfileComparison): Markup {
  const both = (read: (profile: ProfileComparison['before']) => string): Both => [read(before), read(after)];
  const rows: [string, Both][] = [
    ['rows', both(({ rows }) => figure(rows))],
    ['columns', both((profile) => figure(profile.columns.length))],
    ['cells missing', both(({ missingCells, cells }) => percent(cells === 0 ? 0 : missingCells / cells))],
    ['repeated rows', both(({ duplicates }) => figure(duplicates?.rows))],
    ['stored', both((profile) => bytes(profile.bytes))],
    ['warnings', both(({ warnings }) => figure(warnings.length))],
  ];
  const body = rows.map(
    ([name, [old, fresh]]) =>
      html`<tr><td>${name}</td><td class="number">${old}</td><td class="number">${fresh}</td></tr>`,
  );
  const counts = (['added', 'removed', 'retyped', 'changed', 'same'] as const)
    .map((change) => [change, columns.filter((column) => column.change === change).length] as const)
    .filter(([, n]) => n > 0)
    .map(([change, n]) => `${n} ${change}`);
  const note = approximate ? html`<p class="note">Drift is measured on a sample of the rows.</p>` : none;
  return html`<h2 id="overview">Overview</h2><div class="card"><table><thead><tr><th></th><th class="number">${before.reference}</th><th class="number">${after.reference}</th></tr></thead><tbody>${body}</tbody></table><p class="note">Columns: ${counts.join(', ') || 'none'}.</p>${note}</div>`;
}

/** Those that drifted most come first. */
export function comparedColumns({ before, after, columns }: ProfileComparison, most: number): Markup {
  const old = new Map(before.columns.map((column) => [column.column, column]));
  const fresh = new Map(after.columns.map((column) => [column.column, column]));
  const weight = ({ drift, change }: ColumnDrift) =>
    (change === 'same' ? 0 : change === 'changed' ? 1 : 3) + { none: 0, small: 2, large: 4 }[drift ?? 'none'];
  const cards: Markup[] = [];
  let size = 0;
  for (const column of [...columns].sort((a, b) => weight(b) - weight(a))) {
    const card = driftCard(column, old.get(column.column), fresh.get(column.column));
    size += Buffer.byteLength(card.text);
    if (size > most) break;
    cards.push(card);
  }
  const more = columns.length - cards.length;
  const note = more > 0 ? html`<p class="note">${figure(more)} more columns.</p>` : none;
  const legend = html`<p class="note legend"><i style="background:var(--other)"></i>${before.reference}<i style="background:var(--accent)"></i>${after.reference}</p>`;
  return html`<h2 id="columns">Columns</h2>${legend}${cards}${note}`;
}

const marks = { none: 'low', small: 'medium', large: 'high' } as const;

function driftCard(
  drift: ColumnDrift,
  before: ColumnProfile | undefined,
  after: ColumnProfile | undefined,
): Markup {
  const types = [...new Set([drift.typeBefore, drift.typeAfter])].filter((type) => type !== null).join(' → ');
  const level = drift.drift ?? 'none';
  const mark = drift.drift ? html`<span class="mark ${marks[level]}-mark">drift: ${level}</span>` : none;
  const isTime = (after ?? before)?.kind === 'datetime';
  const measures = facts([
    ['PSI', figure(drift.psi)],
    ['KS statistic', figure(drift.ks?.statistic)],
    ['KS p-value', figure(drift.ks?.pValue)],
    ['Wasserstein', isTime ? duration(drift.wasserstein) : figure(drift.wasserstein)],
  ]);
  return html`<section class="card"><div class="head"><h3>${brief(drift.column, 80)}</h3><span class="kind">${drift.change} · ${types}</span>${mark}</div><div class="cols">${figuresOf(before, after, drift)}${measures}<div>${picture(drift, after ?? before)}</div></div></section>`;
}

function figuresOf(
  before: ColumnProfile | undefined,
  after: ColumnProfile | undefined,
  { nullsBefore, nullsAfter }: ColumnDrift,
): Markup {
  const both = (read: (column: ColumnProfile) => number | string | null | undefined): string =>
    [before, after].map((column) => (column ? figure(read(column)) : '–')).join(' → ');
  const figures = [
    ['missing', `${percent(nullsBefore)} → ${percent(nullsAfter)}`],
    ['distinct', both(({ distinct }) => distinct)],
    ['minimum', both(({ minimum }) => minimum)],
    ['mean', both(({ mean }) => mean)],
    ['maximum', both(({ maximum }) => maximum)],
    ['deviation', both(({ standardDeviation }) => standardDeviation)],
  ] as const;
  return facts(figures.filter(([, text]) => text !== '– → –'));
}

function picture({ bins }: ColumnDrift, column: ColumnProfile | undefined): Markup {
  if (!bins) return none;
  if (bins.edges)
    return overlay(bins.edges, bins.before, bins.after, column?.kind === 'datetime' ? moment : figure);
  const rows = (bins.categories ?? []).slice(0, 10).map((label, i) => ({
    label,
    value: bins.after[i] ?? 0,
    shown: `${percent(bins.before[i])} → ${percent(bins.after[i])}`,
  }));
  return list(rows, Math.max(...bins.after, Number.MIN_VALUE));
}
