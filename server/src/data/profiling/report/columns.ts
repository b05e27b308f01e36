import type { ColumnProfile, ProfileWarning } from '@tidemill/contract';
import { brief, bytes, duration, figure, html, type Markup, none, percent } from '../../../base/markup.ts';
import { histogram, list, timeHistogram } from './charts.ts';

type Fact = readonly [name: string, value: string | null];

export const facts = (items: readonly Fact[]): Markup =>
  html`<dl>${items.map(([name, value]) => html`<dt>${name}</dt><dd>${value ?? '–'}</dd>`)}</dl>`;

/** One column: what it is, its figures in two lists, its picture, and the rest behind a click. */
export function columnCard(column: ColumnProfile, rows: number, warnings: readonly ProfileWarning[]): Markup {
  const marks = warnings.map(
    ({ kind, severity }) => html`<span class="mark ${severity}-mark">${words(kind)}</span>`,
  );
  const approximate = column.approximate
    ? html`<p class="note">Approximate: ${column.approximate.join(', ')}.</p>`
    : none;
  return html`<section class="card"><div class="head"><h3>${brief(column.column, 80)}</h3><span class="kind">${column.kind} · ${column.type}</span>${marks}</div><div class="cols">${facts(general(column, rows))}${facts(particular(column))}<div>${picture(column)}</div></div>${more(column)}${approximate}</section>`;
}

/** `highCorrelation` as it is said. */
export const words = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function general(column: ColumnProfile, rows: number): Fact[] {
  const { count, nulls, distinct, unique, bytes: size } = column;
  return [
    ['values', figure(count)],
    ['missing', `${figure(nulls)} (${percent(nulls / rows)})`],
    ['distinct', `${figure(distinct)} (${percent(distinct / count)})`],
    ['once only', figure(unique)],
    ...(size === undefined ? [] : [['stored', bytes(size)] as const]),
    ...(column.monotonicity && column.monotonicity !== 'none'
      ? [['order', words(column.monotonicity)] as const]
      : []),
  ];
}

function particular(column: ColumnProfile): Fact[] {
  const { numeric, text, datetime, categories } = column;
  if (numeric)
    return [
      ['minimum', figure(column.minimum)],
      ['median', figure(column.quartiles?.[1])],
      ['mean', figure(column.mean)],
      ['maximum', figure(column.maximum)],
      ['deviation', figure(column.standardDeviation)],
      ['zeros', `${figure(numeric.zeros)} (${percent(numeric.zeros / column.count)})`],
    ];
  if (text)
    return [
      ['shortest', figure(text.length.minimum)],
      ['median length', figure(text.length.median)],
      ['longest', figure(text.length.maximum)],
      ['characters', figure(text.characters.total)],
      ['empty', figure(text.empty)],
      ...(text.readsAs ? [['reads as', `${text.readsAs} (${percent(text.readable)})`] as const] : []),
    ];
  if (datetime)
    return [
      ['first', figure(column.minimum)],
      ['last', figure(column.maximum)],
      ['range', duration(datetime.range)],
      ['median step', duration(datetime.interval)],
      ['gaps', figure(datetime.gaps.count)],
    ];
  if (!categories) return [];
  return [
    ['entropy', `${figure(categories.entropy)} bits`],
    ['imbalance', figure(categories.imbalance)],
  ];
}

function picture(column: ColumnProfile): Markup {
  if (column.histogram && column.kind === 'datetime') return timeHistogram(column.histogram);
  if (column.histogram) return histogram(column.histogram);
  return commonest(column);
}

function commonest({ top = [], count }: ColumnProfile): Markup {
  const most = Math.max(...top.map((item) => item.count), 1);
  return list(
    top.map((item) => ({
      label: item.value,
      value: item.count,
      shown: `${figure(item.count)} · ${percent(item.count / count)}`,
    })),
    most,
  );
}

const ends = (items: readonly { value: number; count: number }[]): Markup =>
  facts(items.map(({ value, count }) => [figure(value), `× ${figure(count)}`]));

function more(column: ColumnProfile): Markup {
  const { numeric, text } = column;
  if (numeric) {
    const rest: Fact[] = [
      ['sum', figure(numeric.sum)],
      ['variance', figure(numeric.variance)],
      ['range', figure(numeric.range)],
      ['interquartile range', figure(numeric.iqr)],
      ['median distance', figure(numeric.mad)],
      ['variation', figure(numeric.cv)],
      ['skewness', figure(numeric.skewness)],
      ['kurtosis', figure(numeric.kurtosis)],
      ['negative', figure(numeric.negatives)],
      ['infinite, not a number', figure(numeric.infinities + numeric.nans)],
    ];
    const quantiles = numeric.quantiles.map(
      ({ p, value }): Fact => [`${Math.round(100 * p)} %`, figure(value)],
    );
    return html`<details><summary>moments, quantiles, extremes</summary><div class="grid" style="margin-top:10px">${facts(rest)}${facts(quantiles)}<div><p class="note">lowest</p>${ends(numeric.lowest)}</div><div><p class="note">highest</p>${ends(numeric.highest)}</div><div><p class="note">most frequent</p>${commonest(column)}</div></div></details>`;
  }
  if (text) {
    const most = Math.max(...text.words.map(({ count }) => count), 1);
    const found = text.words.map(({ value, count }) => ({
      label: value,
      value: count,
      shown: figure(count),
    }));
    const classes = text.characters.classes.map(({ value, count }): Fact => [value, figure(count)]);
    return html`<details><summary>lengths, words, characters</summary><div class="grid" style="margin-top:10px;grid-template-columns:repeat(auto-fit,minmax(240px,1fr))"><div><p class="note">lengths</p>${histogram(text.lengths)}</div><div><p class="note">words</p>${list(found, most)}</div><div><p class="note">${figure(text.characters.distinct)} different characters</p>${facts(classes)}</div></div></details>`;
  }
  return none;
}
