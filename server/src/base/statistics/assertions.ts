// Preconditions of the statistics. Their callers are other code of this server, so a broken one is a
// RangeError (a programming fault), never a message for an API client.

/** Throws a RangeError naming the first index of `values` that holds NaN or an infinity. */
export function assertFinite(name: string, values: Float64Array): void {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new RangeError(`${name}[${index}] is ${values[index]}; every value must be finite`);
}

/** Throws a RangeError unless `values` holds at least `minimum` values, all of them finite. */
export function assertSample(name: string, values: Float64Array, minimum = 1): void {
  if (values.length < minimum) {
    throw new RangeError(`${name} has ${values.length} values; at least ${minimum} needed`);
  }
  assertFinite(name, values);
}

/** Throws a RangeError naming both lengths, and the first index without a partner, when they differ. */
export function assertSameLength(
  nameA: string,
  a: ArrayLike<unknown>,
  nameB: string,
  b: ArrayLike<unknown>,
): void {
  if (a.length === b.length) return;
  const first = Math.min(a.length, b.length);
  const [short, long] = a.length < b.length ? [nameA, nameB] : [nameB, nameA];
  throw new RangeError(
    `${nameA} has ${a.length} values and ${nameB} ${b.length}: ${long}[${first}] has no partner in ${short}`,
  );
}

/** Throws a RangeError unless 0 < alpha < 1. */
export function assertAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`alpha is ${alpha}; it must lie between 0 and 1, exclusive`);
}

/** Throws a RangeError unless `value` is a safe integer of at least `minimum`. */
export function assertCount(name: string, value: number, minimum = 1): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new RangeError(`${name} is ${value}; it must be an integer of at least ${minimum}`);
}
