import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEventParser, createRefresher, domainsOf } from './refresher.ts';

describe('events', () => {
  it('touch the domains they speak of', () => {
    expect(domainsOf('dataset.committed')).toEqual(['datasets', 'sources']);
    expect(domainsOf('predictions.logged')).toContain('predictions');
    expect(domainsOf('loop-run.finished')).toEqual(['retraining']);
    expect(domainsOf('something.new')).toBeNull();
  });

  it('are found however the stream is cut', () => {
    const text = ': connected\n\nid: 1\ndata: {"kind":"a.b"}\n\nid: 2\ndata: {"kind":"c.d"}\n\n';
    for (let cut = 0; cut <= text.length; cut += 1) {
      const parse = createEventParser();
      const events = [...parse(text.slice(0, cut)), ...parse(text.slice(cut))];
      expect(events).toEqual([{ kind: 'a.b' }, { kind: 'c.d' }]);
    }
  });
});

describe('refreshing', () => {
  /** A screen that watches one query whose answers we give by hand. */
  function openScreen(queryKey: readonly unknown[]) {
    const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
    const answers: (() => void)[] = [];
    const queryFn = () => new Promise<number>((resolve) => answers.push(() => resolve(answers.length)));
    const close = new QueryObserver(queries, { queryKey, queryFn }).subscribe(() => {});
    return { queries, answers, close };
  }

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks again once for a burst of events, and only where they point', async () => {
    const { queries, answers, close } = openScreen(['datasets', 'list', {}]);
    const refresher = createRefresher(queries, 200);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(1);
    for (let count = 0; count < 100; count += 1) refresher.event('dataset.committed');
    refresher.event('alert.opened');
    await vi.advanceTimersByTimeAsync(200);
    answers[1]?.();
    await vi.advanceTimersByTimeAsync(5000);
    expect(answers).toHaveLength(2);
    refresher.stop();
    close();
  });

  it('waits for an answer on its way, then asks again, as it may be older than the event', async () => {
    const { queries, answers, close } = openScreen(['overview', 'get', {}]);
    const refresher = createRefresher(queries, 200);
    refresher.event('predictions.logged');
    await vi.advanceTimersByTimeAsync(5000);
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(200);
    expect(answers).toHaveLength(2);
    refresher.stop();
    close();
  });

  it('asks everything anew for an event it does not know', async () => {
    const { queries, answers, close } = openScreen(['sweeps', 'list', {}]);
    const refresher = createRefresher(queries, 200);
    answers[0]?.();
    refresher.event('something.new');
    await vi.advanceTimersByTimeAsync(200);
    expect(answers).toHaveLength(2);
    refresher.stop();
    close();
  });
});
