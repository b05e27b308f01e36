import { type Static, type TProperties, type TSchema, Type } from 'typebox';

/** An object that refuses fields it does not know: a misspelt field is an error, never silence. */
export const strict = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

export const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,127}$', description: 'a-z 0-9 . _ -' });
/** What MLflow lets a registered model be called: spaces, `@` and any script, but neither `/` nor `:`. */
export const ModelName = Type.String({
  pattern: '^(?!\\.{1,2}$)(?=.*\\S)[^/:\\p{Cc}]{1,256}$',
  description: "anything but '/', ':' and control characters",
});
export const AliasName = Type.String({
  pattern: '^[\\p{L}\\p{N}_-][\\p{L}\\p{M}\\p{N}._-]{0,254}$',
  description: "letters, digits, '_', '-' and '.'",
});
/** `3`, `latest`, a tag, or the latest as of a time: `{2023-08-31}`. */
export const Version = Type.String({ minLength: 1, maxLength: 255 });
/** `name@3`, `name@latest`, `name@tag`. */
export const Reference = Type.String({ minLength: 1, maxLength: 300 });
/** What JavaScript, SQLite and PostgreSQL all hold exactly; an unbounded one would take 1e300. */
export const integer = (options: { minimum?: number; maximum?: number; description?: string } = {}) =>
  Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, ...options });
const lastDate = 8_640_000_000_000_000;
export const Timestamp = Type.Integer({
  minimum: -lastDate,
  maximum: lastDate,
  description: 'milliseconds since 1970-01-01T00:00Z',
});
/** `90m`, `36h`, `7d`: a whole number and its unit. */
export const Duration = Type.String({
  pattern: '^[1-9][0-9]{0,8}(ms|s|m|h|d|w)$',
  description: 'a whole number and its unit: 500ms, 30s, 90m, 36h, 7d, 2w',
});
/** `{ team: 'growth' }`: words of the user's own, found by search. */
export const Tags = Type.Record(
  Type.String({ pattern: '^[^\\p{Cc}]{1,128}$' }),
  Type.String({ maxLength: 1000 }),
  { maxProperties: 50, description: 'name -> value' },
);
export type Tags = Static<typeof Tags>;
export const Json = Type.Record(Type.String(), Type.Unknown());
/** An object of any fields. Not a record of them: what may be anything need not be looked at one by one. */
export const Row = Type.Unsafe<Record<string, unknown>>(Type.Object({}, { additionalProperties: true }));
export type Row = Static<typeof Row>;
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const literals = <const T extends readonly string[]>(...values: T) =>
  Type.Unsafe<T[number]>(Type.Enum([...values]));

/** Every list takes these: opaque cursor of the page before, page size (default 50, at most 1000). */
export const pageQuery = {
  cursor: Type.Optional(Type.String({ maxLength: 500 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
};
export const page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: nullable(Type.String()) });
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export const ColumnType = literals('boolean', 'integer', 'double', 'text', 'date', 'timestamp');
export type ColumnType = Static<typeof ColumnType>;
export const Column = Type.Object({ name: Type.String(), type: ColumnType });
export type Column = Static<typeof Column>;

/** The body of every failure. */
export const ErrorBody = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    details: Json,
    requestId: Type.String(),
  }),
});
export type ErrorBody = Static<typeof ErrorBody>;

export const byName = strict({ name: Name });
export const byVersion = strict({ name: Name, version: Version });
export const byModel = strict({ name: ModelName });
export const byModelVersion = strict({ name: ModelName, version: Version });
export const byId = strict({ id: Type.String({ minLength: 1, maxLength: 128 }) });
export const Done = Type.Object({});
