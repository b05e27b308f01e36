// The command line as a user has it: the real binary against a server that it started itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../scripts/steps.ts';
import { startServer, type TestServer, tidemill } from './cli-process.ts';

let folder = '';
let server: TestServer;

const day = (n: number) => new Date(Date.UTC(2024, 0, n)).toISOString().slice(0, 10);
const prices = (days: number, close = (n: number) => 100 + n / 4) =>
  ['Symbol,Date,Close', ...Array.from({ length: days }, (_, n) => `AAPL,${day(n + 1)},${close(n)}`), ''].join(
    '\n',
  );

/** Runs a command against the server; without an exit code named it must succeed. */
async function run(words: readonly string[], code = 0) {
  const ended = await tidemill(words, { url: server.url, folder });
  expect(ended, `tidemill ${words.join(' ')}: ${ended.stderr}`).toMatchObject({ code });
  return ended;
}

const json = async (...words: readonly string[]) => JSON.parse((await run([...words, '--json'])).stdout);

/** The code and message that a refused command reports. */
async function refusal(words: readonly string[], code = 1): Promise<{ code: string; message: string }> {
  const { stdout, stderr } = await run([...words, '--json'], code);
  expect(stdout).toBe('');
  return JSON.parse(stderr).error;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-cli-e2e-'));
  server = await startServer(join(folder, 'data'));
  await writeFile(join(folder, 'Prices.csv'), prices(60));
  await writeFile(
    join(folder, 'more.csv'),
    prices(62, (n) => (n === 5 ? 1 : 100 + n / 4)),
  );
});

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const mapping = ['--mapping', 'symbol=Symbol,date=Date,close=Close'];

describe('datasets', () => {
  test('a file becomes a version; the same file again does not', async () => {
    const first = await run([
      'datasets',
      'commit',
      'Prices.csv',
      ...mapping,
      '--message',
      'first',
      '--tag',
      'jan',
    ]);
    expect(first.stdout).toMatch(/^prices@1: 60 rows, 3 columns/);
    const again = await run(['datasets', 'commit', 'Prices.csv', ...mapping]);
    expect(again.stdout).toBe('prices@1 holds exactly this already: 60 rows.\n');
  });

  test('profile, second version, difference by key', async () => {
    const { columns } = await json('datasets', 'profile', 'prices@jan');
    expect(columns).toContainEqual(
      expect.objectContaining({ column: 'close', count: 60, nulls: 0, minimum: 100, maximum: 114.75 }),
    );
    await run(['datasets', 'commit', 'more.csv', '--name', 'prices', ...mapping]);
    await run(['datasets', 'profile', 'prices@2', '--compare', '1', '--html', 'both.html']);
    const page = await readFile(join(folder, 'both.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>[\s\S]*prices@1 and prices@2[\s\S]*<\/html>\n$/);
    const drift = await run(['datasets', 'profile', 'prices@2', '--compare', 'prices@1']);
    expect(drift.stdout).toMatch(/^prices@1 -> prices@2: 60 -> 62 rows\n[\s\S]*close +changed +double/);
    const { stdout } = await run(['datasets', 'diff', 'prices@1', '2', '--key', 'symbol,date']);
    expect(stdout).toMatch(/^prices@1 -> prices@2: \+2 rows, -0 rows, 1 changed \(60 -> 62\)/);
    expect(stdout).toMatch(/AAPL {4}2024-01-06 {2}101\.25 -> 1\n/);
  });

  test('rows come back, to standard output and as a file', async () => {
    const { stdout } = await run(['datasets', 'read', 'prices@1', '--columns', 'date,close', '--limit', '2']);
    expect(stdout).toMatch(/^date,close\n2024-01-01,100(\.0)?\n2024-01-02,100\.25\n$/);
    await run(['datasets', 'read', 'prices@2', '-o', 'rows.ndjson']);
    expect((await readFile(join(folder, 'rows.ndjson'), 'utf8')).trim().split('\n')).toHaveLength(62);
  });

  test('standard input is a file too', async () => {
    const words = ['datasets', 'commit', '-', '--format', 'ndjson', '--name', 'piped', '--json'];
    const ended = await tidemill(words, { url: server.url, input: '{"a":1}\n{"a":2}\n' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ reference: 'piped@1', rows: 2 });
  });
});

describe('access', () => {
  test('a token is created, listed without its secret, and revoked', async () => {
    const { stdout } = await run(['tokens', 'create', 'ci', '--role', 'viewer']);
    const secret = stdout.trim();
    const listed = await run(['tokens', 'list']);
    expect(listed.stdout).toContain('viewer');
    expect(listed.stdout).not.toContain(secret);
    expect(await json('--token', secret, 'datasets', 'list')).toHaveLength(2);
    expect(await refusal(['--token', secret, 'datasets', 'delete', 'piped'])).toMatchObject({
      message: expect.stringContaining("lacks the permission 'write'"),
    });
    const [token] = await json('tokens', 'list');
    await run(['tokens', 'revoke', token.id]);
    await refusal(['--token', secret, 'datasets', 'list']);
  });

  test('the audit says who did what', async () => {
    const entries = await json('audit', '--action', 'dataset.committed', '--subject', 'dataset:prices@2');
    expect(entries).toEqual([expect.objectContaining({ actor: 'user:owner', subject: 'dataset:prices@2' })]);
  });
});

describe('the project file', () => {
  const project = (extra = '') => `
    import { defineProject } from '${join(root, 'sdk/src/index.ts')}';
    export default defineProject({
      name: 'small',
      featureViews: {
        closes: { sql: 'select symbol, date as event_time, close from prices', entity: ['symbol'], eventTime: 'event_time' },
      },
      ${extra}
    });`;

  test('plan tells, apply does, applying again changes nothing', async () => {
    await writeFile(join(folder, 'tidemill.config.ts'), project());
    expect((await run(['plan'])).stdout).toBe('+ view closes\nsmall: 1 to create.\n');
    expect(await json('features', 'list')).toEqual([]);
    expect((await run(['apply'])).stdout).toBe('+ view closes\nsmall: 1 created.\n');
    expect((await run(['apply'])).stdout).toBe('= view closes\nsmall: 1 unchanged.\n');
    expect(await json('features', 'list')).toEqual([expect.objectContaining({ reference: 'closes@1' })]);
  });

  test('that is missing, broken or says what no project has is refused', async () => {
    expect(await refusal(['plan', 'none.ts'])).toMatchObject({ code: 'fileNotFound' });
    await writeFile(join(folder, 'broken.ts'), 'export default {');
    expect(await refusal(['apply', 'broken.ts'])).toMatchObject({ code: 'definitionInvalid' });
    await writeFile(join(folder, 'misspelt.ts'), project('monitor: {},'));
    expect(await refusal(['plan', 'misspelt.ts'])).toMatchObject({
      code: 'requestInvalid',
      message: expect.stringContaining('monitor'),
    });
  });
});

describe('wrong inputs', () => {
  test('are refused by name, with a remedy, and leave nothing behind', async () => {
    await writeFile(join(folder, 'bad.csv'), 'a,b\n1,2\n"unclosed,3\n4,5,6,7\n');
    const before = await json('datasets', 'list');
    const cases: [string[], string][] = [
      [['datasets', 'commit', 'none.csv'], 'fileNotFound'],
      [['datasets', 'commit', 'prices.xlsx'], 'formatUnknown'],
      [['datasets', 'commit', 'bad.csv'], 'fileUnreadable'],
      [['datasets', 'commit', 'Prices.csv', '--name', 'Not A Name'], 'requestInvalid'],
      [['datasets', 'show', 'nothing@1'], 'datasetNotFound'],
      [['datasets', 'show', 'prices@99'], 'datasetVersionNotFound'],
      [['datasets', 'read', 'prices@1', '--columns', 'nope'], 'datasetColumnNotFound'],
      [['models', 'show', 'nothing@1'], 'modelNotFound'],
      [['runs', 'search', '--experiment', 'nothing'], 'experimentUnknown'],
      [['endpoints', 'predict', 'nothing', '--record', 'a=1'], 'endpointNotFound'],
      [['endpoints', 'predict', 'nothing', '--record', 'a'], 'pairInvalid'],
      [['datasets', 'sho'], 'usageInvalid'],
      [['datasets', 'list', '--limit', 'many'], 'usageInvalid'],
    ];
    for (const [words, code] of cases) {
      const error = await refusal(words);
      expect(error, words.join(' ')).toMatchObject({ code });
      expect(error.message.length).toBeGreaterThan(15);
    }
    expect(await json('datasets', 'list')).toEqual(before);
  });

  test('without --json the message alone is printed, and never a stack', async () => {
    const { stdout, stderr } = await run(['datasets', 'show', 'nothing@1'], 1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^tidemill: There is no dataset 'nothing'\./);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a server that is not there is named with the remedy', async () => {
    const ended = await tidemill(['status'], { url: 'http://127.0.0.1:9' });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(
      /^tidemill: No Tidemill answers at http:\/\/127\.0\.0\.1:9\. Start one with `tidemill up`/,
    );
  });
});

describe('the terminal', () => {
  test('hostile names and messages are shown, not obeyed', async () => {
    const message = '\u001b[2J\u0007evil\nline';
    await run(['datasets', 'commit', 'Prices.csv', '--name', 'hostile', '--message', message]);
    const { stdout } = await run(['datasets', 'versions', 'hostile']);
    expect(stdout).toContain('?[2J?evil?line');
    expect(stdout).not.toContain('\u001b');
    expect((await json('datasets', 'show', 'hostile@1')).message).toBe(message);
  });

  test('a reader that leaves early ends a command quietly', async () => {
    const child = spawn(
      'sh',
      [
        '-c',
        '{ "$0" "$1" datasets read prices@2; echo "code $?" >&2; } | head -n 1',
        process.execPath,
        join(root, 'cli/src/main.ts'),
      ],
      { env: { ...process.env, TIDEMILL_URL: server.url }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [printed, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(printed).toBe('symbol,date,close\n');
    expect(complaint).toBe('code 0\n');
  });

  test('events follow what happens, and Ctrl-C ends them cleanly', async () => {
    const child = spawn(
      process.execPath,
      [join(root, 'cli/src/main.ts'), 'events', '--after', '0', '--kinds', 'dataset.tagged', '--json'],
      { env: { ...process.env, TIDEMILL_URL: server.url }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(child, 'exit');
    await run(['datasets', 'tag', 'prices@2', 'feb']);
    let printed = '';
    for await (const bytes of child.stdout) {
      printed += bytes;
      if (printed.includes('\n') && !child.killed) child.kill('SIGINT');
    }
    expect(JSON.parse(printed.split('\n')[0] ?? '')).toMatchObject({
      kind: 'dataset.tagged',
      subject: expect.stringContaining('prices'),
    });
    expect(await ended).toEqual([0, null]);
  });

  test('every command has a help text with an example', async () => {
    const { buildProgram } = await import('../cli/src/program.ts');
    const leaves = (command: ReturnType<typeof buildProgram>): (typeof command)[] =>
      command.commands.length === 0 ? [command] : command.commands.flatMap((child) => leaves(child));
    const all = leaves(buildProgram());
    expect(all.length).toBeGreaterThan(70);
    for (const command of all) {
      expect(command.description(), command.name()).not.toBe('');
      const printed: string[] = [];
      command.configureOutput({ writeOut: (part) => printed.push(part) }).outputHelp();
      expect(printed.join(''), command.name()).toContain('Example:');
    }
  });
});
