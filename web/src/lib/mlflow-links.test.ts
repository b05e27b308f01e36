import { expect, it } from 'vitest';
import { findOwnPath } from './mlflow-links.ts';

it('leads addresses that MLflow’s client prints to the same things here', () => {
  const found = [
    '#/experiments/3/runs/01a2',
    '#/experiments/3',
    '#/experiments/3?searchFilter=x',
    '#/experiments/3/models/m-1',
    '#/models/my%20model/versions/2',
    '#/models/echo',
    '#/models',
  ].map(findOwnPath);
  expect(found).toEqual([
    '/runs/01a2',
    '/experiments/3',
    '/experiments/3',
    '/logged-models/m-1',
    '/models/my%20model/versions/2',
    '/models/echo',
    '/models',
  ]);
});

it('leaves every other hash alone', () => {
  for (const hash of ['', '#', '#main', '#/gateway', '#/%']) expect(findOwnPath(hash)).toBeNull();
});
