// What a search is measured on; optuna_search.py has the same functions over the same spaces.
import type { Point } from '../../server/src/training/sweeps/search/space.ts';

export interface TestFunction {
  readonly space: object;
  readonly value: (point: Point) => number;
}

const cube = (dimensions: number, low: number, high: number): object =>
  Object.fromEntries(Array.from({ length: dimensions }, (_, i) => [`x${i}`, { type: 'float', low, high }]));

const overNumbers = (space: object, value: (x: readonly number[]) => number): TestFunction => ({
  space,
  value: (point) => value(Object.keys(space).map((name) => Number(point[name]))),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const hartmannScales = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const hartmannCenters = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];
const hartmannWeights = [1, 1.2, 3, 3.2];

const hartmann = (x: readonly number[]): number =>
  -sum(
    hartmannWeights.map((weight, row) => {
      const distance = sum(
        x.map((xi, i) => (hartmannScales[row]?.[i] ?? 0) * (xi - (hartmannCenters[row]?.[i] ?? 0)) ** 2),
      );
      return weight * Math.exp(-distance);
    }),
  );

const branin = ([x = 0, y = 0]: readonly number[]): number =>
  (y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6) ** 2 +
  10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) +
  10;

const rosenbrock = (x: readonly number[]): number =>
  sum(x.slice(1).map((next, i) => 100 * (next - (x[i] ?? 0) ** 2) ** 2 + (1 - (x[i] ?? 0)) ** 2));

const ackley = (x: readonly number[]): number =>
  -20 * Math.exp(-0.2 * Math.sqrt(sum(x.map((xi) => xi * xi)) / x.length)) -
  Math.exp(sum(x.map((xi) => Math.cos(2 * Math.PI * xi))) / x.length) +
  20 +
  Math.E;

const mixed: TestFunction = {
  space: {
    act: { type: 'categorical', choices: ['relu', 'tanh', 'elu'] },
    dropout: { type: 'float', low: 0, high: 0.5, step: 0.05 },
    layers: { type: 'int', low: 1, high: 8 },
    lr: { type: 'float', low: 1e-5, high: 0.1, log: true },
    units: { type: 'int', low: 8, high: 512, log: true },
  },
  value: ({ act, dropout, layers, lr, units }) =>
    ({ relu: 0.3, tanh: 0, elu: 0.6 })[String(act) as 'relu'] +
    10 * (Number(dropout) - 0.2) ** 2 +
    (Number(layers) - 4) ** 2 / 16 +
    (Math.log10(Number(lr)) + 2.5) ** 2 / 4 +
    (Math.log2(Number(units)) - 6) ** 2 / 9,
};

export const functions: Readonly<Record<string, TestFunction>> = {
  sphere: overNumbers(cube(5, -5, 5), (x) => sum(x.map((xi) => xi * xi))),
  rosenbrock: overNumbers(cube(5, -2, 2), rosenbrock),
  ackley: overNumbers(cube(5, -5, 5), ackley),
  rastrigin: overNumbers(
    cube(5, -5, 5),
    (x) => 10 * x.length + sum(x.map((xi) => xi * xi - 10 * Math.cos(2 * Math.PI * xi))),
  ),
  branin: overNumbers(
    { x0: { type: 'float', low: -5, high: 10 }, x1: { type: 'float', low: 0, high: 15 } },
    branin,
  ),
  hartmann6: overNumbers(cube(6, 0, 1), hartmann),
  mixed,
};
