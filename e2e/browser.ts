import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env.TIDEMILL_TEST_CHROMIUM ?? '';
export const hasBrowser = executablePath !== '';
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

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args: flags });
