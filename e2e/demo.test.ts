// The README's first command, played to its report; then on other prices, which must change every figure accordingly.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../examples/stocks/report.ts';
import { root } from '../scripts/steps.ts';

const prices = join(root, 'examples/stocks/prices.csv');
const limit = 240_000;
const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '')
  console.warn('SKIPPED: the demo with --python. npm test makes its environment; see CONTRIBUTING.md.');

describe('the demo', () => {
  let folder = '';
  let first: { report: Report; story: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemill-demo-'));
    first = await play('first', []);
  }, limit);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function demo(name: string, options: readonly string[]): Promise<{ code: number; story: string }> {
    const args = [
      join(root, 'examples/stocks/main.ts'),
      '--exit',
      '--port',
      '0',
      '--day-ms',
      '0',
      '--folder',
      join(folder, name),
      ...options,
    ];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let story = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (story += text));
    const [code] = (await once(child, 'close')) as [number];
    return { code, story };
  }

  async function play(name: string, options: readonly string[]): Promise<{ report: Report; story: string }> {
    const { code, story } = await demo(name, options);
    expect(code, story).toBe(0);
    const text = await readFile(join(folder, name, 'report.json'), 'utf8');
    return { report: JSON.parse(text) as Report, story };
  }

  it('begins with the address', () => {
    expect(first.story.split('\n')[0]).toMatch(/http:\/\/127\.0\.0\.1:\d+ {2}real AAPL/);
  });

  it('plays the whole loop on real prices', () => {
    const { report, story } = first;
    expect(report.datasetVersions, story).toBeGreaterThan(300);
    expect(report.predictions).toBeGreaterThan(900);
    expect(report.outcomes).toBeGreaterThan(900);
    expect(report.modelVersions).toBeGreaterThanOrEqual(3);
    expect(report.gateRejections, story).toBeGreaterThanOrEqual(2);
    expect(report.driftAlerts, story).toBeGreaterThanOrEqual(1);
    expect(report.loopRuns, story).toBeGreaterThanOrEqual(2);
    expect(report.promotions, story).toBeGreaterThanOrEqual(1);
    expect(report.rollbacks, story).toBeGreaterThanOrEqual(1);
    expect(report.fallbacks, story).toBeGreaterThanOrEqual(1);
    expect(report.mae.loop).toBeLessThan(report.mae.frozen);
  });

  it('raises no drift alert on the control', () => {
    expect(first.report.controlDriftAlerts, first.story).toBe(0);
  });

  it('rebuilds the first model from its bundle, and says no to a changed price', () => {
    expect([first.report.reproduced, first.report.tamperedReproduced], first.story).toEqual([true, false]);
    expect(first.story).toMatch(/with one price changed: false; .*prices@1 chunk/);
  });

  it('follows from the data: with every price doubled the errors double', { timeout: limit }, async () => {
    const doubled = join(folder, 'doubled.csv');
    const [head = '', ...rows] = (await readFile(prices, 'utf8')).trim().split('\n');
    const twice = rows.map((row) => {
      const [symbol, date, open, high, low, close, volume] = row.split(',');
      return [symbol, date, ...[open, high, low, close].map((price) => Number(price) * 2), volume].join(',');
    });
    await writeFile(doubled, `${[head, ...twice].join('\n')}\n`);
    const { mae } = (await play('doubled', ['--prices', doubled])).report;
    expect(mae.naive / first.report.mae.naive).toBeCloseTo(2, 6);
    expect(mae.frozen / first.report.mae.frozen).toBeCloseTo(2, 2);
    // Rollouts advance beside the days, so a promotion may fall a day earlier or later.
    expect(mae.loop / first.report.mae.loop).toBeGreaterThan(1.8);
    expect(mae.loop / first.report.mae.loop).toBeLessThan(2.2);
  });

  const torch = process.env.TIDEMILL_TEST_TORCH ?? '';
  it.skipIf(python === '')(
    'searches with frameworks of Python too, runs the best again, and takes the steady one into shadow',
    { timeout: limit },
    async () => {
      const trainer = torch === '' ? 'XGBoost' : 'network';
      const few = ['--trainers', trainer, '--trials', '1', '--windows', '1', '--until', '2023-10-03'];
      const { report, story } = await play('python', ['--python', ...few]);
      expect(story).toMatch(new RegExp(`${trainer}: trial 0 3 times again: [\\d.]+ ± [\\d.]+`));
      expect(report.trainers).toMatchObject([
        { name: expect.stringMatching('our '), std: 0 },
        { name: trainer, mean: expect.any(Number), std: expect.any(Number) },
        { name: 'yesterday', note: 'naive rule', mean: expect.closeTo(2.09, 1) },
      ]);
      expect(report.trainers.filter(({ note }) => note === 'chosen')).toHaveLength(1);
      expect(story).toMatch(/ ± .* {2}chosen\n/);
      expect(story).toContain('forecaster@2 runs in shadow');
      expect(report.modelVersions).toBe(2);
      const wrong = await demo('wrong-trainer', ['--python', '--trainers', 'XGB']);
      expect([wrong.code, wrong.story]).toEqual([
        1,
        expect.stringContaining('there are XGBoost, SVR, network'),
      ]);
    },
  );

  it('says what is wrong with an option and with a price file', async () => {
    const cuts = await demo('wrong-cuts', ['--cuts', '2023-09-30,2023-08-31']);
    expect([cuts.code, cuts.story]).toEqual([1, expect.stringContaining('must come before')]);
    const missing = await demo('missing', ['--prices', join(folder, 'nowhere.csv')]);
    expect(missing.code).toBe(1);
    expect(missing.story).toContain('nowhere.csv');
  });
});
