// A real server with a real browser before it, for the tests of a file.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@tidemill/sdk';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from './cli-process.ts';

const executablePath = process.env.TIDEMILL_TEST_CHROMIUM ?? '';
const hasBrowser = executablePath !== '';
if (!hasBrowser) console.warn('SKIPPED: the browser. Set TIDEMILL_TEST_CHROMIUM to a Chromium.');

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What the tests of one file share, from their first to their last. */
export class Screens {
  /** Theirs alone, deleted afterwards. */
  folder = '';
  /** What went wrong inside the page. */
  readonly failures: string[] = [];
  #server: TestServer | undefined;
  #browser: Browser | undefined;
  #page: Page | undefined;

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'tidemill-screens-'));
    await mkdir(this.root);
    this.#server = await startServer(join(this.folder, 'data'), '--source-root', this.root);
    this.#browser = await chromium.launch({ executablePath, args: flags });
    this.#page = await this.#browser.newPage({ viewport: { width: 1440, height: 900 } });
    this.#page.setDefaultTimeout(20_000);
    this.#page.on('pageerror', (error) => this.failures.push(error.message));
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Files that a source of kind path may read. */
  get root(): string {
    return join(this.folder, 'root');
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  get client(): Client {
    return createClient({ url: this.url });
  }

  get page(): Page {
    if (!this.#page) throw new Error('The browser is not open yet: ask for its page inside a test.');
    return this.#page;
  }

  /** Goes to a screen: `/datasets`. */
  open(path: string): Promise<unknown> {
    return this.page.goto(`${this.url}/ui${path}`);
  }

  table(name: string): Locator {
    return this.page.getByRole('table', { name, exact: true });
  }

  dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** A field of the open dialog, by how its label begins. */
  field(label: string): Locator {
    return this.dialog().getByLabel(new RegExp(`^${label}`));
  }

  /** Presses a button and the one of the same name in the dialog that it opens. */
  async confirm(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
    await this.dialog().getByRole('button', { name, exact: true }).click();
  }
}

/** Tests of screens; skipped where there is no browser, failed by any error inside the page. */
export const describeScreens = (what: string, tests: (screens: Screens) => void) =>
  describe.skipIf(!hasBrowser)(`${what} in a browser`, () => {
    const screens = new Screens();
    beforeAll(() => screens.start());
    afterAll(() => screens.stop());
    tests(screens);
    it('has no error in the page', () => expect(screens.failures).toEqual([]));
  });
