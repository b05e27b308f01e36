import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAudit, createChanges } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import { webhookNotifier } from '../../adapters/notify/webhook.ts';
import type { Caller } from '../../base/caller.ts';
import { systemClock } from '../../base/clock.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { createTasks } from '../../platform/tasks/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { until } from '../../testing/until.ts';
import {
  type Cause,
  cleanChecksToResolve,
  type Observation,
  rankCauses,
  severity,
  titleOf,
  transitionOf,
} from './rules.ts';
import { createAlerts } from './service.ts';

let workspaces = 0;

function openAlerts(db: Db) {
  workspaces += 1;
  const caller: Caller = { actor: 'user:anna', role: 'admin', workspace: `w${workspaces}` };
  const logger = createLogger('silent');
  const events = createEvents({ db, clock: systemClock, logger });
  const changes = createChanges({ db, clock: systemClock, events });
  const tasks = createTasks({ db, clock: systemClock, logger, exclusive: true });
  const notifier = webhookNotifier({
    destinations: { schemes: ['http', 'https'], allowPrivate: true },
    firstDelayMs: 1,
    longestDelayMs: 2,
  });
  const alerts = createAlerts({ db, changes, tasks, notifier, clock: systemClock, logger });
  const observe = (breached: boolean, change: Partial<Observation> = {}) =>
    alerts.observe({
      ...{ workspace: caller.workspace, monitor: 'drift', endpoint: 'forecast', kind: 'drift', model: 'm@1' },
      ...{ eventTime: 1, causes: breached ? [cause('close', 3, 1)] : [], webhook: null },
      ...change,
    });
  return { alerts, observe, caller, tasks, audit: createAudit({ db, clock: systemClock, logger }) };
}

const cause = (column: string, value: number, threshold: number): Cause => ({
  ...{ column, value, threshold },
  text: `${column} moved`,
  rows: [{ eventTime: 1, key: '["A"]', value }],
});

describeEachDatabase('alerts', (open) => {
  test('one breach is one alert, and it resolves after clean windows', async () => {
    const { alerts, observe, caller, audit } = openAlerts((await open()).db);
    await Promise.all([observe(true), observe(true)]);
    await observe(true);
    const [alert, ...others] = (await alerts.list({}, caller)).items;
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ state: 'open', title: 'close moved', loopRun: null });
    expect(Object.keys(alert ?? {})).not.toContain('workspace');
    for (let i = 1; i < cleanChecksToResolve; i += 1) await observe(false);
    await observe(true);
    for (let i = 1; i < cleanChecksToResolve; i += 1) await observe(false);
    expect((await alerts.list({ state: 'open' }, caller)).items).toHaveLength(1);
    await observe(false);
    expect((await alerts.list({ state: 'resolved' }, caller)).items).toHaveLength(1);
    await observe(true);
    expect((await alerts.list({}, caller)).items).toHaveLength(2);
    const { items } = await audit.list({ subject: `alert:${alert?.id}` }, caller);
    expect(items.map((item) => item.action)).toEqual(['alert.resolved', 'alert.opened']);
  });

  test('another live model ends the breach of the old one and may have its own', async () => {
    const { alerts, observe, caller } = openAlerts((await open()).db);
    await observe(true);
    await alerts.endReplaced(caller.workspace, 'forecast', 'm@2');
    await observe(true, { model: 'm@2' });
    const { items } = await alerts.list({}, caller);
    expect(items.map((item) => item.state)).toEqual(['open', 'resolved']);
    expect(await alerts.listActive(caller.workspace, 'forecast')).toMatchObject([{ model: 'm@2' }]);
  });

  test('closed by hand it stays closed while the breach lasts', async () => {
    const { alerts, observe, caller } = openAlerts((await open()).db);
    await observe(true);
    const id = (await alerts.list({}, caller)).items[0]?.id ?? '';
    expect(await alerts.acknowledge({ id, note: 'looking' }, caller)).toMatchObject({
      state: 'acknowledged',
    });
    expect(await alerts.resolve({ id, note: 'known' }, caller)).toMatchObject({ state: 'resolved' });
    await expect(alerts.acknowledge({ id }, caller)).rejects.toMatchObject({ code: 'alertResolved' });
    await observe(true);
    expect((await alerts.list({}, caller)).items).toHaveLength(1);
    for (let i = 0; i < cleanChecksToResolve; i += 1) await observe(false);
    await observe(true);
    expect((await alerts.list({}, caller)).items).toHaveLength(2);
    await expect(alerts.get({ id: 'alert_none' }, caller)).rejects.toMatchObject({ code: 'alertNotFound' });
  });

  test('a webhook hears of it once, also when the first tries fail', async () => {
    const { alerts, observe, caller, tasks } = openAlerts((await open()).db);
    const received: { event: string; id: string; data: { title: string } }[] = [];
    let failures = 1;
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      if (failures-- > 0) return response.writeHead(503).end();
      received.push(JSON.parse(body));
      return response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await tasks.stop();
      server.closeAllConnections();
      server.close();
    });
    await tasks.start();
    const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    await observe(true, { webhook });
    await until(
      () => received.length,
      (count) => count > 0,
    );
    const [alert] = (await alerts.list({}, caller)).items;
    expect(received).toMatchObject([
      { event: 'alert.opened', id: alert?.id, data: { title: 'close moved' } },
    ]);
  });
});

describe('rules', () => {
  test('causes are ranked by how far they are beyond their threshold', () => {
    const someCauses = fc.array(
      fc.tuple(fc.double({ min: 0, max: 9, noNaN: true }), fc.double({ min: 0.1, max: 9, noNaN: true })),
    );
    fc.assert(
      fc.property(someCauses, (parts) => {
        const ranked = rankCauses(parts.map(([value, threshold]) => cause('c', value, threshold)));
        expect(ranked.every((each, i) => i === 0 || severity(each) <= severity(ranked[i - 1] as Cause))).toBe(
          true,
        );
      }),
    );
    expect(titleOf([cause('close', 2, 1), cause('mean', 2, 1)])).toBe('close moved (and 1 more)');
  });

  test('an alert opens once, and only clean windows in a row resolve it', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (windows) => {
        let alert: { cleanChecks: number } | null = null;
        let clean = 0;
        for (const breached of windows) {
          clean = breached ? 0 : clean + 1;
          const transition = transitionOf(alert, breached);
          if (transition === 'open') alert = { cleanChecks: 0 };
          else if (transition === 'resolve') alert = null;
          else if (alert && transition !== 'none')
            alert = { cleanChecks: transition === 'count' ? alert.cleanChecks + 1 : 0 };
          if (breached) expect(alert).not.toBeNull();
          if (clean >= cleanChecksToResolve) expect(alert).toBeNull();
        }
      }),
    );
  });
});
