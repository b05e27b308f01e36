import { contract } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { commandNames, toCommand } from './cli-commands.ts';
import { toCurl, toHttp } from './http-form.ts';

it('knows only calls that the contract has', () => {
  for (const name of commandNames()) {
    const [domain = '', method = ''] = name.split('.');
    expect((contract as Record<string, Record<string, unknown>>)[domain]?.[method], name).toBeDefined();
  }
});

it('writes a query as a command and as a request', () => {
  const asked = {
    queryKey: ['datasets', 'diff', { name: 'prices', from: '1', to: '2', key: 'symbol,date' }],
  };
  expect(toCommand(asked)).toBe('tidemill datasets diff prices@1 prices@2 --key symbol,date');
  const http = toHttp(asked);
  expect(http).toEqual({
    method: 'GET',
    path: '/api/v1/datasets/prices/diff?from=1&to=2&key=symbol%2Cdate',
    body: null,
  });
  expect(http && toCurl(http, 'http://127.0.0.1:4600')).toBe(
    "curl -s 'http://127.0.0.1:4600/api/v1/datasets/prices/diff?from=1&to=2&key=symbol%2Cdate'",
  );
});

it('quotes a body for the shell', () => {
  const http = toHttp({ queryKey: ['experiments', 'searchRuns', { experimentIds: ["it's"] }] });
  expect(http && toCurl(http, 'http://x')).toBe(
    `curl -s -X POST 'http://x/api/v1/runs/search' -H 'content-type: application/json' -d '{"experimentIds":["it'\\''s"]}'`,
  );
});

it('quotes what a shell would cut', () => {
  const search = { experimentIds: ['1'], filter: "params.a = 'b'", orderBy: ['metrics.`x` DESC'] };
  expect(toCommand({ queryKey: ['experiments', 'searchRuns', search] })).toBe(
    `tidemill runs search --experiment 1 --filter 'params.a = '\\''b'\\''' --order-by 'metrics.\`x\` DESC'`,
  );
  const version = { name: 'my model@v 1', version: '3' };
  expect(toCommand({ queryKey: ['registry', 'getVersion', version] })).toBe(
    `tidemill models show '"my model@v 1"@3'`,
  );
});

it('writes what changes a dataset, and an upload with its file', () => {
  const commit = {
    queryKey: [
      'datasets',
      'commit',
      { name: 'prices', format: 'csv', mode: 'upsert', key: 'id', dateFormat: '%d/%m/%Y' },
    ],
  };
  expect(toCommand(commit)).toBe(
    "tidemill datasets commit FILE --name prices --upsert --key id --date-format '%d/%m/%Y'",
  );
  const http = toHttp(commit);
  expect(http && toCurl(http, 'http://x')).toBe(
    "curl -s -X POST 'http://x/api/v1/datasets/prices/versions?format=csv&mode=upsert&key=id&dateFormat=%25d%2F%25m%2F%25Y' -H 'content-type: application/octet-stream' --data-binary @FILE",
  );
  const parts = [
    { name: 'train', share: 0.8 },
    { name: 'test', share: 0.2 },
  ];
  const split = { name: 'prices', version: '3', by: 'hash', columns: ['symbol'], seed: 7, parts };
  expect(toCommand({ queryKey: ['datasets', 'split', split] })).toBe(
    'tidemill datasets split prices@3 --by hash:symbol --shares train=0.8,test=0.2 --seed 7',
  );
  const derive = { name: 'monthly', sql: 'select \'a\' from "prices@3"', tag: 'x' };
  expect(toCommand({ queryKey: ['datasets', 'derive', derive] })).toBe(
    `tidemill datasets derive monthly --sql 'select '\\''a'\\'' from "prices@3"' --tag 'x'`,
  );
  expect(toCommand({ queryKey: ['datasets', 'deleteVersion', { name: 'prices', version: 3 }] })).toBe(
    'tidemill datasets delete prices@3',
  );
});

it('writes what changes a search', () => {
  const resume = (budget?: object) => toCommand({ queryKey: ['sweeps', 'resume', { id: 's', budget }] });
  expect(resume()).toBe('tidemill sweeps resume s');
  expect(resume({ trials: 9, seconds: 90, cost: 2 })).toBe(
    'tidemill sweeps resume s --trials 9 --duration 90s --cost 2',
  );
  expect(resume({ seconds: 7200 })).toBe('tidemill sweeps resume s --duration 120m');
  expect(toCommand({ queryKey: ['sweeps', 'stop', { id: 's', giveBack: true }] })).toBe(
    'tidemill sweeps stop s --give-back',
  );
  const confirm = (input: object) =>
    toCommand({ queryKey: ['sweeps', 'confirm', { id: 's', top: 2, ...input }] });
  expect(confirm({ windows: 3, rule: { type: 'mean-std', lambda: 0.5 } })).toBe(
    'tidemill sweeps confirm s --top 2 --windows 3 --lambda 0.5',
  );
  expect(confirm({ rule: { type: 'one-standard-error', simplest: { depth: 'low', rate: 'high' } } })).toBe(
    'tidemill sweeps confirm s --top 2 --simplest depth:low --simplest rate:high',
  );
});

it('has no command for what no command prints', () =>
  expect(toCommand({ queryKey: ['system', 'events', {}] })).toBeNull());
