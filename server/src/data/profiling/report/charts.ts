/** Charts as inline SVG: few elements, colours from the page's own variables. */
import type { Interaction, ProfileHistogram, ProfileMatrix, SeriesProfile } from '@tidemill/contract';
import { brief, figure, html, type Markup, moment, none } from '../../../base/markup.ts';

const short = (value: number): string => String(Math.round(value * 10) / 10);

function bars(counts: readonly number[], width: number, height: number, highest: number): string {
  const step = width / counts.length;
  const gap = counts.length > 1 ? Math.min(1, step * 0.15) : 0;
  return counts
    .map((count, i) => {
      const size = count === 0 ? 0 : Math.max(1, (count / highest) * height);
      return `M${short(i * step + gap / 2)} ${short(height)}v-${short(size)}h${short(step - gap)}v${short(size)}z`;
    })
    .join('');
}

type Ends = (value: number) => string;

/** Bins from left to right, with both ends written under them. */
export function histogram({ edges, counts }: ProfileHistogram, ends: Ends = figure): Markup {
  const [width, height] = [360, 90];
  const highest = Math.max(...counts, 1);
  return html`<svg viewBox="0 0 ${width} ${height + 16}" role="img" aria-label="histogram"><path class="bar" d="${bars(counts, width, height, highest)}"/><line class="axis" x1="0" x2="${width}" y1="${height}" y2="${height}"/><text x="0" y="${height + 13}">${ends(edges[0] ?? 0)}</text><text x="${width}" y="${height + 13}" text-anchor="end">${ends(edges.at(-1) ?? 0)}</text></svg>`;
}

export const timeHistogram = (of: ProfileHistogram): Markup => histogram(of, moment);

/** Two distributions over each other, as shares. */
export function overlay(
  edges: readonly number[],
  before: readonly number[],
  after: readonly number[],
  ends: Ends,
): Markup {
  const [width, height] = [360, 90];
  const highest = Math.max(...before, ...after, Number.MIN_VALUE);
  return html`<svg viewBox="0 0 ${width} ${height + 16}" role="img" aria-label="both distributions"><path class="before" d="${bars(before, width, height, highest)}"/><path class="after" d="${bars(after, width, height, highest)}"/><line class="axis" x1="0" x2="${width}" y1="${height}" y2="${height}"/><text x="0" y="${height + 13}">${ends(edges[0] ?? 0)}</text><text x="${width}" y="${height + 13}" text-anchor="end">${ends(edges.at(-1) ?? 0)}</text></svg>`;
}

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly shown: string;
}

/** A name, a bar and a figure a line. */
export function list(items: readonly Bar[], total: number): Markup {
  if (items.length === 0) return none;
  const rows = items.map(({ label, value, shown }) => {
    const share = Math.max(0, Math.min(100, (100 * value) / Math.max(total, Number.MIN_VALUE)));
    const name = label === '' ? html`<i>empty</i>` : brief(label, 48);
    return html`<div class="line"><span class="name">${name}</span><span class="track"><b style="width:${short(share)}%"></b></span><span class="n">${shown}</span></div>`;
  });
  return html`<div class="lines">${rows}</div>`;
}

const drawnColumns = 25;

/** From -1 in one colour over nothing to 1 in the other; the figure stands in the cell while there is room. */
export function heatMap({ columns, values }: ProfileMatrix): Markup {
  const names = columns.slice(0, drawnColumns);
  const cell = names.length > 14 ? 24 : 36;
  const [left, top] = [130, 96];
  const side = names.length * cell;
  const cells = names.flatMap((_, i) =>
    names.map((_other, j) => {
      const value = values[i]?.[j];
      if (value == null) return none;
      const [x, y] = [left + j * cell, top + i * cell];
      const label =
        cell >= 36
          ? html`<text${Math.abs(value) > 0.6 ? html` class="on"` : none} x="${x + cell / 2}" y="${y + cell / 2 + 4}" text-anchor="middle">${value.toFixed(2)}</text>`
          : none;
      return html`<rect class="${value < 0 ? 'low' : 'high'}" x="${x}" y="${y}" width="${cell - 1}" height="${cell - 1}" fill-opacity="${Math.abs(value).toFixed(2)}"/>${label}`;
    }),
  );
  const rows = names.map(
    (name, i) =>
      html`<text x="${left - 6}" y="${top + i * cell + cell / 2 + 4}" text-anchor="end">${brief(name, 18)}</text>`,
  );
  const heads = names.map((name, j) => {
    const x = left + j * cell + cell / 2 + 3;
    return html`<text transform="translate(${x} ${top - 6}) rotate(-50)">${brief(name, 16)}</text>`;
  });
  const more =
    columns.length > names.length
      ? html`<p class="note">The first ${names.length} of ${columns.length} columns.</p>`
      : none;
  const size = { width: left + side + 70, height: top + side };
  return html`<svg class="map" style="max-width:${size.width}px" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="heat map">${cells}${rows}${heads}</svg>${more}`;
}

/** Rows per cell of a grid, darker for more. */
export function density({ x, y, xEdges, yEdges, counts }: Interaction): Markup {
  const cell = 12;
  const side = counts.length * cell;
  const most = Math.max(...counts.flat(), 1);
  const cells = counts.flatMap((row, i) =>
    row.map((count, j) =>
      count === 0
        ? none
        : html`<rect class="high" x="${i * cell}" y="${side - (j + 1) * cell}" width="${cell}" height="${cell}" fill-opacity="${(0.1 + 0.9 * Math.sqrt(count / most)).toFixed(2)}"/>`,
    ),
  );
  return html`<figure><svg viewBox="-4 -4 ${side + 8} ${side + 24}" role="img" aria-label="density">${cells}<path class="axis" d="M0 0V${side}H${side}"/><text x="0" y="${side + 15}">${figure(xEdges[0])}</text><text x="${side}" y="${side + 15}" text-anchor="end">${figure(xEdges.at(-1))}</text></svg><figcaption>${brief(x, 30)} → · ${brief(y, 30)} ↑ ${figure(yEdges[0])} to ${figure(yEdges.at(-1))}</figcaption></figure>`;
}

export function line({ line: points }: SeriesProfile): Markup {
  const [width, height] = [720, 140];
  const times = points.map(({ time }) => time);
  const values = points.map(({ value }) => value);
  const [start, end] = [Math.min(...times), Math.max(...times)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const at = (value: number, from: number, to: number, size: number) =>
    to > from ? ((value - from) / (to - from)) * size : 0;
  const path = points
    .map(
      ({ time, value }) =>
        `${short(at(time, start, end, width))} ${short(height - at(value, low, high, height))}`,
    )
    .join('L');
  return html`<svg viewBox="0 -4 ${width} ${height + 22}" role="img" aria-label="line"><path class="curve" d="M${path}"/><line class="axis" x1="0" x2="${width}" y1="${height}" y2="${height}"/><text x="0" y="${height + 14}">${moment(start)}</text><text x="${width}" y="${height + 14}" text-anchor="end">${moment(end)}</text><text x="2" y="8">${figure(high)}</text><text x="2" y="${height - 4}">${figure(low)}</text></svg>`;
}

/** Spikes per lag with the band in which noise stays. */
export function correlogram(title: string, values: readonly number[], confidence: number): Markup {
  const [width, half] = [350, 46];
  const step = width / Math.max(1, values.length - 1);
  const band = Math.min(1, confidence) * half;
  const spikes = values
    .map((value, lag) => (lag === 0 ? '' : `M${short(lag * step)} ${half}v${short(-value * half)}`))
    .join('');
  return html`<figure><svg viewBox="-2 -2 ${width + 4} ${2 * half + 4}" role="img" aria-label="${title}"><rect class="band" x="0" y="${short(half - band)}" width="${width}" height="${short(2 * band)}"/><line class="axis" x1="0" x2="${width}" y1="${half}" y2="${half}"/><path class="spikes" d="${spikes}"/></svg><figcaption>${title}, lags 1 to ${values.length - 1}</figcaption></figure>`;
}
