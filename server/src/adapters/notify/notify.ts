export interface Notification {
  readonly url: string;
  /** What happened: `alert.opened`. */
  readonly event: string;
  readonly body: unknown;
  /** Signs the message if given. */
  readonly secret?: string;
  /** The same for every attempt, so that a receiver can drop repeats. */
  readonly deliveryId: string;
  readonly signal?: AbortSignal;
}

export type Attempt =
  | { readonly isDelivered: true; readonly status: number }
  | {
      readonly isDelivered: false;
      /** Null when nothing answered. */
      readonly status: number | null;
      readonly reason: string;
      readonly isWorthRepeating: boolean;
      /** What the receiver asked for. */
      readonly retryAfterMs: number | null;
    };

export interface Notifier {
  /** Looks the host up. @throws notificationUrlRefused, notificationHostUnknown */
  assertAllowed(url: string): Promise<void>;
  /** One request, with the address looked up and judged anew. Tells a failure instead of throwing it. */
  attempt(message: Notification): Promise<Attempt>;
  /**
   * Delivers at least once: a receiver may see a message twice, with the same id. Resolves with the 2xx status;
   * fails with `notificationFailed` when the attempts are used up or the answer says that more would not help.
   */
  send(message: Notification): Promise<{ status: number }>;
}

export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** A URI reference: with `id` it names the event in the whole world. */
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Of the trace that it is part of (the extension for distributed tracing). */
  readonly traceparent?: string;
  readonly data: object;
}

/** `batch`: many in one message. `binary`: one, its attributes as headers and its data as the body. */
export type CloudEventMode = 'batch' | 'structured' | 'binary';

export interface CloudEventsBody {
  readonly mode: CloudEventMode;
  /** One, unless the mode is `batch`. */
  readonly events: readonly CloudEvent[];
}
