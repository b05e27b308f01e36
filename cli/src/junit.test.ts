import type { ModelTest } from '@tidemill/sdk';
import { expect, test } from 'vitest';
import { toJunit } from './junit.ts';

const check = { numbers: {}, rows: [] };

test('a suite for each scope, with what failed, was skipped and was not reached', () => {
  const xml = toJunit({
    ...{ id: 'mt_1', model: 'forecaster@2', state: 'error', error: 'the server stopped' },
    ...{ createdAt: 0, createdBy: 'user:owner', finishedAt: 1 },
    scopes: [
      {
        ...{ scope: 'unit', outcome: 'failed', milliseconds: 1500 },
        checks: [
          { ...check, name: 'a < b', outcome: 'passed', message: '' },
          { ...check, name: 'c', outcome: 'failed', message: '"1" & \u0001', rows: [{ close: 1 }] },
          { ...check, name: 'd', outcome: 'skipped', message: 'no rows' },
        ],
      },
      { scope: 'system', outcome: 'running', checks: [], milliseconds: null },
    ],
  } satisfies ModelTest);
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="forecaster@2" id="mt_1" tests="3" failures="1" skipped="1">
  <testsuite name="unit" tests="3" failures="1" skipped="1" errors="0" time="1.5">
    <testcase name="a &lt; b" classname="forecaster@2.unit"/>
    <testcase name="c" classname="forecaster@2.unit"><failure message="&quot;1&quot; &amp; \ufffd">{&quot;close&quot;:1}</failure></testcase>
    <testcase name="d" classname="forecaster@2.unit"><skipped message="no rows"/></testcase>
  </testsuite>
  <testsuite name="system" tests="0" failures="0" skipped="0" errors="0" time="0">
    <testcase name="reached" classname="forecaster@2.system"><error message="the server stopped"/></testcase>
  </testsuite>
</testsuites>
`);
});
