import type { Column } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { cutText, quoteName } from '../../base/sql-text.ts';
import type { BoundSql } from '../datasets/service.ts';
import { namedColumns } from './given-select.ts';
import { longestCell, type PreviewReply, toPreview } from './preview-cells.ts';
import type { ViewMeaning } from './rules.ts';
import { numberedRowsSql, rowColumn } from './view-join.ts';
import { joinWindows } from './window-join.ts';

/** The aggregations at the times of the first events, of all that is known by now. */
export async function previewWindows(
  analytics: Pick<Analytics, 'sealed'>,
  meaning: ViewMeaning,
  { sql, tables }: Pick<BoundSql, 'sql' | 'tables'>,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<PreviewReply> {
  const { entity, eventTime, createdTime, aggregations, inputs = [], joinKeys, features } = meaning;
  const cut = (each: Column) => {
    const name = quoteName(each.name);
    return each.type === 'text' ? `${cutText(name, longestCell)} as ${name}` : name;
  };
  const shown = [...joinKeys.map(cut), quoteName(eventTime), ...features.map(cut)];
  return analytics.sealed({ tables, threads: 1, signal }, async (engine) => {
    const select = await engine.select(sql);
    const shows = [...new Set([...entity, eventTime])].map(quoteName).join(', ');
    await engine.run(
      `create temp table _first as select ${shows} from (${namedColumns(select)} limit ${limit})`,
    );
    await engine.run(numberedRowsSql('_first', eventTime));
    const view = { keys: entity, eventTime, createdTime, aggregations, inputs };
    await joinWindows(
      engine,
      { ...view, features: features.map(({ name }) => ({ name, as: name })) },
      select,
      { bitemporal: false, asOf: null },
    );
    const { rows } = await engine.query(
      `select ${shown.join(', ')} from _rows order by ${quoteName(rowColumn)}`,
    );
    const time = select.columns.find(({ name }) => name === eventTime);
    const columns = [...joinKeys, ...(time ? [{ name: time.name, type: time.type }] : []), ...features];
    return toPreview(columns, rows);
  });
}
