import { type CelFunc, CelScalar, celFunc } from '@bufbuild/cel';

const { DOUBLE, INT, UINT } = CelScalar;
type Binary = (a: number, b: number) => number;

/** Every pair of number types except those CELs own operators already take. */
function mixed(name: string, compute: Binary): CelFunc[] {
  return [
    celFunc(name, [DOUBLE, INT], DOUBLE, (a, b) => compute(a, Number(b))),
    celFunc(name, [INT, DOUBLE], DOUBLE, (a, b) => compute(Number(a), b)),
    celFunc(name, [DOUBLE, UINT], DOUBLE, (a, b) => compute(a, Number(b.value))),
    celFunc(name, [UINT, DOUBLE], DOUBLE, (a, b) => compute(Number(a.value), b)),
  ];
}

const ofNumbers = (name: string, compute: Binary): CelFunc[] => [
  ...mixed(name, compute),
  celFunc(name, [DOUBLE, DOUBLE], DOUBLE, compute),
  celFunc(name, [INT, INT], DOUBLE, (a, b) => compute(Number(a), Number(b))),
];

const ofNumber = (name: string, compute: (a: number) => number): CelFunc[] => [
  celFunc(name, [DOUBLE], DOUBLE, compute),
  celFunc(name, [INT], DOUBLE, (a) => compute(Number(a))),
];

/**
 * JSON numbers are doubles and literals like `1` are integers, so plain CEL refuses `n + 1`. The operators
 * are completed for mixed operands; `%` also works on doubles. The functions return doubles.
 */
export const numberFunctions: readonly CelFunc[] = [
  ...mixed('_+_', (a, b) => a + b),
  ...mixed('_-_', (a, b) => a - b),
  ...mixed('_*_', (a, b) => a * b),
  ...mixed('_/_', (a, b) => a / b),
  ...mixed('_%_', (a, b) => a % b),
  celFunc('_%_', [DOUBLE, DOUBLE], DOUBLE, (a, b) => a % b),
  ...ofNumbers('min', Math.min),
  ...ofNumbers('max', Math.max),
  ...ofNumbers('pow', Math.pow),
  ...ofNumber('abs', Math.abs),
  ...ofNumber('sqrt', Math.sqrt),
  ...ofNumber('log', Math.log),
  ...ofNumber('exp', Math.exp),
  ...ofNumber('floor', Math.floor),
  ...ofNumber('ceil', Math.ceil),
  ...ofNumber('round', Math.round),
];
