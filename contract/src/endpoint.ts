import type { Static, TObject, TSchema } from 'typebox';

/**
 * What a caller must be allowed to do. Roles are sets of these (see `access`); `self`, which is about the caller alone,
 * is in all of them, and `public` needs no caller.
 */
export type Permission =
  | 'public'
  | 'self'
  | 'read'
  | 'write'
  | 'comment'
  | 'approve'
  | 'operate'
  | 'invoke'
  | 'admin';

/**
 * One promise of the HTTP interface, as data: routes, the SDK's methods, OpenAPI and the permission tests
 * are all derived from it.
 */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `:parameters`. */
  readonly path: string;
  readonly permission: Permission;
  /**
   * What a call is about, for roles on single things: a uri whose `{names}` are parameters of the path or, with `/`
   * between them, fields of the body. Whoever has no role in the workspace cannot call an endpoint without it.
   */
  readonly resource?: string | readonly string[];
  /** A job's token may change through it what is the job's own. */
  readonly byJobs?: true;
  /** Asked so often that it gets a lane of its own; by POST, with a name in its path and a JSON body. */
  readonly isHot?: true;
  /** Refused with 429, before its body is read, while the endpoint `{name}` is asked more than it can answer. */
  readonly admission?: true;
  readonly summary: string;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TObject;
  /** Fields of the body that may come as a header instead: field → header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body is a raw stream, handed over as `content`. */
  readonly upload?: boolean;
  readonly reply?: TSchema;
  /** The reply is a raw stream (a `Download`). */
  readonly download?: boolean;
  readonly status?: 200 | 201 | 202;
}

export type Endpoints = Readonly<Record<string, Endpoint>>;

/** Keeps literal types while checking each entry against `Endpoint`. */
export const endpoints = <const T extends Record<string, Endpoint>>(list: T): T => list;

type Part<E, K extends string> = E extends { readonly [P in K]: infer S extends TSchema }
  ? Static<S>
  : unknown;
type Flat<T> = { [K in keyof T]: T[K] };

/** Bytes to upload: a buffer or any async iterable of buffers (a Node stream, a web stream). */
export type Content = Uint8Array | AsyncIterable<Uint8Array>;

/** A raw reply: bytes as a stream with their media type. */
export interface Download {
  readonly content: AsyncIterable<Uint8Array>;
  readonly mediaType: string;
  readonly fileName?: string;
  readonly size?: number;
  /** Strong validator of immutable content. */
  readonly etag?: string;
  /** Of the whole content, in hex. */
  readonly sha256?: string;
  /** Where the content begins, if it is a part that was asked for; `size` is that of the whole. */
  readonly offset?: number;
  /** Reads a part instead, from its first to its last byte; needs `size`. */
  readonly slice?: (first: number, last: number) => Promise<AsyncIterable<Uint8Array>>;
  /** Makes what takes time to make: not before it is known that the client wants it. */
  readonly open?: () => Promise<Pick<Download, 'content' | 'size' | 'etag' | 'sha256' | 'slice'>>;
}

/** All declared parts of a request, merged into one object: path parameters, query and body fields share one namespace. */
export type Input<E extends Endpoint> = Flat<
  Part<E, 'params'> &
    Part<E, 'query'> &
    Part<E, 'body'> &
    (E extends { readonly upload: true } ? { content: Content; mediaType?: string } : unknown) &
    (E extends { readonly download: true } ? { accept?: string } : unknown)
>;

export type Reply<E extends Endpoint> = E extends { readonly download: true }
  ? Download
  : E extends { readonly reply: infer S extends TSchema }
    ? Static<S>
    : undefined;
