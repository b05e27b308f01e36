/** Eigenvalues of a symmetric matrix and their vectors: column j of `vectors` (row by row) belongs to value j; in no order. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/** By Jacobi's rotations: exact to rounding, in about n^3 times ten operations. @param matrix n x n, row by row, symmetric. */
export function decomposeSymmetric(matrix: Float64Array): Eigen {
  const n = Math.round(Math.sqrt(matrix.length));
  const a = matrix.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) vectors[i * n + i] = 1;
  const scale = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  for (let sweep = 0; sweep < 60 && offDiagonal(a, n) > 1e-17 * scale; sweep += 1)
    for (let p = 0; p < n - 1; p += 1) for (let q = p + 1; q < n; q += 1) rotate(a, vectors, n, p, q);
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i] ?? 0), vectors };
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i += 1) for (let j = 0; j < i; j += 1) sum += 2 * (a[i * n + j] ?? 0) ** 2;
  return Math.sqrt(sum);
}

/** Makes a[p, q] zero. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q] ?? 0;
  if (apq === 0) return;
  const theta = ((a[q * n + q] ?? 0) - (a[p * n + p] ?? 0)) / (2 * apq);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (let k = 0; k < n; k += 1) turn(a, k * n + p, k * n + q, cosine, sine);
  for (let k = 0; k < n; k += 1) turn(a, p * n + k, q * n + k, cosine, sine);
  for (let k = 0; k < n; k += 1) turn(vectors, k * n + p, k * n + q, cosine, sine);
}

function turn(values: Float64Array, i: number, j: number, cosine: number, sine: number): void {
  const [x, y] = [values[i] ?? 0, values[j] ?? 0];
  values[i] = cosine * x - sine * y;
  values[j] = sine * x + cosine * y;
}
