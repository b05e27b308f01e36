import type { Profile, ProfileComparison, ProfileWarning } from '@tidemill/contract';
import { brief, figure, html, type Markup, moment, none } from '../../../base/markup.ts';
import { columnCard } from './columns.ts';
import { comparedColumns, comparedOverview } from './comparison.ts';
import { correlations, interactions, missing, overview, sample, series, warningList } from './sections.ts';
import { style } from './style.ts';

/** Bytes of column cards, so that a page stays below two million whatever the table. */
const mostCards = 1_200_000;

/** A profile as one page that loads nothing: styles and charts are in it, and no script. */
export function profileReport(profile: Profile): string {
  const sections = [
    overview(profile),
    warningList(profile.warnings.slice(0, 100)),
    columns(profile),
    correlations(profile),
    missing(profile),
    interactions(profile),
    series(profile),
    sample(profile),
    leftOut(profile),
  ];
  return page(profile.reference, described(profile), sections);
}

/** Two profiles on one page: what changed, then the later one's columns with both distributions. */
export function comparisonReport(comparison: ProfileComparison): string {
  const { before, after, warningsAdded, warningsGone } = comparison;
  const sections = [
    comparedOverview(comparison),
    warningList(warningsAdded.slice(0, 50), 'New warnings', 'warnings'),
    warningsGone.length > 0 ? warningList(warningsGone.slice(0, 50), 'Warnings that are gone', 'gone') : none,
    comparedColumns(comparison, mostCards),
    sample(after),
    leftOut(after),
  ];
  const title = `${before.reference} and ${after.reference}`;
  return page(title, `${described(before)}; ${described(after)}`, sections);
}

const described = ({ reference, digest, computedAt }: Profile): string =>
  `${reference}, digest ${digest.slice(0, 12)}, profiled ${moment(computedAt)} UTC`;

function columns(profile: Profile): Markup {
  const byColumn = new Map<string, ProfileWarning[]>();
  for (const warning of profile.warnings)
    for (const name of warning.columns) byColumn.set(name, [...(byColumn.get(name) ?? []), warning]);
  const cards: Markup[] = [];
  let size = 0;
  for (const column of profile.columns) {
    const unlike = new Map((byColumn.get(column.column) ?? []).map((warning) => [warning.kind, warning]));
    const card = columnCard(column, profile.rows, [...unlike.values()]);
    size += Buffer.byteLength(card.text);
    if (size > mostCards) break;
    cards.push(card);
  }
  const more = profile.columns.length - cards.length;
  const note =
    more > 0 ? html`<p class="note">${figure(more)} more columns are in the JSON of this profile.</p>` : none;
  return html`<h2 id="columns">Columns</h2>${cards}${note}`;
}

function leftOut({ leftOut: list }: Profile): Markup {
  if (list.length === 0) return none;
  const items = list.map((text) => html`<li>${text}</li>`);
  return html`<h2 id="left-out">Left out or approximate</h2><div class="card"><ul>${items}</ul></div>`;
}

const anchors = /<h2 id="([a-z-]+)">([^<]*)<\/h2>/g;

function page(title: string, subtitle: string, sections: readonly Markup[]): string {
  const body = html`${sections}`;
  const links = [...body.text.matchAll(anchors)].map(([, id, name]) => html`<a href="#${id}">${name}</a>`);
  const whole = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${brief(title, 80)} · profile</title><style>`;
  const rest = html`</style></head><body><main><header><h1>${title}</h1><p>${subtitle}</p></header><nav>${links}</nav>${body}</main></body></html>
`;
  return whole.text + style + rest.text;
}
