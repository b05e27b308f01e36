import type { ModelTest, TestCheck } from '@tidemill/sdk';

/** A test as JUnit XML, as CI systems read it: a suite for each scope, a case for each check. */
export function toJunit({ id, model, scopes, error }: ModelTest): string {
  const suites = scopes.map(({ scope, outcome, checks, milliseconds }) => {
    const counts = {
      tests: checks.length,
      failures: countOf(checks, 'failed'),
      skipped: countOf(checks, 'skipped'),
    };
    const open = tag('testsuite', { name: scope, ...counts, errors: 0, time: (milliseconds ?? 0) / 1000 });
    const cases = checks.map((check) => caseOf(`${model}.${scope}`, check));
    const never =
      outcome === 'waiting' || outcome === 'running' ? [notReached(`${model}.${scope}`, error)] : [];
    return [open, ...cases, ...never, '  </testsuite>'].join('\n');
  });
  const all = scopes.flatMap(({ checks }) => checks);
  const counts = { tests: all.length, failures: countOf(all, 'failed'), skipped: countOf(all, 'skipped') };
  const root = `<testsuites${attributes({ name: model, id, ...counts })}>`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', root, ...suites, '</testsuites>', ''].join('\n');
}

const countOf = (checks: readonly TestCheck[], outcome: TestCheck['outcome']): number =>
  checks.filter((check) => check.outcome === outcome).length;

function caseOf(classname: string, { name, outcome, message, rows }: TestCheck): string {
  const open = `    <testcase${attributes({ name, classname })}`;
  if (outcome === 'passed') return `${open}/>`;
  if (outcome === 'skipped') return `${open}><skipped${attributes({ message })}/></testcase>`;
  const detail = rows.map((row) => escapeText(JSON.stringify(row))).join('\n');
  return `${open}><failure${attributes({ message })}>${detail}</failure></testcase>`;
}

const notReached = (classname: string, error: string | null): string =>
  `    <testcase${attributes({ name: 'reached', classname })}><error${attributes({ message: error ?? 'it was not reached' })}/></testcase>`;

const tag = (name: string, given: Readonly<Record<string, string | number>>): string =>
  `  <${name}${attributes(given)}>`;

const attributes = (given: Readonly<Record<string, string | number>>): string =>
  Object.entries(given)
    .map(([key, value]) => ` ${key}="${escapeText(String(value))}"`)
    .join('');

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML has no way to write most control characters, nor half a pair. */
const unwritable = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const escapeText = (text: string): string =>
  text.replace(unwritable, '\ufffd').replace(/[&<>"]/g, (found) => entities[found] ?? found);
