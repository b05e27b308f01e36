import { html, Markup, none } from '../../base/markup.ts';
import type { Section, Table } from './sections.ts';

const style =
  new Markup(`body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2024}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #d9dce0}
table{border-collapse:collapse;width:100%;font-size:.9rem}th{text-align:left;font-weight:600}
th,td{padding:.3rem .6rem .3rem 0;border-bottom:1px solid #eceef0;vertical-align:top;overflow-wrap:anywhere}
.written{white-space:pre-wrap}
@media (prefers-color-scheme:dark){body{background:#16191d;color:#dfe2e6}h2,th,td{border-color:#33383e}}`);

/** The card as one page without scripts or anything to fetch. */
export const toHtml = (reference: string, sections: readonly Section[]): string =>
  html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${reference}</title><style>${style}</style></head>
<body><h1>Model card: ${reference}</h1>
${sections.map(sectionHtml)}
</body></html>
`.text;

const sectionHtml = ({ title, lines = [], written, table }: Section): Markup => html`<h2>${title}</h2>
${lines.map((line) => html`<p>${line}</p>\n`)}${written !== undefined && html`<p class="written">${written}</p>\n`}${
  table && table.rows.length > 0 ? tableHtml(table) : none
}`;

const tableHtml = ({
  head,
  rows,
}: Table): Markup => html`<table><tr>${head.map((text) => html`<th>${text}</th>`)}</tr>
${rows.map((row) => html`<tr>${row.map((text) => html`<td>${text}</td>`)}</tr>\n`)}</table>
`;
