import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BreakerChange, createBreaker, type Report, refused, usualBreaker } from './breaker.ts';

const policy = { ...usualBreaker, windowMs: 1000, minimum: 10, pauseMs: 100, mostPauseMs: 800, trialMs: 500 };

function open() {
  const changes: BreakerChange[] = [];
  const breaker = createBreaker(policy, (change) => changes.push(change));
  const ask = (report: Report, at: number) => {
    const pass = breaker.tryPass(at);
    if (pass !== refused) breaker.report(pass, report, at);
    return pass !== refused;
  };
  return { breaker, changes, ask };
}

test('few failures, or few among many, leave it closed', () => {
  const { breaker, ask } = open();
  for (let i = 0; i < 9; i++) ask('failure', i);
  expect(breaker.state()).toBe('closed');
  for (let i = 0; i < 100; i++) ask('success', 10 + i);
  for (let i = 0; i < 50; i++) ask('failure', 200 + i);
  expect(breaker.state()).toBe('closed');
});

test('half of enough answers failing opens it, and says so once', () => {
  const { breaker, changes, ask } = open();
  for (let i = 0; i < 30; i++) ask(i % 2 === 0 ? 'success' : 'failure', i);
  expect(breaker.state()).toBe('open');
  expect(changes).toMatchObject([
    { from: 'closed', to: 'open', at: 9, reason: '5 of 10 answers failed within 1 s' },
  ]);
  expect(breaker.retryAt).toBe(109);
  expect(ask('success', 108)).toBe(false);
});

test('failures older than the window are forgotten', () => {
  const { breaker, ask } = open();
  for (let i = 0; i < 9; i++) ask('failure', i);
  for (let i = 0; i < 9; i++) ask('failure', 1100 + i);
  expect(breaker.state()).toBe('closed');
  ask('failure', 1110);
  expect(breaker.state()).toBe('open');
});

test('one trial at a time; three successes close it, one failure opens it for twice as long', () => {
  const { breaker, ask } = open();
  for (let i = 0; i < 10; i++) ask('failure', 0);
  const trial = breaker.tryPass(100);
  expect(breaker.state()).toBe('half-open');
  expect(breaker.tryPass(101)).toBe(refused);
  breaker.report(trial, 'failure', 102);
  expect(breaker.retryAt).toBe(302);
  for (let i = 0; i < 3; i++) expect(ask('success', 302 + i)).toBe(true);
  expect(breaker.state()).toBe('closed');
});

test('a trial that nobody reports on is given up, and a report on it that comes late counts nothing', () => {
  const { breaker, ask } = open();
  for (let i = 0; i < 10; i++) ask('failure', 0);
  const first = breaker.tryPass(100);
  expect(breaker.tryPass(599)).toBe(refused);
  const second = breaker.tryPass(600);
  expect(second).not.toBe(refused);
  breaker.report(first, 'failure', 601);
  expect(breaker.state()).toBe('half-open');
  expect(breaker.tryPass(602)).toBe(refused);
  breaker.report(second, 'neither', 603);
  expect(breaker.state()).toBe('half-open');
  expect(breaker.tryPass(604)).not.toBe(refused);
});

test('what was let in before it opened does not decide a trial', () => {
  const { breaker, ask } = open();
  const old = breaker.tryPass(0);
  for (let i = 0; i < 10; i++) ask('failure', 0);
  breaker.tryPass(100);
  breaker.report(old, 'failure', 101);
  expect(breaker.state()).toBe('half-open');
});

test('opening again soon after it closed pauses longer; after a good window it is forgiven', () => {
  const { breaker, ask } = open();
  const fail = (at: number) => {
    for (let i = 0; i < 10; i++) ask('failure', at);
    return (breaker.retryAt ?? 0) - at;
  };
  const recover = (at: number) => {
    for (let i = 0; i < 3; i++) ask('success', at);
  };
  expect(fail(0)).toBe(100);
  recover(100);
  expect(fail(200)).toBe(200);
  recover(400);
  ask('success', 1500);
  // One good answer in the window.
  expect(fail(2600)).toBe(100);
});

const steps = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 300 }),
    report: fc.constantFrom<Report>('success', 'failure', 'neither'),
  }),
  { maxLength: 400 },
);

test('whatever happens, it never opens twice within a pause, and never refuses for ever', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const { breaker, changes, ask } = open();
      let at = 0;
      for (const { wait, report } of sequence) {
        at += wait;
        ask(report, at);
      }
      const opened = changes.filter((change) => change.to === 'open').map((change) => change.at);
      opened.forEach((when, i) => {
        if (i > 0) expect(when - (opened[i - 1] as number)).toBeGreaterThanOrEqual(policy.pauseMs);
      });
      changes.forEach((change, i) => {
        expect(change.from).toBe(i === 0 ? 'closed' : changes[i - 1]?.to);
      });
      // A healthy model is let in again, however bad it was.
      at += policy.mostPauseMs + policy.trialMs;
      for (let i = 0; i < policy.trials; i++) ask('success', at + i);
      expect(breaker.state()).toBe('closed');
    }),
  );
});

test('while it is closed everything passes, and while it is open nothing does', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const { breaker, ask } = open();
      let at = 0;
      for (const { wait, report } of sequence) {
        at += wait;
        const before = breaker.state();
        const retryAt = breaker.retryAt ?? 0;
        const passed = ask(report, at);
        if (before === 'closed') expect(passed).toBe(true);
        if (before === 'open') expect(passed).toBe(at >= retryAt);
      }
    }),
  );
});
