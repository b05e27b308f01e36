/** Order of two numbers, for sorting: infinities included, which have no difference; NaN equals everything. */
export const ascending = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
