// The log of an endpoint as a table of a user's SQL, open and sealed, joined with what happened.
import { afterAll, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { createPricePlatform, walk } from '../../testing/price-platform.ts';

const days = walk(40);

describeEachPlatform('the log in SQL', (database) => {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  test('predictions and outcomes are tables beside datasets; what is kept may not read them', async () => {
    const platform = await createPricePlatform({ days, ...(await database()) });
    closing.push(platform.close);
    const { services, caller, set } = platform;
    const ask = async (sql: string) =>
      (await services.analyses.query({ sql }, caller, new AbortController().signal)).rows;
    for (const day of days.slice(0, 10)) await platform.predict(day);
    for (const day of days.slice(0, 4)) await platform.tell(day, 100);
    const count =
      'select count(*)::integer as n, count(distinct caller)::integer as callers from "endpoint:forecast"';
    const judged = `select count(outcome)::integer as known, avg(abs(prediction - outcome)) as mae
      from "endpoint:forecast" left join "outcomes:forecast" using ("key", "eventTime")`;
    const check = async () => {
      expect(await ask(count)).toEqual([{ n: 10, callers: 1 }]);
      const [row] = await ask(judged);
      expect(row?.known).toBe(4);
      const { groups } = await services.predictions.performance({ name: 'forecast' }, caller);
      expect(row?.mae).toBeCloseTo(groups[0]?.mae ?? Number.NaN, 9);
      // Beside a dataset, and with times as times.
      const sql = `select count(*)::integer as n from "endpoint:forecast" p join "${set.reference}" d on p."eventTime"::date = d.day::date`;
      expect(await ask(sql)).toEqual([{ n: 10 }]);
      expect(
        await ask(
          `select json_extract(features, '$.close')::double as close from "endpoint:forecast" order by "eventTime" limit 1`,
        ),
      ).toEqual([{ close: days[0]?.close }]);
    };
    await check();
    await services.predictions.seal();
    await check();
    await expect(ask('select * from "endpoint:nobody"')).rejects.toMatchObject({ code: 'endpointNotFound' });
    const kept = services.analyses.put({ name: 'kept', sql: count }, caller, new AbortController().signal);
    await expect(kept).rejects.toMatchObject({ code: 'featureSqlInvalid' });
  });
});
