// A Vitest reporter that counts: tests per state, names of failed ones, and passed tests per kind of database (suites are named
// "… [sqlite]" and "… [postgres]" by describeEachDatabase). scripts/test.ts reads what it writes.
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export type TestCounts = {
  readonly passed: number;
  /** Each with the first line of what went wrong. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly sqlite: number;
  readonly postgres: number;
};

export const noTests: TestCounts = { passed: 0, failed: [], skipped: [], sqlite: 0, postgres: 0 };

/** The file to write to. Vitest makes reporters by path, so there is no other way to hand it in. */
export const countsVariable = 'TIDEMILL_TEST_COUNTS';

export function addCounts(one: TestCounts, other: TestCounts): TestCounts {
  return {
    passed: one.passed + other.passed,
    failed: [...one.failed, ...other.failed],
    skipped: [...one.skipped, ...other.skipped],
    sqlite: one.sqlite + other.sqlite,
    postgres: one.postgres + other.postgres,
  };
}

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env[countsVariable];
    if (!file) return;
    const counts = modules.map(countModule).reduce(addCounts, noTests);
    writeFileSync(file, JSON.stringify(counts));
  }
}

function countModule(module: TestModule): TestCounts {
  let counts = noTests;
  for (const test of module.children.allTests()) {
    const { state, errors } = test.result();
    const passed = state === 'passed' ? 1 : 0;
    const name = `${module.relativeModuleId} > ${test.fullName}`;
    counts = addCounts(counts, {
      passed,
      failed: state === 'failed' ? [`${name}: ${firstLine(errors?.[0]?.message)}`] : [],
      skipped: state === 'skipped' ? [name] : [],
      sqlite: test.fullName.includes('[sqlite]') ? passed : 0,
      postgres: test.fullName.includes('[postgres]') ? passed : 0,
    });
  }
  return counts;
}

function firstLine(message = 'no message'): string {
  return message.split('\n', 1)[0] ?? message;
}
