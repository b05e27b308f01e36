import type { Profile, ProfileWarning, Row } from '@tidemill/contract';
import { brief, bytes, duration, figure, html, type Markup, none, percent } from '../../../base/markup.ts';
import { correlogram, density, heatMap, line, list } from './charts.ts';
import { facts, words } from './columns.ts';

const tile = (value: string, name: string): Markup =>
  html`<div class="tile"><b>${value}</b><span>${name}</span></div>`;

export function overview(profile: Profile): Markup {
  const { rows, columns, cells, missingCells, duplicates, kinds } = profile;
  const kindList = kinds.map(({ kind, columns: n }) => `${n} ${kind}`).join(', ');
  return html`<h2 id="overview">Overview</h2><div class="grid">${tile(figure(rows), 'rows')}${tile(figure(columns.length), kindList ? `columns: ${kindList}` : 'columns')}${tile(percent(cells === 0 ? 0 : missingCells / cells), `cells missing (${figure(missingCells)})`)}${tile(duplicates ? figure(duplicates.rows) : '–', duplicates ? `rows repeat another (${percent(duplicates.share)})` : 'repeated rows not counted')}${tile(bytes(profile.bytes), `stored, ${bytes(profile.memoryBytes)} in columns`)}${tile(figure(profile.warnings.length), 'warnings')}</div>`;
}

export function warningList(
  warnings: readonly ProfileWarning[],
  title = 'Warnings',
  id = 'warnings',
): Markup {
  const items = warnings.map(
    ({ severity, message, kind }) =>
      html`<li><span class="dot ${severity}-mark">${{ high: '●●●', medium: '●●○', low: '●○○' }[severity]} ${severity}</span><span>${brief(message, 400)} <span class="note">${words(kind)}</span></span></li>`,
  );
  const body =
    items.length === 0
      ? html`<p class="note">Nothing to warn of.</p>`
      : html`<ul class="warnings">${items}</ul>`;
  return html`<h2 id="${id}">${title}</h2><div class="card">${body}</div>`;
}

export function correlations({ correlations: found }: Profile): Markup {
  if (!found) return none;
  const { spearman, pearson, cramersV, strongest } = found;
  const strong = strongest.slice(0, 12).map(({ a, b, value, measure }) => ({
    label: `${brief(a, 22)} · ${brief(b, 22)}`,
    value: Math.abs(value),
    shown: `${value.toFixed(3)} ${measure === 'spearman' ? 'ρ' : 'V'}`,
  }));
  const rows = found.approximate
    ? html`<p class="note">Approximate: of ${figure(found.rows)} rows.</p>`
    : none;
  return html`<h2 id="correlations">Correlations</h2>${rows}<div class="card"><h3>Strongest</h3>${list(strong, 1)}</div>${spearman && html`<div class="card"><h3>Spearman</h3>${heatMap(spearman)}</div>`}${cramersV && html`<div class="card"><h3>Cramér’s V, bias-corrected</h3>${heatMap(cramersV)}</div>`}${pearson && html`<details class="card"><summary>Pearson</summary>${heatMap(pearson)}</details>`}`;
}

export function missing({ missing: found, rows, columns }: Profile): Markup {
  if (!found) return none;
  const most = Math.max(...found.patterns.map((pattern) => pattern.rows), 1);
  const patterns = found.patterns.slice(0, 15).map((pattern) => ({
    label: pattern.columns.length === 0 ? 'nothing missing' : brief(pattern.columns.join(', '), 48),
    value: pattern.rows,
    shown: `${figure(pattern.rows)} · ${percent(pattern.rows / rows)}`,
  }));
  const some = columns
    .filter(({ nulls }) => nulls > 0)
    .sort((a, b) => b.nulls - a.nulls)
    .slice(0, 30)
    .map(({ column, nulls }) => ({ label: column, value: nulls, shown: percent(nulls / rows) }));
  return html`<h2 id="missing">Missing values</h2><div class="card"><h3>By column</h3>${list(some, rows)}</div><div class="card"><h3>Missing together</h3>${list(patterns, most)}</div>${found.correlation && html`<div class="card"><h3>Does one go with another?</h3><p class="note">Correlation of being missing.</p>${heatMap(found.correlation)}</div>`}`;
}

export function interactions({ interactions: found }: Profile): Markup {
  if (found.length === 0) return none;
  return html`<h2 id="interactions">Interactions</h2><div class="card pair">${found.map(density)}</div>`;
}

export function series({ series: found }: Profile): Markup {
  if (!found || found.columns.length === 0) return none;
  const cards = found.columns.map((column) => {
    const { adf, periods } = column;
    const periodText = periods
      .map(({ period, power }) => `every ${figure(period)} steps (${percent(power)})`)
      .join(', ');
    return html`<section class="card"><div class="head"><h3>${brief(column.column, 80)}</h3><span class="kind">${column.stationary === null ? 'not tested' : column.stationary ? 'stationary' : 'not stationary'}</span>${column.seasonal && html`<span class="kind">seasonal</span>`}</div>${line(column)}<div class="pair" style="margin-top:12px">${correlogram('ACF', column.acf, column.confidence)}${correlogram('PACF', column.pacf, column.confidence)}${facts(
      [
        ['points', figure(column.points)],
        ['ADF statistic', figure(adf?.statistic)],
        ['ADF p-value', figure(adf?.pValue)],
        ['periods', periodText || 'none'],
      ],
    )}</div></section>`;
  });
  const approximate = found.approximate ? ' The latest points only.' : '';
  return html`<h2 id="series">Time series</h2><p class="note">In the order of ${found.time}, median step ${duration(found.interval)}.${approximate}</p>${cards}`;
}

export function sample({ sample: { head, tail }, duplicates }: Profile): Markup {
  const repeated = duplicates?.top ?? [];
  return html`<h2 id="sample">Rows</h2>${table('First', head)}${table('Last', tail)}${table(
    'Most repeated',
    repeated.map(({ row, count }) => ({ '×': count, ...row })),
  )}`;
}

const shownColumns = 30;

function table(title: string, rows: readonly Row[]): Markup {
  const [first] = rows;
  if (!first) return none;
  const names = Object.keys(first).slice(0, shownColumns);
  const head = names.map((name) => html`<th>${brief(name, 30)}</th>`);
  const body = rows.map((row) => html`<tr>${names.map((name) => cell(row[name]))}</tr>`);
  return html`<div class="card"><h3>${title}</h3><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></div>`;
}

function cell(value: unknown): Markup {
  if (value === null || value === undefined) return html`<td class="note">–</td>`;
  if (typeof value === 'number') return html`<td class="number">${figure(value)}</td>`;
  return html`<td>${brief(String(value), 60)}</td>`;
}
