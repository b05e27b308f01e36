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

export interface Notifier {
  /**
   * Delivers at least once: a receiver may see a message twice, with the same id. Resolves with the 2xx status;
   * fails with `notificationFailed` when the attempts are used up or the answer says that more would not help.
   */
  send(message: Notification): Promise<{ status: number }>;
}
